/* Records and the offset behind them in one Kafka transaction (KIP-618; spec connect.md §5).
 *
 *     put ─► (begin) ─► message ─► …        the loop's thread, as without transactions
 *     commit(offset record) ─► message ─► [thread: commit_transaction] ─► eventfd ─► poll: told
 *                                         put answers PEN_E_FULL meanwhile
 *     abort ─► [thread: abort_transaction] ─► told; reports of what was dropped are not passed on
 *
 * librdkafka's transactional calls block, so they have a thread that does nothing else; messages are
 * still served by poll meanwhile, as librdkafka needs for a flush with events. A commit that fails but
 * can be aborted is aborted at once. @thread task, but for the thread itself */
#include "sink_kafka_int.h"
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { CALL_MS = 5000, CLOSE_MS = 2000 };
enum command { IDLE, COMMIT, ABORT, QUIT };

struct sink__tx {
    struct kafka *k;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* of the next four */
    pthread_cond_t wanted;
    enum command command;
    bool done;
    struct pen_error result;
    /* the loop's own */
    bool busy, open, discarding, told;
    struct pen_error outcome;
    uint64_t records;
};

/* ---- the thread ---- */

static int explain(rd_kafka_error_t *e, const char *what, struct pen_error *err)
{
    const rd_kafka_resp_err_t code = rd_kafka_error_code(e);
    const bool fatal = rd_kafka_error_is_fatal(e) || code == RD_KAFKA_RESP_ERR__STATE;
    const bool fenced = code == RD_KAFKA_RESP_ERR__FENCED ||
                        code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
                        (fatal && code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
    pen_error_set(err, fatal || fenced ? PEN_E_PRODUCE : PEN_E_BROKER,
                  "unable to %s a Kafka transaction: %s%s", what,
                  fenced ? "another producer with the same transactional id has taken over: " : "",
                  rd_kafka_error_string(e));
    err->os_code = (int)code;
    if (fenced)
        pen_error_hint(err, SINK__FENCED_HINT);
    else if (code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
        pen_error_hint(err, "allow the producer's principal to WRITE and DESCRIBE the "
                            "transactional id");
    rd_kafka_error_destroy(e);
    return err->code;
}

static bool quits(struct sink__tx *x)
{
    pthread_mutex_lock(&x->lock);
    const bool quit = x->command == QUIT;
    pthread_mutex_unlock(&x->lock);
    return quit;
}

/* One of the two calls, until it is through or beyond repeating. @returns NULL or the error */
static rd_kafka_error_t *repeat(struct sink__tx *x,
                                rd_kafka_error_t *(*call)(rd_kafka_t *rk, int timeout_ms))
{
    rd_kafka_error_t *e;
    while ((e = call(x->k->rk, CALL_MS)) != NULL && rd_kafka_error_is_retriable(e) && !quits(x))
        rd_kafka_error_destroy(e);
    return e;
}

static void run_command(struct sink__tx *x, enum command command, struct pen_error *err)
{
    rd_kafka_error_t *e = NULL;
    if (command == COMMIT) {
        e = repeat(x, rd_kafka_commit_transaction);
        if (e == NULL)
            return;
        const bool abort = rd_kafka_error_txn_requires_abort(e);
        explain(e, "commit", err);
        if (!abort)
            return;
    }
    e = repeat(x, rd_kafka_abort_transaction);
    if (e != NULL)
        explain(e, "abort", err);
}

static void *run(void *arg)
{
    struct sink__tx *x = arg;
    const uint64_t one = 1;
    pthread_mutex_lock(&x->lock);
    while (x->command != QUIT) {
        if (x->command == IDLE) {
            pthread_cond_wait(&x->wanted, &x->lock);
            continue;
        }
        struct pen_error err = {0};
        const enum command command = x->command;
        pthread_mutex_unlock(&x->lock);
        run_command(x, command, &err);
        pthread_mutex_lock(&x->lock);
        x->result = err;
        x->done = true;
        if (x->command != QUIT)
            x->command = IDLE;
        if (write(x->k->event_fd, &one, sizeof(one)) < 0)
            continue; /* EAGAIN: it is awake already */
    }
    pthread_mutex_unlock(&x->lock);
    return NULL;
}

static void ask(struct sink__tx *x, enum command command)
{
    pthread_mutex_lock(&x->lock);
    x->command = command;
    x->done = false;
    pthread_cond_signal(&x->wanted);
    pthread_mutex_unlock(&x->lock);
    x->busy = command != QUIT;
}

/* ---- hooks of the Kafka sink ---- */

int sink__tx_before_put(struct kafka *k, struct pen_error *err)
{
    struct sink__tx *x = k->tx;
    if (x->busy)
        return PEN_E_FULL;
    x->records++;
    if (x->open)
        return 0;
    rd_kafka_error_t *e = rd_kafka_begin_transaction(k->rk);
    if (e != NULL) {
        struct pen_error why = {0};
        explain(e, "begin", &why);
        if (err != NULL)
            *err = why;
        return why.code;
    }
    x->open = true;
    return 0;
}

bool sink__tx_discards(const struct kafka *k, rd_kafka_resp_err_t e)
{
    return k->tx->discarding || e == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
           e == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
}

void sink__tx_poll(struct kafka *k)
{
    struct sink__tx *x = k->tx;
    if (!x->busy)
        return;
    pthread_mutex_lock(&x->lock);
    const bool done = x->done;
    if (done)
        x->outcome = x->result;
    pthread_mutex_unlock(&x->lock);
    if (!done)
        return;
    x->busy = x->open = x->discarding = false;
    x->records = 0;
    x->told = true;
}

void sink__tx_close(struct kafka *k)
{
    struct sink__tx *x = k->tx;
    if (x->started) {
        ask(x, QUIT);
        pthread_join(x->thread, NULL);
    }
    if (x->open) { /* readers of committed records need not wait for the transaction's timeout */
        rd_kafka_purge(k->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_error_t *e = rd_kafka_abort_transaction(k->rk, CLOSE_MS);
        if (e != NULL)
            rd_kafka_error_destroy(e);
    }
    pthread_cond_destroy(&x->wanted);
    pthread_mutex_destroy(&x->lock);
    free(x);
    k->tx = NULL;
}

int sink__tx_open(struct kafka *k, struct pen_error *err)
{
    struct sink__tx *x = calloc(1, sizeof(*x));
    if (x == NULL)
        return pen_error_set(err, PEN_E_NOMEM, "unable to start the Kafka producer: out of memory");
    x->k = k;
    pthread_mutex_init(&x->lock, NULL);
    pthread_cond_init(&x->wanted, NULL);
    k->tx = x;
    x->started = pthread_create(&x->thread, NULL, run, x) == 0;
    return x->started ? 0
                      : pen_error_set(err, PEN_E_IO, "unable to start a thread for transactions");
}

/* ---- the owner's calls ---- */

int pen_sink_tx_init(struct pen_sink *s, int timeout_ms, struct pen_error *err)
{
    rd_kafka_error_t *e = rd_kafka_init_transactions(((struct kafka *)s)->rk, timeout_ms);
    struct pen_error why = {0};
    if (e == NULL)
        return 0;
    const bool again = rd_kafka_error_is_retriable(e);
    explain(e, "prepare", &why);
    if (again)
        why.code = PEN_E_BROKER;
    if (err != NULL)
        *err = why;
    return why.code;
}

bool pen_sink_tx_busy(const struct pen_sink *s)
{
    return ((const struct kafka *)s)->tx->busy;
}

uint64_t pen_sink_tx_records(const struct pen_sink *s)
{
    return ((const struct kafka *)s)->tx->records;
}

int pen_sink_tx_commit(struct pen_sink *s, const struct pen_record *offset, struct pen_error *err)
{
    struct pen_record r = *offset;
    r.slot = SINK__NO_SLOT;
    const int rc = pen_sink_put(s, &r, err);
    if (rc == 0)
        ask(((struct kafka *)s)->tx, COMMIT);
    return rc;
}

void pen_sink_tx_abort(struct pen_sink *s)
{
    struct sink__tx *x = ((struct kafka *)s)->tx;
    x->discarding = true;
    x->told = false;
    if (!x->busy && x->open)
        ask(x, ABORT);
    else if (!x->busy)
        x->discarding = false;
}

bool pen_sink_tx_told(struct pen_sink *s, struct pen_error *ret)
{
    struct sink__tx *x = ((struct kafka *)s)->tx;
    if (!x->told)
        return false;
    x->told = false;
    *ret = x->outcome;
    return true;
}
