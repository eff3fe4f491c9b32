#!/usr/bin/python3
"""Start-up at scale, timed: from the start of the process to its binlog stream, and the peak of its memory.

    tests/bench/startup.py [-p build/src/cli/penstock] [--mysql HOST:PORT] [--kafka HOST:PORT] [--debezium] [--perf] [PART…]

PART      what                                                                   default
tables    a snapshot of many empty tables (no_data) into a history in a file     20,000 tables, all captured
topic     the same, history and schema-change records into Kafka
few       the same server, two tables of it captured (store.only.captured.tables.ddl)
restart   that history read again, and the stream
file      a long schema history in a file, few tables behind it                  100,000 records of 5,000 tables
kafka     the same in a topic
ddl       the same file, statements parsed again (prefer.ddl)

--debezium runs Connect with Debezium on the same for the ratio (Java 17, mysql-fixtures/servers install connect), one JVM at a
time. What has no address is started (mysql-fixtures/servers) as bench-startup and bench-startup-kafka and left running."""
import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/conformance"), str(ROOT / "tests/golden")]
from record import pretty  # noqa: E402, of conformance and before live puts the other one first
import normal  # noqa: E402
import reference  # noqa: E402

CACHE = pathlib.Path(os.environ.get("PENSTOCK_SERVERS_DIR", "/var/tmp/penstock-servers"))
DATABASES = 10
LEAN = ["--innodb-flush-log-at-trx-commit=0", "--sync-binlog=0", "--skip-innodb-doublewrite", "--innodb-file-per-table=OFF"]
COLUMNS = """id BIGINT NOT NULL AUTO_INCREMENT, name VARCHAR(100) NOT NULL DEFAULT 'none', price DECIMAL(12,2) DEFAULT '0.00',
 state ENUM('new','paid','sent') CHARACTER SET latin1 NOT NULL DEFAULT 'new', at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3),
 note TEXT COMMENT 'what the customer said', flag TINYINT(1) UNSIGNED DEFAULT 1, doc JSON, PRIMARY KEY (id), KEY (name)"""
PARTS = ("tables", "topic", "few", "restart", "file", "kafka", "ddl")


def up(kind, name, *options):
    out = subprocess.run([ROOT / "mysql-fixtures/servers", "up", kind, "as", name, "--", *options], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    return "127.0.0.1:" + dict(line.split("=", 1) for line in out.splitlines() if "=" in line)["PORT"]


def make_tables(server, count):
    """Not in the binlog: what is timed is the start. Tables that are there stay."""
    def some(number):
        s = reference.Server(f"{server.host}:{server.port}", server.user, server.password)
        s.ask("SET sql_log_bin = 0")
        s.ask(f"CREATE DATABASE IF NOT EXISTS startup_{number}")
        for i in range(number, count, DATABASES):
            s.ask(f"CREATE TABLE IF NOT EXISTS startup_{number}.t{i:06} ({COLUMNS})")

    server.ask("CREATE DATABASE IF NOT EXISTS startup_mark")  # Debezium stops where the set of GTIDs is empty
    have = server.ask("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema LIKE 'startup\\_%'")[0][0]
    if have == count:
        return
    began = time.time()
    threads = [threading.Thread(target=some, args=(n,)) for n in range(DATABASES)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print(f"# {count} tables made in {time.time() - began:.0f} s", flush=True)


def column(name, jdbc, kind, position, **more):
    c = {"name": name, "jdbcType": jdbc, "typeName": kind, "typeExpression": kind, "charsetName": more.pop("charset", None)}
    c.update({k: more.pop(k) for k in ("length", "scale") if k in more})
    c.update({"position": position, "optional": True, "autoIncremented": False, "generated": False, "comment": None,
              "hasDefaultValue": True, "enumValues": []})
    return {**c, **more}


def table_changes(kind, database, table, extra):
    """As Debezium writes COLUMNS, and columns more."""
    columns = [column("id", -5, "BIGINT", 1, optional=False, autoIncremented=True, generated=True, hasDefaultValue=False),
               column("name", 12, "VARCHAR", 2, charset="utf8mb4", length=100, optional=False),
               column("price", 3, "DECIMAL", 3, length=12, scale=2),
               column("state", 1, "ENUM", 4, charset="latin1", length=1, optional=False, enumValues=["'new'", "'paid'", "'sent'"]),
               column("at", 93, "DATETIME", 5, length=3), column("note", 12, "TEXT", 6, charset="utf8mb4"),
               column("flag", 5, "TINYINT UNSIGNED", 7, length=1), column("doc", 2004, "JSON", 8)]
    columns += [column(f"more_{i}", 4, "INT", 9 + i) for i in range(extra)]
    return [{"type": kind, "id": f'"{database}"."{table}"', "comment": None,
             "table": {"defaultCharsetName": "utf8mb4", "primaryKeyColumnNames": ["id"], "columns": columns, "attributes": []}}]


def history(records, tables):
    """Records of a schema history in their order, as values: every table is made, then altered over and over."""
    for i in range(records):
        round_, number = divmod(i, tables)
        database, table = f"startup_{number % DATABASES}", f"t{number:06}"
        ddl = (f"CREATE TABLE {table} ({COLUMNS})" if round_ == 0 else
               f"ALTER TABLE {table} ADD COLUMN more_0 INT" if round_ % 2 else f"ALTER TABLE {table} DROP COLUMN more_0")
        yield {"source": {"server": "startup"}, "position": {"ts_sec": 1700000000 + i, "file": "binlog.000000", "pos": 200 + i, "server_id": 1},
               "ts_ms": 1700000000000 + i, "databaseName": database, "ddl": ddl,
               "tableChanges": table_changes("ALTER" if round_ else "CREATE", database, table, round_ % 2)}


class Rig:
    def __init__(self, a, scratch):
        self.a, self.scratch = a, scratch
        self.server = reference.Server(a.mysql, "penstock", "penstock")
        self.made = 0

    def worker(self):
        path = self.scratch / "worker.properties"
        path.write_text(f"bootstrap.servers={self.a.kafka}\noffset.storage.file.filename={self.scratch}/offsets\n"
                        "offset.flush.interval.ms=1000\nlisteners=http://127.0.0.1:0\n"
                        "key.converter=org.apache.kafka.connect.json.JsonConverter\nvalue.converter=org.apache.kafka.connect.json.JsonConverter\n"
                        f"key.converter.schemas.enable=false\nvalue.converter.schemas.enable=false\nplugin.path={CACHE}/plugins\n")
        return path

    def connector(self, user, **more):
        path = self.scratch / "connector.json"
        config = {"name": "startup", "connector.class": normal.CONNECTORS["mysql"], "tasks.max": "1", "topic.prefix": "startup",
                  "database.hostname": self.server.host, "database.port": str(self.server.port), "database.user": user,
                  "database.password": user, "database.server.id": "7411", "database.allowPublicKeyRetrieval": "true",
                  "include.schema.changes": "false", "snapshot.mode": "no_data", "database.include.list": "startup_.*",
                  "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
                  "schema.history.internal.file.filename": str(self.scratch / "history"), **more}
        path.write_text(json.dumps({k: v for k, v in config.items() if v is not None}))
        return path

    def in_topic(self):
        """Options of a history in Kafka, in a topic of its own."""
        return {"schema.history.internal": None, "schema.history.internal.file.filename": None,
                "schema.history.internal.kafka.bootstrap.servers": self.a.kafka,
                "schema.history.internal.kafka.topic": f"bench-startup-{os.getpid()}-{self.made}"}

    def command(self, who, connector):
        if who == "penstock":
            perf = ["perf", "record", "-q", "-g", "-F", "999", "-o", f"{self.scratch}/perf.data", "--"] if self.a.perf else []
            return [*perf, self.a.penstock, "standalone", self.worker(), connector]
        return ["java", "-Xmx4g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{CACHE}/connect-4.3.1/*",
                "org.apache.kafka.connect.cli.ConnectStandalone", self.worker(), connector]

    def start(self, who, what, **more):
        """Runs it until it streams; prints seconds, CPU and peak memory. @returns the seconds"""
        self.made += 1
        user = reference.prefix()
        self.server.reader(user)
        log = self.scratch / f"log-{self.made}"
        began = time.time()
        with log.open("wb") as out:
            child = subprocess.Popen(self.command(who, self.connector(user, **more)), stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            while not self.server.streams(user):
                if child.poll() is not None or "FAILED" in log.read_text(errors="replace") or time.time() > began + self.a.limit:
                    raise SystemExit(f"{who} does not start: {log.read_text(errors='replace')[-3000:]}")
                time.sleep(0.02)  # poll interval
            seconds = time.time() - began
            peak, cpu = self.spent(child.pid)
        finally:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(60)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            self.server.reader_gone(user)
        print(f"{what:<12} {who:<9} {seconds:7.2f} s  {cpu:7.2f} s CPU  {peak / 1024:7.0f} MiB", flush=True)
        if self.a.perf and who == "penstock":
            subprocess.run(f"perf report -i {self.scratch}/perf.data --no-children -g none --percent-limit 1 --stdio 2>/dev/null | grep -v '^#' | head -30",
                           shell=True, check=False)
        return seconds

    def spent(self, pid):
        """KiB and seconds of the process, or of what perf has started."""
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        pid = int(children[-1]) if self.a.perf and children else pid
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        peak = int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])
        return peak, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def forget(self):
        for name in ("offsets", "history"):
            (self.scratch / name).unlink(missing_ok=True)

    # ---- the parts

    def tables(self, who):
        self.forget()
        return self.start(who, "tables")

    def restart(self, who):
        """Behind `tables`, whose history and offset it finds."""
        return self.start(who, "restart")

    def topic(self, who):
        self.forget()
        return self.start(who, "topic", **self.in_topic(), **{"include.schema.changes": "true"})

    def few_config(self):
        return {"table.include.list": r"startup_0\.t000000,startup_1\.t000001",
                "schema.history.internal.store.only.captured.tables.ddl": "true"}

    def few(self, who):
        self.forget()
        return self.start(who, "few", **self.few_config())

    def file(self, who, what="file", **more):
        self.forget()
        self.start(who, "(first)", **self.few_config())
        with (self.scratch / "history").open("w") as f:
            for record in history(self.a.records, self.a.records // 20):
                f.write(json.dumps(record, separators=(",", ":")) + "\n")
        return self.start(who, what, **more)

    def ddl(self, who):
        return self.file(who, "ddl", **{"schema.history.internal.prefer.ddl": "true"})

    def kafka(self, who):
        from confluent_kafka import Producer  # only where Kafka is asked for
        self.forget()
        options = self.in_topic()
        self.start(who, "(first)", **self.few_config(), **options)
        p = Producer({"bootstrap.servers": self.a.kafka, "linger.ms": 50, "queue.buffering.max.kbytes": 1 << 18})
        for record in history(self.a.records, self.a.records // 20):
            p.poll(0)
            p.produce(options["schema.history.internal.kafka.topic"], pretty(record).encode(), partition=0, on_delivery=must)
        p.flush()
        return self.start(who, "kafka", **options)


def must(error, _):
    if error:
        raise SystemExit(f"unable to write the history: {error}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("-p", "--penstock", default=str(ROOT / "build/src/cli/penstock"))
    p.add_argument("--mysql", metavar="HOST:PORT")
    p.add_argument("--kafka", metavar="HOST:PORT")
    p.add_argument("--debezium", action="store_true")
    p.add_argument("--perf", action="store_true", help="the hottest functions of each run of ours")
    p.add_argument("--count", type=int, default=20000, help="tables")
    p.add_argument("--records", type=int, default=100000, help="of the long history")
    p.add_argument("--limit", type=int, default=900, help="seconds for a start")
    p.add_argument("parts", nargs="*", choices=PARTS, metavar="PART")
    a = p.parse_args()
    a.mysql = a.mysql or up("mysql", "bench-startup", *LEAN)
    a.kafka = a.kafka or up("kafka", "bench-startup-kafka")
    if a.debezium:
        subprocess.run([ROOT / "mysql-fixtures/servers", "install", "connect"], check=True)
    with tempfile.TemporaryDirectory(prefix="penstock-startup-") as scratch:
        rig = Rig(a, pathlib.Path(scratch))
        make_tables(rig.server, a.count)
        parts = a.parts or list(PARTS)
        for part in sorted(parts, key=lambda x: ("tables", "restart").index(x) if x in ("tables", "restart") else 2 + PARTS.index(x)):
            for who in ["penstock"] + ["debezium"] * a.debezium:
                getattr(rig, part)(who)
    return 0


if __name__ == "__main__":
    sys.exit(main())
