#!/usr/bin/python3
"""The same cases on Debezium and on Penstock, both as workers asked by REST, on the same server and Kafka: what reaches the
topics is compared byte by byte, the schema history's too. TAP.

  compare.py [PENSTOCK] [--mariadb] [--only NAME]… [--case DIR]… [--keep DIR] [--mysql HOST:PORT --kafka HOST:PORT --connect URL]

What has no address is started (mysql-fixtures/servers: MySQL 9.7 or MariaDB, Kafka, Kafka Connect with Debezium) under names
of its own, and stopped at the end. --case DIR takes a folder from anywhere: setup.sql, stream.sql, config.json.
Needs python3-pymysql and python3-confluent-kafka. Status 0: all equal.
"""
import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "golden")]
import record  # noqa: E402  (before live, which puts golden's record.py in front)
import live  # noqa: E402
import normal  # noqa: E402
import reference  # noqa: E402
from run import describe  # noqa: E402

WORKER = """bootstrap.servers={kafka}
key.converter=org.apache.kafka.connect.json.JsonConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
offset.storage.file.filename={scratch}/offsets
offset.flush.interval.ms=1000
listeners=http://127.0.0.1:0
"""


class Servers:
    """Throwaway servers by kind, started when first asked for."""

    def __init__(self):
        self.names = []

    def up(self, kind, *options, **env):
        name = "compare-" + kind
        self.names.append(name)
        out = subprocess.run([ROOT / "mysql-fixtures/servers", "up", kind, "as", name, "--", *options], check=True, text=True,
                             stdout=subprocess.PIPE, env={**os.environ, **env}).stdout
        return dict(line.split("=", 1) for line in out.splitlines() if "=" in line)

    def close(self):
        if self.names:
            subprocess.run([ROOT / "mysql-fixtures/servers", "wipe", *reversed(self.names)], check=False)


class Standalone:
    """`penstock standalone` on a free port; its REST address is what it says in its log."""

    def __init__(self, penstock, kafka, scratch):
        (scratch / "worker.properties").write_text(WORKER.format(kafka=kafka, scratch=scratch))
        self.log = scratch / "log"
        with self.log.open("wb") as log:
            self.child = subprocess.Popen([penstock, "standalone", scratch / "worker.properties"], stdin=subprocess.DEVNULL,
                                          stdout=log, stderr=log)
        end = time.time() + 30
        while not (found := re.search(r"http://127\.0\.0\.1:[1-9]\d*", self.log.read_text(errors="replace"))):
            if self.child.poll() is not None or time.time() > end:
                raise SystemExit(f"penstock standalone does not start: {self.log.read_text(errors='replace')[-1500:]}")
            time.sleep(0.05)
        self.url = found[0]

    def end(self):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()


def one(case, server, mariadb, kafka, workers, keep):
    """What is different, as lines."""
    try:
        want, got = (record.run(case, server, mariadb, worker, kafka) for worker in workers)
    except SystemExit as e:
        return str(e).splitlines() or ["no reason given"]
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
    for who, records in (("debezium", want), ("penstock", got)) if keep else ():
        (keep / f"{case.name}.{who}.jsonl").write_text(normal.dump(records))
    return describe(got, want) if got != want else []


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("penstock", nargs="?", default=str(ROOT / "build/src/cli/penstock"))
    p.add_argument("--mariadb", action="store_true", help="MariaDB and its connector")
    p.add_argument("--mysql", metavar="HOST:PORT", help="the database server, of whichever kind")
    p.add_argument("--kafka", metavar="HOST:PORT")
    p.add_argument("--connect", metavar="URL")
    p.add_argument("--user", default="penstock")
    p.add_argument("--password", default="penstock")
    p.add_argument("--case", action="append", type=pathlib.Path, default=[], metavar="DIR")
    p.add_argument("--keep", type=pathlib.Path, metavar="DIR", help="write what came of both")
    p.add_argument("--only", action="append", default=[], metavar="NAME")
    a = p.parse_args()
    cases = live.cases(a.case, a.only, a.mariadb)
    servers, bad = Servers(), 0
    try:
        if not a.mysql:
            more = [] if a.mariadb else ["--binlog-rows-query-log-events=ON"]
            a.mysql = "127.0.0.1:" + servers.up("mariadb" if a.mariadb else "mysql", *more)["PORT"]
        if not a.kafka:
            a.kafka = "127.0.0.1:" + servers.up("kafka")["PORT"]
        if not a.connect:
            a.connect = servers.up("connect", BOOTSTRAP=a.kafka)["REST"]
        server = reference.Server(a.mysql, a.user, a.password)
        with tempfile.TemporaryDirectory() as scratch:
            ours = Standalone(a.penstock, a.kafka, pathlib.Path(scratch))
            try:
                print(f"1..{len(cases)}")
                for number, case in enumerate(cases, 1):
                    notes = one(case, server, a.mariadb, a.kafka, (a.connect, ours.url), a.keep)
                    print(f"{'not ok' if notes else 'ok'} {number} - {case.name}", flush=True)
                    for line in "\n".join(notes).splitlines():
                        print(f"# {line[:400]}", flush=True)
                    bad += bool(notes)
            finally:
                ours.end()
    finally:
        servers.close()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
