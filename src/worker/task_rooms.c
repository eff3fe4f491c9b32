/* What a task is made of: its configuration to transforms, naming, plans, ledger and sink. */
#include "task_int.h"
#include "room_options.h"

#include <sys/random.h>

static bool may_send(const void *task)
{
    return task_lease_holds(task);
}

static enum pen_jsonl_form line_form(const struct pen_json_options *o)
{
    if (o->bytes_as_they_are)
        return PEN_JSONL_BASE64;
    switch (o->converter) {
    case PEN_CONVERTER_JSON:
        return PEN_JSONL_RAW;
    case PEN_CONVERTER_STRING:
    case PEN_CONVERTER_SIMPLE_HEADER:
        return PEN_JSONL_TEXT;
    default:
        return PEN_JSONL_BASE64;
    }
}

static int open_sink(struct pen_task *t)
{
    if (t->o.discard)
        return pen_sink_discard_open(task_delivered, t, &t->sink, &t->error);
    if (t->o.output_fd >= 0) {
        struct pen_sink_jsonl_options o = {.fd = t->o.output_fd,
                                           .key_form = line_form(&t->row_options.key),
                                           .value_form = line_form(&t->row_options.value)};
        return pen_sink_jsonl_open(&o, task_delivered, t, &t->sink, &t->error);
    }
    struct pen_sink_kafka_options o = {.properties = t->o.producer,
                                       .property_count = t->o.producer_count,
                                       .budget_bytes = t->o.memory_bytes / 2,
                                       .transactional_id = t->o.transactional_id,
                                       .may_send = t->o.lease ? may_send : NULL,
                                       .may_send_arg = t};
    return pen_sink_kafka_open(&o, task_delivered, t, &t->sink, &t->error);
}

static void make_run_id(char out[37])
{
    uint8_t b[16] = {0};
    if (getrandom(b, sizeof(b), 0) != sizeof(b))
        memset(b, 0x5a, sizeof(b)); /* cannot happen for 16 bytes; an id that repeats is harmless */
    /* Debezium's run id is a UUID of version 7: time first */
    uint64_t ms = (uint64_t)(pen_clock_wall_ns() / 1000000);
    for (int i = 0; i < 6; i++)
        b[i] = (uint8_t)(ms >> (40 - 8 * i));
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x70);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    *pen_put_uuid((uint8_t *)out, b) = 0;
}

int task_make_rooms(struct pen_task *t)
{
    struct pen_row_options *rows = &t->row_options;
    make_run_id(t->run_id);
    if (t->config->tasks_max > 1) { /* Debezium's words; its connector runs without a task then */
        pen_error_set(&t->error, PEN_E_CONFIG, "Only a single connector task may be started");
        pen_error_hint(&t->error, "set tasks.max=1: one task captures all tables");
        return PEN_E_CONFIG;
    }
    int rc = pen_room_wire_options(t->config, &t->arena, &t->wire);
    if (rc < 0)
        return pen_error_set(&t->error, rc, "unable to start the task: out of memory");
    rc = pen_tls_files_open(t->config, &t->tls, &t->wire, &t->error);
    if (rc == 0)
        rc = pen_room_row_options(t->config, pen_span_str(t->run_id), rows, &t->error);
    if (rc == 0)
        rc = pen_room_transforms(t->config, &t->transforms, &t->error);
    if (rc == 0)
        rc = pen_naming_new(t->config, &t->naming, &t->error);
    if (rc == 0) {
        rows->transforms = t->transforms;
        pen_naming_apply(t->naming, &rows->envelope);
        rc = pen_row_plans_new(rows, &t->plans, &t->error);
    }
    if (rc == 0)
        rc = progress_init(t);
    if (rc == 0)
        rc = open_sink(t);
    if (rc == 0)
        rc = channels_open(t);
    if (rc == 0) {
        pen_tx_init(&t->tx, t->config->transaction_metadata);
        pen_offset_key(t->config->name, t->config->topic_prefix, &t->offset_key);
    }
    return rc;
}
