/* JSON diffs of PARTIAL_UPDATE_ROWS, applied to the before image's binary JSON.
 *
 *     {operation 1, path length (lenenc), path, [value length (lenenc), binary JSON]}…
 *         0 replace   the value at the path, which must be there
 *         1 insert    a member that is not there yet, or an array cell before the one of that index
 *         2 remove    (no value)
 *     path  $.key."quoted key"[3]
 *
 * Only containers along a path are unfolded into nodes; all else is copied as it stands, since
 * offsets within a container are relative to it. The result is in the server's own layout: members
 * sorted by length, then bytes; small containers where everything is within 64 KiB. */
#include "json_int.h"

#define SMALL_MAX UINT16_MAX

enum operation { OP_REPLACE = 0, OP_INSERT = 1, OP_REMOVE = 2 };

struct node;
struct member {
    struct pen_span key; /* objects only */
    struct node *node;
};
struct node {
    bool open;             /* unfolded: members count; else raw counts */
    bool object, small;    /* of an open node */
    struct json_value raw; /* exactly as long as the value */
    struct member *members;
    uint32_t count, cap;
    size_t size; /* bytes in the result */
};

struct leg {
    bool is_key, from_end;
    struct pen_span key;
    uint64_t index; /* from_end: of `last` minus this */
};
struct path {
    struct leg legs[PEN_JSON_DEPTH_MAX];
    uint32_t count;
};

/* ---- path ---- */

static uint32_t hex4(struct pen_cursor *c)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t d = cur_u8(c);
        if (d >= '0' && d <= '9')
            v = v << 4 | (uint32_t)(d - '0');
        else if ((d | 0x20) >= 'a' && (d | 0x20) <= 'f')
            v = v << 4 | (uint32_t)((d | 0x20) - 'a' + 10);
        else
            c->bad = true;
    }
    return v;
}

static uint8_t *put_unicode_escape(uint8_t *w, struct pen_cursor *c)
{
    uint32_t ch = hex4(c);
    if (ch >= 0xd800 && ch < 0xdc00 && cur_left(c) >= 6 && c->p[0] == '\\' && c->p[1] == 'u') {
        cur_skip(c, 2);
        uint32_t low = hex4(c);
        c->bad |= low < 0xdc00 || low > 0xdfff;
        ch = 0x10000 + ((ch - 0xd800) << 10) + ((low - 0xdc00) & 0x3ff);
    }
    return pen_put_utf8_char(w, ch);
}

static uint8_t *put_unescaped(uint8_t *w, struct pen_cursor *c)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    uint8_t e = cur_u8(c);
    if (e == 'u')
        return put_unicode_escape(w, c);
    const char *at = e != 0 ? strchr(from, e) : NULL;
    if (at == NULL) {
        c->bad = true;
        return w;
    }
    *w++ = (uint8_t)to[at - from];
    return w;
}

/* A JSON string; never longer than its escaped form */
static int quoted_key(struct pen_cursor *c, struct pen_arena *scratch, struct pen_span *ret)
{
    uint8_t *text = pen_arena_alloc(scratch, cur_left(c)), *w = text;
    if (text == NULL)
        return PEN_E_NOMEM;
    cur_skip(c, 1);
    for (uint8_t ch; (ch = cur_u8(c)) != '"';) {
        if (c->bad)
            return PEN_E_CORRUPT;
        if (ch == '\\')
            w = put_unescaped(w, c);
        else
            *w++ = ch;
    }
    *ret = pen_span_make(text, (size_t)(w - text));
    return 0;
}

static struct pen_span plain_key(struct pen_cursor *c)
{
    const uint8_t *from = c->p;
    while (c->p < c->end && *c->p != '.' && *c->p != '[')
        c->p++;
    return pen_span_make(from, (size_t)(c->p - from));
}

/* 7, last, last-2; up to the closing bracket */
static int array_index(struct pen_cursor *c, struct leg *leg)
{
    const uint8_t *close = memchr(c->p, ']', cur_left(c));
    if (close == NULL)
        return PEN_E_CORRUPT;
    struct pen_span s = pen_span_trim(cur_take(c, (size_t)(close - c->p)));
    cur_skip(c, 1);
    if (pen_span_has_prefix(s, "last")) {
        leg->from_end = true;
        s = pen_span_trim(pen_span_make(s.p + 4, s.n - 4));
        if (s.n == 0)
            return 0;
        if (s.p[0] != '-')
            return PEN_E_CORRUPT;
        s = pen_span_trim(pen_span_make(s.p + 1, s.n - 1));
    }
    return pen_span_u64(s, &leg->index) < 0 ? PEN_E_CORRUPT : 0;
}

static int path_leg(struct pen_cursor *c, struct pen_arena *scratch, struct leg *leg)
{
    uint8_t kind = cur_u8(c);
    *leg = (struct leg){.is_key = kind == '.'};
    if (kind == '[')
        return array_index(c, leg);
    if (kind != '.' || cur_left(c) == 0)
        return PEN_E_CORRUPT;
    if (*c->p == '"')
        return quoted_key(c, scratch, &leg->key);
    leg->key = plain_key(c);
    return 0;
}

static int parse_path(struct pen_span text, struct pen_arena *scratch, struct path *ret)
{
    struct pen_cursor c = pen_cursor_make(text);
    ret->count = 0;
    if (cur_u8(&c) != '$')
        return PEN_E_CORRUPT;
    while (cur_left(&c) > 0) {
        if (ret->count == PEN_COUNT(ret->legs))
            return PEN_E_CORRUPT;
        int rc = path_leg(&c, scratch, &ret->legs[ret->count++]);
        if (rc < 0 || c.bad)
            return rc < 0 ? rc : PEN_E_CORRUPT;
    }
    return 0;
}

/* ---- nodes ---- */

static int node_of(const struct json_value *v, struct pen_arena *scratch, struct node **ret)
{
    size_t n;
    int rc = json__size(v, &n);
    if (rc < 0)
        return rc;
    struct node *node = pen_arena_calloc(scratch, 1, sizeof(*node));
    if (node == NULL)
        return PEN_E_NOMEM;
    node->raw = (struct json_value){v->type, v->p, n};
    *ret = node;
    return 0;
}

static int open_node(struct node *node, struct pen_arena *scratch)
{
    struct json_container c;
    if (node->open || !json__is_container(node->raw.type))
        return 0;
    int rc = json__container(&node->raw, &c);
    if (rc < 0)
        return rc;
    node->members = pen_arena_calloc(scratch, (size_t)c.count + 1, sizeof(*node->members));
    if (node->members == NULL)
        return PEN_E_NOMEM;
    for (uint32_t i = 0; i < c.count; i++) {
        struct json_value v;
        rc = c.object ? json__key(&c, i, &node->members[i].key) : 0;
        if (rc == 0)
            rc = json__element(&c, i, &v);
        if (rc == 0)
            rc = node_of(&v, scratch, &node->members[i].node);
        if (rc < 0)
            return rc;
    }
    node->open = true;
    node->object = c.object;
    node->count = c.count;
    node->cap = c.count + 1;
    return 0;
}

/* The server's order of keys: shorter ones first */
static int key_cmp(struct pen_span a, struct pen_span b)
{
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return a.n == 0 ? 0 : memcmp(a.p, b.p, a.n);
}

/* Where a leg points: the index of the member. *ret_there tells whether it exists; if not, the
 * index is where it would be inserted. @returns 0, or PEN_E_CORRUPT when leg and container do not
 * fit */
static int locate(const struct node *node, const struct leg *leg, uint32_t *ret, bool *ret_there)
{
    if (!node->open || node->object != leg->is_key)
        return PEN_E_CORRUPT;
    if (leg->is_key) {
        uint32_t i = 0;
        while (i < node->count && key_cmp(node->members[i].key, leg->key) < 0)
            i++;
        *ret = i;
        *ret_there = i < node->count && key_cmp(node->members[i].key, leg->key) == 0;
        return 0;
    }
    *ret_there = leg->index < node->count;
    if (leg->from_end) /* before the first cell: there it would be inserted */
        *ret = *ret_there ? node->count - 1 - (uint32_t)leg->index : 0;
    else
        *ret = *ret_there ? (uint32_t)leg->index : node->count;
    return 0;
}

/* The node before the last leg, with every node on the way opened. */
static int walk(struct node *root, const struct path *path, struct pen_arena *scratch,
                struct node **ret)
{
    struct node *node = root;
    for (uint32_t i = 0; i < path->count; i++) {
        uint32_t at;
        bool there;
        int rc = open_node(node, scratch);
        if (rc < 0)
            return rc;
        if (i + 1 == path->count)
            break;
        rc = locate(node, &path->legs[i], &at, &there);
        if (rc < 0 || !there)
            return PEN_E_CORRUPT;
        node = node->members[at].node;
    }
    *ret = node;
    return 0;
}

static int insert(struct node *node, uint32_t at, struct member m, struct pen_arena *scratch)
{
    if (node->count == node->cap) {
        uint32_t cap = node->cap * 2 + 4;
        struct member *grown = pen_arena_calloc(scratch, cap, sizeof(*grown));
        if (grown == NULL)
            return PEN_E_NOMEM;
        memcpy(grown, node->members, node->count * sizeof(*grown));
        node->members = grown;
        node->cap = cap;
    }
    memmove(&node->members[at + 1], &node->members[at], (node->count - at) * sizeof(m));
    node->members[at] = m;
    node->count++;
    return 0;
}

static void drop(struct node *node, uint32_t at)
{
    node->count--;
    memmove(&node->members[at], &node->members[at + 1],
            (node->count - at) * sizeof(*node->members));
}

static int apply_at(struct node *parent, const struct leg *leg, enum operation op,
                    struct node *value, struct pen_arena *scratch)
{
    uint32_t at;
    bool there;
    int rc = locate(parent, leg, &at, &there);
    if (rc < 0)
        return rc;
    switch (op) {
    case OP_REPLACE:
        if (!there)
            return PEN_E_CORRUPT;
        parent->members[at].node = value;
        return 0;
    case OP_INSERT:
        if (leg->is_key && there)
            return PEN_E_CORRUPT;
        return insert(parent, at, (struct member){leg->key, value}, scratch);
    case OP_REMOVE:
        if (!there)
            return PEN_E_CORRUPT;
        drop(parent, at);
        return 0;
    }
    return PEN_E_CORRUPT;
}

static int take_value(struct pen_cursor *c, struct pen_arena *scratch, struct node **ret)
{
    struct pen_span s = binlog__lenenc_span(c);
    if (c->bad || s.n == 0)
        return PEN_E_SHORT;
    struct json_value v = {s.p[0], s.p + 1, s.n - 1};
    return node_of(&v, scratch, ret);
}

static int apply_next(struct pen_cursor *c, struct node **root, struct pen_arena *scratch)
{
    struct path path;
    struct node *value = NULL, *parent;
    uint8_t op = cur_u8(c);
    struct pen_span text = binlog__lenenc_span(c);
    if (c->bad)
        return PEN_E_SHORT;
    if (op > OP_REMOVE)
        return PEN_E_CORRUPT;
    int rc = parse_path(text, scratch, &path);
    if (rc == 0 && op != OP_REMOVE)
        rc = take_value(c, scratch, &value);
    if (rc < 0)
        return rc;
    if (path.count == 0) {
        if (op != OP_REPLACE)
            return PEN_E_CORRUPT;
        *root = value;
        return 0;
    }
    rc = walk(*root, &path, scratch, &parent);
    return rc < 0
               ? rc
               : apply_at(parent, &path.legs[path.count - 1], (enum operation)op, value, scratch);
}

/* ---- result ---- */

static uint8_t type_of(const struct node *node)
{
    if (!node->open)
        return node->raw.type;
    if (node->object)
        return node->small ? JSON_SMALL_OBJECT : JSON_LARGE_OBJECT;
    return node->small ? JSON_SMALL_ARRAY : JSON_LARGE_ARRAY;
}

static size_t size_as(const struct node *node, bool small)
{
    size_t word = json__word(small);
    size_t n = 2 * word + node->count * (word + 1 + (node->object ? word + 2 : 0));
    for (uint32_t i = 0; i < node->count; i++) {
        const struct member *m = &node->members[i];
        n += m->key.n + (json__inlined(type_of(m->node), small) ? 0 : m->node->size);
    }
    return n;
}

/* Sizes from the leaves up. Open nodes stand along paths only, so the depth is that of a path. */
static int measure(struct node *node)
{
    node->size = node->raw.n;
    if (!node->open)
        return 0;
    for (uint32_t i = 0; i < node->count; i++) {
        int rc = measure(node->members[i].node);
        if (rc < 0 || node->members[i].key.n > UINT16_MAX)
            return rc < 0 ? rc : PEN_E_CORRUPT;
    }
    node->size = size_as(node, true);
    node->small = node->size <= SMALL_MAX && node->count <= SMALL_MAX;
    if (!node->small)
        node->size = size_as(node, false);
    return node->size <= UINT32_MAX ? 0 : PEN_E_TOO_BIG;
}

static uint8_t *store(uint8_t *w, size_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        *w++ = (uint8_t)(v >> (8 * i));
    return w;
}

/* Value of an inlined scalar, its sign carried into the wider word */
static size_t inline_word(const struct json_value *v)
{
    switch (v->type) {
    case JSON_LITERAL:
        return v->p[0];
    case JSON_INT16:
        return (size_t)(int64_t)(int16_t)binlog__u16(v->p);
    case JSON_UINT16:
        return binlog__u16(v->p);
    default:
        return binlog__u32(v->p);
    }
}

/* Writes node->size bytes at w; the room was reserved for all. */
static void write_node(uint8_t *w, const struct node *node)
{
    if (!node->open) {
        memcpy(w, node->raw.p, node->raw.n);
        return;
    }
    size_t word = json__word(node->small);
    size_t at = 2 * word + node->count * (word + 1 + (node->object ? word + 2 : 0));
    uint8_t *entry = store(store(w, node->count, word), node->size, word);
    for (uint32_t i = 0; node->object && i < node->count; i++) {
        struct pen_span key = node->members[i].key;
        entry = store(store(entry, at, word), key.n, 2);
        if (key.n > 0)
            memcpy(w + at, key.p, key.n);
        at += key.n;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        const struct node *child = node->members[i].node;
        uint8_t type = type_of(child);
        *entry++ = type;
        if (json__inlined(type, node->small)) {
            entry = store(entry, inline_word(&child->raw), word);
            continue;
        }
        entry = store(entry, at, word);
        write_node(w + at, child);
        at += child->size;
    }
}

int pen_json_apply_diff(struct pen_buf *out, struct pen_span before, struct pen_span diff,
                        struct pen_arena *scratch)
{
    static const uint8_t json_null[2] = {JSON_LITERAL, 0};
    if (before.n == 0)
        before = pen_span_make(json_null, sizeof(json_null));
    struct json_value v = {before.p[0], before.p + 1, before.n - 1};
    struct pen_cursor c = pen_cursor_make(diff);
    struct node *root;
    int rc = node_of(&v, scratch, &root);
    while (rc == 0 && cur_left(&c) > 0)
        rc = apply_next(&c, &root, scratch);
    if (rc == 0)
        rc = measure(root);
    if (rc < 0)
        return rc;
    uint8_t *w = pen_buf_reserve(out, root->size + 1);
    if (w == NULL)
        return PEN_E_NOMEM;
    *w = type_of(root);
    write_node(w + 1, root);
    pen_buf_advance_to(out, w + 1 + root->size);
    return 0;
}
