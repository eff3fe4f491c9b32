"""Servers and the program under test, as objects.

Server   a throwaway server of mysql-fixtures/servers; databases are fresh per test
Stream   'penstock stream' as a subprocess whose JSON lines are collected by a thread
Nothing here sleeps for a fixed time: everything waits for a condition with a limit.
"""
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pymysql

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
PENSTOCK = os.environ.get("PENSTOCK") or os.path.join(ROOT, "build/src/cli/penstock")
SCRIPT = os.path.join(ROOT, "mysql-fixtures/servers")
FIGURES = []  # what tests measured: lines that are printed at the end of the session
LIMIT = float(os.environ.get("PENSTOCK_E2E_TIMEOUT", "60"))


def wait_for(condition, what, limit=LIMIT):
    """The first true answer of condition(). For things that cannot be waited on otherwise."""
    end = time.monotonic() + limit
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit:.0f} s: {what}")
        time.sleep(0.02)  # poll interval


def binlog_status(cursor):
    """(file, position) of the server, whatever the statement is called there."""
    for statement in ("SHOW BINARY LOG STATUS", "SHOW MASTER STATUS"):
        try:
            cursor.execute(statement)
            return cursor.fetchone()
        except pymysql.err.ProgrammingError:
            pass
    return None


def socket_on_a_free_port():
    """Listens below the ephemeral range, so that no client's own port is taken meanwhile; close it before use."""
    for port in random.sample(range(15000, 31000), 200):
        try:
            return socket.create_server(("127.0.0.1", port))
        except OSError:
            continue
    raise RuntimeError("no free port")


class Proxy:
    """A port before a server. point() leads it to another one and cuts the connections that there are; freeze(): it accepts
    still, reads nothing and answers nothing."""

    def __init__(self, port):
        self.target, self.open, self.lock, self.frozen = port, [], threading.Lock(), threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def keep(self, *sockets):
        with self.lock:
            self.open += sockets

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            if self.frozen.is_set():
                self.keep(client)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:  # nobody is there now
                client.close()
                continue
            self.keep(client, server)
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self.forward, args=(a, b), daemon=True).start()

    def forward(self, a, b):
        try:
            while data := a.recv(1 << 16):
                if self.frozen.is_set():
                    return
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def freeze(self):
        self.frozen.set()

    def point(self, port):
        with self.lock:
            self.target = port
            for s in self.open:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            self.open = []

    def close(self):
        self.listener.close()
        self.point(self.target)


class Servers:
    """All servers of one test session, started when first asked for, in a directory of their own."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="penstock-e2e-", dir="/tmp")
        os.chmod(self.dir, 0o755)  # the servers run as nobody
        self.env = dict(os.environ, PENSTOCK_RUN_DIR=self.dir)
        self.running = {}

    def script(self, *args):
        out = subprocess.run([SCRIPT, *args], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        if out.returncode:
            raise RuntimeError(f"servers {' '.join(args)}: {out.stderr.strip()}")
        return dict(line.split("=", 1) for line in out.stdout.splitlines() if "=" in line)

    def get(self, kind, name=None):
        name = name or kind
        if name not in self.running:
            self.running[name] = Server(self, kind, name)
        return self.running[name]

    def close(self):
        self.script("wipe")
        shutil.rmtree(self.dir, ignore_errors=True)


class Server:
    def __init__(self, servers, kind, name):
        self.servers, self.kind, self.name, self.made = servers, kind, name, 0
        self.up()

    def up(self, *options):
        """Starts it, or restarts it when the options differ from the running ones. Data and port stay."""
        self.env = self.servers.script("up", self.kind, "as", self.name, "--", *options)
        self.port = int(self.env["PORT"])

    def kill(self):
        self.servers.script("kill", self.name)

    @property
    def url(self):
        return self.env["URL"]

    def connect(self, database=None, user="penstock", password="penstock", **more):
        more.setdefault("autocommit", True)
        return pymysql.connect(host="127.0.0.1", port=self.port, user=user, password=password, database=database, charset="utf8mb4",
                               max_allowed_packet=1 << 30, **more)

    def fresh_database(self, prefix="t"):
        self.made += 1
        name = f"{prefix}_{self.made}"
        with self.connect() as c:
            c.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
            c.cursor().execute(f"CREATE TABLE {name}.marker (id INT NOT NULL PRIMARY KEY)")
        return Database(self, name)


class Database:
    """A database of its own for one test, with a marker table that says 'up to here'."""

    def __init__(self, server, name):
        self.server, self.name, self.marks = server, name, 0
        self.connection = server.connect(name)
        self.cursor = self.connection.cursor()

    def run(self, *statements):
        """Statements in order; returns the rows of the last one."""
        for statement in statements:
            self.cursor.execute(statement)
        return self.cursor.fetchall()

    def reconnect(self):
        self.connection = self.server.connect(self.name)
        self.cursor = self.connection.cursor()

    def mark(self):
        self.marks += 1
        self.run(f"INSERT INTO `{self.name}`.marker VALUES ({self.marks})")
        return self.marks

    def tables(self):
        return sorted(r[0] for r in self.run(f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{self.name}' "
                                             "AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_name <> 'marker'"))

    def drop(self):
        self.run(f"DROP DATABASE IF EXISTS `{self.name}`")
        self.connection.close()


def peak_rss(pid):
    """Bytes: the highest resident size that process ever had."""
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmHWM:\s+(\d+) kB", f.read()).group(1)) * 1024


class Record:
    """One line of output; key and value without the schema half if there is one."""
    __slots__ = ("topic", "key", "value", "headers")

    def __init__(self, topic, key, value, headers):
        def payload(x):
            return x["payload"] if isinstance(x, dict) and set(x) == {"schema", "payload"} else x
        self.topic, self.key, self.value, self.headers = topic, payload(key), payload(value), headers

    @property
    def op(self):
        return self.value.get("op") if isinstance(self.value, dict) else None

    @property
    def table(self):
        return self.value["source"]["table"] if self.op else None

    def __repr__(self):
        return f"{self.topic} {self.key} {self.value}"


class Process:
    """A penstock subprocess: log on stderr to a file, exit status, kill."""

    def __init__(self, args, stdout, log, env=None):
        self.args = [PENSTOCK, *args]
        self.log_path = log
        with open(log, "ab") as err:
            self.process = subprocess.Popen(self.args, stdout=stdout, stderr=err, stdin=subprocess.DEVNULL, env=env)

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def alive(self):
        return self.process.poll() is None

    def finish(self, sig, limit=30):
        if self.alive():
            self.process.send_signal(sig)
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"signal {sig} does not end penstock within {limit} s; log:\n{self.log()[-3000:]}")

    def kill9(self):
        self.finish(signal.SIGKILL)

    def stop(self):
        status = self.finish(signal.SIGINT)
        assert status == 0, f"status {status} after SIGINT; log:\n{self.log()[-3000:]}"

    def peak_rss(self):
        return peak_rss(self.pid)


class Stream(Process):
    """'penstock stream' with its records in .records, in order. Several in a row may share .records and the offsets file."""

    def __init__(self, database, work_dir, options=(), records=None, snapshot_mode=None, server_id=None, tables=None, count_only=False, hold_after=None):
        """hold_after: behind so many records the reader takes one a millisecond until go_on(), as a slow consumer does."""
        self.database = database
        self.offsets = os.path.join(work_dir, "offsets.json")
        self.records = [] if records is None else records
        self.changed = threading.Condition()
        self.lines = self.bytes = 0
        self.count_only, self.last_line = count_only, b""
        self.hold_after, self.resumed, self.closing = hold_after, threading.Event(), False
        args = ["stream", database.server.url, "--offsets", self.offsets, "--tables", tables or rf"{database.name}\..*"]
        if snapshot_mode:
            args += ["--snapshot-mode", snapshot_mode]
        for option in options:
            args += ["-o", option]
        if server_id:
            args += ["-o", f"database.server.id={server_id}"]
        super().__init__(args, subprocess.PIPE, os.path.join(work_dir, "penstock.log"))
        self.ended = False
        self.reader = threading.Thread(target=self.count if count_only else self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            if not line.endswith(b"\n"):
                break  # cut by a kill
            d = json.loads(line)
            with self.changed:
                self.records.append(Record(d["topic"], d.get("key"), d.get("value"), d.get("headers")))
                self.lines += 1
                self.changed.notify_all()
            if self.hold_after is not None and self.lines >= self.hold_after:
                self.resumed.wait(0.001)
            if self.closing:
                self.process.stdout.close()
                break
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def go_on(self):
        self.hold_after = None
        self.resumed.set()

    def close_output(self):
        """Closes the pipe as 'head' does, behind the next record."""
        self.closing = True

    def stored(self):
        """The offset that a restart would go on from; {} when there is none yet."""
        try:
            with open(self.offsets, encoding="utf-8") as f:
                return json.load(f)["offsets"][0]["offset"]
        except (FileNotFoundError, IndexError):
            return {}

    def count(self):
        """For outputs too large to keep: only the number of lines, and the last line."""
        while True:
            chunk = self.process.stdout.read1(1 << 20)
            with self.changed:
                if not chunk:
                    self.ended = True
                self.lines += chunk.count(b"\n")
                self.bytes += len(chunk)
                self.last_line = (self.last_line + chunk)[-4096:]
                self.changed.notify_all()
            if not chunk:
                return

    def wait(self, condition, what, limit=LIMIT):
        """Until condition() is true; looked at after each record. Fails at once when the program ends."""
        end = time.monotonic() + limit
        with self.changed:
            while not condition():
                if self.ended:
                    raise AssertionError(f"penstock ended with status {self.process.wait()} before: {what}; log:\n{self.log()[-3000:]}")
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"not within {limit:.0f} s: {what}; {len(self.records)} records, {self.lines} lines; log:\n{self.log()[-3000:]}")
                self.changed.wait(left)

    def sync(self, limit=LIMIT):
        """Until everything that was committed before this call has come out. A marker that a snapshot read says nothing
        of the tables behind it, so then another one is made: it comes when the snapshot is over."""
        at, op, topic = len(self.records), "r", f".{self.database.name}.marker"

        def seen():
            nonlocal at, op
            while at < len(self.records):
                r = self.records[at]
                at += 1
                if r.topic.endswith(topic) and r.value and (r.value.get("after") or {}).get("id") == mark:
                    op = r.op
                    return True
            return False
        while op == "r":
            mark = self.database.mark()
            self.wait(seen, f"marker {mark} of {self.database.name}", limit)

    def wait_records(self, n, limit=LIMIT):
        self.wait(lambda: len(self.records) >= n, f"{n} records", limit)

    def wait_streaming(self, limit=LIMIT):
        self.sync(limit)

    def kill9(self):
        super().kill9()
        self.go_on()  # what is in the pipe was written: it counts
        self.reader.join(LIMIT)

    def stop(self):
        super().stop()
        self.reader.join(LIMIT)


def run_penstock(*args, limit=LIMIT, env=None):
    """A run that is expected to end by itself: (status, stdout, stderr)."""
    out = subprocess.run([PENSTOCK, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=limit, env=env)
    return out.returncode, out.stdout.decode(errors="replace"), out.stderr.decode(errors="replace")


def statements(name):
    """mysql-fixtures/sql/NAME.sql as two lists: before and after '-- stream'."""
    with open(os.path.join(ROOT, "mysql-fixtures/sql", name + ".sql"), encoding="utf-8") as f:
        parts = re.split(r"^-- stream\n", f.read(), flags=re.M)
    assert len(parts) == 2, f"{name}.sql needs one line '-- stream'"

    def split(text):
        found = []
        for statement in re.split(r";\n", text):
            body = re.sub(r"^(--[^\n]*\n|\s)*", "", statement)
            if body.strip():
                found.append(body.strip())
        return found
    return split(parts[0]), split(parts[1])
