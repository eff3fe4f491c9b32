#!/usr/bin/python3
"""Statements right before a worker ends, and another worker goes on: Debezium behind Penstock, Penstock behind Debezium and behind
itself, on the same offset and the same schema history. What comes of it is what an undisturbed Debezium makes of the binlog. TAP.

  ddl_handover.py [PENSTOCK] [--mode gtid|file] [--history kafka|file] [--mariadb] [--only WORDS]…
                  [--mysql HOST:PORT --kafka HOST:PORT --connect URL]

A worker's end is either orderly, or as after a kill: the offset is the one from before the statements, the schema history has
them already (`killed`). Then rows come, and the third worker of a scene shows that the history is still one that both can read.
Offsets go over by REST: GET, DELETE, POST as STOPPED, PATCH, resume.

What has no address is started (mysql-fixtures/servers) under names of its own and stopped at the end.
Needs Java 17, python3-pymysql and python3-confluent-kafka. Status 0: all as it should be.
"""
import argparse
import json
import pathlib
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "golden")]
from record import until  # noqa: E402, before live: that puts another record.py first
import normal  # noqa: E402
import reference  # noqa: E402
from compare import Servers, Standalone  # noqa: E402
from in_and_out import Tap  # noqa: E402

DATABASE = "handover_ddl"
SETUP = f"""DROP DATABASE IF EXISTS {DATABASE};
CREATE DATABASE {DATABASE} CHARACTER SET latin1;
CREATE TABLE {DATABASE}.t (id INT NOT NULL PRIMARY KEY, a INT, v VARCHAR(20) DEFAULT 'x');
CREATE TABLE {DATABASE}.other (id INT NOT NULL PRIMARY KEY, w VARCHAR(5));
INSERT INTO {DATABASE}.t (id) VALUES (1);
"""
# name, what runs before the worker ends, what runs once the next one streams
SCENES = [
    ("ADD COLUMN is the last event", ["INSERT INTO t VALUES (2,2,'b')", "ALTER TABLE t ADD COLUMN n INT NOT NULL DEFAULT 5 AFTER id"],
     ["INSERT INTO t (id) VALUES (3)"]),
    ("CHANGE is the last event", ["INSERT INTO t VALUES (2,2,'b')", "ALTER TABLE t CHANGE a renamed BIGINT FIRST"],
     ["INSERT INTO t (id, renamed) VALUES (3, 8589934592)"]),
    ("CHANGE, then rows", ["ALTER TABLE t CHANGE a renamed BIGINT FIRST", "INSERT INTO t (id, renamed) VALUES (3, 8589934592)"],
     ["UPDATE t SET v = 'y' WHERE id = 3"]),
    ("CREATE is the last event", ["CREATE TABLE fresh (id INT PRIMARY KEY, t TEXT)"], ["INSERT INTO fresh VALUES (1, 'é')"]),
    ("RENAME is the last event", ["RENAME TABLE t TO renamed, other TO t"],
     ["INSERT INTO t VALUES (7, 'w')", "INSERT INTO renamed (id) VALUES (8)"]),
    ("CREATE … SELECT", ["CREATE TABLE copied (PRIMARY KEY (id)) AS SELECT id, v FROM t"], ["INSERT INTO copied VALUES (9, 'c')"]),
    ("DROP, and another one made", ["DROP TABLE t", "CREATE TABLE t (id INT PRIMARY KEY, z DATETIME(2))"],
     ["INSERT INTO t VALUES (9, '2024-01-02 03:04:05.67')"]),
    ("several at once", ["ALTER TABLE t ADD COLUMN m INT", "INSERT INTO t VALUES (2,2,'b',3)", "ALTER TABLE t DROP COLUMN m, ADD COLUMN o CHAR(3) FIRST",
                         "INSERT INTO t VALUES ('o',4,4,'d')", "RENAME TABLE other TO another", "ALTER TABLE another RENAME COLUMN w TO ww"],
     ["INSERT INTO another VALUES (5, 'w')", "INSERT INTO t VALUES ('p',6,6,'f')"]),
    ("charsets", [f"ALTER DATABASE {DATABASE} CHARACTER SET cp1251", "CREATE TABLE wide (id INT PRIMARY KEY, c VARCHAR(5), u VARCHAR(5) CHARACTER SET ucs2)"],
     ["INSERT INTO wide VALUES (1, 'Я', 'Я')"]),
]
PAIRS = [("debezium", "penstock", "debezium"), ("penstock", "debezium", "penstock"), ("penstock", "penstock", "debezium")]


# Which row a snapshot calls its last depends on when the connector was started.
MASKS = normal.LIVE + [(re.compile(r'"snapshot":"(first|last)[a-z_]*"'), '"snapshot":"true"')]


class Rig:
    def __init__(self, a, server, workers, scratch):
        self.a, self.server, self.workers, self.scratch = a, server, workers, scratch

    def config(self, name):
        config = {
            "connector.class": normal.CONNECTORS["mariadb" if self.a.mariadb else "mysql"], "tasks.max": "1", "topic.prefix": name,
            "database.hostname": self.server.host, "database.port": str(self.server.port), "database.user": name,
            "database.password": name, "database.server.id": str(7000 + int(name[1:5], 16)), "poll.interval.ms": "20",
            "database.include.list": f"{DATABASE},{reference.SENTINEL}",
            **{f"{side}.converter": "org.apache.kafka.connect.json.JsonConverter" for side in ("key", "value")},
            **{f"{side}.converter.schemas.enable": "false" for side in ("key", "value")}}
        config.update({"database.ssl.mode": "disable"} if self.a.mariadb else {"database.allowPublicKeyRetrieval": "true"})
        if self.a.history == "kafka":
            config.update({"schema.history.internal.kafka.bootstrap.servers": self.a.kafka, "schema.history.internal.kafka.topic": "hist-" + name})
        else:
            config.update({"schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
                           "schema.history.internal.file.filename": str(self.scratch / (name + ".history"))})
        if self.a.prefer_ddl:
            config["schema.history.internal.prefer.ddl"] = "true"
        return config

    def ask(self, who, method, path, body=None):
        answers = []

        def asked():  # 409: Connect rebalances; 404: it is not up yet
            answers[:] = self.workers[who].rest(method, path, body)
            return answers[0] not in (404, 409)

        until(f"an answer of {who} to {method} {path}", asked)
        if answers[0] >= 300:
            raise SystemExit(f"{who}: {method} {path}: {answers[0]} {answers[1]}")
        return answers[1]

    def start(self, who, name, offset=None):
        body = {"name": name, "config": self.config(name)}
        if offset:
            body["initial_state"] = "STOPPED"
        self.ask(who, "POST", "/connectors", body)
        if offset:
            until(f"{name} stopped", lambda: self.state(who, name) == "STOPPED")
            self.ask(who, "PATCH", f"/connectors/{name}/offsets", {"offsets": [{"partition": {"server": name}, "offset": offset}]})
            self.ask(who, "PUT", f"/connectors/{name}/resume")
        until(f"{name} run by {who}", lambda: self.alive(who, name) == "RUNNING", pause=0.05)

    def state(self, who, name):
        status, answer = self.workers[who].rest("GET", f"/connectors/{name}/status")
        return answer["connector"]["state"] if status == 200 else None

    def alive(self, who, name):
        state, trace = self.workers[who].task(name)
        if state == "FAILED":
            causes = [line for line in trace.splitlines() if not line.startswith("\tat ")]
            raise SystemExit(f"{who}: FAILED: " + " | ".join(causes)[:1500])
        return state

    def offset(self, who, name):
        found = self.ask(who, "GET", f"/connectors/{name}/offsets")["offsets"]
        return found[0]["offset"] if found else None

    def stop(self, who, name):
        """@returns the offset"""
        self.ask(who, "PUT", f"/connectors/{name}/stop")
        until(f"{name} stopped", lambda: self.state(who, name) == "STOPPED")
        offset = self.offset(who, name)
        self.ask(who, "DELETE", f"/connectors/{name}")
        until(f"{name} gone", lambda: self.state(who, name) is None)
        return offset


def rows(topics, name):
    """{(table, id): the last value} of a connector: what a consumer has in the end."""
    topics.poll()
    found = {}
    for topic, key, value, _ in topics.records:
        if f".{DATABASE}." in topic and key:
            text = normal.text(reference.decode(value, name, "P"), MASKS) if value else None
            found[(topic.split(".", 1)[1], key.decode())] = text
    return found


class Scene:
    """One way through: an undisturbed Debezium beside three workers that follow each other."""

    def __init__(self, rig, workers, killed):
        self.rig, self.who, self.killed = rig, workers, killed
        self.names = {role: reference.prefix() for role in ("main", "ref")}
        self.marks = 0

    def run(self, sql):
        self.rig.server.script(f"USE {DATABASE};\n" + "".join(s + ";\n" for s in sql))

    def arrive(self, who):
        """A row of the sentinel table comes out behind everything before it."""
        self.marks += 1
        self.rig.server.ask(f"INSERT INTO {reference.SENTINEL}.{reference.SENTINEL} VALUES ({self.marks}, {self.marks})")
        key = json.dumps({reference.SENTINEL: self.marks}, separators=(",", ":")).encode()

        def came(role):
            t = self.topics[role]
            t.poll()
            return any(reference.is_sentinel(r) and r[1] == key for r in t.records)

        until(f"mark {self.marks} of the undisturbed one", lambda: self.rig.alive("debezium", self.names["ref"]) and came("ref"))
        until(f"mark {self.marks} by {who}", lambda: self.rig.alive(who, self.names["main"]) and came("main"))

    def play(self, before, after):
        rig, main, ref = self.rig, self.names["main"], self.names["ref"]
        rig.server.script(SETUP)
        rig.server.sentinel_table()
        self.topics = {role: reference.Topics(rig.a.kafka, name) for role, name in self.names.items()}
        for name in self.names.values():
            rig.server.reader(name)
        running = None
        try:
            rig.start("debezium", ref)
            rig.start(self.who[0], main)
            running = self.who[0]
            self.arrive(running)
            offset = rig.stop(running, main)
            rig.start(running, main, offset)
            self.run(before)
            if self.killed:
                self.arrive(running)
                rig.stop(running, main)
            else:
                if before[-1].startswith(("ALTER", "RENAME", "CREATE")) and "SELECT" not in before[-1]:
                    until("the last statement's record", lambda: self.has_come(running, before[-1]))
                else:  # Debezium's offset stays before a COMMIT until something follows
                    self.arrive(running)
                offset = rig.stop(running, main)
            running = self.who[1]
            rig.start(running, main, offset)
            self.run(after)
            self.arrive(running)
            offset = rig.stop(running, main)
            running = self.who[2]
            rig.start(running, main, offset)
            self.run(["INSERT INTO t (id) VALUES (70)"])
            self.arrive(running)
            return rows(self.topics["main"], main), rows(self.topics["ref"], ref)
        finally:
            for who, name in ((running, main), ("debezium", ref)):
                if who:
                    rig.workers[who].delete(name)
            for role, name in self.names.items():
                rig.server.reader_gone(name)
                self.topics[role].close()

    def has_come(self, who, statement):
        """Its record, of which RENAME TABLE has one each pair: the offset goes with it, at the latest when the worker stops."""
        self.rig.alive(who, self.names["main"])
        topics = self.topics["main"]
        topics.poll()
        return any(r[0] == self.names["main"] and statement[-10:].encode() in r[2] for r in topics.records)


def differences(got, want):
    return [f"{key}: {got.get(key)} | expected {want.get(key)}" for key in sorted({*got, *want}) if got.get(key) != want.get(key)]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("penstock", nargs="?", default=str(ROOT / "build/src/cli/penstock"))
    p.add_argument("--mode", choices=["gtid", "file"], default="gtid", help="what the server gives: GTIDs or not")
    p.add_argument("--history", choices=["kafka", "file"], default="kafka")
    p.add_argument("--prefer-ddl", action="store_true", help="schema.history.internal.prefer.ddl")
    p.add_argument("--mariadb", action="store_true")
    p.add_argument("--mysql", metavar="HOST:PORT")
    p.add_argument("--kafka", metavar="HOST:PORT")
    p.add_argument("--connect", metavar="URL")
    p.add_argument("--only", action="append", default=[], metavar="WORDS", help="scenes whose name has these words")
    a = p.parse_args()
    tap, servers, ours = Tap(), Servers(), None
    try:
        if not a.mysql:
            on = "ON" if a.mode == "gtid" else "OFF"
            options = [] if a.mariadb else [f"--gtid-mode={on}", f"--enforce-gtid-consistency={on}"]
            a.mysql = "127.0.0.1:" + servers.up("mariadb" if a.mariadb else "mysql", *options)["PORT"]
        if not a.kafka:
            a.kafka = "127.0.0.1:" + servers.up("kafka")["PORT"]
        if not a.connect:
            a.connect = servers.up("connect", BOOTSTRAP=a.kafka)["REST"]
        server = reference.Server(a.mysql, "penstock", "penstock")
        with tempfile.TemporaryDirectory() as scratch:
            ours = Standalone(a.penstock, a.kafka, pathlib.Path(scratch))
            workers = {"debezium": reference.Worker(a.connect), "penstock": reference.Worker(ours.url)}
            rig = Rig(a, server, workers, pathlib.Path(scratch))
            for name, before, after in SCENES:
                for who in PAIRS:
                    for killed in (False, True):
                        title = f"{name}: {', '.join(who)}{', killed' if killed else ''}"
                        if killed and a.mode == "file" and who[1] == "debezium":
                            continue  # it applies such a statement twice, also behind itself
                        if a.only and not any(words in title for words in a.only):
                            continue
                        try:
                            got, want = Scene(rig, who, killed).play(before, after)
                        except SystemExit as e:
                            tap.ok(False, title, *str(e).splitlines()[:6])
                            continue
                        tap.ok(got == want and bool(want), title, *differences(got, want)[:4])
    finally:
        if ours:
            ours.end()
        servers.close()
        print(f"1..{tap.count}")
    return 1 if tap.bad else 0


if __name__ == "__main__":
    sys.exit(main())
