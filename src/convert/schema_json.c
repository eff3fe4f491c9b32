/* A Connect schema as JsonConverter writes it (spec connect.md §6.1). Keys in this order, only
 * "optional" always there:
 *
 *     {"type":…,"items"|"fields":…,"optional":…,"name":…,"version":…,"doc":…,"parameters":…,
 *      "default":…,"field":…} */
#include "convert_int.h"

static const char *type_name(enum pen_schema_type t)
{
    switch (t) {
    case PEN_SCHEMA_INT8:
        return "int8";
    case PEN_SCHEMA_INT16:
        return "int16";
    case PEN_SCHEMA_INT32:
        return "int32";
    case PEN_SCHEMA_INT64:
        return "int64";
    case PEN_SCHEMA_FLOAT32:
        return "float";
    case PEN_SCHEMA_FLOAT64:
        return "double";
    case PEN_SCHEMA_BOOLEAN:
        return "boolean";
    case PEN_SCHEMA_STRING:
        return "string";
    case PEN_SCHEMA_BYTES:
        return "bytes";
    case PEN_SCHEMA_ARRAY:
        return "array";
    case PEN_SCHEMA_MAP:
        return "map";
    case PEN_SCHEMA_STRUCT:
        return "struct";
    }
    return "string";
}

void convert__schema_put(const struct convert__schema_writer *w, const struct pen_field *f,
                         bool is_field)
{
    struct pen_buf *b = w->b;
    pen_buf_put_lit(b, "{\"type\":\"");
    pen_buf_put_str(b, type_name(f->type));
    pen_buf_put_lit(b, "\"");
    if (f->type == PEN_SCHEMA_ARRAY) {
        pen_buf_put_lit(b, ",\"items\":");
        convert__schema_put(w, &f->children[0], false);
    } else if (f->type == PEN_SCHEMA_MAP) {
        pen_buf_put_lit(b, ",\"keys\":");
        convert__schema_put(w, &f->children[0], false);
        pen_buf_put_lit(b, ",\"values\":");
        convert__schema_put(w, &f->children[1], false);
    } else if (f->type == PEN_SCHEMA_STRUCT) {
        pen_buf_put_lit(b, ",\"fields\":[");
        for (uint32_t i = 0; i < f->child_count; i++) {
            if (i > 0)
                pen_buf_put_byte(b, ',');
            convert__schema_put(w, &f->children[i], true);
        }
        pen_buf_put_byte(b, ']');
    }
    pen_buf_put_str(b, f->optional ? ",\"optional\":true" : ",\"optional\":false");
    if (f->schema_name.p) {
        pen_buf_put_lit(b, ",\"name\":");
        pen_buf_put_json_string(b, f->schema_name);
    }
    if (f->version)
        pen_buf_printf(b, ",\"version\":%d", f->version);
    if (f->doc.p) {
        pen_buf_put_lit(b, ",\"doc\":");
        pen_buf_put_json_string(b, f->doc);
    }
    for (uint32_t i = 0; i < f->param_count; i++) {
        pen_buf_put_str(b, i == 0 ? ",\"parameters\":{" : ",");
        pen_buf_put_json_string(b, f->params[i].name);
        pen_buf_put_byte(b, ':');
        if (f->params[i].value.p)
            pen_buf_put_json_string(b, f->params[i].value);
        else
            pen_buf_put_lit(b, "null");
    }
    if (f->param_count > 0)
        pen_buf_put_byte(b, '}');
    if (f->def.kind != PEN_CONST_NONE) {
        size_t before = b->n;
        pen_buf_put_lit(b, ",\"default\":");
        if (!w->put_default(w->arg, f, b))
            b->n = before;
    }
    if (is_field) {
        pen_buf_put_lit(b, ",\"field\":");
        pen_buf_put_json_string(b, f->name);
    }
    pen_buf_put_byte(b, '}');
}
