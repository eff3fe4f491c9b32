#!/usr/bin/python3
"""Record what Debezium makes of conformance cases: snapshot, then stream.

  record.py (--mysql HOST:PORT | --mariadb HOST:PORT) --connect URL --kafka HOST:PORT [CASE…]

CASE is a folder; without one all of cases/. Writes expected.jsonl (MySQL) or expected.mariadb.jsonl beside the SQL,
one for each variant of the folder.
Needs python3-pymysql and python3-confluent-kafka; servers, Kafka and Connect come from mysql-fixtures/servers.
"""
import argparse
import json
import pathlib
import re
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import live  # noqa: E402
import normal  # noqa: E402
import reference  # noqa: E402


def until(what, done, limit=90, pause=0.1):
    end = time.time() + limit
    while not done():
        if time.time() > end:
            raise SystemExit(f"unable to see {what} in {limit} s")
        time.sleep(pause)


def jackson(value, **layout):
    """JSON as Jackson escapes it: control characters with capital hexadecimal digits."""
    text = json.dumps(value, ensure_ascii=False, **layout)
    return re.sub(r"(\\\\)|\\u[0-9a-f]{4}", lambda m: m[1] or "\\u" + m[0][2:].upper(), text)


def pretty(value, margin=""):
    """JSON as Jackson's pretty printer lays it out: how Debezium writes its history to a topic."""
    if not value or not isinstance(value, (dict, list)):
        return {"{}": "{ }", "[]": "[ ]"}.get(text := jackson(value), text)
    if isinstance(value, list):
        return "[ " + ", ".join(pretty(v, margin) for v in value) + " ]"
    inner = margin + "  "
    return "{\n" + ",\n".join(f"{inner}{jackson(k)} : {pretty(v, inner)}" for k, v in value.items()) + f"\n{margin}}}"


def line_of(text):
    """A history record as it stands in a file; left alone where the topic's layout is not Debezium's."""
    value = json.loads(text)
    return jackson(value, separators=(",", ":")) if pretty(value) == text else text


def history(kafka, name):
    """What the connector has written to its schema history topic."""
    topics = reference.Topics(kafka, "hist-" + name, reads=lambda topic: topic == "hist-" + name)
    topics.poll()
    topics.close()
    return [live.history_record(line_of(reference.decode(value, name, live.PREFIX))) for _, _, value, _ in topics.records]


def run(case, server, mariadb, connect, kafka):
    """What the case makes of a worker, asked by REST: records as recordings have them, the schema history among them."""
    name = reference.prefix()
    worker, topics = reference.Worker(connect), reference.Topics(kafka, name)
    config = live.options(case, mariadb)
    config.update({
        "tasks.max": "1", "topic.prefix": name, "database.hostname": server.host, "database.port": str(server.port),
        "database.user": name, "database.password": name, "database.server.id": str(5000 + int(name[1:5], 16)),
        "schema.history.internal.kafka.bootstrap.servers": kafka,
        "schema.history.internal.kafka.topic": "hist-" + name, "poll.interval.ms": "50",
    })
    config.update({"database.ssl.mode": "disable"} if mariadb else {"database.allowPublicKeyRetrieval": "true"})

    def check():
        state, trace = worker.task(name)
        if state == "FAILED":
            causes = [line for line in trace.splitlines() if not line.startswith("\tat ")]
            raise SystemExit("task FAILED: " + "\n  ".join(causes)[:2000])

    def streams():
        check()
        return server.streams(name)

    def ended():
        if any(reference.is_sentinel(r) for r in topics.poll()):
            return True
        check()
        return False

    live.prepare(server, case)
    server.reader(name)
    try:
        worker.create(name, config)
        until("the stream", streams)
        live.play(server, case)
        until("the sentinel", ended)
        worker.stop(name)  # the order holds within a partition only: what others still wait for is sent before it ends
        until("the end of the task", lambda: worker.is_stopped(name))
        topics.poll()
    finally:
        worker.delete(name)
        topics.close()
        server.reader_gone(name)
    records = []
    for topic, key, value, headers in topics.records:
        text = [reference.decode(x, name, live.PREFIX) for x in (key, value)]
        heads = [[k, reference.decode(v, name, live.PREFIX)] for k, v in headers]
        records.append({"topic": topic.replace(name, live.PREFIX), "key": text[0], "value": text[1], "headers": heads})
    return live.settle(case, mariadb, records + history(kafka, name))


def record(case, server, mariadb, a):
    records = run(case, server, mariadb, a.connect, a.kafka)
    if not case.has_history:
        records = [r for r in records if r["topic"] != live.HISTORY]
    path = case.expected(mariadb)
    path.write_text(normal.dump(records))
    print(f"{case.name}: {len(records)} records -> {path}", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--mysql", metavar="HOST:PORT")
    p.add_argument("--mariadb", metavar="HOST:PORT")
    p.add_argument("--connect", default="http://127.0.0.1:8083")
    p.add_argument("--kafka", default="127.0.0.1:9092")
    p.add_argument("--user", default="penstock")
    p.add_argument("--password", default="penstock")
    p.add_argument("--only", action="append", default=[], metavar="NAME", help="a folder or a case of it")
    p.add_argument("cases", nargs="*", type=pathlib.Path)
    a = p.parse_args()
    if not (a.mysql or a.mariadb):
        p.error("--mysql or --mariadb says which server")
    bad = 0
    for mariadb, address in ((False, a.mysql), (True, a.mariadb)):
        server = reference.Server(address, a.user, a.password) if address else None
        for case in live.cases(a.cases, a.only, mariadb):
            if server:
                try:
                    record(case, server, mariadb, a)
                except SystemExit as e:
                    bad += 1
                    print(f"FAILED: {case.name}: {e}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
