/* TABLE_MAP, row layout and row images from bytes made by hand: what recorded files do not have (types of
 * servers before 5.6.4, table ids of 4 bytes, damage). Recorded ones: test_samples. */
#include "tap.h"

#include <penstock/binlog.h>
#include "hex.h"

#define HEAD  "0100000000000100 01 'd' 00 01 't' 00 " /* table id 1, db d, table t */
#define ROWS  "010000000000 0100 0200 " /* table id 1, end of statement, no extra data */
#define CELLS 64

static const struct {
    const char *name;
    const char *map; /* columns, types, metadata, nullable */
    uint8_t type;
    const char *rows; /* columns, bitmaps, images */
    const char *want; /* cells, or the error */
} cases[] = {
    {"integers by their width", "05 01 02 09 03 08 00 00", PEN_EV_WRITE_ROWS,
     "05 1F 00 01 0203 040506 0708090A 0B0C0D0E0F101112",
     "+ 01 0203 040506 0708090a 0b0c0d0e0f101112"},
    {"types before 5.6.4: TIMESTAMP, TIME, DATETIME, DATE", "04 07 0B 0C 0A 00 00",
     PEN_EV_WRITE_ROWS, "04 0F 00 01020304 050607 0102030405060708 0A0B0C",
     "+ 01020304 050607 0102030405060708 0a0b0c"},
    {"fraction digits decide bytes", "06 11 12 13 11 12 13 06 00 01 02 03 05 06 00",
     PEN_EV_WRITE_ROWS,
     "06 3F 00 01010101 020202020202 03030303 040404040404 0505050505050505 060606060606",
     "+ 01010101 020202020202 03030303 040404040404 0505050505050505 060606060606"},
    {"VARCHAR has 1 or 2 length bytes by its maximum", "02 0F 0F 04 FF00 0001 00",
     PEN_EV_WRITE_ROWS, "02 03 00 02 'ab' 0300 'cde'", "+ 6162 636465"},
    {"CHAR of up to 1023 bytes (bug#37426)", "02 FE FE 04 FEFF EE00 00", PEN_EV_WRITE_ROWS,
     "02 03 00 01 'a' 0200 'bc'", "+ 61 6263"},
    {"ENUM and SET in CHAR's clothes", "02 FE FE 04 F701 F808 00", PEN_EV_WRITE_ROWS,
     "02 03 00 02 0102030405060708", "+ 02 0102030405060708"},
    {"BLOB with 1 to 4 length bytes", "04 FC FC FC FC 04 01 02 03 04 00", PEN_EV_WRITE_ROWS,
     "04 0F 00 01 'a' 0100 'b' 010000 'c' 01000000 'd'", "+ 61 62 63 64"},
    {"DECIMAL(10,4) takes 5, (9,9) 4, (65,30) 30 bytes", "03 F6 F6 F6 06 0A04 0909 411E 00",
     PEN_EV_WRITE_ROWS,
     "03 07 00 0102030405 01020304 010203040506070809101112131415161718192021222324252627282930",
     "+ 0102030405 01020304 010203040506070809101112131415161718192021222324252627282930"},
    {"BIT(1), BIT(9), BIT(64)", "03 10 10 10 06 0100 0101 0008 00", PEN_EV_WRITE_ROWS,
     "03 07 00 01 0203 0102030405060708", "+ 01 0203 0102030405060708"},
    {"an empty value is not NULL", "02 0F 0F 04 0A00 0A00 03", PEN_EV_WRITE_ROWS, "02 03 02 00",
     "+ () NULL"},
    {"a value that ends the event", "01 0F 02 0A00 00", PEN_EV_WRITE_ROWS, "01 01 00 01 'x'",
     "+ 78"},
    {"two rows", "01 01 00 01", PEN_EV_WRITE_ROWS, "01 01 00 07 01", "+ 07 + NULL"},
    {"an update has two images", "02 01 01 00 03", PEN_EV_UPDATE_ROWS, "02 03 03 00 0102 02 03",
     "- 01 02 + 03 NULL"},
    {"a delete has one", "02 01 01 00 03", PEN_EV_DELETE_ROWS, "02 03 00 0102", "- 01 02"},
    {"a minimal update: key before, change after", "03 01 01 01 00 07", PEN_EV_UPDATE_ROWS,
     "03 01 06 00 01 01 09", "- 01 absent absent + absent NULL 09"},
    {"null bits count present columns only", "09 01 01 01 01 01 01 01 01 01 00 FF01",
     PEN_EV_WRITE_ROWS, "09 8101 02 11 13",
     "+ 11 absent absent absent absent absent absent NULL 13"},
    {"bits of a second byte", "09 01 01 01 01 01 01 01 01 01 00 FF01", PEN_EV_WRITE_ROWS,
     "09 FF01 8001 01020304050607", "+ 01 02 03 04 05 06 07 NULL NULL"},
    {"rows of version 1", "01 01 00 00", PEN_EV_WRITE_ROWS_V1, "01 01 00 05", "+ 05"},
    {"no row at all", "01 01 00 00", PEN_EV_WRITE_ROWS, "01 01", ""},
    {"partial update: diff, full value and column without diff", "03 01 F5 F5 02 04 04 06",
     PEN_EV_PARTIAL_UPDATE_ROWS,
     "03 07 07 00 01 02000000 0400 02000000 0401 01 01 00 01 01000000 FF 02000000 0400",
     "- 01 0400 0401 + 01 diff:ff 0400"},
    {"partial update without partial values", "02 01 F5 01 04 02", PEN_EV_PARTIAL_UPDATE_ROWS,
     "02 03 03 00 01 02000000 0400 00 00 02 02000000 0401", "- 01 0400 + 02 0401"},
    {"partial bits count all JSON columns of the table", "03 F5 01 F5 02 04 04 07",
     PEN_EV_PARTIAL_UPDATE_ROWS, "03 02 06 00 01 01 02 00 02 01000000 EE",
     "- absent 01 absent + absent 02 diff:ee"},
    {"an option that is not known", "02 01 F5 01 04 02", PEN_EV_PARTIAL_UPDATE_ROWS,
     "02 03 03 00 01 02000000 0400 02 00", "PEN_E_CORRUPT"},
    {"columns of event and table differ", "01 01 00 00", PEN_EV_WRITE_ROWS, "02 03 00 0102",
     "PEN_E_COLUMNS"},
    {"an image without columns cannot go on for ever", "01 01 00 00", PEN_EV_WRITE_ROWS, "01 00 00",
     "PEN_E_CORRUPT"},
    {"a length beyond the event", "01 FC 01 04 00", PEN_EV_WRITE_ROWS, "01 01 00 FFFFFFFF 00",
     "PEN_E_SHORT"},
    {"a length that ends within its bytes", "01 FC 01 04 00", PEN_EV_WRITE_ROWS, "01 01 00 0100",
     "PEN_E_SHORT"},
    {"an unknown type", "01 30 00 00", PEN_EV_WRITE_ROWS, "", "PEN_E_CORRUPT"},
    {"metadata too long", "01 01 01 00 00", PEN_EV_WRITE_ROWS, "", "PEN_E_CORRUPT"},
    {"metadata too short", "01 0F 01 00 00", PEN_EV_WRITE_ROWS, "", "PEN_E_CORRUPT"},
    {"a scale over the precision", "01 F6 02 0405 00", PEN_EV_WRITE_ROWS, "", "PEN_E_CORRUPT"},
    {"seven fraction digits", "01 13 01 07 00", PEN_EV_WRITE_ROWS, "", "PEN_E_CORRUPT"},
    {"a BLOB with five length bytes", "01 FC 01 05 00", PEN_EV_WRITE_ROWS, "", "PEN_E_CORRUPT"},
    {"more columns than the event has bytes", "FE FFFFFFFFFFFFFFFF 01", PEN_EV_WRITE_ROWS, "",
     "PEN_E_SHORT"},
};

static void put_cells(struct pen_buf *out, const char *sign, const struct pen_cell *cells,
                      uint32_t n)
{
    pen_buf_printf(out, "%s%s", out->n > 0 ? " " : "", sign);
    for (uint32_t i = 0; i < n; i++) {
        const struct pen_cell *c = &cells[i];
        static const char *const words[] = {"absent", "NULL", "", "diff:"};
        pen_buf_printf(out, " %s", words[c->state]);
        for (uint32_t k = 0; c->state >= PEN_CELL_VALUE && k < c->n; k++)
            pen_buf_printf(out, "%02x", c->p[k]);
        if (c->state == PEN_CELL_VALUE && c->n == 0)
            pen_buf_put_str(out, "()");
    }
}

static int read_rows(struct pen_buf *out, uint8_t type, struct pen_span map_body,
                     struct pen_span rows_body, struct pen_error *err)
{
    static struct pen_cell before[CELLS], after[CELLS];
    struct pen_binlog dec;
    struct pen_arena arena = PEN_ARENA_INIT;
    struct pen_table_map map;
    struct pen_row_layout layout;
    struct pen_rows it;
    struct pen_event map_ev = {.type = PEN_EV_TABLE_MAP, .body = map_body},
                     ev = {.type = type, .body = rows_body};
    pen_binlog_init(&dec, 0);
    int rc = pen_table_map_parse(&dec, &map_ev, &arena, &map, err);
    if (rc == 0)
        rc = pen_row_layout_compile(&map, &arena, &layout, err);
    if (rc == 0)
        rc = pen_rows_begin(&it, &dec, &ev, &layout, err);
    while (rc == 0 && (rc = pen_rows_next(&it, before, after)) > 0) {
        if (it.kind != PEN_ROWS_WRITE)
            put_cells(out, "-", before, layout.ncols);
        if (it.kind != PEN_ROWS_DELETE)
            put_cells(out, "+", after, layout.ncols);
        rc = 0;
    }
    pen_arena_done(&arena);
    pen_binlog_done(&dec);
    return rc;
}

static struct pen_buf joined(const char *head, const char *body)
{
    struct pen_buf b = hex(head), rest = hex(body);
    pen_buf_put_span(&b, pen_buf_span(&rest));
    pen_buf_done(&rest);
    return b;
}

/* v0 and v1 have no extra data */
static const char *rows_head(uint8_t type)
{
    return type < PEN_EV_WRITE_ROWS ? "010000000000 0100 " : ROWS;
}

static void run_case(size_t i)
{
    struct pen_buf map = joined(HEAD, cases[i].map), out = PEN_BUF_INIT;
    struct pen_buf rows = joined(rows_head(cases[i].type), cases[i].rows);
    struct pen_error err;
    int rc = read_rows(&out, cases[i].type, pen_buf_span(&map), pen_buf_span(&rows), &err);
    const char *got = rc < 0 ? pen_error_name(rc) : pen_buf_cstr(&out);
    TAP_EQ_STR(got, cases[i].want, "%s", cases[i].name);
    pen_buf_done(&map);
    pen_buf_done(&rows);
    pen_buf_done(&out);
}

/* Cut anywhere: an error or fewer rows, and never a byte beyond (ASan). */
static void run_cut(size_t i)
{
    struct pen_buf map = joined(HEAD, cases[i].map),
                   rows = joined(rows_head(cases[i].type), cases[i].rows);
    struct pen_error err;
    bool fine = true;
    for (size_t n = 0; n < map.n + rows.n; n++) {
        struct pen_span m = {map.p, PEN_MIN(n, map.n)}, r = {rows.p, n > map.n ? n - map.n : 0};
        struct pen_buf out = PEN_BUF_INIT;
        uint8_t *m_copy = exact_copy(m), *r_copy = exact_copy(r);
        int rc = read_rows(&out, cases[i].type, pen_span_make(m_copy, m.n),
                           pen_span_make(r_copy, r.n), &err);
        fine = fine && (rc < 0 || out.n < strlen(cases[i].want));
        free(m_copy);
        free(r_copy);
        pen_buf_done(&out);
    }
    TAP_OK(fine, "%s: cut at every byte", cases[i].name);
    pen_buf_done(&map);
    pen_buf_done(&rows);
}

static void old_servers(void)
{
    struct pen_binlog dec;
    struct pen_buf map = hex("01000000 0100 01 'd' 00 01 't' 00 01 01 00 00");
    struct pen_event ev = {.type = PEN_EV_TABLE_MAP, .body = pen_buf_span(&map)};
    uint64_t id = 0;
    pen_binlog_init(&dec, 0);
    dec.post_header[PEN_EV_TABLE_MAP] = 6;
    TAP_OK(pen_table_map_id(&dec, &ev, &id) == 0 && id == 1,
           "a post-header of 6 has a table id of 4 bytes");
    pen_buf_done(&map);
    struct pen_buf dummy = hex("FFFFFF000000 0100 0200");
    ev = (struct pen_event){.type = PEN_EV_WRITE_ROWS, .body = pen_buf_span(&dummy)};
    uint16_t flags;
    bool empty;
    TAP_OK(pen_rows_peek(&dec, &ev, &id, &flags, &empty) == 0 && empty &&
               (flags & PEN_ROWS_F_STMT_END),
           "a dummy rows event that ends the statement is told");
    pen_buf_done(&dummy);
    pen_binlog_done(&dec);
}

static void sameness(void)
{
    struct pen_buf a = joined(HEAD, "01 0F 02 0A00 00"),
                   b = joined("0200000000000000 01 'd' 00 01 't' 00 ", "01 0F 02 0A00 00");
    struct pen_buf c = joined(HEAD, "01 0F 02 0B00 00");
    TAP_OK(pen_table_map_same(pen_buf_span(&a), pen_buf_span(&b)),
           "table id and flags do not tell tables apart");
    TAP_OK(!pen_table_map_same(pen_buf_span(&a), pen_buf_span(&c)), "a wider column does");
    TAP_OK(!pen_table_map_same(pen_buf_span(&a), pen_span_make(a.p, a.n - 1)),
           "a missing byte does");
    TAP_OK(!pen_table_map_same(PEN_SPAN_NONE, PEN_SPAN_NONE), "nothing is not a table");
    pen_buf_done(&a);
    pen_buf_done(&b);
    pen_buf_done(&c);
}

/* Optional metadata: fields whose exceptions, order and bits are easy to get wrong */
static void metadata(void)
{
    /* a INT UNSIGNED, b VARCHAR ascii, c ENUM latin1, d TINYINT, e CHAR utf8mb4, f VARCHAR ascii; key (f(3), a) */
    struct pen_buf body = joined(
        HEAD,
        "06 03 0F FE 01 FE 0F 08 0A00 F701 FE28 0A00 3E "
        "01 01 80 02 05 0B 01 FCFF00 04 0C 01'a'01'b'01'c'01'd'01'e'01'f' 06 05 02 01'x'01'y' "
        "09 04 05 03 00 00 0A 01 08 0C 01 FC 63 02 0000");
    struct pen_binlog dec;
    struct pen_arena arena = PEN_ARENA_INIT;
    struct pen_event ev = {.type = PEN_EV_TABLE_MAP, .body = pen_buf_span(&body)};
    struct pen_table_map m;
    struct pen_error err = {0};
    pen_binlog_init(&dec, 0);
    TAP_EQ_INT(pen_table_map_parse(&dec, &ev, &arena, &m, &err), 0,
               "metadata with a field that is not known %s", err.text);
    TAP_EQ_INT(m.has,
               PEN_MAP_SIGNEDNESS | PEN_MAP_CHARSET | PEN_MAP_NAMES | PEN_MAP_LABELS |
                   PEN_MAP_PRIMARY_KEY | PEN_MAP_VISIBILITY | PEN_MAP_ENUM_CHARSET,
               "what there is");
    TAP_OK(m.cols[0].is_unsigned && !m.cols[3].is_unsigned, "signedness counts numeric columns");
    TAP_OK(m.cols[1].collation == 11 && m.cols[4].collation == 255 && m.cols[5].collation == 11 &&
               m.cols[2].collation == 8,
           "charset exceptions count character columns, ENUM has its own");
    TAP_OK(m.cols[5].key_pos == 1 && m.cols[5].key_prefix == 3 && m.cols[0].key_pos == 2 &&
               m.cols[1].key_pos == 0,
           "the key is in its own order");
    TAP_EQ_SPAN(m.cols[2].labels[1], PEN_SPAN_LIT("y"), "labels");
    TAP_EQ_SPAN(m.cols[5].name, PEN_SPAN_LIT("f"), "names");
    TAP_OK(!m.cols[0].invisible && !m.cols[5].invisible, "all columns are visible");
    TAP_OK(m.cols[1].nullable && !m.cols[0].nullable, "nullable");
    pen_arena_done(&arena);
    pen_binlog_done(&dec);
    pen_buf_done(&body);
}

/* a GEOMETRY, b VARCHAR, c GEOMETRY, the usual charset binary, b utf8mb4: MariaDB counts the geometries */
static void geometry_charset(void)
{
    static const struct {
        const char *metadata;
        bool maria;
        uint16_t want;
    } forms[] = {{"02 05 3F 01 FCFF00", true, 255},
                 {"02 01 08", false, 8},
                 {"03 03 3F 2D 3F", true, 45},
                 {"03 01 2D", false, 45}};
    for (size_t i = 0; i < PEN_COUNT(forms); i++) {
        struct pen_buf body = joined(HEAD, "03 FF 0F FF 04 04 0A00 04 07"),
                       more = hex(forms[i].metadata);
        struct pen_binlog dec;
        struct pen_arena arena = PEN_ARENA_INIT;
        struct pen_table_map m;
        struct pen_error err = {0};
        pen_buf_put_span(&body, pen_buf_span(&more));
        struct pen_event ev = {.type = PEN_EV_TABLE_MAP, .body = pen_buf_span(&body)};
        pen_binlog_init(&dec, 0);
        dec.is_maria = forms[i].maria;
        TAP_EQ_INT(pen_table_map_parse(&dec, &ev, &arena, &m, &err), 0, "geometries %s", err.text);
        TAP_EQ_INT(m.cols[1].collation, forms[i].want, "the charset between them, MariaDB %d",
                   forms[i].maria);
        pen_arena_done(&arena);
        pen_binlog_done(&dec);
        pen_buf_done(&body);
        pen_buf_done(&more);
    }
}

static void maria_columns(void)
{
    struct pen_buf z = hex("8A012CABAA1A05C40200"), v = hex("8996 2B2B1B8C0000"),
                   plain = hex("00'abc'"), bad = hex("8A012CABAA1A05");
    struct pen_buf out = PEN_BUF_INIT;
    TAP_OK(pen_maria_column_inflate(&out, pen_buf_span(&z), 1000) == 0 && out.n == 300 &&
               out.p[299] == 'z',
           "a compressed TEXT of MariaDB");
    pen_buf_reset(&out);
    TAP_OK(pen_maria_column_inflate(&out, pen_buf_span(&v), 1000) == 0 && out.n == 150 &&
               out.p[0] == 'v',
           "a compressed VARCHAR of MariaDB");
    pen_buf_reset(&out);
    TAP_OK(pen_maria_column_inflate(&out, pen_buf_span(&plain), 1000) == 0 && out.n == 3,
           "one too short to compress");
    TAP_EQ_INT(pen_maria_column_inflate(&out, pen_buf_span(&bad), 1000), PEN_E_CORRUPT,
               "a damaged one");
    TAP_EQ_INT(pen_maria_column_inflate(&out, pen_buf_span(&z), 299), PEN_E_TOO_BIG,
               "one over the limit");
    pen_buf_done(&z);
    pen_buf_done(&v);
    pen_buf_done(&plain);
    pen_buf_done(&bad);
    pen_buf_done(&out);
}

int main(void)
{
    for (size_t i = 0; i < PEN_COUNT(cases); i++)
        run_case(i);
    for (size_t i = 0; i < PEN_COUNT(cases); i++)
        run_cut(i);
    old_servers();
    sameness();
    metadata();
    geometry_charset();
    maria_columns();
    return tap_done();
}
