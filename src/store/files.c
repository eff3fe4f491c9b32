/* Whole files: read at once, replaced at once. */
#include "store_int.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIMIT = 256 << 20 };

static int io_error(struct pen_error *err, const char *what, const char *path)
{
    const int e = errno;
    pen_error_set(err, PEN_E_IO, "unable to %s '%s': %s", what, path, strerror(e));
    if (err != NULL)
        err->os_code = e;
    return PEN_E_IO;
}

int store__slurp(const char *path, struct pen_buf *ret, struct pen_error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : io_error(err, "open", path);
    int rc = 1;
    for (ssize_t n = 1; n > 0 && rc > 0;) {
        uint8_t *w = pen_buf_reserve(ret, 65536);
        n = w ? read(fd, w, 65536) : -1;
        if (n < 0)
            rc = w ? io_error(err, "read", path)
                   : pen_error_set(err, PEN_E_NOMEM, "unable to read '%s'", path);
        else
            ret->n += (size_t)n;
        if (ret->n > LIMIT)
            rc = pen_error_set(err, PEN_E_IO, "unable to read '%s': larger than 256 MiB", path);
    }
    close(fd);
    return rc;
}

static int write_all(int fd, struct pen_span bytes)
{
    for (size_t done = 0; done < bytes.n;) {
        const ssize_t n = write(fd, bytes.p + done, bytes.n - done);
        if (n < 0 && errno != EINTR)
            return -1;
        done += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd);
}

int store__check_directory(const char *path, struct pen_error *err)
{
    char *copy = strdup(path);
    if (copy == NULL)
        return pen_error_set(err, PEN_E_NOMEM, "unable to keep '%s': out of memory", path);
    const char *directory = dirname(copy);
    struct stat st;
    int rc = 0;
    if (stat(directory, &st) < 0 || access(directory, W_OK | X_OK) < 0)
        rc = io_error(err, "write into directory", directory);
    else if (!S_ISDIR(st.st_mode))
        rc = pen_error_set(err, PEN_E_IO, "unable to write into '%s': no directory", directory);
    free(copy);
    return rc;
}

int store__sync_directory(const char *path, struct pen_error *err)
{
    char *copy = strdup(path);
    if (copy == NULL)
        return pen_error_set(err, PEN_E_NOMEM, "unable to keep '%s': out of memory", path);
    const int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (fd < 0)
        return io_error(err, "open the directory of", path);
    const int rc =
        fsync(fd) < 0 && errno != EINVAL ? io_error(err, "sync the directory of", path) : 0;
    close(fd);
    return rc;
}

int store__replace(const char *path, struct pen_span bytes, struct pen_error *err)
{
    struct stat st;
    char *temporary = NULL;
    char *target = realpath(path, NULL); /* a symbolic link stays one */
    if (asprintf(&temporary, "%s.tmp", target ? target : path) < 0) {
        free(target);
        return pen_error_set(err, PEN_E_NOMEM, "unable to write '%s': out of memory", path);
    }
    const mode_t mode = stat(path, &st) == 0 ? st.st_mode & 0777 : 0640;
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    int rc = 0;
    if (fd < 0 || write_all(fd, bytes) < 0)
        rc = io_error(err, "write", temporary);
    if (fd >= 0)
        close(fd);
    if (rc == 0 && rename(temporary, target ? target : path) < 0) {
        rc = io_error(err, "replace", path);
        pen_error_hint(err, "a file that is mounted alone cannot be replaced: mount its directory");
    }
    if (rc == 0)
        rc = store__sync_directory(target ? target : path, err);
    else if (fd >= 0)
        unlink(temporary);
    free(temporary);
    free(target);
    return rc;
}
