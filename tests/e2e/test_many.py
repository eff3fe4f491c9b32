"""Many connectors in one process: one that stalls, fails or is reconfigured never touches another; what a hundred idle ones cost."""
import json
import re
import threading
import time
import urllib.error
import urllib.request

import pytest

import rig
from test_kafka import Topics, kafka  # noqa: F401: the fixture
from test_kill import SEED, Writer, prepare

MARIADB = "io.debezium.connector.mariadb.MariaDbConnector"


class Worker(rig.Process):
    """'penstock standalone' that is driven by REST alone."""

    def __init__(self, kafka, folder):
        path = folder / "worker.properties"
        path.write_text("\n".join([
            f"bootstrap.servers={kafka.env['BOOTSTRAP']}", "key.converter=org.apache.kafka.connect.json.JsonConverter", "key.converter.schemas.enable=false",
            "value.converter=org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable=false",
            f"offset.storage.file.filename={folder}/offsets", "offset.flush.interval.ms=500", "listeners=http://127.0.0.1:0", ""]))
        super().__init__(["standalone", str(path)], rig.subprocess.DEVNULL, str(folder / "penstock.log"))
        self.folder, self.ids = folder, 0
        self.url = "http://127.0.0.1:" + rig.wait_for(lambda: re.search(r"listening on http://127\.0\.0\.1:(\d+)", self.log()), "REST").group(1)

    def ask(self, method, path, body=None, limit=60):
        r = urllib.request.Request(self.url + path, method=method, data=None if body is None else json.dumps(body).encode(), headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(r, timeout=limit) as answer:
                text, status = answer.read().decode(), answer.status
        except urllib.error.HTTPError as e:
            text, status = e.read().decode(), e.code
        return status, json.loads(text) if text.startswith(("{", "[")) else text

    def put(self, name, port, tables, **more):
        self.ids += 1
        config = {"connector.class": MARIADB, "database.hostname": "127.0.0.1", "database.port": str(port), "database.user": "penstock", "database.password": "penstock",
                  "database.server.id": str(52000 + self.ids), "topic.prefix": name, "table.include.list": tables, "include.schema.changes": "false",
                  "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory", "schema.history.internal.file.filename": f"{self.folder}/{name}.history",
                  "schema.history.internal.store.only.captured.tables.ddl": "true"}
        config.update({k.replace("_", "."): v for k, v in more.items()})
        return self.ask("PUT", f"/connectors/{name}/config", config)

    def task(self, name):
        tasks = self.ask("GET", f"/connectors/{name}/status")[1]["tasks"]
        return tasks[0] if tasks else {"state": "NONE"}

    def metric(self, metric, /, **labels):
        found = {}
        for key, value in re.findall(rf"^{metric}\{{([^}}]*)\}} (\S+)$", self.ask("GET", "/metrics")[1], re.M):
            pairs = dict(re.findall(r'(\w+)="([^"]*)"', key))
            if all(pairs.get(k) == v for k, v in labels.items()):
                found[pairs.get("name") or pairs.get("connector")] = float(value)
        return found


@pytest.fixture
def worker(program, kafka, tmp_path):
    w = Worker(kafka, tmp_path)
    yield w
    if w.alive():
        w.kill9()


def test_one_never_touches_another(maria_database, kafka, worker):
    """A busy connector beside one whose server falls silent, one that fails, and one that is reconfigured all the time."""
    prepare(maria_database, 200)
    port, mine = maria_database.server.port, rf"{maria_database.name}\..*"
    topics, writer, freezer = Topics(kafka, "busy"), Writer(maria_database, SEED, 200), rig.Proxy(port)
    slowest = {"rest": 0.0, "row": 0.0}

    def well(what):
        """The busy one delivers, and REST answers."""
        start = time.monotonic()
        assert worker.ask("GET", "/connectors", limit=5)[0] == 200
        slowest["rest"] = max(slowest["rest"], time.monotonic() - start)
        seen, start = len(topics.records), time.monotonic()
        topics.read_until(lambda: len(topics.records) >= seen + 300, f"300 records while {what}", 20)
        slowest["row"] = max(slowest["row"], time.monotonic() - start)
        assert worker.task("busy")["state"] == "RUNNING", what

    assert worker.put("busy", port, mine)[0] == 201
    assert worker.put("silent", freezer.port, mine, snapshot_mode="no_data")[0] == 201
    assert worker.put("changing", port, mine, snapshot_mode="no_data")[0] == 201
    rig.wait_for(lambda: all(worker.task(x)["state"] == "RUNNING" for x in ("busy", "silent", "changing")), "three tasks run")
    writer.start()
    well("all is well")
    freezer.freeze()
    well("one server is silent")
    assert worker.put("failing", port, mine, tasks_max="2")[0] == 201
    rig.wait_for(lambda: worker.task("failing")["state"] == "FAILED", "the one that fails")
    assert "Only a single connector task may be started" in worker.task("failing")["trace"]
    well("one has failed")
    for i in range(8):
        assert worker.put("changing", port, mine, snapshot_mode="no_data", max_batch_size=str(1000 + i))[0] == 200
        well(f"one is reconfigured for the {i}. time")
    answers = []
    silent = threading.Thread(target=lambda: answers.append(worker.put("unheard", freezer.port, mine, connect_timeout_ms="3000")))
    silent.start()  # its check waits for a server that says nothing
    well("a configuration is checked against a silent server")
    silent.join(60)
    assert answers[0][0] == 400 and "Error during connection validation" in answers[0][1]["message"], answers
    assert worker.ask("POST", "/connectors/failing/restart?includeTasks=true")[0] == 202
    start = time.monotonic()
    assert worker.ask("PUT", "/connectors/silent/stop")[0] == 204
    stopped = time.monotonic() - start
    assert stopped < 7, "a stop takes no longer than task.shutdown.graceful.timeout.ms and a second"
    well("one that hangs is stopped")
    assert worker.ask("DELETE", "/connectors/silent")[0] == 204
    writer.finish()
    topics.sync(maria_database)
    assert topics.rebuilt().compare(maria_database) > 0
    assert worker.metric("debezium_metrics_NumberOfDisconnects", name="busy") == {"busy": 0.0}
    rig.FIGURES.append(f"a busy connector beside stalled, failing and changing ones: slowest answer of REST {slowest['rest'] * 1000:.0f} ms, slowest 300 records {slowest['row']:.1f} s, "
                       f"stop of the stalled one {stopped:.1f} s")
    topics.close()
    freezer.close()
    worker.stop()


def resident(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+) kB", f.read()).group(1)) / 1024


def test_a_hundred_idle_connectors(maria_database, kafka, worker):
    """All on one server, in one process: what each costs, and that all end together."""
    maria_database.server.up("--max-connections=1000")
    maria_database.reconnect()
    prepare(maria_database, 10)
    sizes = {0: resident(worker.pid)}
    for n in range(1, 101):
        assert worker.put(f"idle{n}", maria_database.server.port, rf"{maria_database.name}\..*", snapshot_mode="no_data")[0] == 201
        if n in (1, 100):
            rig.wait_for(lambda: sum(worker.metric("debezium_metrics_Connected").values()) == n, f"{n} stream", 120)
            sizes[n] = resident(worker.pid)
    each = (sizes[100] - sizes[1]) / 99
    rig.FIGURES.append(f"resident with 0, 1, 100 idle connectors: {sizes[0]:.1f}, {sizes[1]:.1f}, {sizes[100]:.1f} MiB; {each:.2f} MiB each")
    assert sizes[0] < 25 and each < 1, sizes
    maria_database.run("INSERT INTO t VALUES (1000, 1, 'for all of them')")
    rig.wait_for(lambda: sum(v >= 1 for v in worker.metric("kafka_connect_source_task_metrics_source_record_write_total").values()) == 100, "the row in a hundred topics", 120)
    start = time.monotonic()
    worker.stop()
    assert time.monotonic() - start < 15, "all end within the graceful timeout"
