/* C11 threads over POSIX threads, preloaded into ThreadSanitizer runs only.
 *
 * librdkafka makes its threads with thrd_create, which gcc's ThreadSanitizer does not intercept: the first
 * callback on such a thread crashes. Mutexes and conditions come along, so that what they order is seen.
 * glibc's mtx_t and cnd_t are its pthread types, so both kinds of calls may meet on one object. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>

static int result(int rc)
{
    switch (rc) {
    case 0:
        return thrd_success;
    case ENOMEM:
        return thrd_nomem;
    case EBUSY:
        return thrd_busy;
    case ETIMEDOUT:
        return thrd_timedout;
    default:
        return thrd_error;
    }
}

struct start {
    thrd_start_t function;
    void *arg;
};

static void *run(void *p)
{
    const struct start s = *(struct start *)p;
    free(p);
    return (void *)(intptr_t)s.function(s.arg);
}

int thrd_create(thrd_t *ret, thrd_start_t function, void *arg)
{
    struct start *s = malloc(sizeof(*s));
    if (s == NULL)
        return thrd_nomem;
    *s = (struct start){function, arg};
    const int rc = pthread_create(ret, NULL, run, s);
    if (rc != 0)
        free(s);
    return result(rc);
}

int thrd_join(thrd_t thread, int *ret)
{
    void *answer = NULL;
    const int rc = pthread_join(thread, &answer);
    if (ret != NULL)
        *ret = (int)(intptr_t)answer;
    return result(rc);
}

int mtx_init(mtx_t *m, int type)
{
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    if (type & mtx_recursive)
        pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    const int rc = pthread_mutex_init((pthread_mutex_t *)m, &attr);
    pthread_mutexattr_destroy(&attr);
    return result(rc);
}

int mtx_lock(mtx_t *m)
{
    return result(pthread_mutex_lock((pthread_mutex_t *)m));
}

int mtx_trylock(mtx_t *m)
{
    return result(pthread_mutex_trylock((pthread_mutex_t *)m));
}

int mtx_unlock(mtx_t *m)
{
    return result(pthread_mutex_unlock((pthread_mutex_t *)m));
}

void mtx_destroy(mtx_t *m)
{
    pthread_mutex_destroy((pthread_mutex_t *)m);
}

int cnd_init(cnd_t *c)
{
    return result(pthread_cond_init((pthread_cond_t *)c, NULL));
}

int cnd_signal(cnd_t *c)
{
    return result(pthread_cond_signal((pthread_cond_t *)c));
}

int cnd_broadcast(cnd_t *c)
{
    return result(pthread_cond_broadcast((pthread_cond_t *)c));
}

int cnd_wait(cnd_t *c, mtx_t *m)
{
    return result(pthread_cond_wait((pthread_cond_t *)c, (pthread_mutex_t *)m));
}

int cnd_timedwait(cnd_t *restrict c, mtx_t *restrict m, const struct timespec *restrict until)
{
    return result(pthread_cond_timedwait((pthread_cond_t *)c, (pthread_mutex_t *)m, until));
}

void cnd_destroy(cnd_t *c)
{
    pthread_cond_destroy((pthread_cond_t *)c);
}
