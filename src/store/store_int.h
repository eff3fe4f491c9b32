/* Shared inside the store room. */
#ifndef PENSTOCK_STORE_INT_H
#define PENSTOCK_STORE_INT_H

#include <penstock/store.h>
#include <pthread.h>

/* ---- offsets: entries in memory, in the order they came, whatever keeps them ---- */

struct store__offset_ops {
    int (*get)(struct pen_offset_store *s, struct pen_span key, struct pen_buf *ret);
    void (*each)(struct pen_offset_store *s,
                 void (*fn)(void *arg, struct pen_span key, struct pen_span value), void *arg);
    void (*write)(struct pen_offset_store *s, const struct pen_offset_change *v, size_t n,
                  pen_store_done_fn *fn, void *arg);
    void (*refresh)(struct pen_offset_store *s, pen_store_done_fn *fn, void *arg);
    void (*close)(struct pen_offset_store *s); /* frees s */
};
struct store__entry {
    struct pen_buf value;
};
struct pen_offset_store {
    const struct store__offset_ops *ops;
    pthread_mutex_t lock;   /* of the entries, and of a file */
    struct pen_map entries; /* key → struct store__entry * */
    char *path;             /* of a file; NULL: memory only */
    enum pen_offset_file_form form;
};
void store__offsets_init(struct pen_offset_store *s, const struct store__offset_ops *ops);
void store__offsets_done(struct pen_offset_store *s);
/* Without the lock: the caller holds it, or is alone. value.p NULL removes. */
PEN_MUST_USE int store__set(struct pen_offset_store *s, struct pen_span key, struct pen_span value);
bool store__next(const struct pen_offset_store *s, uint32_t *pos, struct pen_span *ret_key,
                 struct pen_span *ret_value);
/* Of the entries in memory: what most ops are. */
int store__entries_get(struct pen_offset_store *s, struct pen_span key, struct pen_buf *ret);
void store__entries_each(struct pen_offset_store *s,
                         void (*fn)(void *arg, struct pen_span key, struct pen_span value),
                         void *arg);
void store__answer(pen_store_done_fn *fn, void *arg, int code, const struct pen_error *err);

/* Reading fills s, writing appends the file's bytes to out. Errors say what is wrong where; the caller
 * adds the path. */
PEN_MUST_USE int store__read_java(struct pen_offset_store *s, struct pen_span file,
                                  struct pen_error *err);
void store__write_java(const struct pen_offset_store *s, struct pen_buf *out);
PEN_MUST_USE int store__read_json(struct pen_offset_store *s, struct pen_span file,
                                  struct pen_error *err);
void store__write_json(const struct pen_offset_store *s, struct pen_buf *out);

/* ---- files ---- */

/* 1 and the bytes, 0 when there is no such file, or PEN_E_IO */
PEN_MUST_USE int store__slurp(const char *path, struct pen_buf *ret, struct pen_error *err);
/* Replaces path by bytes: temporary file, fsync, rename, fsync of the directory. */
PEN_MUST_USE int store__replace(const char *path, struct pen_span bytes, struct pen_error *err);
/* Can a file be made, or replaced, there? Nothing is written. */
PEN_MUST_USE int store__check_directory(const char *path, struct pen_error *err);
PEN_MUST_USE int store__sync_directory(const char *path, struct pen_error *err);

/* ---- history ---- */

struct store__history_ops {
    int (*exists)(struct pen_history_store *s, bool *ret_storage, bool *ret_records,
                  struct pen_error *err);
    int (*create)(struct pen_history_store *s, struct pen_error *err);
    int (*append)(struct pen_history_store *s, struct pen_span record, struct pen_error *err);
    int (*flush)(struct pen_history_store *s, struct pen_error *err);
    int (*read)(struct pen_history_store *s, pen_history_record_fn *fn, void *arg,
                struct pen_error *err);
    void (*close)(struct pen_history_store *s);
};
struct pen_history_store {
    const struct store__history_ops *ops;
};

/* Appends a record, which is one line of JSON without white space, as it stands in a topic. */
void store__history_pretty(struct pen_buf *b, struct pen_span record);

#endif
