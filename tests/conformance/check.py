#!/usr/bin/python3
"""Run conformance cases with Penstock and compare with Debezium's recordings: no Java needed. TAP.

  check.py [PENSTOCK] [--server HOST:PORT] [--mariadb] [--case DIR]… [--only NAME]… [--keep DIR]

Without --server a throwaway one is started (mysql-fixtures/servers) and left running. --case DIR runs a folder from
anywhere: setup.sql, stream.sql, config.json, and expected.jsonl or expected.mariadb.jsonl, in which key and value are
strings of the exact text. --keep writes what came as DIR/<case>.jsonl. Status 0: all equal.
Needs python3-pymysql.
"""
import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "golden")]
import live  # noqa: E402
import normal  # noqa: E402
import reference  # noqa: E402
from run import describe  # noqa: E402

LIMIT = 60  # seconds for the snapshot, and again for the stream


class Penstock:
    """`penstock stream` as a child; its lines are kept by a thread."""

    def __init__(self, command):
        self.lines, self.raw = [], normal.Lines()
        self.errors = tempfile.TemporaryFile()
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors,
                                      env={**os.environ, "TZ": "UTC"})
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.seen = threading.Event()
        self.reader.start()

    def _read(self):
        for line in self.child.stdout:
            line = line.decode("utf-8", errors="surrogateescape").rstrip("\n")
            self.lines.append(line)
            if line.startswith("{") and reference.SENTINEL in line[:200].split('"key"')[0]:
                self.seen.set()

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace").strip()

    def until(self, what, done):
        end = time.time() + LIMIT
        while not done():
            if self.child.poll() is not None:
                raise RuntimeError(f"penstock ended with status {self.child.returncode} before {what}: {self.said()}")
            if time.time() > end:
                raise RuntimeError(f"no {what} within {LIMIT} s: {self.said()[-1500:]}")
            time.sleep(0.05)

    def end(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.reader.join(5)
        self.errors.seek(0)


def run(penstock, case, server, mariadb):
    name = reference.prefix()
    live.prepare(server, case)
    server.reader(name)
    with tempfile.TemporaryDirectory() as scratch:
        command = [penstock, "stream", f"mysql://{name}:{name}@{server.host}:{server.port}",
                   "--offsets", f"{scratch}/offsets", "-o", f"topic.prefix={live.PREFIX}"]
        for key, value in live.options(case, mariadb).items():
            command += ["-o", f"{key}={value}"]
        program = Penstock(command)
        try:
            program.until("the stream began", lambda: server.streams(name))
            live.play(server, case)
            program.until("the end of the case came", program.seen.is_set)
            time.sleep(0.2)  # the sentinel's own tail: not compared
        finally:
            program.end()
            server.reader_gone(name)
        lines = pathlib.Path(scratch, "offsets.history").read_text().splitlines() if case.has_history else []
    came = normal.produced("\n".join(program.lines), live.options(case, mariadb), [])
    return live.settle(case, mariadb, came + [live.history_record(x) for x in lines])


def check(penstock, case, server, mariadb, keep):
    try:
        got = run(penstock, case, server, mariadb)
    except (RuntimeError, ValueError) as e:
        return str(e).splitlines()
    if keep:
        (keep / f"{case.name}.jsonl").write_text(normal.dump(got))
    want = normal.as_lines_can_say(normal.load(case.expected(mariadb)))
    return describe(got, want) if got != want else []


def own_server(mariadb):
    """HOST:PORT of a throwaway server."""
    kind = "mariadb" if mariadb else "mysql"
    script = HERE.parent.parent / "mysql-fixtures" / "servers"
    more = [] if mariadb else ["--", "--binlog-rows-query-log-events=ON"]
    out = subprocess.run([script, "up", kind, "as", f"conformance-{kind}", *more], check=True, capture_output=True,
                         text=True).stdout
    env = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    return f"127.0.0.1:{env['PORT']}"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("penstock", nargs="?", default=str(HERE.parent.parent / "build/src/cli/penstock"))
    p.add_argument("--server", metavar="HOST:PORT")
    p.add_argument("--mariadb", action="store_true")
    p.add_argument("--user", default="penstock")
    p.add_argument("--password", default="penstock")
    p.add_argument("--case", action="append", type=pathlib.Path, default=[], metavar="DIR")
    p.add_argument("--only", action="append", default=[], metavar="NAME")
    p.add_argument("--keep", type=pathlib.Path, metavar="DIR")
    a = p.parse_args()
    cases = [c for c in live.cases(a.case, a.only, a.mariadb) if c.expected(a.mariadb).exists()]
    if not os.access(a.penstock, os.X_OK):
        print(f"1..0 # SKIP there is no {a.penstock}: build it first")
        return 0
    server = reference.Server(a.server or own_server(a.mariadb), a.user, a.password)
    print(f"1..{len(cases)}")
    bad = 0
    for number, case in enumerate(cases, 1):
        notes = check(a.penstock, case, server, a.mariadb, a.keep)
        print(f"{'not ok' if notes else 'ok'} {number} - {case.name}")
        for line in "\n".join(notes).splitlines():
            print(f"# {line[:400]}", flush=True)
        bad += bool(notes)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
