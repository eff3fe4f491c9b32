"""What the tables should be, told twice: rebuilt from change events, and read over SQL; then compared.

Both sides are brought to one canonical form by the column's type in information_schema, written here from the documented
mapping and not from the program's code: an independent second opinion.

    Rebuilt(records).compare(database)      raises AssertionError with the first differences
"""
import base64
import collections
import datetime
import decimal
import json
import re
import struct

EPOCH = datetime.datetime(1970, 1, 1)
MICROS = 1000000
Column = collections.namedtuple("Column", "name type full precision scale nullable")


def columns_of(cursor, database, table):
    cursor.execute("SELECT column_name, data_type, column_type, datetime_precision, numeric_scale, is_nullable FROM information_schema.columns "
                   "WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position", (database, table))
    return [Column(n, t.lower(), f.lower(), p or 0, s or 0, nn == "YES") for n, t, f, p, s, nn in cursor.fetchall()]


def key_of(cursor, database, table):
    """Columns of the message key: the primary key, else the first unique index without nullable columns, else none."""
    cursor.execute(f"SHOW INDEX FROM `{database}`.`{table}`")
    names = [d[0].lower() for d in cursor.description]
    indexes = collections.OrderedDict()
    for row in cursor.fetchall():
        r = dict(zip(names, row))
        if not r["non_unique"] and r["column_name"] is not None:
            indexes.setdefault(r["key_name"], []).append((r["seq_in_index"], r["column_name"], r["null"] == "YES"))
    for name, parts in sorted(indexes.items(), key=lambda i: i[0] != "PRIMARY"):
        if not any(p[2] for p in parts):
            return [p[1] for p in sorted(parts)]
    return []


def micros_of_time(text):
    sign = -1 if text.startswith("-") else 1
    hours, minutes, seconds = text.lstrip("-").split(":")
    whole, _, fraction = seconds.partition(".")
    return sign * ((int(hours) * 3600 + int(minutes) * 60 + int(whole)) * MICROS + int((fraction + "000000")[:6]))


def micros_of_datetime(text):
    """'2024-02-29 12:00:00.5' (or with T, or a Z): microseconds since 1970, None for a date that no calendar has."""
    m = re.fullmatch(r"(\d{4,})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d+))?Z?", text)
    assert m, f"not a date and time: {text!r}"
    y, mo, d, h, mi, s = (int(x) for x in m.groups()[:6])
    try:
        at = datetime.datetime(y, mo, d, h, mi, s)
    except ValueError:
        return None
    return int((at - EPOCH).total_seconds()) * MICROS + int(((m.group(7) or "") + "000000")[:6])


def float32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


TEXT = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext")
BINARY = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
GEOMETRY = ("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection")


def select_expression(c):
    """How to ask for the column so that the client library does not lose anything."""
    name = "`%s`" % c.name.replace("`", "``")
    if c.type in ("date", "time", "datetime", "timestamp", "uuid", "inet4", "inet6"):
        return f"CAST({name} AS CHAR)"
    if c.type == "float":
        return f"{name} + 0e0"
    if c.type == "bit":
        return f"{name} + 0"
    if c.type == "vector":
        return f"HEX({name})"  # pymysql takes the type for text
    return name


def from_sql(c, v):
    if v is None:
        return None
    if c.type == "date":
        m = re.fullmatch(r"(\d+)-(\d\d)-(\d\d)", v)
        try:
            return (datetime.date(*(int(x) for x in m.groups())) - EPOCH.date()).days
        except ValueError:
            return None if c.nullable else 0
    if c.type == "time":
        return micros_of_time(v)
    if c.type in ("datetime", "timestamp"):
        at = micros_of_datetime(v)
        return 0 if at is None and not c.nullable else at
    if c.type == "float":
        return float32(v)
    if c.type == "json":
        return json.loads(v)
    if c.type in GEOMETRY:
        return struct.unpack("<I", v[:4])[0], v[4:]
    if c.type == "vector":
        return [x[0] for x in struct.iter_unpack("<f", bytes.fromhex(v))]
    if c.type in ("set",) and isinstance(v, (set, frozenset)):
        return ",".join(sorted(v))
    return v


def from_event(c, v):
    """The same canonical form from the field of a change event; a wrong JSON type is an error."""
    if v is None:
        return None
    if c.type in ("tinyint", "smallint", "mediumint", "int", "year"):
        assert isinstance(v, int), f"{c.name}: {v!r}"
        return int(v)
    if c.type == "bigint":
        assert isinstance(v, int), f"{c.name}: {v!r}"
        return v % (1 << 64) if "unsigned" in c.full else v
    if c.type == "decimal":
        return decimal.Decimal(int.from_bytes(base64.b64decode(v, validate=True), "big", signed=True)).scaleb(-c.scale, decimal.Context(prec=80))
    if c.type == "float":
        return float32(float(v))
    if c.type == "double":
        return float(v)
    if c.type == "bit":
        return int(v) if c.full == "bit(1)" else int.from_bytes(base64.b64decode(v, validate=True), "little")
    if c.type in BINARY:
        return base64.b64decode(v, validate=True)
    if c.type in ("enum", "set"):
        return v.replace("\\,", ",")
    if c.type == "datetime":
        return v * 1000 if c.precision <= 3 else v
    if c.type == "timestamp":
        assert v.endswith("Z"), f"{c.name}: {v!r}"
        return micros_of_datetime(v)
    if c.type == "json":
        return json.loads(v)
    if c.type in GEOMETRY:
        return v.get("srid") or 0, base64.b64decode(v["wkb"], validate=True)
    if c.type == "vector":
        return [float32(x) for x in v]
    return v


def equal(c, a, b):
    # FLOAT(M,D) and DOUBLE(M,D): the server rounds as floor + rint(fraction), so what it stores is -0.010000000000000009 where it
    # prints -0.01. A stream shows the one, a snapshot the other.
    decimals = re.search(r"^(?:float|double|real)\(\d+,(\d+)\)", c.full)
    if decimals and a is not None and b is not None:
        return round(a, int(decimals.group(1))) == round(b, int(decimals.group(1)))
    if c.type == "year" and {a, b} == {0, 1900}:  # year 0000 is 1900 in a stream, as in Debezium
        return True
    # REAL is float32 in a stream and float64 in a snapshot, as in Debezium; information_schema calls it double.
    return a == b or (c.type == "double" and c.name == "r" and a is not None and b is not None and float32(a) == float32(b))


def hashable(v):
    return json.dumps(v, default=repr, sort_keys=True)


def begins_snapshot(r):
    """The first row that a snapshot sends of a table: what was deleted since an earlier, cut snapshot is not told."""
    return r.op == "r" and r.value["source"].get("snapshot") in ("first", "first_in_data_collection")


class Rebuilt:
    """Applies change events in order. Rows are found again by the key columns that the table has in the end."""

    def __init__(self, records):
        self.events = collections.defaultdict(list)  # (database, table) -> [(op, before, after, key)]
        self.keys_checked = 0
        for r in records:
            if r.op:
                source = r.value["source"]
                op = "restart" if begins_snapshot(r) else r.op
                self.events[source["db"], source["table"]].append((op, r.value.get("before"), r.value.get("after"), r.key))
            elif isinstance(r.value, dict) and r.value.get("ddl"):
                self.apply_ddl(r.value["databaseName"], r.value["ddl"])

    def apply_ddl(self, database, ddl):
        """Only what moves or removes rows without a row event."""
        def named(text):
            parts = [p.strip("`") for p in re.findall(r"`[^`]+`|[\w$]+", text)]
            return (parts[0], parts[1]) if len(parts) == 2 else (database, parts[0])
        name = r"((?:`[^`]+`|[\w$]+)(?:\s*\.\s*(?:`[^`]+`|[\w$]+))?)"
        if re.match(r"\s*RENAME\s+TABLE", ddl, re.I):
            for old, new in re.findall(name + r"\s+TO\s+" + name, ddl, re.I):
                if named(old) in self.events:
                    self.events[named(new)] = self.events.pop(named(old))
        m = re.match(r"\s*ALTER\s+TABLE\s+" + name + r".*\bRENAME\s+(?:TO|AS)\s+" + name, ddl, re.I | re.S)
        if m and named(m.group(1)) in self.events:
            self.events[named(m.group(2))] = self.events.pop(named(m.group(1)))
        m = re.match(r"\s*DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?" + name, ddl, re.I)
        if m:
            self.events.pop(named(m.group(1)), None)

    def rows(self, database, table, columns, key):
        """{identity: (row, strict)}; without a key a Counter of whole rows. strict = the row has the final columns."""
        by_name = {c.name: c for c in columns}
        final = set(by_name)

        def canonical(image):
            return {n: from_event(by_name[n], v) for n, v in image.items() if n in by_name}

        def identity(image):
            missing = [k for k in key if k not in image]
            assert not missing, f"{table}: image {image} without key column {missing}"
            return hashable([from_event(by_name[k], image[k]) for k in key])
        state, bag = {}, collections.Counter()
        for op, before, after, message_key in self.events.get((database, table), ()):
            if op in ("t", "restart"):
                state.clear()
                bag.clear()
                if op == "t":
                    continue
                op = "r"
            if op in ("u", "d") and before is not None:
                if key:
                    state.pop(identity(before), None)
                else:
                    bag[hashable(canonical(before))] -= 1
            if op in ("c", "u", "r"):
                assert after is not None, f"{table}: {op} without after"
                if key:
                    state[identity(after)] = (canonical(after), set(after) == final)
                else:
                    bag[hashable(canonical(after))] += 1
            image = after if op in ("c", "u", "r") else before
            if set(image) == final:
                self.check_key(table, key, image, message_key)
        return state, +bag

    def check_key(self, table, key, image, message_key):
        if not key:
            assert message_key is None, f"{table} has no key, the message has {message_key}"
        elif isinstance(message_key, dict) and list(message_key) == key:
            assert message_key == {k: image[k] for k in key}, f"{table}: message key {message_key}, row {image}"
        else:
            raise AssertionError(f"{table}: message key {message_key}, key columns {key}")
        self.keys_checked += 1

    def compare(self, database, tables=None, strict=True):
        """Every table of the database (or those named) equals what the events say. Returns the number of rows compared."""
        cursor, compared = database.cursor, 0
        cursor.execute("SET SESSION time_zone = '+00:00'")
        for table in tables or database.tables():
            columns, key = columns_of(cursor, database.name, table), key_of(cursor, database.name, table)
            cursor.execute(f"SELECT {', '.join(select_expression(c) for c in columns)} FROM `{database.name}`.`{table}`")
            expected = [{c.name: from_sql(c, v) for c, v in zip(columns, row)} for row in cursor.fetchall()]
            state, bag = self.rows(database.name, table, columns, key)
            compared += len(expected)
            if not key:
                want = collections.Counter(hashable(r) for r in expected)
                assert bag == want, f"{table}: rebuilt {bag - want} too much, {want - bag} missing"
                continue
            want = {hashable([r[k] for k in key]): r for r in expected}
            missing, extra = [k for k in want if k not in state], [k for k in state if k not in want]
            assert not missing and not extra, f"{table}: {len(missing)} rows missing (first {missing[:5]}), {len(extra)} too many (first {extra[:5]})"
            for identity, row in want.items():
                got, whole = state[identity]
                assert whole or not strict, f"{table} {identity}: fields {sorted(got)}, columns {sorted(row)}"
                for c in columns:
                    if c.name in got and (strict or whole):
                        assert equal(c, got[c.name], row[c.name]), f"{table} {identity}: {c.name} ({c.full}) is {row[c.name]!r:.300}, the events say {got[c.name]!r:.300}"
        return compared


def repeats(records):
    """How many changes came more than once: the same place in the binlog, the same operation."""
    seen = collections.Counter()
    for r in records:
        if r.op and r.op != "r":
            source = r.value["source"]
            seen[source["file"], source["pos"], source["row"], r.op, r.table, hashable(r.key)] += 1
    return sum(n - 1 for n in seen.values())


def check_no_gap(records, table, version="v"):
    """For tables whose writer raises `version` by one at every change of a key: no change of any key is missing.

    Repeats after a restart are allowed (at least once), and so is a jump by a snapshot row, or by the insert of a row that the
    snapshot found deleted; a jump by anything else is a lost change."""
    last, changes, snapshot = {}, 0, False
    for r in records:
        if r.op is None or r.table != table:
            continue
        image = r.value["after"] if r.op in ("c", "u", "r") else r.value["before"]
        key, v = hashable(r.key), image[version]
        changes += 1
        if r.op == "r":
            if begins_snapshot(r):
                last, snapshot = {}, True
            last[key] = max(last.get(key, v), v)
            continue
        known = last.get(key)
        if known is None and snapshot and r.op == "c":
            known = v
        limit = 1 if known is None else known + 1
        assert v <= limit, f"{table} {key}: {r.op} with {version}={v} after {known}: a change is lost"
        last[key] = max(known or 0, v)
    return changes
