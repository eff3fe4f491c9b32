"""A group of workers: connectors are placed, survive their workers, and never run twice at once.

Three processes and one topic a connector. A writer counts up in each table, so the order in a topic tells whether two tasks
wrote at once: a takeover may repeat the tail that was not acknowledged, one step back, but two writers would interleave.
"""
import json
import re
import signal
import struct
import threading
import time
import urllib.error
import urllib.request

import confluent_kafka
import pytest

import rig
from test_kafka import kafka  # noqa: F401: the fixture

MARIADB = "io.debezium.connector.mariadb.MariaDbConnector"
CONNECTORS = 20


class Member(rig.Process):
    """'penstock distributed'."""

    def __init__(self, kafka, folder, number, group, **more):
        path, log = folder / f"worker{number}.properties", folder / f"worker{number}.log"
        if not log.exists():
            settings = {
                "bootstrap.servers": kafka.env["BOOTSTRAP"], "group.id": group, "key.converter": "org.apache.kafka.connect.json.JsonConverter",
                "value.converter": "org.apache.kafka.connect.json.JsonConverter", "key.converter.schemas.enable": "false", "value.converter.schemas.enable": "false",
                "config.storage.topic": group + "-configs", "offset.storage.topic": group + "-offsets", "status.storage.topic": group + "-status",
                "config.storage.replication.factor": "1", "offset.storage.replication.factor": "1", "status.storage.replication.factor": "1",
                "offset.flush.interval.ms": "500", "session.timeout.ms": "6000", "heartbeat.interval.ms": "1000",
                "listeners": f"http://127.0.0.1:{free_port()}", **more}
            path.write_text("".join(f"{k}={v}\n" for k, v in settings.items()))
        self.url = re.search(r"^listeners=(.*)$", path.read_text(), re.M).group(1)
        super().__init__(["distributed", str(path)], rig.subprocess.DEVNULL, str(log))

    def ask(self, method, path, body=None):
        r = urllib.request.Request(self.url + path, method=method, data=None if body is None else json.dumps(body).encode(), headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(r, timeout=60) as answer:
                text, status = answer.read().decode(), answer.status
        except urllib.error.HTTPError as e:
            text, status = e.read().decode(), e.code
        except (urllib.error.URLError, ConnectionError):
            return 0, ""
        return status, json.loads(text) if text.startswith(("{", "[")) else text

    def places(self, prefix):
        """{connector: the worker on which its task runs, or None}"""
        status, body = self.ask("GET", "/connectors?expand=status")
        found = {}
        for name, c in (body.items() if status == 200 else ()):
            tasks = c["status"]["tasks"]
            if name.startswith(prefix):
                found[name] = tasks[0]["worker_id"] if tasks and tasks[0]["state"] == "RUNNING" else None
        return found


def free_port():
    with rig.socket_on_a_free_port() as s:
        return s.getsockname()[1]


class Counter(threading.Thread):
    """Counts up in every table until told to stop."""

    def __init__(self, database, tables, pause=0.02):
        super().__init__(daemon=True)
        self.database, self.tables, self.pause, self.last, self.over = database, tables, pause, 0, threading.Event()
        self.connection = database.server.connect(database.name)

    def run(self):
        cursor = self.connection.cursor()
        while not self.over.is_set():
            self.last += 1
            for table in self.tables:
                cursor.execute(f"INSERT INTO {table} VALUES ({self.last})")
            self.over.wait(self.pause)  # a bound on the rate, not a wait for something

    def finish(self):
        self.over.set()
        self.join()
        return self.last


class Log:
    """What stands in one topic per connector, in order."""

    def __init__(self, kafka, names):
        self.consumer = confluent_kafka.Consumer({"bootstrap.servers": kafka.env["BOOTSTRAP"], "group.id": "log", "enable.auto.commit": False,
                                                  "enable.partition.eof": True})
        self.names, self.ids = names, {n: [] for n in names}
        self.at = dict.fromkeys(names, 0)

    def take(self, name, message):
        self.ids[name].append(json.loads(message.value())["after"]["id"])

    def read(self):
        for name, topic in self.names.items():
            self.consumer.assign([confluent_kafka.TopicPartition(topic, 0, self.at[name])])
            while True:
                m = self.consumer.poll(20)
                assert m is not None, f"{topic} does not end"
                if not m.error():
                    self.take(name, m)
                elif m.error().code() != confluent_kafka.KafkaError.UNKNOWN_TOPIC_OR_PART:
                    assert m.error().code() == confluent_kafka.KafkaError._PARTITION_EOF, m.error()
                    self.at[name] = m.offset()  # behind the marks of transactions, too
                    break
                else:
                    break
        return self.ids


def group(database, kafka, folder, name, **more):
    tables = [f"t{i}" for i in range(CONNECTORS)]
    for t in tables:
        database.run(f"CREATE TABLE {t} (id INT NOT NULL PRIMARY KEY)")
    members = [Member(kafka, folder, i, name, **more) for i in range(3)]
    for m in members:
        rig.wait_for(lambda: m.ask("GET", "/connectors")[0] == 200, f"{m.url} answers")
    for i, t in enumerate(tables):
        config = {"connector.class": MARIADB, "database.hostname": "127.0.0.1", "database.port": str(database.server.port), "database.user": "penstock",
                  "database.password": "penstock", "database.server.id": str(61000 + i), "topic.prefix": f"{name}-{t}", "table.include.list": rf"{database.name}\.{t}",
                  "include.schema.changes": "false", "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
                  "schema.history.internal.file.filename": f"{folder}/{t}.history", "schema.history.internal.store.only.captured.tables.ddl": "true",
                  "tombstones.on.delete": "false"}
        answer = rig.wait_for(lambda: (lambda a: a if a[0] != 409 else None)(members[i % 3].ask("POST", "/connectors", {"name": f"{name}-{t}", "config": config})),
                              "an answer that is not 'rebalance'")
        assert answer[0] == 201, answer
    return members, {f"{name}-{t}": f"{name}-{t}.{database.name}.{t}" for t in tables}


def running_on(member, prefix, urls):
    """The placement, once all tasks run on workers of these addresses; else None."""
    places = member.places(prefix)
    hosts = {u.removeprefix("http://") for u in urls}
    return places if len(places) == CONNECTORS and all(p in hosts for p in places.values()) else None


def spread(member, prefix, urls):
    """As running_on, once every one of them has a share."""
    places = running_on(member, prefix, urls)
    return places if places and len(set(places.values())) == len(urls) else None


@pytest.mark.parametrize("more", [{}, {"exactly.once.source.support": "enabled"}], ids=["at-least-once", "exactly-once"])
def test_connectors_survive_their_workers_and_never_run_twice(more, maria_database, kafka, tmp_path):  # noqa: F811
    name = "g" + maria_database.name
    members, topics = group(maria_database, kafka, tmp_path, name, **more)
    a, b, c = members
    try:
        every = [m.url for m in members]
        first = rig.wait_for(lambda: spread(a, name, every), "all tasks run, on three workers", 90)
        counter = Counter(maria_database, [f"t{i}" for i in range(CONNECTORS)])
        counter.start()
        log, began = Log(kafka, topics), time.monotonic()
        b.kill9()
        moved = rig.wait_for(lambda: running_on(a, name, [a.url, c.url]), "the lost worker's tasks run elsewhere", 90)
        rig.FIGURES.append(f"kill -9 of one of three workers: all of {CONNECTORS} connectors run after {time.monotonic() - began:.1f} s")
        stayed = [n for n in first if first[n] != b.url.removeprefix("http://")]
        assert [n for n in stayed if moved[n] != first[n]] == [], "moved although its worker was there"
        members[1] = b = Member(kafka, tmp_path, 1, name, **more)
        rig.wait_for(lambda: spread(a, name, every), "the new worker has its share", 90)
        c.process.send_signal(signal.SIGSTOP)
        rig.wait_for(lambda: running_on(a, name, [a.url, b.url]), "the stopped worker's tasks run elsewhere", 90)
        c.process.send_signal(signal.SIGCONT)
        rig.wait_for(lambda: spread(a, name, every), "it is back in the group", 90)
        last = counter.finish()
        rig.wait_for(lambda: all(ids and ids[-1] == last for ids in log.read().values()), "all rows are in the topics", 90)
        for n, ids in log.ids.items():
            assert set(ids) == set(range(1, last + 1)), f"{n} lacks rows"
            back = [(x, y) for x, y in zip(ids, ids[1:]) if y <= x]
            assert len(back) <= (0 if more else 2), f"{n} was written by two tasks at once: {back}"
    finally:
        for m in members:
            m.process.send_signal(signal.SIGCONT)
            m.kill9()


def test_any_worker_answers_and_a_restarted_group_goes_on(maria_database, kafka, tmp_path):  # noqa: F811
    name = "r" + maria_database.name
    members, _ = group(maria_database, kafka, tmp_path, name)
    try:
        rig.wait_for(lambda: running_on(members[0], name, [m.url for m in members]), "all tasks run", 90)
        one = f"{name}-t0"
        assert members[1].ask("PUT", f"/connectors/{one}/pause")[0] == 202
        for m in members:
            rig.wait_for(lambda: m.ask("GET", f"/connectors/{one}/status")[1]["tasks"][0]["state"] == "PAUSED", "paused, whoever is asked")
        assert members[2].ask("PUT", f"/connectors/{one}/stop")[0] == 204
        rig.wait_for(lambda: members[0].ask("GET", f"/connectors/{one}/status")[1]["connector"]["state"] == "STOPPED", "stopped")
        assert members[1].ask("POST", "/connectors", {"name": one, "config": {"connector.class": MARIADB}})[0] in (400, 409)
        for m in members:
            m.finish(signal.SIGTERM)
        members = [Member(kafka, tmp_path, i, name) for i in range(2)]
        rig.wait_for(lambda: members[0].ask("GET", "/connectors")[0] == 200, "REST")

        def as_before():
            places = members[0].places(name)
            return len(places) == CONNECTORS and [n for n, p in places.items() if p is None] == [one]
        rig.wait_for(as_before, "all but the stopped one run again", 90)
        # What a worker says that stood still: its tasks are gone, though others run them by now. The owner has the last word.
        late = confluent_kafka.Producer({"bootstrap.servers": kafka.env["BOOTSTRAP"], "partitioner": "murmur2_random"})
        late.produce(name + "-status", key=f"status-task-{name}-t2-0", value=json.dumps(
            {"state": "UNASSIGNED", "trace": None, "worker_id": "gone:1", "generation": 1000000, "version": None}))
        late.flush()
        rig.wait_for(lambda: members[0].places(name)[f"{name}-t2"] is None, "the status is read")
        rig.wait_for(as_before, "and put right", 90)
        # What a worker does that stood still in the middle of its connecting: with its successor's server id.
        stray = maria_database.server.connect()
        stray._execute_command(0x12, struct.pack("<IHI", 4, 0, 61001) + b"binlog.000001")  # COM_BINLOG_DUMP
        rig.wait_for(lambda: any("same server_uuid/server_id" in m.log() for m in members), "the server has ended the connector's connection")
        stray.close()
        rig.wait_for(as_before, "it runs again by itself", 90)
        kafka.kill()
        for m in members:
            rig.wait_for(lambda: "unable to ask who else is in group" in m.log() or not m.alive(), "nobody says who the others are")
        kafka.up()
        rig.wait_for(as_before, "all but the stopped one run once more", 90)
        assert all(m.alive() for m in members)
        rig.wait_for(lambda: members[1].ask("DELETE", f"/connectors/{one}")[0] == 204, "deleted by whoever leads now")
        rig.wait_for(lambda: members[0].ask("GET", f"/connectors/{one}/status")[0] == 404, "deleted everywhere")
    finally:
        for m in members:
            m.kill9()
