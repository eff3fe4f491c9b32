/* The ledger (penstock/offset.h): a ring of slots between what was read and what is safe to store.
 *
 * Sequence numbers of slots only grow; slot s lives at ring[s & mask], and is the token of its records.
 * A view is a position under way: `sent` follows what is added and closed, `acked` follows the tail.
 *
 *     tail ≤ s < head      slots in use; the last one may be open
 *     s < tail             a token from the past: ignored
 */
#include "offset_int.h"

#include <stdlib.h>

#define FIRST_SLOTS     64u
#define DEFAULT_SEGMENT 4096u

struct slot {
    struct pen_ledger_mark at; /* the position behind it: of a cut the BEGIN, with … */
    uint64_t event, row;       /* … what is done; 0 at the end of a transaction */
    uint32_t added, acked;
    bool closed, last; /* last: nothing of its transaction follows */
    struct pen_any_gtid gtid;
    int64_t gno_first; /* MySQL: gtid.mysql.gno is the last one of a merged run */
    PEN_VEC(struct pen_position_extra) extras;
};

struct view {
    struct pen_ledger_mark at;
    uint64_t event, row;
    struct pen_gtids gtids;
    struct pen_position members; /* only its extras are used */
};

struct pen_ledger {
    struct slot *ring;
    uint64_t tail, head;
    uint32_t cap, max, segment;
    uint64_t in_flight, version;
    struct view acked, sent;
    bool open;   /* the slot head - 1 is open */
    bool resume; /* the start was inside a transaction: the next one continues it */
    struct pen_ledger_mark begin; /* of the open transaction */
    struct pen_any_gtid gtid;
    uint64_t event, row; /* of its last record */
    PEN_VEC(char *) files;
};

static struct slot *slot_at(const struct pen_ledger *l, uint64_t seq)
{
    return &l->ring[seq & (l->cap - 1)];
}

static const char *file_name(const struct pen_ledger *l, uint32_t file)
{
    return file < l->files.n ? l->files.v[file] : "";
}

static void free_extras(struct slot *s)
{
    for (size_t i = 0; i < s->extras.n; i++) {
        free(s->extras.v[i].key);
        free(s->extras.v[i].json);
    }
    pen_vec_done(&s->extras);
}

struct pen_ledger *pen_ledger_new(uint32_t max_slots, uint32_t segment)
{
    struct pen_ledger *l = calloc(1, sizeof(*l));
    if (l == NULL)
        return NULL;
    l->max = 16;
    while (l->max < max_slots && l->max < 1u << 31)
        l->max *= 2;
    l->segment = segment ? segment : DEFAULT_SEGMENT;
    l->cap = PEN_MIN(l->max, FIRST_SLOTS);
    l->ring = calloc(l->cap, sizeof(*l->ring));
    if (l->ring == NULL) {
        free(l);
        return NULL;
    }
    return l;
}

static void drop_slots(struct pen_ledger *l)
{
    for (; l->tail < l->head; l->tail++)
        free_extras(slot_at(l, l->tail));
    l->open = false;
    l->in_flight = 0;
}

static void view_done(struct view *v)
{
    pen_gtids_done(&v->gtids);
    pen_position_done(&v->members);
}

void pen_ledger_free(struct pen_ledger *l)
{
    if (l == NULL)
        return;
    drop_slots(l);
    view_done(&l->acked);
    view_done(&l->sent);
    for (size_t i = 0; i < l->files.n; i++)
        free(l->files.v[i]);
    pen_vec_done(&l->files);
    free(l->ring);
    free(l);
}

int64_t pen_ledger_file(struct pen_ledger *l, struct pen_span name)
{
    if (l->files.n > 0 && pen_span_eq_str(name, l->files.v[l->files.n - 1]))
        return (int64_t)l->files.n - 1;
    char *copy = offset__dup(name);
    char **slot = copy ? pen_vec_push(&l->files) : NULL;
    if (slot == NULL) {
        free(copy);
        return PEN_E_NOMEM;
    }
    *slot = copy;
    return (int64_t)l->files.n - 1;
}

/* --- views ------------------------------------------------------------------------------------------ */

static int view_start(struct view *v, const struct pen_position *start, uint32_t file,
                      struct pen_error *err)
{
    int rc = pen_gtids_parse(&v->gtids, pen_span_str(start->gtids), err);
    if (rc < 0)
        return rc;
    if (pen_position_copy(&v->members, start) < 0)
        return pen_error_set(err, PEN_E_NOMEM, "unable to start at a position: out of memory");
    v->at = (struct pen_ledger_mark){.file = file,
                                     .server_id = (uint32_t)start->server_id,
                                     .pos = start->pos,
                                     .ts_sec = start->ts_sec,
                                     .snapshot = start->snapshot};
    v->event = start->event;
    v->row = start->row;
    return 0;
}

/* Adds first..last of a run, or the one GTID that it is. */
static int view_add_gtid(struct view *v, const struct pen_any_gtid *g, int64_t gno_first)
{
    int rc = pen_gtids_add(&v->gtids, g);
    if (rc == 0 && g->kind == PEN_GTID_MYSQL && gno_first < g->mysql.gno)
        rc = offset__add_range(&v->gtids.mysql, &g->mysql, gno_first, g->mysql.gno);
    return rc;
}

static void view_end_transaction(struct view *v)
{
    offset__drop_extras(&v->members, "transaction_");
}

static int view_position(const struct pen_ledger *l, const struct view *v, struct pen_position *ret)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf gtids = PEN_BUF_INIT;
    pen_gtids_write(&v->gtids, PEN_GTID_DEBEZIUM, &gtids);
    int rc = gtids.bad ? PEN_E_NOMEM : pen_position_copy(ret, &v->members);
    if (rc == 0)
        rc = pen_position_set_file(ret, pen_span_str(file_name(l, v->at.file)));
    if (rc == 0)
        rc = pen_position_set_gtids(ret, pen_buf_span(&gtids));
    ret->pos = v->at.pos;
    ret->server_id = v->at.server_id;
    ret->ts_sec = v->at.ts_sec;
    ret->snapshot = v->at.snapshot;
    ret->event = v->event;
    ret->row = v->row;
    return rc;
}

int pen_ledger_reset(struct pen_ledger *l, const struct pen_position *start, struct pen_error *err)
{
    struct view acked = {0}, sent = {0};
    int64_t file = pen_ledger_file(l, pen_span_str(start->file));
    int rc = file < 0 ? pen_error_set(err, PEN_E_NOMEM, "unable to start: out of memory") : 0;
    if (rc == 0)
        rc = view_start(&acked, start, (uint32_t)file, err);
    if (rc == 0)
        rc = view_start(&sent, start, (uint32_t)file, err);
    if (rc < 0) {
        view_done(&acked);
        view_done(&sent);
        return rc;
    }
    drop_slots(l);
    view_done(&l->acked);
    view_done(&l->sent);
    l->acked = acked;
    l->sent = sent;
    l->resume = start->event > 0 || start->row > 0;
    l->event = start->event;
    l->row = start->row;
    l->version++;
    return 0;
}

/* --- the tail --------------------------------------------------------------------------------------- */

/* Takes one passed slot into the acknowledged view. Every step may be repeated, so when memory is out
 * the slot just stays and the next acknowledgement tries again. */
static int pass(struct pen_ledger *l, struct slot *s)
{
    struct view *v = &l->acked;
    if (s->last && view_add_gtid(v, &s->gtid, s->gno_first) < 0)
        return PEN_E_NOMEM;
    for (size_t i = 0; i < s->extras.n; i++)
        if (pen_position_set_extra(&v->members, s->extras.v[i].key,
                                   pen_span_str(s->extras.v[i].json)) < 0)
            return PEN_E_NOMEM;
    if (s->last)
        view_end_transaction(v);
    v->at = s->at;
    v->event = s->event;
    v->row = s->row;
    free_extras(s);
    return 0;
}

static void advance(struct pen_ledger *l)
{
    while (l->tail < l->head) {
        struct slot *s = slot_at(l, l->tail);
        if (!s->closed || s->acked < s->added || pass(l, s) < 0)
            return;
        l->tail++;
        l->version++;
    }
}

void pen_ledger_ack(struct pen_ledger *l, int64_t token)
{
    uint64_t seq = (uint64_t)token;
    if (seq < l->tail || seq >= l->head)
        return;
    slot_at(l, seq)->acked++;
    l->in_flight--;
    if (seq == l->tail)
        advance(l);
}

/* --- the head --------------------------------------------------------------------------------------- */

static int grow(struct pen_ledger *l)
{
    if (l->cap == l->max)
        return PEN_E_FULL;
    uint32_t cap = l->cap * 2;
    struct slot *ring = calloc(cap, sizeof(*ring));
    if (ring == NULL)
        return PEN_E_NOMEM;
    for (uint64_t s = l->tail; s < l->head; s++)
        ring[s & (cap - 1)] = *slot_at(l, s);
    free(l->ring);
    l->ring = ring;
    l->cap = cap;
    return 0;
}

static int push_slot(struct pen_ledger *l)
{
    int rc = l->head - l->tail == l->cap ? grow(l) : 0;
    if (rc < 0)
        return rc;
    struct slot *s = slot_at(l, l->head);
    memset(s, 0, sizeof(*s));
    l->head++;
    return 0;
}

static bool same_gtid(const struct pen_any_gtid *a, const struct pen_any_gtid *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == PEN_GTID_MYSQL)
        return memcmp(&a->mysql, &b->mysql, OFFSET__KEY_SIZE) == 0 && a->mysql.gno == b->mysql.gno;
    return a->mariadb.domain == b->mariadb.domain && a->mariadb.server == b->mariadb.server &&
           a->mariadb.seq == b->mariadb.seq;
}

static bool same_place(const struct pen_ledger *l, const struct pen_ledger_mark *a,
                       const struct pen_ledger_mark *b)
{
    return a->pos == b->pos && strcmp(file_name(l, a->file), file_name(l, b->file)) == 0;
}

/* A set of GTIDs and a place belong together: history is read by both. A group that adds nothing to
 * the set (a heartbeat, a rotation, one that comes again) does not take the place back, as the first
 * events of a new connection would, nor to another server's file. */
static struct pen_ledger_mark place_of(const struct pen_ledger *l, const struct pen_ledger_mark *at,
                                       const struct pen_any_gtid *gtid, bool rotation)
{
    const bool named = gtid->kind != PEN_GTID_NONE;
    if (pen_gtids_empty(&l->sent.gtids) || (named && !pen_gtids_contains(&l->sent.gtids, gtid)))
        return *at;
    if (at->file != l->sent.at.file)
        return rotation && !named ? *at : l->sent.at;
    return at->pos < l->sent.at.pos ? l->sent.at : *at;
}

int pen_ledger_open(struct pen_ledger *l, const struct pen_ledger_mark *begin,
                    const struct pen_any_gtid *gtid)
{
    static const struct pen_any_gtid anonymous;
    if (gtid == NULL)
        gtid = &anonymous;
    bool named = gtid->kind != PEN_GTID_NONE;
    if (l->open) {
        bool same = named ? same_gtid(&l->gtid, gtid)
                          : l->gtid.kind == PEN_GTID_NONE && same_place(l, &l->begin, begin);
        if (!same)
            return PEN_E_STATE;
        l->begin = *begin; /* after a failover the same transaction is elsewhere */
        return 1;
    }
    int rc = push_slot(l);
    if (rc < 0)
        return rc;
    /* After a restart the server sends everything that is not in the set: first of all the transaction
     * that was under way. Without GTIDs it must be at the same place. */
    bool resumed = l->resume && ((named && !pen_gtids_empty(&l->acked.gtids)) ||
                                 same_place(l, &l->acked.at, begin));
    if (!resumed)
        l->event = l->row = 0;
    l->resume = false;
    l->open = true;
    l->begin = place_of(l, begin, gtid, false);
    l->gtid = *gtid;
    return resumed;
}

void pen_ledger_done(const struct pen_ledger *l, uint64_t *ret_event, uint64_t *ret_row)
{
    *ret_event = l->open ? l->event : 0;
    *ret_row = l->open ? l->row : 0;
}

bool pen_ledger_is_inside(const struct pen_ledger *l)
{
    return l->open || l->resume;
}

bool pen_ledger_cuts_next(const struct pen_ledger *l)
{
    return l->open && slot_at(l, l->head - 1)->added >= l->segment;
}

/* Ends the open slot inside its transaction, right behind the last record. */
static int cut(struct pen_ledger *l)
{
    int rc = push_slot(l);
    if (rc < 0)
        return rc;
    struct slot *s = slot_at(l, l->head - 2);
    s->at = l->begin;
    s->event = l->event;
    s->row = l->row;
    s->closed = true;
    advance(l);
    return 0;
}

PEN_HOT int64_t pen_ledger_add(struct pen_ledger *l, uint64_t event, uint64_t row)
{
    if (!l->open)
        return PEN_E_STATE;
    if (PEN_UNLIKELY(pen_ledger_cuts_next(l))) {
        int rc = cut(l);
        if (rc < 0)
            return rc;
    }
    slot_at(l, l->head - 1)->added++;
    l->in_flight++;
    l->event = event;
    l->row = row;
    l->sent.at = l->begin;
    l->sent.event = event;
    l->sent.row = row;
    return (int64_t)(l->head - 1);
}

/* Can `next` follow the GTIDs of a slot without a slot of its own? */
static bool run_goes_on(const struct slot *s, const struct pen_any_gtid *next)
{
    if (next->kind == PEN_GTID_NONE || s->gtid.kind == PEN_GTID_NONE)
        return true;
    if (s->gtid.kind != next->kind)
        return false;
    if (next->kind == PEN_GTID_MARIADB)
        return s->gtid.mariadb.domain == next->mariadb.domain;
    return memcmp(&s->gtid.mysql, &next->mysql, OFFSET__KEY_SIZE) == 0 &&
           s->gtid.mysql.gno + 1 == next->mysql.gno;
}

static void set_run(struct slot *s, const struct pen_any_gtid *g)
{
    if (g->kind == PEN_GTID_NONE)
        return;
    if (s->gtid.kind == PEN_GTID_NONE)
        s->gno_first = g->kind == PEN_GTID_MYSQL ? g->mysql.gno : 0;
    s->gtid = *g;
}

/* The transaction l->gtid ended at `end`; the slot head - 1 is empty and can be had for it. */
static void end_empty(struct pen_ledger *l, const struct pen_ledger_mark *end)
{
    struct slot *s = slot_at(l, l->head - 1);
    if (l->head - 1 > l->tail) {
        struct slot *before = slot_at(l, l->head - 2);
        if (before->last && run_goes_on(before, &l->gtid)) {
            l->head--;
            s = before;
        }
    }
    s->at = *end;
    s->closed = s->last = true;
    set_run(s, &l->gtid);
}

static int close_at(struct pen_ledger *l, const struct pen_ledger_mark *given, bool rotation)
{
    const struct pen_ledger_mark at = place_of(l, given, &l->gtid, rotation), *end = &at;
    int rc = pen_gtids_add(&l->sent.gtids, &l->gtid);
    if (rc < 0)
        return rc;
    struct slot *s = slot_at(l, l->head - 1);
    if (s->added == 0 && s->extras.n == 0) {
        end_empty(l, end);
    } else {
        s->at = *end;
        s->closed = s->last = true;
        set_run(s, &l->gtid);
    }
    view_end_transaction(&l->sent);
    l->sent.at = *end;
    l->sent.event = l->sent.row = 0;
    l->open = false;
    advance(l);
    return 0;
}

int pen_ledger_close(struct pen_ledger *l, const struct pen_ledger_mark *end)
{
    return l->open ? close_at(l, end, false) : PEN_E_STATE;
}

int pen_ledger_skip(struct pen_ledger *l, const struct pen_ledger_mark *end,
                    const struct pen_any_gtid *gtid)
{
    /* A rotation on the way to the transaction that is to be continued: its position stays. */
    if (l->resume && !l->open && (gtid == NULL || gtid->kind == PEN_GTID_NONE))
        return 0;
    int rc = l->open ? PEN_E_STATE : pen_ledger_open(l, end, gtid);
    return rc < 0 ? rc : close_at(l, end, true);
}

static int note(struct slot *s, const char *key, const char *json)
{
    struct pen_position_extra e = {offset__dup(pen_span_str(key)),
                                   json ? offset__dup(pen_span_str(json)) : NULL};
    size_t i = 0;
    while (i < s->extras.n && strcmp(s->extras.v[i].key, key) != 0)
        i++;
    bool whole = e.key != NULL && (e.json != NULL || json == NULL);
    if (!whole || (i == s->extras.n && pen_vec_push(&s->extras) == NULL)) {
        free(e.key);
        free(e.json);
        return PEN_E_NOMEM;
    }
    free(s->extras.v[i].key);
    free(s->extras.v[i].json);
    s->extras.v[i] = e;
    return 0;
}

int pen_ledger_extra(struct pen_ledger *l, const char *key, const char *json)
{
    int rc = pen_position_set_extra(&l->sent.members, key, pen_span_str(json));
    if (rc < 0)
        return rc;
    if (l->head > l->tail)
        return note(slot_at(l, l->head - 1), key, json);
    l->version++;
    return pen_position_set_extra(&l->acked.members, key, pen_span_str(json));
}

/* --- answers ---------------------------------------------------------------------------------------- */

int pen_ledger_acked(const struct pen_ledger *l, struct pen_position *ret)
{
    return view_position(l, &l->acked, ret);
}

int pen_ledger_sent(const struct pen_ledger *l, struct pen_position *ret)
{
    return view_position(l, &l->sent, ret);
}

uint64_t pen_ledger_version(const struct pen_ledger *l)
{
    return l->version;
}

const struct pen_gtids *pen_ledger_sent_gtids(const struct pen_ledger *l)
{
    return &l->sent.gtids;
}

const struct pen_gtids *pen_ledger_acked_gtids(const struct pen_ledger *l)
{
    return &l->acked.gtids;
}

uint64_t pen_ledger_in_flight(const struct pen_ledger *l)
{
    return l->in_flight;
}

uint32_t pen_ledger_slots(const struct pen_ledger *l)
{
    return (uint32_t)(l->head - l->tail);
}
