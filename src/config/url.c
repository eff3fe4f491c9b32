/* mysql://user:password@host:port/database?option=value&option=value
 *
 * User, password, database, names and values are percent-decoded; '+' stays '+'. An IPv6 address
 * stands in brackets. The database, if any, becomes database.include.list. Options are connector
 * options; as the clients spell them, ssl-mode, ssl-ca, ssl-cert and ssl-key are taken as well.
 * Errors never show the text between "://" and "@". */
#include "config_int.h"

static int hint(struct pen_error *err)
{
    pen_error_hint(
        err, "write it as mysql://user:password@host:3306 or mariadb://user:password@host:3306; "
             "percent-encode '@', ':', '/' and '%%' in user and password");
    return PEN_E_CONFIG;
}

static int bad(struct pen_error *err, const char *what)
{
    pen_error_set(err, PEN_E_CONFIG, "unable to read the server URL: %s", what);
    return hint(err);
}

static int hex_digit(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static int decode(struct pen_span s, struct pen_buf *out, struct pen_error *err)
{
    pen_buf_reset(out);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '%') {
            pen_buf_put_byte(out, s.p[i]);
            continue;
        }
        if (s.n - i < 3 || hex_digit(s.p[i + 1]) < 0 || hex_digit(s.p[i + 2]) < 0)
            return bad(err, "a '%' is not followed by two hexadecimal digits");
        const int c = hex_digit(s.p[i + 1]) * 16 + hex_digit(s.p[i + 2]);
        if (c == 0)
            return bad(err, "it contains %00");
        pen_buf_put_byte(out, (uint8_t)c);
        i += 2;
    }
    return out->bad
               ? pen_error_set(err, PEN_E_NOMEM, "unable to read the server URL: out of memory")
               : 0;
}

static int put(struct pen_config *into, const char *key, struct pen_span encoded,
               struct pen_error *err)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf value = PEN_BUF_INIT;
    const int rc = decode(encoded, &value, err);
    if (rc < 0)
        return rc;
    return pen_config_set(into, pen_span_str(key), pen_buf_span(&value));
}

/* Part of s before the first c, and the rest behind it (p NULL when there is no c). */
static struct pen_span cut(struct pen_span s, char c, struct pen_span *ret_rest)
{
    const uint8_t *at = s.n ? memchr(s.p, c, s.n) : NULL;
    if (at == NULL) {
        *ret_rest = PEN_SPAN_NONE;
        return s;
    }
    *ret_rest = pen_span_make(at + 1, (size_t)(s.p + s.n - at - 1));
    return pen_span_make(s.p, (size_t)(at - s.p));
}

static int put_scheme(struct pen_span scheme, struct pen_config *into, struct pen_error *err)
{
    if (pen_span_ieq_str(scheme, "mysql"))
        return pen_config_set_str(into, "connector.class",
                                  "io.debezium.connector.mysql.MySqlConnector");
    if (pen_span_ieq_str(scheme, "mariadb"))
        return pen_config_set_str(into, "connector.class",
                                  "io.debezium.connector.mariadb.MariaDbConnector");
    pen_error_set(err, PEN_E_CONFIG,
                  "unable to read the server URL: it starts with '%.*s://', not with mysql:// or "
                  "mariadb://",
                  (int)PEN_MIN(scheme.n, (size_t)20), (const char *)scheme.p);
    return hint(err);
}

static int put_port(struct pen_span port, struct pen_config *into, struct pen_error *err)
{
    uint64_t n;
    if (pen_span_u64(port, &n) < 0 || n == 0 || n > 65535)
        return bad(err, "the port is not a number from 1 to 65535");
    return pen_config_set(into, PEN_SPAN_LIT("database.port"), port);
}

/* host, host:port, [v6], [v6]:port */
static int put_host(struct pen_span s, struct pen_config *into, struct pen_error *err)
{
    struct pen_span host, port;
    if (s.n > 0 && s.p[0] == '[') {
        struct pen_span rest;
        host = cut(pen_span_make(s.p + 1, s.n - 1), ']', &rest);
        if (rest.p == NULL || (rest.n > 0 && rest.p[0] != ':'))
            return bad(err, "the IPv6 address is not closed by ']'");
        port = rest.n > 0 ? pen_span_make(rest.p + 1, rest.n - 1) : PEN_SPAN_NONE;
    } else {
        host = cut(s, ':', &port);
        if (port.n > 0 && memchr(port.p, ':', port.n) != NULL)
            return bad(err, "an IPv6 address must stand in brackets");
    }
    if (host.n == 0)
        return bad(err, "there is no host name");
    const int rc = put(into, "database.hostname", host, err);
    return rc < 0 || port.p == NULL ? rc : put_port(port, into, err);
}

static int put_option(struct pen_span item, struct pen_config *into, struct pen_error *err)
{
    static const struct {
        const char *client, *option;
    } names[] = {{"ssl-mode", "database.ssl.mode"},
                 {"sslmode", "database.ssl.mode"},
                 {"ssl-ca", "database.ssl.ca"},
                 {"ssl-cert", "database.ssl.cert"},
                 {"ssl-key", "database.ssl.key"}};
    PEN_CLEANUP(pen_buf_done) struct pen_buf key = PEN_BUF_INIT;
    struct pen_span value;
    int rc = decode(cut(item, '=', &value), &key, err);
    if (rc < 0)
        return rc;
    if (key.n == 0 || value.p == NULL)
        return bad(err, "an option behind '?' is not of the form name=value");
    for (size_t i = 0; i < PEN_COUNT(names); i++)
        if (pen_span_ieq_str(pen_buf_span(&key), names[i].client))
            return put(into, names[i].option, value, err);
    rc = put(into, pen_buf_cstr(&key), value, err);
    return rc;
}

int pen_config_parse_url(const char *url, struct pen_config *into, struct pen_error *err)
{
    const char *sep = strstr(url, "://");
    if (sep == NULL)
        return bad(err, "it does not start with mysql:// or mariadb://");
    int rc = put_scheme(pen_span_make(url, (size_t)(sep - url)), into, err);
    if (rc < 0)
        return rc;
    struct pen_span query, path, rest = pen_span_str(sep + 3);
    rest = cut(rest, '?', &query);
    struct pen_span authority = cut(rest, '/', &path);
    for (size_t i = authority.n; i > 0; i--) /* the last '@': a password may hold one */
        if (authority.p[i - 1] == '@') {
            struct pen_span password, user = cut(pen_span_make(authority.p, i - 1), ':', &password);
            authority = pen_span_make(authority.p + i, authority.n - i);
            if ((rc = put(into, "database.user", user, err)) < 0)
                return rc;
            if (password.p != NULL && (rc = put(into, "database.password", password, err)) < 0)
                return rc;
            break;
        }
    if ((rc = put_host(authority, into, err)) < 0)
        return rc;
    if (path.n > 0 && (rc = put(into, "database.include.list", path, err)) < 0)
        return rc;
    for (struct pen_span item; rc == 0 && query.n > 0 && pen_span_split(&query, '&', &item);)
        rc = put_option(item, into, err);
    return rc;
}
