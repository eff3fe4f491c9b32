#!/usr/bin/python3
"""Random conformance cases: tables of every column type, rows, changes and statements that a server has accepted.

  random_types.py --server HOST:PORT --out DIR [--seed N] [--count N] [--mariadb]

Each case is a folder as compare.py and cdcdiff take them. A statement that the server refuses is left out, so what is in a
case runs. The same seed on the same server gives the same cases. Needs python3-pymysql.
"""
import argparse
import json
import pathlib
import random

import pymysql

CHARSETS = ["utf8mb4", "latin1", "utf8mb3", "cp1251", "latin2", "gbk", "sjis", "ucs2", "utf16", "koi8r", "cp1250", "greek", "ascii",
            "binary"]
TEXTS = ["", "a", "abc", "Zoë", "naïve café", "привет", "日本語", "x" * 40, "it''s", 'say "hi"', "back\\\\slash", "tab\\tnl\\n", "  pad  ",
         "😀 ok", "0", "NULL", "null", "a,b", "{\"a\":1}", "%_", "\\Z\\0x"]
JSONS = ["null", "true", "0", "-1", "1.5", "1e100", "18446744073709551615", "\"s\"", "\"é😀\"", "[]", "{}", "[1,[2,[3]]]",
         "{\"a\":null,\"b\":[1.0,\"x\"],\"ccc\":{\"d\":false}}", "{\"z\":1,\"aa\":2,\"b\":3}", "[0.1,1e-7,12345678901234567890]",
         "{\"k\":\"" + "v" * 300 + "\"}"]
GEO = ["POINT(1 2)", "LINESTRING(0 0,1 1,2 3)", "POLYGON((0 0,1 0,1 1,0 0))", "MULTIPOINT((1 1),(2 2))",
       "GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,5 5))", "MULTIPOLYGON(((0 0,1 0,1 1,0 0)))", "MULTILINESTRING((0 0,1 1),(2 2,3 3))"]


class Gen:
    def __init__(self, seed, mariadb):
        self.r, self.mariadb = random.Random(seed), mariadb

    def pick(self, *items):
        return self.r.choice(items)

    def chance(self, p):
        return self.r.random() < p

    # ---- literals ---------------------------------------------------------------------------------
    def integer(self, bits, unsigned):
        lo, hi = (0, 2**bits - 1) if unsigned else (-2**(bits - 1), 2**(bits - 1) - 1)
        return str(self.pick(lo, hi, 0, 1, self.r.randint(lo, hi), self.r.randint(max(lo, -100), min(hi, 100))))

    def decimal(self, p, s, unsigned):
        digits = self.r.randint(1, p)
        n = str(self.r.randrange(10**digits)).zfill(s + 1)
        sign = "" if unsigned or self.chance(.5) else "-"
        return self.pick("0", "1", sign + (n[:-s] + "." + n[-s:] if s else n), sign + "9" * (p - s) + ("." + "9" * s if s else ""))

    def real(self):
        return self.pick("0", "-0e0", "1.5", "1e10", "-1e-10", "3.4028e38", "1.1", "123456.789", "1e7", "0.001",
                         repr(self.r.uniform(-1e6, 1e6)), repr(self.r.uniform(-1, 1)), "16777217", "1e23")

    def date(self):
        return self.pick("'2024-02-29'", "'1970-01-01'", "'9999-12-31'", "'1000-01-01'", "'0000-00-00'", "'2020-00-00'", "'0001-01-01'",
                         f"'{self.r.randint(1900, 2100)}-{self.r.randint(1, 12):02}-{self.r.randint(1, 28):02}'")

    def clock(self, f):
        t = f"{self.r.randint(0, 23):02}:{self.r.randint(0, 59):02}:{self.r.randint(0, 59):02}"
        return t + (f".{self.r.randrange(10**f):0{f}}" if f else "")

    def moment(self, f, stamp):
        if stamp:
            return self.pick("'1970-01-02 00:00:01'", "'2038-01-18 03:14:07'", "'0000-00-00 00:00:00'",
                             f"'{self.r.randint(1971, 2037)}-{self.r.randint(1, 12):02}-{self.r.randint(1, 28):02} {self.clock(f)}'")
        return self.date()[:-1] + " " + self.clock(f) + "'"

    def time(self, f):
        return self.pick("'00:00:00'", "'838:59:59'", "'-838:59:59'", "'-00:00:01'", f"'{self.clock(f)}'", f"'-{self.clock(f)}'",
                         f"'{self.r.randint(24, 838)}:{self.r.randint(0, 59):02}:00'")

    def hexes(self, n):
        return "x'" + bytes(self.r.randrange(256) for _ in range(n)).hex() + "'"

    # ---- columns: (type text, literal maker, may have a literal default, may be a key) -------------------
    def column(self):
        kind = self.r.randrange(22 if not self.mariadb else 23)
        if kind < 3:
            name, bits = self.pick(("TINYINT", 8), ("SMALLINT", 16), ("MEDIUMINT", 24), ("INT", 32), ("BIGINT", 64), ("INTEGER", 32))
            u = self.chance(.4)
            width = self.pick("", "", "(1)", "(5)", "(11)")
            zero = " ZEROFILL" if self.chance(.1) else ""
            return (f"{name}{width}{' UNSIGNED' if u or zero else ''}{zero}", lambda: self.integer(bits, bool(u or zero)), True, True)
        if kind < 5:
            p = self.pick(1, 5, 9, 10, 18, 19, 30, 65)
            s = self.r.randint(0, min(p, 30))
            u = self.chance(.2)
            form = self.pick(f"DECIMAL({p},{s})", f"NUMERIC({p},{s})", f"DEC({p},{s})")
            return (form + (" UNSIGNED" if u else "") + (" ZEROFILL" if self.chance(.05) else ""),
                    lambda: self.decimal(p, s, True) if u else self.decimal(p, s, False).replace("-", "-"), True, True)
        if kind == 5:
            return (self.pick("FLOAT", "DOUBLE", "REAL", "FLOAT(7,3)", "DOUBLE(10,2)", "FLOAT(30)", "FLOAT(10)", "DOUBLE PRECISION",
                              "FLOAT UNSIGNED", "DOUBLE UNSIGNED"), self.real, True, False)
        if kind == 6:
            n = self.pick(1, 2, 7, 8, 9, 16, 33, 64)
            return (f"BIT({n})", lambda: "b'" + "".join(self.pick("0", "1") for _ in range(self.r.randint(1, n))) + "'", True, False)
        if kind == 7:
            return self.pick("BOOLEAN", "BOOL", "TINYINT(1)"), lambda: self.pick("0", "1", "TRUE", "FALSE", "2"), True, False
        if kind < 11:
            cs = self.pick("", "", f" CHARACTER SET {self.pick(*CHARSETS)}", f" CHARSET {self.pick(*CHARSETS[:-1])}")
            n = self.pick(1, 5, 20, 60, 255)
            form = self.pick(f"CHAR({min(n, 60)})", f"VARCHAR({n})", f"VARCHAR({n})", f"CHARACTER VARYING({n})", f"NCHAR({n})", f"NVARCHAR({n})")
            return form + ("" if form[:2] in ("NC", "NV") else cs), lambda: "'" + self.pick(*TEXTS) + "'", True, self.chance(.3)
        if kind == 11:
            cs = self.pick("", "", f" CHARACTER SET {self.pick(*CHARSETS)}")
            form = self.pick("TEXT", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT", "TEXT(100)")
            return form + cs, lambda: "'" + self.pick(*TEXTS) + "'", False, False
        if kind == 12:
            n = self.pick(1, 4, 16, 40)
            form = self.pick(f"BINARY({n})", f"VARBINARY({n})", "BLOB", "TINYBLOB", "LONGBLOB", "BLOB(50)")
            return form, lambda: self.pick("''", "'ab'", self.hexes(self.r.randint(0, n)), "x'0000'"), "BLOB" not in form, False
        if kind == 13:
            v = self.pick(["a", "b", "c"], ["x,y", "it''s", ""], ["é", "ß", "日"], [str(i) for i in range(300)], ["1", "2", "A b"])
            return ("ENUM(" + ",".join(f"'{x}'" for x in v) + ")" + self.pick("", "", " CHARACTER SET latin1" if v[0] != "é" else ""),
                    lambda: self.pick(f"'{self.pick(*v)}'", str(self.r.randint(1, len(v))), "''"), True, False)
        if kind == 14:
            v = self.pick(["a", "b", "c"], ["r", "w", "x y"], [f"m{i}" for i in range(20)], ["é", "ü"])
            return ("SET(" + ",".join(f"'{x}'" for x in v) + ")",
                    lambda: self.pick("''", "'" + ",".join(self.r.sample(v, self.r.randint(1, min(3, len(v))))) + "'", "1"), True, False)
        if kind == 15:
            return "DATE", self.date, True, True
        if kind < 18:
            f = self.pick(0, 0, 1, 3, 4, 6)
            stamp = self.chance(.4)
            return (("TIMESTAMP" if stamp else "DATETIME") + (f"({f})" if f else ""), lambda: self.moment(f, stamp), True, not stamp)
        if kind == 18:
            f = self.pick(0, 0, 2, 3, 6)
            return "TIME" + (f"({f})" if f else ""), lambda: self.time(f), True, False
        if kind == 19:
            return self.pick("YEAR", "YEAR(4)"), lambda: self.pick("1901", "2155", "'70'", "'69'", "2024", *([] if self.mariadb else ["0", "'0'"])), True, False
        if kind == 20:
            return "JSON", lambda: "'" + self.pick(*JSONS).replace("\\", "\\\\") + "'", False, False
        if kind == 21:
            t = self.pick("GEOMETRY", "POINT", "LINESTRING", "POLYGON", "GEOMETRYCOLLECTION")
            fit = [g for g in GEO if t == "GEOMETRY" or g.startswith(t)]
            return t, lambda: f"ST_GeomFromText('{self.pick(*fit)}'{self.pick('', '', ',4326' if not self.mariadb else ',101')})", False, False
        return (self.pick("UUID", "INET6"), None, False, False)

    def definition(self, name):
        typ, lit, may_default, may_key = self.column()
        if lit is None:
            lit = ((lambda: self.pick("'::1'", "'2001:db8::ff'", "'1.2.3.4'")) if typ == "INET6" else
                   (lambda: self.pick("'123e4567-e89b-12d3-a456-4266554400ff'", "'00000000-0000-0000-0000-000000000001'")))
        text = typ
        nullable = self.chance(.6)
        text += self.pick(" NULL", "") if nullable and not typ.startswith("TIMESTAMP") else " NULL" if nullable else " NOT NULL"
        if may_default and self.chance(.35):
            text += " DEFAULT " + (self.pick("NULL", lit()) if nullable else lit())
        elif typ.startswith(("DATETIME", "TIMESTAMP")) and self.chance(.2):
            f = typ[typ.find("("):] if "(" in typ else ""
            text += f" DEFAULT CURRENT_TIMESTAMP{f}" + (f" ON UPDATE CURRENT_TIMESTAMP{f}" if self.chance(.5) else "")
        elif not self.mariadb and self.chance(.04):
            text += " INVISIBLE" if nullable else ""
        if self.chance(.08):
            text += " COMMENT 'the ''" + name + "'' é'"
        return {"name": name, "text": text, "lit": lit, "nullable": nullable, "key": may_key, "generated": False}

    # ---- statements -----------------------------------------------------------------------------
    NAMES = ["a", "b", "Col_C", "d d", "é", "f", "order", "g`h", "i.j", "k-l", "m", "N", "o", "p1", "q"]

    def quote(self, n):
        return "`" + n.replace("`", "``") + "`"

    def table(self, db, name):
        cols = [self.definition(n) for n in self.r.sample([x for x in self.NAMES if "`" not in x or self.chance(.1)], self.r.randint(1, 9))]
        t = {"db": db, "name": name, "cols": cols, "id": False}
        parts, key = [], self.r.randrange(6)
        if key < 3:
            parts.append("id " + self.pick("INT", "BIGINT UNSIGNED", "INT UNSIGNED") + " NOT NULL" +
                         self.pick("", " AUTO_INCREMENT") + " PRIMARY KEY")
            t["id"] = True
        parts += [self.quote(c["name"]) + " " + c["text"] for c in cols]
        able = [c for c in cols if c["key"]]
        if key == 3 and able:
            parts.append("PRIMARY KEY (" + ",".join(self.quote(c["name"]) for c in self.r.sample(able, min(len(able), 2))) + ")")
        elif key == 4 and able:
            parts.append("UNIQUE KEY u (" + ",".join(self.quote(c["name"]) for c in self.r.sample(able, min(len(able), 2))) + ")")
        ints = [c for c in cols if c["text"].startswith(("INT", "SMALLINT", "TINYINT"))]
        if ints and self.chance(.15):
            c = ints[0]
            parts.append(f"gen {self.pick('BIGINT', 'VARCHAR(20)')} GENERATED ALWAYS AS ({self.quote(c['name'])}{self.pick('', ' % 7')}) " +
                         self.pick("VIRTUAL", "STORED"))
        tail = self.pick("", "", " DEFAULT CHARSET=" + self.pick(*CHARSETS[:-1]), " ENGINE=InnoDB COMMENT='t é'", " COLLATE utf8mb4_bin")
        return t, f"CREATE TABLE {self.ref(t)} (\n  " + ",\n  ".join(parts) + ")" + tail

    def ref(self, t):
        return self.quote(t["name"])

    def value(self, c):
        return "NULL" if c["nullable"] and self.chance(.2) else "DEFAULT" if self.chance(.06) else c["lit"]()

    def insert(self, t, number):
        use = [c for c in t["cols"] if self.chance(.9)]
        names = (["id"] if t["id"] else []) + [self.quote(c["name"]) for c in use]
        rows = []
        for i in range(self.pick(1, 1, 1, 2, 3)):
            vals = ([str(number * 10 + i)] if t["id"] else []) + [self.value(c) for c in use]
            rows.append("(" + ", ".join(vals) + ")")
        return f"{self.pick('INSERT', 'INSERT', 'INSERT IGNORE', 'REPLACE')} INTO {self.ref(t)} ({', '.join(names)}) VALUES {', '.join(rows)}"

    def change(self, t, number):
        k = self.r.randrange(10)
        if k < 4 or not t["cols"]:
            return self.insert(t, number)
        order = "ORDER BY id LIMIT 2" if t["id"] else "LIMIT 1"
        if k < 8:
            some = self.r.sample(t["cols"], self.r.randint(1, min(3, len(t["cols"]))))
            sets = [f"{self.quote(c['name'])} = {self.value(c)}" for c in some]
            if t["id"] and self.chance(.12):
                sets.append("id = id + 100000")
            return f"UPDATE {self.pick('', 'IGNORE ')}{self.ref(t)} SET {', '.join(sets)} {order}"
        if k == 8:
            return f"DELETE FROM {self.ref(t)} {order}"
        return self.insert(t, number) + (f" ON DUPLICATE KEY UPDATE {self.quote(t['cols'][0]['name'])} = {t['cols'][0]['lit']()}"
                                         if t["id"] else "")

    def alter(self, t, free):
        """(SQL, what becomes of the model)"""
        k, cols = self.r.randrange(10), t["cols"]
        c = self.pick(*cols) if cols else None
        if k < 4 or c is None:
            n = self.definition(free)
            where = self.pick("", "", " FIRST", f" AFTER {self.quote(c['name'])}" if c else "")
            return f"ADD {self.pick('', 'COLUMN ')}{self.quote(free)} {n['text']}{where}", lambda: cols.append(n)
        if k == 4 and len(cols) > 1:
            return f"DROP {self.pick('', 'COLUMN ')}{self.quote(c['name'])}", lambda: cols.remove(c)
        if k == 5:
            n = self.definition(c["name"])
            return f"MODIFY {self.quote(c['name'])} {n['text']}", lambda: c.update(n)
        if k == 6:
            n = self.definition(free)
            return f"CHANGE {self.quote(c['name'])} {self.quote(free)} {n['text']}", lambda: c.update(n)
        if k == 7:
            return f"RENAME COLUMN {self.quote(c['name'])} TO {self.quote(free)}", lambda: c.update(name=free)
        if k == 8:
            return f"ALTER {self.quote(c['name'])} " + self.pick("DROP DEFAULT", f"SET DEFAULT {c['lit']()}"), lambda: None
        return self.pick("COMMENT 'new'", f"ADD INDEX ({self.quote(c['name'])})", "ENGINE=InnoDB", "FORCE"), lambda: None

    def config(self, name):
        out = {"include.schema.changes": self.pick("true", "false", "false")}
        options = {
            "decimal.handling.mode": ["precise", "string", "double"], "bigint.unsigned.handling.mode": ["long", "precise"],
            "binary.handling.mode": ["bytes", "base64", "base64-url-safe", "hex"],
            "time.precision.mode": ["adaptive_time_microseconds", "connect", "isostring", "microseconds", "nanoseconds"],
            "enable.time.adjuster": ["true", "false"], "tombstones.on.delete": ["true", "false"],
            "value.converter.schemas.enable": ["true"], "key.converter.schemas.enable": ["true"],
            "include.schema.comments": ["true"], "provide.transaction.metadata": ["true"], "include.query": ["true"],
            "skipped.operations": ["none", "u", "d", "c,t", "t"], "skip.messages.without.change": ["true"],
            "schema.name.adjustment.mode": ["avro", "avro_unicode"], "field.name.adjustment.mode": ["avro", "avro_unicode"],
            "column.propagate.source.type": [".*"], "datatype.propagate.source.type": [r".*\.INT,.*\.VARCHAR"],
            "column.exclude.list": [rf"c_{name}\.t1\.(a|b|order)", rf"c_{name}\..*\.é"],
            "column.mask.with.5.chars": [rf"c_{name}\..*\.(a|m)"], "column.truncate.to.3.chars": [rf"c_{name}\..*\.(f|o)"],
            "column.mask.hash.SHA-256.with.salt.abc": [rf"c_{name}\..*\.N"], "column.mask.hash.v2.MD5.with.salt.x": [rf"c_{name}\..*\.p1"],
            "value.converter.decimal.format": ["NUMERIC"], "value.converter.replace.null.with.default": ["false"],
            "topic.delimiter": ["_"], "extended.headers.enabled": ["false"], "snapshot.mode": ["initial", "no_data", "always"],
            "message.key.columns": [rf"c_{name}.t1:id", rf"c_{name}.t2:a"],
            "transforms": ["unwrap"], "event.converting.failure.handling.mode": ["warn", "skip"], "schema.history.internal.store.only.captured.tables.ddl": ["false"],
        }
        for key in self.r.sample(sorted(options), self.r.randint(1, 8)):
            out[key] = self.pick(*options[key])
        if "transforms" in out:
            out["transforms.unwrap.type"] = "io.debezium.transforms.ExtractNewRecordState"
            out["transforms.unwrap.delete.tombstone.handling.mode"] = self.pick("drop", "rewrite", "tombstone", "rewrite-with-tombstone")
            out["transforms.unwrap.add.fields"] = self.pick("op", "op,table,source.ts_ms", "source.snapshot,ts_ms")
            out["transforms.unwrap.add.headers"] = self.pick("op", "db,source.file")
        return out


class Run:
    """Keeps the statements that the server takes."""

    def __init__(self, server, out):
        self.c, self.out = server.cursor(), out

    def __call__(self, sql, list_):
        try:
            self.c.execute(sql)
        except pymysql.MySQLError:
            return False
        list_.append(sql + ";")
        return True


def case(server, out, gen, name):
    db, run, setup, stream = "c_" + name, Run(server, out), [], []
    run(f"DROP DATABASE IF EXISTS {db}", setup)
    run(f"CREATE DATABASE {db} CHARACTER SET {gen.pick('utf8mb4', 'utf8mb4', 'latin1', 'latin2')}", setup)
    for script in (setup, stream):
        run(f"USE {db}", script)
        run("SET SESSION sql_mode=''", script)
        run(f"SET SESSION time_zone='{gen.pick('+00:00', '+05:30', '-11:00')}'", script)
        run("SET SESSION timestamp=1700000000", script)
    tables, number = [], 0
    for n in range(1, gen.pick(2, 3, 4)):
        t, sql = gen.table(db, f"t{n}")
        if run(sql, setup):
            tables.append(t)
    for t in tables:
        for _ in range(gen.pick(0, 2, 4)):
            number += 1
            run(gen.insert(t, number), setup)
    if not tables:
        return False
    fresh = 0
    for _ in range(gen.pick(10, 25)):
        number += 1
        k, t = gen.r.random(), gen.pick(*tables)
        if k < .75:
            run(gen.change(t, number), stream)
        elif k < .83:
            body = []
            for _ in range(gen.pick(2, 4)):
                number += 1
                body.append(gen.change(gen.pick(*tables), number))
            run("BEGIN", stream)
            for sql in body:
                run(sql, stream)
            run(gen.pick("COMMIT", "COMMIT", "ROLLBACK"), stream)
        elif k < .96:
            fresh += 1
            parts = [gen.alter(t, f"n{fresh}{chr(97 + i)}") for i in range(gen.pick(1, 1, 2))]
            if run(f"ALTER TABLE {gen.ref(t)} " + ", ".join(p[0] for p in parts), stream):
                for _, apply in parts:
                    apply()
        elif k < .98:
            run(f"TRUNCATE TABLE {gen.ref(t)}", stream)
        else:
            fresh += 1
            if run(f"RENAME TABLE {gen.ref(t)} TO t_{fresh}", stream):
                t["name"] = f"t_{fresh}"
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "setup.sql").write_text("\n".join(setup) + "\n")
    (folder / "stream.sql").write_text("\n".join(stream) + "\n")
    (folder / "config.json").write_text(json.dumps(gen.config(name), ensure_ascii=False) + "\n")
    run(f"DROP DATABASE IF EXISTS {db}", [])
    return True


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--server", required=True, metavar="HOST:PORT")
    p.add_argument("--user", default="penstock")
    p.add_argument("--password", default="penstock")
    p.add_argument("--out", type=pathlib.Path, required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--count", type=int, default=20)
    p.add_argument("--mariadb", action="store_true")
    a = p.parse_args()
    host, port = a.server.rsplit(":", 1)
    for seed in range(a.seed, a.seed + a.count):
        server = pymysql.connect(host=host, port=int(port), user=a.user, password=a.password, autocommit=True, charset="utf8mb4")
        case(server, a.out, Gen(seed, a.mariadb), f"r{seed}")
        server.close()


if __name__ == "__main__":
    main()
