#!/usr/bin/python3
"""GET /metrics, read by a parser that forgives nothing (Prometheus text format 0.0.4): with no connector, with one that runs
and one whose name and tags need escapes. Names are those of Debezium's example rules for the JMX exporter.

  test_metrics.py SERVE_REST        TAP on stdout
"""
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

count = failed = 0


def ok(good, sentence, detail=""):
    global count, failed
    count += 1
    failed += not good
    print(f"{'' if good else 'not '}ok {count} - {sentence}" + ("" if good else f"\n# {detail!r}"), flush=True)


NAME, LABEL = r"[a-zA-Z_:][a-zA-Z0-9_:]*", r"[a-zA-Z_][a-zA-Z0-9_]*"
PAIR = rf'({LABEL})="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{PAIR},)*{PAIR})\}})? ([^ ]+)$".replace("(" + LABEL + ")", LABEL))


def parse(text):
    """{name: {frozenset of labels: value}} and {name: type}; raises at the first thing that is not as it must be."""
    if not text.endswith("\n"):
        raise ValueError("no line end at the end")
    samples, types, done, current = {}, {}, set(), None
    for number, line in enumerate(text.split("\n")[:-1], 1):
        if line.startswith("# TYPE "):
            m = re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge|histogram|summary|untyped)", line)
            if not m:
                raise ValueError(f"line {number}: {line}")
            if m[1] in types:
                raise ValueError(f"line {number}: a second TYPE of {m[1]}")
            done.add(current)
            current = m[1]
            types[current] = m[2]
            continue
        m = SAMPLE.fullmatch(line)
        if not m:
            raise ValueError(f"line {number}: {line}")
        if m[1] != current:
            raise ValueError(f"line {number}: {m[1]} stands outside its group")
        labels = re.findall(PAIR, m[2] or "")
        if len({k for k, _ in labels}) != len(labels):
            raise ValueError(f"line {number}: a label twice")
        key = frozenset((k, re.sub(r'\\(["\\n])', lambda e: "\n" if e[1] == "n" else e[1], v)) for k, v in labels)
        if key in samples.setdefault(m[1], {}):
            raise ValueError(f"line {number}: a series twice")
        value = float(m[m.lastindex])
        if types[m[1]] == "counter" and value < 0:
            raise ValueError(f"line {number}: a counter below 0")
        samples[m[1]][key] = value
    return samples, types


WORKER = [f"kafka_connect_worker_metrics_{x}" for x in
          ("connector_count", "task_count", "connector_startup_attempts_total", "connector_startup_success_total", "connector_startup_failure_total", "connector_startup_success_percentage",
           "connector_startup_failure_percentage", "task_startup_attempts_total", "task_startup_success_total", "task_startup_failure_total", "task_startup_success_percentage",
           "task_startup_failure_percentage")]
STREAMING = """TotalNumberOfEventsSeen TotalNumberOfCreateEventsSeen TotalNumberOfUpdateEventsSeen TotalNumberOfDeleteEventsSeen NumberOfEventsFiltered NumberOfErroneousEvents
NumberOfSkippedEvents MilliSecondsSinceLastEvent MilliSecondsBehindSource Connected NumberOfCommittedTransactions NumberOfRolledBackTransactions NumberOfDisconnects BinlogPosition
IsGtidModeEnabled QueueTotalCapacity QueueRemainingCapacity MaxQueueSizeInBytes CurrentQueueSizeInBytes""".split()
SNAPSHOT = """TotalNumberOfEventsSeen QueueTotalCapacity QueueRemainingCapacity MaxQueueSizeInBytes CurrentQueueSizeInBytes SnapshotRunning SnapshotCompleted SnapshotAborted SnapshotSkipped
SnapshotPaused SnapshotDurationInSeconds SnapshotPausedDurationInSeconds TotalTableCount RemainingTableCount""".split()
TASK = [f"kafka_connect_{x}" for x in """source_task_metrics_source_record_poll_total source_task_metrics_source_record_poll_rate source_task_metrics_source_record_write_total
source_task_metrics_source_record_write_rate source_task_metrics_source_record_active_count connector_task_metrics_running_ratio connector_task_metrics_pause_ratio
task_error_metrics_total_record_failures task_error_metrics_total_record_errors task_error_metrics_total_records_skipped task_error_metrics_total_retries
task_error_metrics_total_errors_logged task_error_metrics_deadletterqueue_produce_requests task_error_metrics_deadletterqueue_produce_failures
task_error_metrics_last_error_timestamp""".split()]


def ask(method, path, body=None):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    c.request(method, path, body=None if body is None else json.dumps(body), headers={"Content-Type": "application/json"})
    r = c.getresponse()
    return r.status, r.getheader("content-type"), r.read().decode()


def scrape():
    status, kind, text = ask("GET", "/metrics")
    ok((status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8"), "it is Prometheus text", (status, kind))
    try:
        return parse(text)
    except ValueError as e:
        ok(False, "which can be read", (str(e), text))
        sys.exit(1)


def connector(name, prefix, server, **more):
    config = {"connector.class": "MySql", "topic.prefix": prefix, "database.hostname": "127.0.0.1", "database.port": str(server), "database.user": "u", "database.password": "p",
              "database.server.id": "1", "connect.timeout.ms": "20000", "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
              "schema.history.internal.file.filename": os.path.join(folder, prefix)}
    config.update({k.replace("_", "."): v for k, v in more.items()})
    return {"name": name, "config": config}


def has(samples, metric, /, **labels):
    return samples.get(metric, {}).get(frozenset(labels.items()))


def main():
    samples, _ = scrape()
    missing = [x for x in WORKER if has(samples, x) is None]
    ok(not missing, "the worker's own, without a connector", missing)
    ok(samples["kafka_connect_worker_metrics_connector_count"] == {frozenset(): 0.0}, "of which there is none", samples)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        at = silent.getsockname()[1]
        odd = 'a "quoted" \\ name'
        ok(ask("POST", "/connectors", connector("one", "shop", at, custom_metric_tags="team=blue,data-center=e\"u,name=no", max_queue_size="4096"))[0] == 201, "a connector")
        status, _, text = ask("POST", "/connectors", connector(odd, "second", at))
        ok(status == 201, "and one with an awkward name", text)
        samples, types = scrape()
        tags = {"team": "blue", "data_center": 'e"u'}
        for context, names in (("streaming", STREAMING), ("snapshot", SNAPSHOT), ("schema-history", ["ChangesApplied"])):
            missing = [x for x in names if has(samples, "debezium_metrics_" + x, plugin="mysql", name="shop", context=context, **tags) is None]
            ok(not missing, f"Debezium's, context {context}, with custom.metric.tags", missing)
        missing = [x for x in TASK if has(samples, x, connector="one", task="0") is None or has(samples, x, connector=odd, task="0") is None]
        ok(not missing, "Connect's of a task", missing)
        ok(has(samples, "debezium_metrics_QueueTotalCapacity", plugin="mysql", name="shop", context="streaming", **tags) == 4096, "the queue's capacity is max.queue.size")
        ok(has(samples, "debezium_metrics_MilliSecondsBehindSource", plugin="mysql", name="second", context="streaming") == -1, "the lag is -1 before the first event")
        ok(has(samples, "kafka_connect_worker_metrics_connector_count") == 2, "two connectors")
        ok(has(samples, "kafka_connect_connector_metrics_status", connector=odd, status="running") == 1, "states are labels")
        totals = [k for k, t in types.items() if (t == "counter") != k.endswith("_total") and not k.startswith("debezium_") and "deadletterqueue" not in k and "total_" not in k]
        ok(not totals, "what ends with _total counts", totals)
        ask("PUT", "/connectors/one/stop")  # its thread hangs in the server's silence: the answer may be 500
        samples, _ = scrape()
        ok(has(samples, "kafka_connect_connector_metrics_status", connector="one", status="stopped") == 1, "one is stopped")
        started = time.monotonic()
        for _ in range(20):
            parse(ask("GET", "/metrics")[2])
        ok(time.monotonic() - started < 5, "scrapes are quick")


program = sys.argv[1]
process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
port = int(process.stdout.readline().split()[1])
with tempfile.TemporaryDirectory(prefix="penstock-metrics-") as folder:
    main()
    process.stdin.close()
    ok(process.wait(30) in (0, 3), "it ends", process.returncode)
print(f"1..{count}")
sys.exit(failed > 0)
