"""'penstock standalone' into a real broker: topics rebuilt, kill -9, broker restart."""
import json
import os
import random
import time

import pytest

import rig
from model import Rebuilt, check_no_gap
from test_kill import SEED, Writer, prepare

confluent_kafka = pytest.importorskip("confluent_kafka")


@pytest.fixture(scope="session")
def kafka(program, servers):
    return servers.get("kafka")


class Topics:
    """Reads all topics of a prefix from the beginning; .records grows by read_until()."""

    def __init__(self, kafka, prefix):
        self.records, self.prefix = [], prefix
        self.consumer = confluent_kafka.Consumer({"bootstrap.servers": kafka.env["BOOTSTRAP"], "group.id": "reader-" + prefix, "auto.offset.reset": "earliest",
                                                  "enable.auto.commit": False, "topic.metadata.refresh.interval.ms": 500})
        self.consumer.subscribe([f"^{prefix}.*"])

    def read_until(self, condition, what, limit=rig.LIMIT):
        end = time.monotonic() + limit
        while not condition():
            assert time.monotonic() < end, f"not within {limit:.0f} s: {what}; {len(self.records)} records"
            m = self.consumer.poll(0.2)
            if m is None or m.error():
                continue

            def load(text):
                return None if text is None else json.loads(text)
            self.records.append(rig.Record(m.topic(), load(m.key()), load(m.value()), m.headers()))

    def sync(self, database):
        at, op = len(self.records), "r"

        def there():
            nonlocal at, op
            while at < len(self.records):
                r = self.records[at]
                at += 1
                if r.topic.endswith(f".{database.name}.marker") and r.value and (r.value.get("after") or {}).get("id") == mark:
                    op = r.op
                    return True
            return False
        while op == "r":  # see Stream.sync
            mark = database.mark()
            self.read_until(there, f"marker {mark}", 120)
        # Topics are read side by side: the others may still hold records that were written before the marker.
        quiet = time.monotonic() + 1.0
        while time.monotonic() < quiet:
            before = len(self.records)
            m = self.consumer.poll(0.2)
            if m is not None and not m.error():
                self.records.append(rig.Record(m.topic(), None if m.key() is None else json.loads(m.key()), None if m.value() is None else json.loads(m.value()), m.headers()))
            if len(self.records) > before:
                quiet = time.monotonic() + 1.0

    def rebuilt(self):
        """Without DDL: it stands in a topic of its own, which is not in order with the others."""
        return Rebuilt([r for r in self.records if r.op])

    def close(self):
        self.consumer.close()


@pytest.fixture
def standalone(program, kafka, tmp_path):
    started = []

    def start(database, prefix, **options):
        worker = tmp_path / "worker.properties"
        worker.write_text("\n".join([
            f"bootstrap.servers={kafka.env['BOOTSTRAP']}", "key.converter=org.apache.kafka.connect.json.JsonConverter", "key.converter.schemas.enable=false",
            "value.converter=org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable=false",
            f"offset.storage.file.filename={tmp_path}/offsets", "offset.flush.interval.ms=500", "listeners=http://127.0.0.1:0", ""]))
        connector = tmp_path / "connector.json"
        connector.write_text(json.dumps({"name": prefix, "config": {
            "connector.class": "io.debezium.connector.mysql.MySqlConnector", "tasks.max": "1", "database.hostname": "127.0.0.1", "database.port": str(database.server.port),
            "database.user": "penstock", "database.password": "penstock", "database.server.id": str(50000 + len(started)), "topic.prefix": prefix,
            "table.include.list": rf"{database.name}\..*", "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
            "schema.history.internal.file.filename": f"{tmp_path}/history", **options}}))
        p = rig.Process(["standalone", str(worker), str(connector)], rig.subprocess.DEVNULL, str(tmp_path / "penstock.log"))
        started.append(p)
        return p
    yield start
    for p in started:
        if p.alive():
            p.kill9()


def test_topics_hold_the_tables(maria_database, kafka, standalone):
    prepare(maria_database, 500)
    topics = Topics(kafka, "whole")
    p = standalone(maria_database, "whole")
    topics.sync(maria_database)
    maria_database.run("UPDATE t SET v = v + 1 WHERE id % 3 = 0", "DELETE FROM t WHERE id % 5 = 0", "INSERT INTO t VALUES (100000, 1, 'new')")
    topics.sync(maria_database)
    assert topics.rebuilt().compare(maria_database) > 0
    p.stop()
    topics.close()


def test_kill_loses_nothing(maria_database, kafka, standalone):
    prepare(maria_database, 300)
    chance, topics = random.Random(SEED), Topics(kafka, "killed")
    writer = Writer(maria_database, SEED, 300)
    writer.start()
    for _ in range(4):
        p = standalone(maria_database, "killed")
        want = len(topics.records) + chance.randint(1, 2000)
        topics.read_until(lambda: len(topics.records) >= want, f"{want} records", 120)
        p.kill9()
    p = standalone(maria_database, "killed")
    writer.finish()
    topics.sync(maria_database)
    check_no_gap(topics.records, "t")
    assert topics.rebuilt().compare(maria_database) > 0
    p.stop()
    topics.close()


def test_broker_restart_is_survived(maria_database, kafka, standalone):
    prepare(maria_database, 100)
    topics = Topics(kafka, "restarted")
    p = standalone(maria_database, "restarted")
    topics.sync(maria_database)
    kafka.kill()
    maria_database.run("UPDATE t SET v = v + 1")
    kafka.up()
    topics.sync(maria_database)
    check_no_gap(topics.records, "t")
    assert topics.rebuilt().compare(maria_database) > 0
    assert p.alive(), os.linesep + p.log()[-2000:]
    p.stop()
    topics.close()
