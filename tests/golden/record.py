#!/usr/bin/env python3
"""Record golden cases: the binlog of a case's SQL and what Debezium makes of it.

  record.py --mysql HOST:PORT --mariadb HOST:PORT --connect URL --kafka HOST:PORT [CASE…]

The servers must be throwaway ones (mysql-fixtures/servers up mysql): binlogs are rotated, databases g_* dropped, and a
recording is only good when nobody else writes meanwhile. Per case and server:

  connector starts (nothing of the case exists) · FLUSH BINARY LOGS · case.sql · FLUSH BINARY LOGS · sentinel row

then binlog.<server> is the file in between and expected.<server>.jsonl the records of that span. config.json are options
added to the common ones; each config.<variant>.json is one more connector over the same binlog, with
expected.<server>.<variant>.jsonl. case.sql may begin with

  -- servers: mysql mariadb      where it runs (default both); mysql-nogtid is a MySQL with gtid_mode=OFF
  -- differs: why                Debezium is wrong here or stops, we are not and do not: its records go to debezium.<server>.jsonl,
                                 expected.<server>.jsonl is written by hand
"""
import argparse
import json
import pathlib
import re
import shutil
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "conformance")]
import normal  # noqa: E402
import reference  # noqa: E402


def notes(sql):
    """The '-- name: text' lines at the head of case.sql."""
    found = {}
    for line in sql.splitlines():
        m = re.match(r"--\s*(\w+):\s*(.*)", line)
        if m:
            found.setdefault(m[1], m[2])
        elif line.strip() and not line.startswith("--"):
            break
    return found


def connector(config, server, db, prefix, a):
    """What Debezium gets: the case's options, and where everything is."""
    config = reference.with_sentinel(config)
    for name, value in config.items():  # topics that a transform makes
        config[name] = value.replace(normal.PREFIX + ".", prefix + ".")
    config.update({
        "connector.class": normal.connector_class(server), "tasks.max": "1", "topic.prefix": prefix,
        "database.hostname": db.host, "database.port": str(db.port), "database.user": db.user,
        "database.password": db.password, "database.server.id": str(5000 + int(prefix[1:5], 16)),
        "schema.history.internal.kafka.bootstrap.servers": a.kafka,
        "schema.history.internal.kafka.topic": "hist-" + prefix, "poll.interval.ms": "50",
    })
    if server.startswith("mariadb"):
        config["database.ssl.mode"] = "disable"
    else:
        config["database.allowPublicKeyRetrieval"] = "true"
    return config


def gtid_tail(db, server):
    """The highest transaction number so far; None where there are no GTIDs."""
    if server.startswith("mariadb"):
        row = db.ask("SELECT @@GLOBAL.gtid_binlog_pos")[0][0]
    else:
        row = db.ask("SELECT @@GLOBAL.gtid_executed")[0][0]
    m = re.findall(r"\d+", row.split(",")[-1]) if row else None
    return int(m[-1]) if m else None


def of_span(r, file, span):
    """Whether a record belongs to the case: not the sentinel, not a transaction outside the recorded file."""
    topic, _, value, _ = r
    if reference.SENTINEL in topic:
        return False
    if value is not None and b'"event_count"' in value and b'"op"' not in value:
        ident = json.loads(value).get("payload", json.loads(value))["id"]
        if ident.startswith("file="):
            return ident.startswith(f"file={file},")
        return span[0] < int(re.findall(r"\d+", ident)[-1]) <= span[1]
    return True


class Run:
    """One variant of a case on one server: a connector and what it has written."""

    def __init__(self, variant, config, server, db, a):
        self.variant, self.prefix = variant, reference.prefix()
        self.worker, self.topics = reference.Worker(a.connect), reference.Topics(a.kafka, self.prefix)
        self.worker.create(self.prefix, connector(config, server, db, self.prefix, a))
        self.may_stop = self.stopped = False

    def look(self):
        """Whether the sentinel has come; stops where the task has failed."""
        if any(reference.is_sentinel(r) for r in self.topics.poll()):
            return True
        state, trace = self.worker.task(self.prefix)
        if state == "FAILED" and self.may_stop:
            self.stopped = True
            return True
        if state == "FAILED":
            causes = [line for line in trace.splitlines() if not line.startswith("\tat ")]
            raise SystemExit(f"variant '{self.variant}': task FAILED: " + "\n  ".join(causes)[:2500])
        return False

    def begin(self):
        self.before = len(self.topics.records)

    def lines(self, file, span):
        """Normalised records of the recorded file."""
        out = []
        for topic, key, value, headers in self.topics.records[self.before:]:
            if of_span((topic, key, value, headers), file, span):
                texts = [reference.decode(x, self.prefix, normal.PREFIX) for x in (key, value)]
                heads = [[k, reference.decode(v, self.prefix, normal.PREFIX)] for k, v in headers]
                out.append(normal.record(topic.replace(self.prefix, normal.PREFIX), *texts, heads, normal.STAMPS))
        return normal.by_topic(out)

    def close(self):
        self.worker.delete(self.prefix)
        self.topics.close()


def wait(runs, done, limit, what):
    end = time.time() + limit
    left = list(runs)
    while left:
        left = [r for r in left if not done(r)]
        if left and time.time() > end:
            raise SystemExit(f"unable to see {what} of {[r.variant for r in left]} in {limit} s")
        time.sleep(0.15)  # poll interval


def record(case, server, db, a):
    for (name,) in db.ask("SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'g\\_%'"):
        db.ask(f"DROP DATABASE `{name}`")
    runs = []
    try:
        for variant, config in normal.variants(case).items():
            runs.append(Run(variant, config, server, db, a))

        def started(run):
            if run.look():
                return True
            db.sentinel()
            time.sleep(0.3)  # poll interval
            return False

        wait(runs, started, 120, "the start")
        # The connectors lag behind the sentinels that were written for the slowest of them.
        quiet = time.time()
        while time.time() - quiet < 1.5:
            if any([r.topics.poll() for r in runs]):
                quiet = time.time()
            time.sleep(0.1)  # poll interval
        low = gtid_tail(db, server)
        for r in runs:
            r.begin()
        db.ask("FLUSH BINARY LOGS")
        file = db.ask("SHOW MASTER STATUS" if server.startswith("mariadb") else "SHOW BINARY LOG STATUS")[0][0]
        db.script((case / "case.sql").read_text())
        db.ask("FLUSH BINARY LOGS")
        span = (low, gtid_tail(db, server))
        db.sentinel()
        differs = "differs" in notes((case / "case.sql").read_text())
        for r in runs:
            r.may_stop = differs
        wait(runs, Run.look, 120, "the end")
        time.sleep(0.5)  # poll interval
        counts = []
        for r in runs:
            r.topics.poll()
            if r.stopped:
                counts.append(f"{r.variant or 'default'}: Debezium stops")
                continue
            lines = r.lines(file, span)
            # The file is known under its new name from now on; positions inside stay.
            text = normal.dump(lines).replace(file, f"binlog.{server}")
            (case / normal.recording("debezium" if differs else "expected", server, r.variant)).write_text(text)
            counts.append(f"{r.variant or 'default'} {len(lines)}")
    finally:
        for r in runs:
            r.close()
    logs = dict(db.ask("SHOW VARIABLES LIKE 'log_bin_basename'"))["log_bin_basename"]
    target = case / f"binlog.{server}"
    shutil.copyfile(pathlib.Path(logs).parent / file, target)
    target.chmod(0o644)
    print(f"{case.name} {server}: {', '.join(counts)} records; {target.stat().st_size} bytes of binlog", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--mysql", metavar="HOST:PORT")
    p.add_argument("--mysql-nogtid", metavar="HOST:PORT")
    p.add_argument("--mariadb", metavar="HOST:PORT")
    p.add_argument("--connect", default="http://127.0.0.1:8083")
    p.add_argument("--kafka", default="127.0.0.1:9092")
    p.add_argument("--user", default="penstock")
    p.add_argument("--password", default="penstock")
    p.add_argument("cases", nargs="*")
    a = p.parse_args()
    servers = {name: reference.Server(address, a.user, a.password) for name, address in
               (("mysql", a.mysql), ("mysql-nogtid", a.mysql_nogtid), ("mariadb", a.mariadb)) if address}
    for db in servers.values():
        db.sentinel_table()
    bad = 0
    for sql in sorted(HERE.glob("*/case.sql")):
        case = sql.parent
        if a.cases and case.name not in a.cases:
            continue
        for name in notes(sql.read_text()).get("servers", "mysql mariadb").split():
            if name in servers:
                try:
                    record(case, name, servers[name], a)
                except SystemExit as e:
                    bad += 1
                    print(f"FAILED: {sql.parent.name} {name}: {e}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
