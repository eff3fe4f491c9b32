/* Which history records a stored offset covers: Debezium's BinlogHistoryRecordComparator (spec
 * debezium.md §6), on positions of 64 bits. */
#include "offset_int.h"

static int read_filtered(const char *text, pen_gtid_uuid_filter *keep, void *arg,
                         struct pen_gtids *ret, struct pen_error *err)
{
    int rc = pen_gtids_parse(ret, pen_span_str(text), err);
    if (rc == 0 && keep != NULL && ret->kind == PEN_GTID_MYSQL)
        pen_gtid_set_filter(&ret->mysql, keep, arg);
    return rc;
}

struct file_name {
    struct pen_span base;
    uint64_t number;
};

static bool read_file(const char *text, struct file_name *ret)
{
    const char *dot = text ? strrchr(text, '.') : NULL;
    if (dot == NULL)
        return false;
    ret->base = pen_span_make(text, (size_t)(dot - text));
    return pen_span_u64(pen_span_str(dot + 1), &ret->number) == 0;
}

static int compare(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

/* Debezium's set at a statement does not have the statement: a record of the same set may be one that
 * came behind the stored position, and that the server sends again. On one server its place tells,
 * which Debezium does not look at. 0: the same place, or places that cannot be compared. */
static int by_place(const struct pen_position *recorded, const struct pen_position *desired)
{
    struct file_name r, d;
    if (!read_file(recorded->file, &r) || !read_file(desired->file, &d) ||
        !pen_span_eq(r.base, d.base))
        return 0;
    int order = compare(r.number, d.number);
    /* A snapshot's position names no server: within one file it is taken for the same. */
    bool same_server = recorded->server_id == desired->server_id && desired->server_id != 0;
    bool may_be = recorded->server_id == 0 || desired->server_id == 0;
    if (!same_server && !(may_be && order == 0))
        return 0;
    return order != 0 ? order : compare(recorded->pos, desired->pos);
}

static int by_gtids(const struct pen_position *recorded, const struct pen_position *desired,
                    pen_gtid_uuid_filter *keep, void *arg, struct pen_error *err)
{
    PEN_CLEANUP(pen_gtids_done) struct pen_gtids r = {0};
    PEN_CLEANUP(pen_gtids_done) struct pen_gtids d = {0};
    int rc = read_filtered(recorded->gtids, keep, arg, &r, err);
    if (rc == 0)
        rc = read_filtered(desired->gtids, keep, arg, &d, err);
    if (rc < 0)
        return rc;
    if (!pen_gtids_equal(&r, &d))
        return pen_gtids_subset(&r, &d);
    /* The snapshot's records come before what is streamed from the same set. */
    if (recorded->snapshot == PEN_SNAPSHOT_NONE && desired->snapshot != PEN_SNAPSHOT_NONE)
        return 0;
    int order = by_place(recorded, desired);
    return order != 0 ? order < 0 : recorded->event <= desired->event;
}

static int bad_file(struct pen_error *err, const char *name)
{
    return pen_error_set(err, PEN_E_CONFIG,
                         "unable to compare binlog positions: '%s' is not a binlog file name",
                         name);
}

static int by_file(const struct pen_position *recorded, const struct pen_position *desired,
                   struct pen_error *err)
{
    struct file_name r, d;
    if (recorded->file == NULL || desired->file == NULL) /* "" is before everything */
        return recorded->file == NULL;
    if (!read_file(recorded->file, &r))
        return bad_file(err, recorded->file);
    if (!read_file(desired->file, &d))
        return bad_file(err, desired->file);
    uint64_t a_server = recorded->server_id, b_server = desired->server_id;
    bool same_base = pen_span_eq(r.base, d.base);
    /* A snapshot's position names no server. Debezium goes by time then too, which decides nothing
     * within one second: file and position know better where they can be compared. */
    if (a_server != b_server && ((a_server && b_server) || !same_base))
        return recorded->ts_sec <= desired->ts_sec;
    if (!same_base) {
        pen_error_set(err, PEN_E_CONFIG,
                      "unable to compare binlog positions: files '%s' and '%s' have different base "
                      "names",
                      recorded->file, desired->file);
        pen_error_hint(err, "the server's log_bin was renamed or it is another server: take a new "
                            "snapshot");
        return PEN_E_CONFIG;
    }
    int order = compare(r.number, d.number);
    if (order == 0)
        order = compare(recorded->pos, desired->pos);
    if (order == 0)
        order = compare(recorded->event, desired->event);
    if (order == 0)
        order = compare(recorded->row, desired->row);
    return order <= 0;
}

int pen_position_at_or_before(const struct pen_position *recorded,
                              const struct pen_position *desired, pen_gtid_uuid_filter *keep,
                              void *arg, struct pen_error *err)
{
    if (recorded->gtids != NULL && desired->gtids != NULL)
        return by_gtids(recorded, desired, keep, arg, err);
    if (desired->gtids != NULL)
        return 1; /* recorded before the server had GTIDs */
    if (recorded->gtids != NULL)
        return 0;
    return by_file(recorded, desired, err);
}
