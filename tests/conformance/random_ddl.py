#!/usr/bin/python3
"""A case of random statements: tables that are made, altered, swapped, copied and dropped, with changes of rows between.

  random_ddl.py SEED DIR --server HOST:PORT [--statements N] [--old]

Writes DIR/random_SEED with setup.sql, stream.sql and config.json for compare.py and check.py. Each statement is tried on the server
first, out of its binlog, so that the case has only what the server takes. What README lists as different on purpose is left out.
Needs python3-pymysql.
"""
import argparse
import copy
import json
import pathlib
import random
import sys

import pymysql

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import reference  # noqa: E402

INTEGERS = ["TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT"]
CHARSETS = ["utf8mb4", "latin1", "utf8mb3", "ucs2", "cp1251", "ascii", "sjis"]
TEXT = {"utf8mb4": "aZ9é日😀", "latin1": "aé ü", "utf8mb3": "aé日", "ucs2": "bß日", "cp1251": "яЖz", "ascii": "xyz", "sjis": "日本a"}


class Column:
    """A column's definition and how to write a value of it."""

    def __init__(self, r, name):
        self.name = name
        self.kind = r.choice(["int", "int", "dec", "float", "char", "char", "text", "bin", "time", "enum", "set", "json", "bit", "year"])
        self.charset = r.choice(CHARSETS)
        unsigned = r.choice(["", "", " UNSIGNED"])
        self.unsigned = bool(unsigned)
        self.options = r.sample(["a", "b", "c", "it''s", "x,y", "zz"], r.randint(1, 5))
        if self.kind == "set":
            self.options = [o for o in self.options if "," not in o] or ["s"]
        self.type = {
            "int": lambda: r.choice(INTEGERS) + r.choice(["", "", "(3)"]) + unsigned,
            "dec": lambda: f"DECIMAL({r.randint(6, 20)},{r.randint(0, 5)})" + unsigned,
            "float": lambda: r.choice(["FLOAT", "DOUBLE", "FLOAT(9,3)"]),
            "char": lambda: f"{r.choice(['CHAR', 'VARCHAR'])}({r.randint(6, 30)}) CHARACTER SET {self.charset}",
            "text": lambda: f"{r.choice(['TINYTEXT', 'TEXT', 'MEDIUMTEXT'])} CHARACTER SET {self.charset}",
            "bin": lambda: r.choice(["BINARY(8)", "VARBINARY(20)", "BLOB"]),
            "time": lambda: r.choice(["DATE", "TIME", "TIME(3)", "DATETIME", "DATETIME(6)", "TIMESTAMP NULL", "TIMESTAMP(2) NULL"]),
            "enum": lambda: "ENUM(" + ",".join(f"'{o}'" for o in self.options) + ")",
            "set": lambda: "SET(" + ",".join(f"'{o}'" for o in self.options) + ")",
            "json": lambda: "JSON", "bit": lambda: f"BIT({r.randint(1, 40)})", "year": lambda: "YEAR",
        }[self.kind]()
        self.null = r.choice(["", " NULL", " NOT NULL"]) if "NULL" not in self.type else ""
        self.default = ""
        if self.kind in ("int", "dec", "float", "char", "enum", "year", "bit") and r.random() < 0.4:
            value = self.value(r)
            self.default = f" DEFAULT {value}" if value != "NULL" or self.null != " NOT NULL" else ""
        self.comment = r.choice(["", "", f" COMMENT 'of {name}'"])

    def definition(self):
        return f"`{self.name}` {self.type}{self.null}{self.default}{self.comment}"

    def value(self, r):
        if self.null != " NOT NULL" and r.random() < 0.15:
            return "NULL"
        k = self.kind
        if k == "int":
            return str(r.randint(0 if self.unsigned else -100, 120))
        if k in ("dec", "float"):
            return f"{'' if self.unsigned else r.choice(['', '-'])}{r.randint(0, 9)}.{r.randint(0, 9)}"
        if k in ("char", "text"):
            return "'" + "".join(r.choice(TEXT[self.charset]) for _ in range(r.randint(0, 5))) + "'"
        if k == "bin":
            return "x'" + "".join(r.choice("0123456789ABCDEF") for _ in range(2 * r.randint(0, 6))) + "'"
        if k == "time":
            if self.type == "DATE":
                return f"'20{r.randint(10, 30)}-{r.randint(1, 12):02}-{r.randint(1, 28):02}'"
            if self.type.startswith("TIME(") or self.type == "TIME":
                return f"'{r.randint(0, 23):02}:{r.randint(0, 59):02}:07.125'"
            return f"'20{r.randint(10, 30)}-0{r.randint(1, 9)}-1{r.randint(0, 9)} 0{r.randint(3, 9)}:11:12.345678'"
        if k == "enum":
            return f"'{r.choice(self.options)}'"
        if k == "set":
            return "'" + ",".join(r.sample(self.options, r.randint(0, len(self.options)))) + "'"
        if k == "json":
            return r.choice(["'{\"a\": [1, null, \"é\"]}'", "'[]'", "'17'"])
        if k == "bit":
            return "b'1'"
        return str(r.randint(1990, 2030))


class Maker:
    def __init__(self, a):
        self.r, self.a = random.Random(a.seed), a
        self.database = f"c_random_{a.seed}"
        host, port = a.server.rsplit(":", 1)
        self.c = pymysql.connect(host=host, port=int(port), user="penstock", password="penstock", autocommit=True, charset="utf8mb4").cursor()
        self.do("SET sql_log_bin = 0", f"DROP DATABASE IF EXISTS {self.database}", "SET SESSION time_zone = '+00:00'",
                "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'")
        self.tables, self.out, self.made, self.ids = {}, [], 0, 0

    def do(self, *sql):
        for s in sql:
            self.c.execute(s)

    def put(self, sql):
        """@returns whether the server took it"""
        try:
            self.do(sql)
        except pymysql.MySQLError:
            return False
        self.out.append(sql)
        return True

    def name(self, what):
        self.made += 1
        return f"{what}{self.made}"

    def create(self):
        t = self.name(self.r.choice(["t", "Tab", "order "]))
        columns = [Column(self.r, self.name("c")) for _ in range(self.r.randint(1, 6))]
        key = self.r.choice(["PRIMARY KEY (id)", "PRIMARY KEY (id)", "UNIQUE KEY u (id)", "KEY k (id)"])
        tail = self.r.choice(["", " COMMENT='some'", f" DEFAULT CHARACTER SET {self.r.choice(CHARSETS)}", " ENGINE=InnoDB ROW_FORMAT=DYNAMIC"])
        if key.startswith("PRIMARY") and self.r.random() < 0.15:
            tail += " PARTITION BY HASH (id) PARTITIONS 3"
        made = self.r.choice(["", "", ", made BIGINT AS (id + 1) VIRTUAL", ", made CHAR(20) AS (CONCAT('x', id)) STORED"])
        if self.put(f"CREATE TABLE `{t}` (id INT NOT NULL, {', '.join(c.definition() for c in columns)}{made}, {key}){tail}"):
            self.tables[t] = columns

    def any(self):
        return self.r.choice(sorted(self.tables)) if self.tables else None

    def insert(self, t):
        columns = self.tables[t]
        rows = []
        for _ in range(self.r.randint(1, 3)):
            self.ids += 1
            rows.append(f"({self.ids}" + "".join(", " + c.value(self.r) for c in columns) + ")")
        self.put(f"INSERT INTO `{t}` (id{''.join(f', `{c.name}`' for c in columns)}) VALUES {', '.join(rows)}")

    def update(self, t):
        if self.tables[t]:
            c = self.r.choice(self.tables[t])
            self.put(f"UPDATE `{t}` SET `{c.name}` = {c.value(self.r)} WHERE id > {self.ids - 6}")

    def delete(self, t):
        self.put(f"DELETE FROM `{t}` WHERE id = {self.r.randint(max(1, self.ids - 8), self.ids + 1)}")

    def alter(self, t):
        """One statement of one to three parts on the columns."""
        columns, parts = list(self.tables[t]), []
        for _ in range(self.r.randint(1, 3)):
            place = self.r.choice(["", "", " FIRST", " AFTER id"])
            old = self.r.choice(columns) if columns else None
            what = self.r.choice(["add", "add", "drop", "modify", "change", "default", "index"])
            new = Column(self.r, self.name("c"))
            if what == "add":
                parts.append(f"ADD {self.r.choice(['', 'COLUMN '])}{new.definition()}{place}")
                columns.append(new)
            elif old is None:
                continue
            elif what == "drop" and len(columns) > 1:
                parts.append(f"DROP COLUMN `{old.name}`")
                columns.remove(old)
            elif what == "modify":
                new.name = old.name
                parts.append(f"MODIFY {new.definition()}{place}")
                columns[columns.index(old)] = new
            elif what == "change":
                parts.append(f"CHANGE `{old.name}` {new.definition()}{place}")
                columns[columns.index(old)] = new
            elif what == "default" and old.kind == "int":
                parts.append(f"ALTER COLUMN `{old.name}` SET DEFAULT {self.r.randint(0, 9)}")
            elif what == "index":
                parts.append(f"ADD {self.r.choice(['INDEX', 'UNIQUE KEY'])} {self.name('i')} (id)")
        if parts and self.put(f"ALTER TABLE `{t}` {', '.join(parts)}"):
            self.tables[t] = columns

    def rename_column(self, t):
        if self.tables[t] and not self.a.old:
            c, name = self.r.choice(self.tables[t]), self.name("r")
            if self.put(f"ALTER TABLE `{t}` RENAME COLUMN `{c.name}` TO `{name}`"):
                c.name = name

    def rename(self, t):
        n = self.name("n")
        sql = self.r.choice([f"RENAME TABLE `{t}` TO `{n}`", f"ALTER TABLE `{t}` RENAME TO `{n}`", f"RENAME TABLE {self.database}.`{t}` TO `{self.database}`.`{n}`"])
        if self.put(sql):
            self.tables[n] = self.tables.pop(t)

    def online_change(self, t):
        """As gh-ost and pt-online-schema-change do it: a copy that is altered and filled, then swapped in."""
        ghost, old = f"_{t}_gho", f"_{t}_del"
        columns = copy.deepcopy(self.tables[t])
        if not self.put(f"CREATE TABLE `{ghost}` LIKE `{t}`"):
            return
        self.tables[ghost] = columns
        self.alter(ghost)
        both = [c.name for c in self.tables[ghost] if c.name in {x.name for x in self.tables[t]}]
        names = ", ".join(["id"] + [f"`{n}`" for n in both])
        self.put(f"INSERT IGNORE INTO `{ghost}` ({names}) SELECT {names} FROM `{t}`")
        if self.put(f"RENAME TABLE `{t}` TO `{old}`, `{ghost}` TO `{t}`"):
            self.tables[t] = self.tables.pop(ghost)
            self.put(f"DROP TABLE IF EXISTS `{old}`")

    def copy(self, t):
        n = self.name("copy")
        sql = self.r.choice([f"CREATE TABLE `{n}` LIKE `{t}`", f"CREATE TABLE `{n}` AS SELECT * FROM `{t}`", f"CREATE TABLE `{n}` (PRIMARY KEY (id)) SELECT * FROM `{t}`"])
        if "made" in " ".join(s for s in self.out if f"`{t}`" in s) and "SELECT" in sql:
            return
        if self.a.old and "SELECT" in sql:
            return
        if self.put(sql):
            self.tables[n] = copy.deepcopy(self.tables[t])

    def drop(self, t):
        others = [x for x in sorted(self.tables) if x != t][:self.r.randint(0, 2)]
        if len(self.tables) > 3 and self.put("DROP TABLE " + ", ".join(f"`{x}`" for x in [t, *others])):
            for x in [t, *others]:
                del self.tables[x]

    def truncate(self, t):
        self.put(self.r.choice(["TRUNCATE TABLE ", "TRUNCATE "]) + f"`{t}`")

    def step(self):
        what = self.r.choices([self.insert, self.update, self.delete, self.alter, self.rename_column, self.rename, self.online_change,
                               self.copy, self.drop, self.truncate], [30, 12, 6, 24, 4, 4, 4, 5, 3, 1])[0]
        t = self.any()
        if t is None or self.r.random() < 0.06:
            self.create()
        else:
            what(t)

    def write(self):
        folder = self.a.dir / f"random_{self.a.seed}"
        folder.mkdir(parents=True, exist_ok=True)
        head = ["SET SESSION time_zone = '+00:00'", "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'"]
        begin = [f"CREATE DATABASE {self.database} CHARACTER SET utf8mb4", f"USE {self.database}"]
        self.do(*begin)
        for _ in range(4):
            self.create()
        for _ in range(8):
            self.insert(self.any())
        setup, self.out = self.out, []
        while len(self.out) < self.a.statements:
            self.step()
        text = lambda lines: "".join(line + ";\n" for line in lines)
        (folder / "setup.sql").write_text(text([f"DROP DATABASE IF EXISTS {self.database}", *begin, *head, *setup]))
        (folder / "stream.sql").write_text(text([begin[1], *head, *self.out]))
        (folder / "config.json").write_text(json.dumps({"include.schema.changes": "true", "include.schema.comments": "true"}))
        (folder / "history").write_text("")
        self.do(f"DROP DATABASE {self.database}")
        print(folder)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("seed", type=int)
    p.add_argument("dir", type=pathlib.Path)
    p.add_argument("--server", required=True, metavar="HOST:PORT")
    p.add_argument("--statements", type=int, default=200)
    p.add_argument("--old", action="store_true", help="a server without RENAME COLUMN, and without CREATE … SELECT under GTIDs")
    Maker(p.parse_args()).write()


if __name__ == "__main__":
    sys.exit(main())
