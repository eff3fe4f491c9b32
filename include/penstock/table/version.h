/* Table versions: what the columns of a table are at a point of the binlog.
 *
 * A version is immutable and reference counted; the catalog maps (database, table) to the current
 * one. Versions come from SHOW CREATE TABLE at a known position, from a DDL statement applied to
 * the version before, from Debezium's schema history, or from a TABLE_MAP with full metadata.
 * Column facts are spelled as Debezium's DDL parser spells them (spec debezium.md §6, §7.2),
 * because the schema history and the schema-change topic carry them. Threads: a catalog and its
 * versions belong to one task loop. @thread task */
#ifndef PENSTOCK_TABLE_VERSION_H
#define PENSTOCK_TABLE_VERSION_H

#include <penstock/base.h>

/* What a value writer needs to know of a column's type; one per way a value is stored. */
enum pen_type {
    PEN_TYPE_UNKNOWN, /* field is left out with a warning */
    PEN_TYPE_TINYINT,
    PEN_TYPE_SMALLINT,
    PEN_TYPE_MEDIUMINT,
    PEN_TYPE_INT,
    PEN_TYPE_BIGINT,
    PEN_TYPE_BOOL,  /* BOOL, BOOLEAN as written in a streamed CREATE; stored as TINYINT */
    PEN_TYPE_FLOAT, /* FLOAT, FLOAT(p ≤ 24): float32; see length and scale for the others */
    PEN_TYPE_DOUBLE,
    PEN_TYPE_REAL, /* as written; stored as DOUBLE */
    PEN_TYPE_DECIMAL,
    PEN_TYPE_BIT,
    PEN_TYPE_CHAR,
    PEN_TYPE_VARCHAR,
    PEN_TYPE_TEXT, /* TINYTEXT … LONGTEXT */
    PEN_TYPE_BINARY,
    PEN_TYPE_VARBINARY,
    PEN_TYPE_BLOB, /* TINYBLOB … LONGBLOB */
    PEN_TYPE_DATE,
    PEN_TYPE_TIME,
    PEN_TYPE_DATETIME,
    PEN_TYPE_TIMESTAMP,
    PEN_TYPE_YEAR,
    PEN_TYPE_ENUM,
    PEN_TYPE_SET,
    PEN_TYPE_JSON,
    PEN_TYPE_GEOMETRY, /* all but POINT */
    PEN_TYPE_POINT,
    PEN_TYPE_VECTOR,
    PEN_TYPE_UUID, /* MariaDB */
    PEN_TYPE_INET4,
    PEN_TYPE_INET6
};

/* JDBC codes as the history stores them (java.sql.Types) come in jdbc_type. */
struct pen_column {
    struct pen_span name;            /* UTF-8, as the server spells it                        */
    struct pen_span type_name;       /* "INT UNSIGNED", "CHAR BINARY"                         */
    struct pen_span type_expression; /* = type_name in Debezium 3.6                           */
    struct pen_span charset;         /* MySQL charset, resolved; p NULL = none                */
    struct pen_span comment;         /* p NULL = none                                         */
    struct pen_span default_expr;    /* text as the parser keeps it; p NULL = no expression   */
    struct pen_span default_sql;     /* the default as the DDL spells it, 0x1F or 'a\'b', where
                                        default_expr has Debezium's reading; p NULL = not known */
    struct pen_span *enum_values;    /* ENUM and SET options with their SQL quotes: 'a'       */
    struct pen_span *labels;         /* the same without quotes, unescaped UTF-8              */
    uint32_t enum_count;
    enum pen_type type;
    int32_t jdbc_type;
    int32_t native_type; /* PEN_NO_NUMBER = null */
    int64_t length;      /* PEN_NO_NUMBER = none */
    int32_t scale;       /* PEN_NO_NUMBER = none */
    uint32_t position;   /* 1-based */
    bool is_unsigned;
    bool optional; /* may be NULL */
    bool auto_incremented;
    bool generated;   /* Debezium's flag: AUTO_INCREMENT or ON UPDATE NOW() */
    bool has_default; /* a nullable column without DEFAULT has one: null  */
    bool is_virtual;  /* GENERATED ALWAYS AS, stored or virtual            */
    bool invisible;
    uint8_t fraction; /* fractional second digits 0..6 of TIME, DATETIME, TIMESTAMP */
};
#define PEN_NO_NUMBER (-1)

struct pen_unique {
    struct pen_span name; /* "PRIMARY" for the primary key */
    struct pen_span *columns;
    uint32_t column_count;
};

struct pen_table {
    struct pen_span db, name;
    struct pen_span charset; /* default charset; p NULL = unknown */
    struct pen_span comment; /* p NULL = none                     */
    struct pen_column *columns;
    uint32_t column_count;
    struct pen_span *key_names; /* primary key, or the unique key that serves as one */
    uint32_t key_count;
    /* Unique keys as far as DDL told them (a schema history does not), in order of declaration. */
    struct pen_unique *uniques;
    uint32_t unique_count;
    bool temporary;
    bool
        key_by_index; /* the key came by CREATE UNIQUE INDEX, and nothing altered the table since */
    uint64_t version; /* unique in the catalog, grows; plans and layouts are cached by it */
    uint32_t refs;
    struct pen_arena arena; /* owns all of the above */
};

struct pen_table *pen_table_ref(struct pen_table *t);
void pen_table_unref(struct pen_table *t); /* NULL is fine */
/* Index of the column named so (case-insensitive), or -1 */
int pen_table_column(const struct pen_table *t, struct pen_span name);

/* What a TABLE_MAP event says of a table, filled by the caller. With binlog_row_metadata=MINIMAL
 * only count, types, signedness, charsets and geometry types are there; with FULL all of it. */
struct pen_column_facts {
    uint8_t
        type; /* MYSQL_TYPE_… byte, real type: ENUM (247) and SET (248) are unpacked from STRING */
    uint16_t meta; /* as the manual's "Table_map event" has it for that type, unpacked: CHAR and
                      VARCHAR length in bytes; DECIMAL precision << 8 | scale; BIT bits; BLOB,
                      GEOMETRY, JSON and VECTOR length bytes 1..4; TIME2, DATETIME2, TIMESTAMP2
                      fraction digits; FLOAT 4, DOUBLE 8; ENUM and SET storage bytes */
    bool nullable;
    bool has_signedness, is_unsigned;
    bool has_visibility, invisible;
    uint32_t collation;      /* 0 = not told */
    int32_t geometry_type;   /* PEN_NO_NUMBER = not told; 1 = POINT */
    struct pen_span name;    /* p NULL = not told */
    struct pen_span *labels; /* ENUM, SET: bytes in the column's charset; NULL = not told */
    uint32_t label_count;
};
struct pen_table_facts {
    const struct pen_column_facts *columns;
    uint32_t column_count;
    bool has_key; /* the primary key is told: key_columns (0-based), maybe none of them */
    const uint32_t *key_columns;
    uint32_t key_count;
};
/** Compares a version with a TABLE_MAP: column count, stored types, and of the metadata what is
 * there.
 * @returns 0, or PEN_E_COLUMNS and an error that names the first difference */
PEN_MUST_USE int pen_table_check(const struct pen_table *t, const struct pen_table_facts *f,
                                 struct pen_error *err);
/** Rebuilds a version from FULL metadata. `like` (may be NULL) lends what the metadata lacks
 * (defaults, comments, display types) for columns that agree by name and type.
 * @returns 0 and the caller's reference, or PEN_E_SCHEMA when names are not in the metadata */
PEN_MUST_USE int pen_table_from_facts(const struct pen_table_facts *f, struct pen_span db,
                                      struct pen_span name, const struct pen_table *like,
                                      struct pen_table **ret, struct pen_error *err);

#endif
