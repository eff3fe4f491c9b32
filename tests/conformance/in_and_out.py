#!/usr/bin/python3
"""In and out: Debezium's MySQL connector on Kafka Connect, then Penstock with the same worker properties and the same connector,
then Debezium again, and so on. Each goes on from the other's stored offset and schema history: no gap, nothing repeated but an
unacknowledged tail, the same bytes. TAP.

  in_and_out.py [PENSTOCK] [--mode gtid|file] [--mysql HOST:PORT --kafka HOST:PORT]

A change has a number of its own, so that a gap or a repetition is seen whatever the records look like. The worker is stopped
inside a large transaction each time, and tables change while it is down. A second connector, `ref`, is Debezium's alone: what it
makes of the same binlog is what the first one must have made, record by record, also in the schema history.

What has no address is started (mysql-fixtures/servers) under names of its own and stopped at the end.
Needs Java 17, python3-pymysql and python3-confluent-kafka. Status 0: all as it should be.
"""
import argparse
import functools
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "golden")]
import normal  # noqa: E402
import reference  # noqa: E402
from compare import Servers  # noqa: E402
import record  # noqa: E402

CACHE = pathlib.Path(os.environ.get("PENSTOCK_SERVERS_DIR", "/var/tmp/penstock-servers"))
WORKER = """bootstrap.servers={kafka}
key.converter=org.apache.kafka.connect.json.JsonConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
key.converter.schemas.enable=false
value.converter.schemas.enable=false
offset.storage.file.filename={scratch}/offsets
offset.flush.interval.ms=1000
listeners=http://127.0.0.1:{port}
plugin.path={plugins}
"""
until = functools.partial(record.until, limit=300)  # two Java programs on two cores take their time
LARGE = {"debezium": 20000, "penstock": 150000}  # rows of the transaction in which a worker is stopped: about a second's


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Tap:
    def __init__(self):
        self.count = self.bad = 0

    def ok(self, good, text, *notes):
        self.count += 1
        self.bad += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {text}", flush=True)
        for note in notes if not good else ():
            print(f"# {note}"[:1200], flush=True)
        return good


class Rig:
    """Worker properties and connectors, and who runs them just now."""

    def __init__(self, penstock, kafka, server, scratch):
        self.penstock, self.kafka, self.server, self.scratch = penstock, kafka, server, scratch
        self.port = free_port()
        self.properties = scratch / "worker.properties"
        self.properties.write_text(WORKER.format(kafka=kafka, scratch=scratch, port=self.port, plugins=CACHE / "plugins"))
        self.worker = reference.Worker(f"http://127.0.0.1:{self.port}")
        self.child = None
        self.names = {role: role + reference.prefix() for role in ("main", "ref")}
        self.files = {role: self.connector(name, 71 + i) for i, (role, name) in enumerate(self.names.items())}

    def connector(self, name, server_id):
        path = self.scratch / f"{name}.json"
        path.write_text(json.dumps({
            "name": name, "connector.class": normal.CONNECTORS["mysql"], "tasks.max": "1", "topic.prefix": name,
            "database.hostname": self.server.host, "database.port": str(self.server.port), "database.user": "penstock",
            "database.password": "penstock", "database.server.id": str(server_id),
            "database.allowPublicKeyRetrieval": "true", "database.include.list": "handover", "poll.interval.ms": "20",
            "schema.history.internal.kafka.bootstrap.servers": self.kafka,
            "schema.history.internal.kafka.topic": "hist-" + name, "provide.transaction.metadata": "true"}))
        return path

    def start(self, who, *roles):
        files = [self.files[r] for r in roles]
        java = ["java", "-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{CACHE}/connect-4.3.1/*",
                "org.apache.kafka.connect.cli.ConnectStandalone"]
        command = java if who == "debezium" else [self.penstock, "standalone"]
        with (self.scratch / f"{who}.log").open("ab") as log:
            self.child = subprocess.Popen([*command, self.properties, *files], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for role in roles:
            until(f"{who} running '{role}'", lambda: self.runs(who, role))

    def runs(self, who, role):
        name = self.names[role]
        if self.child.poll() is not None:
            raise SystemExit(f"{who} has ended: {(self.scratch / f'{who}.log').read_text(errors='replace')[-2000:]}")
        try:
            state, trace = self.worker.task(name)
        except OSError:
            return False
        if state == "FAILED":
            raise SystemExit(f"{who}: '{role}' has FAILED: {trace[:1500]}")
        return state == "RUNNING"

    def stop(self):
        if self.child and self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(60)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.child = None


class Reader:
    """Records of one connector, as far as they are there, and the numbers of its changes in order."""

    def __init__(self, kafka, name):
        self.topics = reference.Topics(kafka, name)
        self.numbers = []

    def poll(self):
        for topic, _, value, _ in self.topics.poll():
            if ".handover." in topic and value:
                v = json.loads(value)
                self.numbers.append((v["after"] or v["before"])["n"])

    def end(self):
        """How many records the table's topic has, without reading them."""
        part = self.topics.part(self.topics.prefix + ".handover.items", 0)
        return self.topics.c.get_watermark_offsets(part, timeout=20)[1]

    def last(self):
        self.poll()
        return max(self.numbers, default=0)


class Writer:
    """Changes of table items, numbered on."""

    def __init__(self, server):
        self.server, self.n, self.id = server, 0, 0

    def insert(self, rows, large=False):
        """One statement a hundred rows; large: in one transaction."""
        sql = ["BEGIN;"] if large else []
        for _ in range(0, rows, 100):
            values = []
            for _ in range(min(100, rows)):
                self.n, self.id = self.n + 1, self.id + 1
                values.append(f"({self.id},{self.n},'row {self.n}')")
            sql.append(f"INSERT INTO handover.items (id, n, v) VALUES {','.join(values)};")
        self.server.script("\n".join(sql + (["COMMIT;"] if large else [])))

    def change(self):
        """An update and a delete of one row each."""
        self.n += 1
        self.server.script(f"UPDATE handover.items SET n = {self.n}, v = 'changed' WHERE id = {self.id - 1};")
        self.n += 1
        self.server.script(f"UPDATE handover.items SET n = {self.n} WHERE id = {self.id};\n"
                           f"DELETE FROM handover.items WHERE id = {self.id};")


SETUP = """DROP DATABASE IF EXISTS handover;
CREATE DATABASE handover CHARACTER SET utf8mb4;
CREATE TABLE handover.items (id INT NOT NULL PRIMARY KEY, n BIGINT NOT NULL, v VARCHAR(100));
CREATE TABLE handover.other (a INT, b VARCHAR(10) COMMENT 'it''s');
"""
# Who runs, what changes while it runs, what changes while nobody does.
TURNS = [
    ("debezium", ["ALTER TABLE handover.items ADD COLUMN c1 INT NOT NULL DEFAULT 7;"],
     ["ALTER TABLE handover.items ADD COLUMN c2 ENUM('a','b''c','d') CHARACTER SET latin1 DEFAULT 'a' COMMENT 'x' FIRST;",
      "CREATE TABLE handover.later (n BIGINT PRIMARY KEY, d DECIMAL(10,2) DEFAULT '1.50',"
      " t DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3), g INT GENERATED ALWAYS AS (1) VIRTUAL, s SET('x','y'), j JSON, KEY (d));"]),
    ("penstock", ["RENAME TABLE handover.other TO handover.others;",
                  "ALTER TABLE handover.items CHANGE COLUMN c1 c1b BIGINT UNSIGNED NULL, ADD UNIQUE KEY u (n);",
                  "CREATE TABLE handover.copy LIKE handover.items;", "TRUNCATE TABLE handover.copy;"],
     ["ALTER TABLE handover.items DROP COLUMN c2, MODIFY v VARCHAR(200) CHARACTER SET utf8mb3 NOT NULL DEFAULT 'none';",
      "DROP TABLE handover.copy;"]),
    ("debezium", ["CREATE INDEX later_s ON handover.later (s);", "ALTER DATABASE handover CHARACTER SET latin1;"],
     ["ALTER TABLE handover.items ADD COLUMN c5 YEAR DEFAULT '2001' AFTER id;"]),
    ("penstock", ["CREATE TABLE handover.late (a INT AUTO_INCREMENT PRIMARY KEY, b VARCHAR(5), c TIMESTAMP NULL, d BIT(9) DEFAULT b'1');",
                  "DROP TABLE handover.others;"],
     ["ALTER TABLE handover.late ADD COLUMN e TIME(6) DEFAULT '01:02:03', DROP COLUMN b;"]),
]


def check_numbers(tap, numbers, upto, ends):
    """Every number in order; repeated ones only right behind the end of a worker, and how many."""
    seen, repeated, gaps = 0, {}, []
    for at, n in enumerate(numbers):
        if n == seen + 1 or n == seen:  # a delete has the number of the update before it
            seen = n
        elif n > seen:
            gaps.append(f"{n} behind {seen}")
            seen = n
        else:
            begin = max((e for e in ends if e <= at), default=None)
            repeated[begin] = repeated.get(begin, 0) + 1
    tap.ok(not gaps, "no change is missing", *gaps[:5])
    tap.ok(seen == upto, "the last change has come", f"{seen} of {upto}")
    tap.ok(not repeated, "no change comes twice after an orderly end", f"behind record: times {repeated}")


# A statement's source.row is left over from the rows before it, and so depends on where the connector was started.
LEFT_OVER = [(re.compile(r'("row":)\d+(,"thread":null,"query":[^}]*},"ts_ms":\d+,"databaseName")'), r"\g<1>0\2")]


def masked(records, name):
    """For comparison with the other connector's: of one binlog, so that only the snapshot's times and places differ."""
    out = []
    for topic, key, value, headers in records:
        key, value = (reference.decode(x, name, "P") for x in (key, value))
        snapshot = value and '"snapshot":"' in value and '"snapshot":"false"' not in value
        headers = [[k, reference.decode(v, name, "P")] for k, v in headers]
        out.append(normal.record(topic.replace(name, "P", 1), key, value, headers,
                                 normal.LIVE if snapshot else normal.STAMPS + LEFT_OVER))
    out = normal.by_topic(out)
    # The offset of Debezium's END stands before the commit: stopped right there, END comes again, also from itself.
    return [r for i, r in enumerate(out) if not (i and r == out[i - 1] and r["topic"].endswith(".transaction"))]


def first_difference(a, b):
    for i, (x, y) in enumerate(zip(a, b)):
        if x != y:
            return [f"record {i} of {len(a)} and {len(b)}", json.dumps(x, ensure_ascii=False)[:1100],
                    json.dumps(y, ensure_ascii=False)[:1100]]
    return [f"{len(a)} and {len(b)} records"]


def history(kafka, name):
    """Schema history records, without the time of writing, and of a snapshot where it stood."""
    topics = reference.Topics(kafka, "hist")
    topics._parts = lambda: [("hist-" + name, 0)]
    topics.poll()
    topics.close()
    out = []
    for _, _, value, _ in topics.records:
        r = json.loads(value)
        r.pop("ts_ms")
        r["position"].pop("gtids", None)  # ours have the statement's own (README, "Differences from Debezium")
        if r["position"].get("snapshot"):
            r.pop("position")
        out.append(json.dumps(r, ensure_ascii=False).replace(name, "P"))
    return out


def arrive(rig, who, role, reader, n):
    """Waits until change n has come; only a standstill is an error."""
    while (before := reader.last()) < n:
        until(f"{who} behind change {before} of '{role}'", lambda: rig.runs(who, role) and reader.last() > before)


def turn(rig, who, ddl, writer, main):
    """One worker's time: it catches up, sees a change of tables, and is stopped inside a transaction."""
    rig.start(who, *(["main", "ref"] if who == "debezium" else ["main"]))
    arrive(rig, who, "main", main, writer.n)
    rig.server.script("\n".join(ddl))
    writer.insert(300)
    writer.change()
    arrive(rig, who, "main", main, writer.n)
    before, end = writer.n, main.end()
    writer.insert(LARGE[who], large=True)
    until(f"{who} inside the transaction", lambda: main.end() > end + 1000, pause=0.01)
    rig.stop()
    return before < main.last() < writer.n


def play(tap, rig, writer, main, ref):
    """@returns the numbers of main's changes where one worker ended."""
    ends = []
    for who, running, down in TURNS:
        inside = turn(rig, who, running, writer, main)
        ends.append(len(main.numbers))
        tap.ok(True, f"{who} ran and was stopped {'inside' if inside else 'behind'} the large transaction")
        rig.server.script("\n".join(down))
        writer.insert(200)
        writer.change()
    rig.start("debezium", "main", "ref")
    for reader, role in ((main, "main"), (ref, "ref")):
        arrive(rig, "debezium", role, reader, writer.n)
    rig.stop()
    return ends


def options(p):
    """Those of both kinds of worker."""
    p.add_argument("penstock", nargs="?", default=str(ROOT / "build/src/cli/penstock"))
    p.add_argument("--mode", choices=["gtid", "file"], default="gtid", help="what the server gives: GTIDs or not")
    p.add_argument("--mysql", metavar="HOST:PORT")
    p.add_argument("--kafka", metavar="HOST:PORT")


def begin(a, servers):
    """What has no address is started. @returns the MySQL server, set up"""
    subprocess.run([ROOT / "mysql-fixtures/servers", "install", "connect"], check=True)
    if not a.mysql:
        on = "ON" if a.mode == "gtid" else "OFF"
        a.mysql = "127.0.0.1:" + servers.up("mysql", f"--gtid-mode={on}", f"--enforce-gtid-consistency={on}", "--net-write-timeout=600")["PORT"]
    if not a.kafka:
        a.kafka = "127.0.0.1:" + servers.up("kafka")["PORT"]
    server = reference.Server(a.mysql, "penstock", "penstock")
    server.script(SETUP)
    return server


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options(p)
    a = p.parse_args()
    tap, servers, rig = Tap(), Servers(), None
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="penstock-handover-"))
    try:
        server = begin(a, servers)
        writer = Writer(server)
        writer.insert(3)
        rig = Rig(a.penstock, a.kafka, server, scratch)
        readers = [Reader(a.kafka, name) for name in rig.names.values()]
        ends = play(tap, rig, writer, *readers)
        check_numbers(tap, readers[0].numbers, writer.n, ends)
        got, want = (masked(r.topics.records, name) for r, name in zip(readers, rig.names.values()))
        tap.ok(got == want, "the records are those of Debezium alone, byte by byte", *first_difference(got, want))
        got, want = (history(a.kafka, name) for name in rig.names.values())
        tap.ok(got == want, "the schema history is that of Debezium alone", *first_difference(got, want))
    finally:
        if rig:
            rig.stop()
        servers.close()
        print(f"1..{tap.count}\n# {scratch}")
    return 1 if tap.bad else 0


if __name__ == "__main__":
    sys.exit(main())
