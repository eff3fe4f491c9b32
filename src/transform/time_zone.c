/* Time zones: a fixed offset, or a file of the system's zone database (TZif, RFC 8536).
 *
 *     header  "TZif" version(1) 15 unused, then six counts of 4 bytes: isut isstd leap time type char
 *     data    time × 8 (version 1: × 4) transitions, time × 1 types,
 *             type × {offset 4, is_dst 1, abbreviation 1}, char, leap × 12, isstd, isut
 *     footer  newline, a POSIX TZ text for the times behind the last transition, newline
 *
 * Version 2 files have header and data twice; the second is the one with 64 bits. */
#include "transform_int.h"

#include <penstock/base/cursor.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ZONES       "/usr/share/zoneinfo/"
#define FILE_MAX    (1u << 20)
#define OFFSET_MAX  (18 * 3600) /* Java's */
#define DAY_SECONDS 86400

struct transition {
    int64_t at; /* UTC */
    int32_t before, after;
};
/* "M3.2.0/2": the second Sunday of March at two o'clock, in the time before */
struct rule {
    char kind; /* M, J (1…365 without leap days), or 0 (0…365) */
    int month, week, day;
    int32_t time;
};
struct transform__zone {
    struct transition *v;
    size_t count;
    int32_t first;           /* before the first transition */
    bool has_rules;          /* behind the last one */
    int32_t standard, saved; /* offsets by the rules */
    struct rule start, end;
};

/* ---- POSIX TZ -------------------------------------------------------------------------------- */

static bool number(const char **p, int *ret)
{
    char *end;
    if (**p < '0' || **p > '9')
        return false;
    const long v = strtol(*p, &end, 10);
    *ret = (int)PEN_MIN(v, 1000L);
    *p = end;
    return true;
}

/* "[+-]h[:mm[:ss]]" */
static bool clock_of(const char **p, int32_t *ret)
{
    int part[3] = {0, 0, 0};
    const bool negative = **p == '-';
    *p += **p == '-' || **p == '+';
    for (int i = 0; i < 3; i++) {
        if (!number(p, &part[i]))
            return false;
        if (**p != ':')
            break;
        (*p)++;
    }
    *ret = part[0] * 3600 + part[1] * 60 + part[2];
    if (negative)
        *ret = -*ret;
    return true;
}

static bool name_of(const char **p)
{
    const char *start = *p;
    if (**p == '<') {
        const char *close = strchr(*p, '>');
        *p = close ? close + 1 : *p;
        return close != NULL;
    }
    while ((**p | 32) >= 'a' && (**p | 32) <= 'z')
        (*p)++;
    return *p > start;
}

static bool rule_of(const char **p, struct rule *r)
{
    *r = (struct rule){.kind = 0, .time = 2 * 3600};
    if (*(*p)++ != ',')
        return false;
    if (**p == 'M') {
        (*p)++;
        r->kind = 'M';
        if (!number(p, &r->month) || *(*p)++ != '.' || !number(p, &r->week) || *(*p)++ != '.' ||
            !number(p, &r->day))
            return false;
    } else {
        if (**p == 'J')
            r->kind = *(*p)++;
        if (!number(p, &r->day))
            return false;
    }
    if (**p != '/')
        return true;
    (*p)++;
    return clock_of(p, &r->time);
}

/* "EST5EDT,M3.2.0,M11.1.0": offsets count to the west */
static bool read_rules(struct transform__zone *z, const char *p)
{
    if (!name_of(&p) || !clock_of(&p, &z->standard))
        return false;
    z->standard = -z->standard;
    z->saved = z->standard;
    z->has_rules = true;
    if (*p == 0)
        return true;
    if (!name_of(&p))
        return false;
    z->saved = z->standard + 3600;
    if (*p != ',') {
        if (!clock_of(&p, &z->saved))
            return false;
        z->saved = -z->saved;
    }
    return rule_of(&p, &z->start) && rule_of(&p, &z->end) && *p == 0;
}

/* Seconds since 1970 of the rule's moment in that year, in the local time before it */
static int64_t moment(const struct rule *r, int64_t year)
{
    int64_t days;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (r->kind == 'M') {
        const int64_t first = transform__days(year, r->month, 1);
        const int64_t next = transform__days(year, r->month + 1, 1);
        const int64_t week_day = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
        days = first + (r->day - week_day + 7) % 7 + 7 * (r->week - 1);
        while (days >= next) /* week 5 is the last one */
            days -= 7;
    } else if (r->kind == 'J') {
        days = transform__days(year, 1, 1) + r->day - 1 + (leap && r->day > 59);
    } else {
        days = transform__days(year, 1, 1) + r->day;
    }
    return days * DAY_SECONDS + r->time;
}

/* ---- TZif ------------------------------------------------------------------------------------- */

static int64_t big_endian(const uint8_t *p, size_t n)
{
    uint64_t v = p[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | p[i];
    return (int64_t)v;
}

struct counts {
    size_t isut, isstd, leap, time, type, text;
};

static bool header_of(struct pen_cursor *c, uint8_t *version, struct counts *n)
{
    const struct pen_span h = cur_take(c, 44);
    if (c->bad || memcmp(h.p, "TZif", 4) != 0)
        return false;
    size_t *const all[] = {&n->isut, &n->isstd, &n->leap, &n->time, &n->type, &n->text};
    *version = h.p[4];
    for (size_t i = 0; i < PEN_COUNT(all); i++)
        *all[i] = (size_t)big_endian(h.p + 20 + 4 * i, 4) & UINT32_MAX;
    return n->time < FILE_MAX && n->type < 256 && n->text < FILE_MAX && n->leap < FILE_MAX &&
           n->isut < FILE_MAX && n->isstd < FILE_MAX;
}

static bool data_of(struct transform__zone *z, struct pen_cursor *c, const struct counts *n,
                    size_t width, struct pen_arena *a)
{
    const struct pen_span times = cur_take(c, n->time * width);
    const struct pen_span types = cur_take(c, n->time);
    const struct pen_span offsets = cur_take(c, n->type * 6);
    (void)cur_take(c, n->text + n->leap * (width + 4) + n->isstd + n->isut);
    z->v = pen_arena_calloc(a, n->time + 1, sizeof(*z->v));
    if (c->bad || !z->v || n->type == 0)
        return false;
    int32_t before = z->first = (int32_t)big_endian(offsets.p, 4);
    z->count = 0;
    for (size_t i = 0; i < n->time; i++) {
        if (types.p[i] >= n->type)
            return false;
        const int32_t after = (int32_t)big_endian(offsets.p + 6u * types.p[i], 4);
        if (after != before) /* another name or kind of the same offset is none */
            z->v[z->count++] =
                (struct transition){big_endian(times.p + i * width, width), before, after};
        before = after;
    }
    return true;
}

static bool read_zone(struct transform__zone *z, struct pen_span file, struct pen_arena *a)
{
    struct pen_cursor c = pen_cursor_make(file);
    struct counts n;
    uint8_t version;
    if (!header_of(&c, &version, &n) || !data_of(z, &c, &n, 4, a))
        return false;
    if (version < '2')
        return true;
    if (!header_of(&c, &version, &n) || !data_of(z, &c, &n, 8, a))
        return false;
    struct pen_span rest = cur_rest(&c);
    if (rest.n < 2 || rest.p[0] != '\n' || rest.p[rest.n - 1] != '\n')
        return false;
    const struct pen_span text = pen_arena_span(a, pen_span_make(rest.p + 1, rest.n - 2));
    return text.p && (text.n == 0 || read_rules(z, (const char *)text.p));
}

static bool is_name(struct pen_span s)
{
    if (s.n == 0 || s.n > 64 || s.p[0] == '/' || pen_span_has_prefix(s, "posix/") ||
        pen_span_has_prefix(s, "right/"))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9') &&
            !memchr("_+-/", s.p[i], 4))
            return false;
    return true;
}

static bool load(struct transform__zone *z, struct pen_span name, struct pen_arena *a)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) file = PEN_BUF_INIT;
    char path[128];
    snprintf(path, sizeof(path), ZONES "%.*s", PEN_SPAN_ARG(name));
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t got = 1;
    while (got > 0 && file.n < FILE_MAX) {
        uint8_t *w = pen_buf_reserve(&file, 4096);
        got = w ? read(fd, w, 4096) : -1;
        file.n += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    return got == 0 && read_zone(z, pen_buf_span(&file), a);
}

/* "+08:00", "-03:30:15" */
static bool fixed(struct transform__zone *z, struct pen_span s)
{
    char text[16];
    const char *p = text;
    if ((s.n != 6 && s.n != 9) || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':' ||
        (s.n == 9 && s.p[6] != ':'))
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    for (size_t i = 1; i < s.n; i++)
        if (i % 3 != 0 && (text[i] < '0' || text[i] > '9'))
            return false;
    return clock_of(&p, &z->first) && z->first >= -OFFSET_MAX && z->first <= OFFSET_MAX;
}

int transform__zone_new(struct pen_span name, struct pen_arena *a,
                        const struct transform__zone **ret)
{
    struct transform__zone *z = pen_arena_alloc(a, sizeof(*z));
    *ret = z;
    if (!z)
        return PEN_E_NOMEM;
    return fixed(z, name) || (is_name(name) && load(z, name, a)) ? 0 : PEN_E_CONFIG;
}

/* ---- asking ------------------------------------------------------------------------------------- */

/* The moment from which `after` counts: local as Java's getOffset(LocalDateTime) has it, which takes the
 * offset before both in a gap and where clocks are set back. */
static int64_t begins(const struct transition *t, bool local)
{
    return local ? t->at + PEN_MAX(t->before, t->after) : t->at;
}

static int32_t by_rules(const struct transform__zone *z, int64_t seconds, bool local)
{
    if (z->standard == z->saved)
        return z->standard;
    const int64_t year = transform__civil(seconds * 1000).year;
    const struct transition on = {moment(&z->start, year) - z->standard, z->standard, z->saved};
    const struct transition off = {moment(&z->end, year) - z->saved, z->saved, z->standard};
    const bool begun = seconds >= begins(&on, local), ended = seconds >= begins(&off, local);
    const bool summer = on.at < off.at ? begun && !ended : begun || !ended;
    return summer ? z->saved : z->standard;
}

int32_t transform__zone_offset(const struct transform__zone *z, int64_t seconds, bool local)
{
    size_t low = 0, high = z->count; /* transitions that have begun */
    while (low < high) {
        const size_t mid = (low + high) / 2;
        if (seconds >= begins(&z->v[mid], local))
            low = mid + 1;
        else
            high = mid;
    }
    if (low == z->count && z->has_rules && z->count > 0)
        return by_rules(z, seconds, local);
    if (z->count == 0)
        return z->has_rules ? by_rules(z, seconds, local) : z->first;
    return low == 0 ? z->first : z->v[low - 1].after;
}
