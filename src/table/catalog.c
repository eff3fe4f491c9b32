/* The catalog: one hash map from "db NUL table" to an entry. An entry has a table version, or the JSON
 * text of one from a schema history, which is read when the table is first asked for: a server of
 * 100,000 tables costs a copy of its text at the start, not 100,000 parsed tables. */
#include "table_int.h"
#include "history_int.h"

#include <stdlib.h>

struct entry {
    struct pen_table *table;    /* NULL: json holds it                       */
    struct pen_table_name name; /* borrows from table, or from the json block */
    char *json;                 /* db NUL table NUL text, NUL                */
    size_t json_n;              /* length of the text                        */
};

struct pen_catalog {
    struct pen_catalog_options options;
    struct pen_map entries;     /* "db NUL table" → struct entry */
    struct pen_map db_charsets; /* db → char *, heap             */
    char *server_charset;
    uint64_t sql_mode, last_version;
    struct pen_buf key;
};

struct pen_catalog *pen_catalog_new(const struct pen_catalog_options *o)
{
    struct pen_catalog *c = calloc(1, sizeof(*c));
    if (c != NULL && o != NULL)
        c->options = *o;
    return c;
}

static void entry_free(struct entry *e)
{
    if (e == NULL)
        return;
    pen_table_unref(e->table);
    free(e->json);
    free(e);
}

void pen_catalog_clear(struct pen_catalog *c)
{
    struct pen_map_entry *m;
    for (uint32_t i = 0; (m = pen_map_next(&c->entries, &i)) != NULL;)
        entry_free(m->value);
    pen_map_done(&c->entries);
    for (uint32_t i = 0; (m = pen_map_next(&c->db_charsets, &i)) != NULL;)
        free(m->value);
    pen_map_done(&c->db_charsets);
    free(c->server_charset);
    c->server_charset = NULL;
    c->sql_mode = 0;
}

void pen_catalog_free(struct pen_catalog *c)
{
    if (c == NULL)
        return;
    pen_catalog_clear(c);
    pen_buf_done(&c->key);
    free(c);
}

bool table_catalog_is_mariadb(const struct pen_catalog *c)
{
    return c->options.mariadb;
}
bool table_catalog_speaks_mariadb(const struct pen_catalog *c)
{
    return c->options.mariadb || c->options.mariadb_server;
}
bool table_catalog_is_legacy(const struct pen_catalog *c)
{
    return c->options.legacy_parser && !c->options.mariadb;
}
bool table_catalog_comments(const struct pen_catalog *c)
{
    return c->options.comments;
}
bool table_catalog_ignores_case(const struct pen_catalog *c)
{
    return c->options.ignore_case;
}

/* ASCII case only: a server with lower_case_table_names stores and logs its names in lower case */
static void put_folded(struct pen_buf *b, struct pen_span s, bool fold)
{
    uint8_t *w = pen_buf_reserve(b, s.n);
    if (w == NULL)
        return;
    for (size_t i = 0; i < s.n; i++)
        w[i] = fold && s.p[i] >= 'A' && s.p[i] <= 'Z' ? (uint8_t)(s.p[i] + 32) : s.p[i];
    pen_buf_advance_to(b, w + s.n);
}

static struct pen_span make_key(struct pen_catalog *c, struct pen_span db, struct pen_span name)
{
    pen_buf_reset(&c->key);
    put_folded(&c->key, db, c->options.ignore_case);
    pen_buf_put_byte(&c->key, 0);
    put_folded(&c->key, name, c->options.ignore_case);
    return c->key.bad ? PEN_SPAN_NONE : pen_buf_span(&c->key);
}

static struct entry *find_entry(struct pen_catalog *c, struct pen_span db, struct pen_span name)
{
    struct pen_span key = make_key(c, db, name);
    return key.p ? pen_map_get(&c->entries, key) : NULL;
}

static int build_entry(struct pen_catalog *c, struct entry *e, struct pen_error *err)
{
    struct pen_table *t = NULL;
    struct pen_span text = pen_span_make(e->json + e->name.db.n + e->name.table.n + 2, e->json_n);
    int rc = table_from_json(text, e->name.db, e->name.table, &t, err);
    if (rc < 0)
        return rc;
    t->version = ++c->last_version;
    e->table = t;
    e->name = (struct pen_table_name){t->db, t->name};
    free(e->json);
    e->json = NULL;
    return 0;
}

int pen_catalog_find(struct pen_catalog *c, struct pen_span db, struct pen_span name,
                     const struct pen_table **ret, struct pen_error *err)
{
    struct entry *e = find_entry(c, db, name);
    *ret = NULL;
    if (e == NULL)
        return 0;
    int rc = e->table == NULL ? build_entry(c, e, err) : 0;
    if (rc < 0)
        return rc;
    *ret = e->table;
    return 1;
}

static int put_entry(struct pen_catalog *c, struct entry *e)
{
    void *old = NULL;
    struct pen_span key = make_key(c, e->name.db, e->name.table);
    int rc = key.p ? pen_map_put(&c->entries, key, e, &old) : PEN_E_NOMEM;
    entry_free(rc < 0 ? e : old);
    return rc;
}

int pen_catalog_put_take(struct pen_catalog *c, struct pen_table *t)
{
    struct entry *e = calloc(1, sizeof(*e));
    if (e == NULL) {
        pen_table_unref(t);
        return PEN_E_NOMEM;
    }
    t->version = ++c->last_version;
    e->table = t;
    e->name = (struct pen_table_name){t->db, t->name};
    return put_entry(c, e);
}

int table_catalog_put_text(struct pen_catalog *c, struct pen_span db, struct pen_span name,
                           struct pen_span json)
{
    struct entry *e = calloc(1, sizeof(*e));
    size_t head = db.n + name.n + 2;
    char *block = malloc(head + json.n + 1);
    if (e == NULL || block == NULL) {
        free(e);
        free(block);
        return PEN_E_NOMEM;
    }
    memcpy(block, db.p, db.n);
    block[db.n] = 0;
    memcpy(block + db.n + 1, name.p, name.n);
    block[head - 1] = 0;
    memcpy(block + head, json.p, json.n);
    block[head + json.n] = 0;
    e->json = block;
    e->json_n = json.n;
    e->name = (struct pen_table_name){pen_span_make(block, db.n),
                                      pen_span_make(block + db.n + 1, name.n)};
    return put_entry(c, e);
}

bool pen_catalog_remove(struct pen_catalog *c, struct pen_span db, struct pen_span name)
{
    struct pen_span key = make_key(c, db, name);
    struct entry *e = key.p ? pen_map_remove(&c->entries, key) : NULL;
    entry_free(e);
    return e != NULL;
}

size_t pen_catalog_count(const struct pen_catalog *c)
{
    return c->entries.live;
}

bool pen_catalog_next(const struct pen_catalog *c, uint32_t *pos, struct pen_table_name *ret)
{
    struct pen_map_entry *m = pen_map_next(&c->entries, pos);
    if (m == NULL)
        return false;
    *ret = ((const struct entry *)m->value)->name;
    return true;
}

static char *copy_text(struct pen_span s)
{
    char *p = malloc(s.n + 1);
    if (p == NULL)
        return NULL;
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return p;
}

int pen_catalog_set_server_charset(struct pen_catalog *c, struct pen_span charset)
{
    char *p = copy_text(charset);
    if (p == NULL)
        return PEN_E_NOMEM;
    free(c->server_charset);
    c->server_charset = p;
    return 0;
}

struct pen_span pen_catalog_server_charset(const struct pen_catalog *c)
{
    return pen_span_str(c->server_charset ? c->server_charset : "");
}

int pen_catalog_set_db_charset(struct pen_catalog *c, struct pen_span db, struct pen_span charset)
{
    char *p = copy_text(charset);
    void *old = NULL;
    struct pen_span key = make_key(c, db, PEN_SPAN_LIT(""));
    int rc = p && key.p ? pen_map_put(&c->db_charsets, key, p, &old) : PEN_E_NOMEM;
    free(rc < 0 ? p : old);
    return rc;
}

/* The key buffer is scratch: const for callers */
static char *find_db_charset(const struct pen_catalog *c, struct pen_span db)
{
    struct pen_catalog *m = (struct pen_catalog *)(uintptr_t)c;
    struct pen_span key = make_key(m, db, PEN_SPAN_LIT(""));
    return key.p ? pen_map_get(&c->db_charsets, key) : NULL;
}

bool table_catalog_db_charset_known(const struct pen_catalog *c, struct pen_span db)
{
    return find_db_charset(c, db) != NULL;
}

void table_catalog_forget_db(struct pen_catalog *c, struct pen_span db)
{
    struct pen_span key = make_key(c, db, PEN_SPAN_LIT(""));
    if (key.p != NULL)
        free(pen_map_remove(&c->db_charsets, key));
}

struct pen_span pen_catalog_db_charset(const struct pen_catalog *c, struct pen_span db)
{
    const char *text = find_db_charset(c, db);
    return text ? pen_span_str(text) : pen_catalog_server_charset(c);
}

void pen_catalog_set_sql_mode(struct pen_catalog *c, uint64_t sql_mode)
{
    c->sql_mode = sql_mode;
}
uint64_t pen_catalog_sql_mode(const struct pen_catalog *c)
{
    return c->sql_mode;
}
