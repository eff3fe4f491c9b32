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
pytest.importorskip("confluent_kafka.admin")


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


def test_topics_hold_the_tables(maria_database, kafka, standalone, tmp_path):
    prepare(maria_database, 500)
    topics = Topics(kafka, "whole")
    p = standalone(maria_database, "whole")
    topics.sync(maria_database)
    maria_database.run("UPDATE t SET v = v + 1 WHERE id % 3 = 0", "DELETE FROM t WHERE id % 5 = 0", "INSERT INTO t VALUES (100000, 1, 'new')")
    topics.sync(maria_database)
    assert topics.rebuilt().compare(maria_database) > 0
    p.process.send_signal(rig.signal.SIGINT)  # one wish in two signals, as timeout(1) and shells deliver it
    p.stop()
    assert (tmp_path / "offsets").exists()
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


def test_broker_away_and_kill_loses_nothing(maria_database, kafka, standalone):
    """Changes that no broker has acknowledged are not in the stored position."""
    prepare(maria_database, 100)
    topics = Topics(kafka, "away")
    p = standalone(maria_database, "away")
    topics.sync(maria_database)
    kafka.kill()
    maria_database.run("UPDATE t SET v = v + 1", "INSERT INTO t VALUES (5000, 1, 'while the broker was away')")
    rig.wait_for(lambda: "Connection refused" in p.log() or "brokers are down" in p.log(), "the program notices")
    p.kill9()
    kafka.up()
    p = standalone(maria_database, "away")
    topics.sync(maria_database)
    check_no_gap(topics.records, "t")
    assert topics.rebuilt().compare(maria_database) > 0
    p.stop()
    topics.close()


def stored(tmp_path):
    return json.loads((tmp_path / "offsets").read_text())["offsets"][0]["offset"]


def test_offsets_are_stored_at_intervals_and_at_a_clean_stop(maria_database, kafka, standalone, tmp_path):
    prepare(maria_database, 10)
    topics = Topics(kafka, "stored")
    p = standalone(maria_database, "stored")
    topics.sync(maria_database)
    here = rig.binlog_status(maria_database.cursor)
    rig.wait_for(lambda: (tmp_path / "offsets").exists() and stored(tmp_path).get("pos") == int(here[1]), "the position by itself, at the flush interval")
    maria_database.run("UPDATE t SET v = v + 1")
    topics.sync(maria_database)
    p.stop()
    here = rig.binlog_status(maria_database.cursor)
    assert (stored(tmp_path)["file"], stored(tmp_path)["pos"]) == (here[0], int(here[1]))
    maria_database.run("UPDATE t SET v = v + 1 WHERE id = 1")
    p = standalone(maria_database, "stored")
    topics.sync(maria_database)
    p.stop()
    assert len([r for r in topics.records if r.op == "u"]) == 11
    topics.close()


def test_large_transaction_stays_in_the_budget(maria_database, standalone, tmp_path):
    maria_database.run("CREATE TABLE t (id INT PRIMARY KEY, v INT, s VARCHAR(30))", "INSERT INTO t VALUES (0, 0, 'there')")
    p = standalone(maria_database, "large")
    rig.wait_for(lambda: (tmp_path / "offsets").exists() and not stored(tmp_path).get("snapshot"), "the end of the snapshot")
    rows = int(os.environ.get("PENSTOCK_E2E_TRANSACTION", "300000"))
    maria_database.run(f"INSERT INTO t SELECT seq, seq, CONCAT('row ', seq) FROM seq_1_to_{rows}")
    here = rig.binlog_status(maria_database.cursor)
    rig.wait_for(lambda: (stored(tmp_path)["file"], stored(tmp_path)["pos"]) == (here[0], int(here[1])), "all acknowledged", 300)
    peak = p.peak_rss() >> 20
    rig.FIGURES.append(f"transaction of {rows} rows into Kafka: peak RSS {peak} MiB")
    assert peak < 128
    p.stop()


def murmur2(data):
    """org.apache.kafka.common.utils.Utils.murmur2"""
    mask, m = 0xffffffff, 0x5bd1e995
    h = (0x9747b28c ^ len(data)) & mask
    for i in range(0, len(data) // 4 * 4, 4):
        k = int.from_bytes(data[i:i + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    tail = data[len(data) // 4 * 4:]
    if tail:
        h = (h ^ int.from_bytes(tail, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


@pytest.mark.parametrize("key, java", [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536),
                                       (b"a-little-bit-longer-string", -1486304829), (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971), (b"abc", 479470107)])
def test_our_murmur2_is_javas(key, java):
    """Values of Kafka's own UtilsTest."""
    assert murmur2(key) == java % (1 << 32)


def test_partitions_are_those_of_a_java_producer(maria_database, kafka, standalone):
    prepare(maria_database, 1000)
    topic, count = f"spread.{maria_database.name}.t", 7
    admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": kafka.env["BOOTSTRAP"]})
    admin.create_topics([confluent_kafka.admin.NewTopic(topic, count, 1)])[topic].result(rig.LIMIT)
    p = standalone(maria_database, "spread")
    consumer = confluent_kafka.Consumer({"bootstrap.servers": kafka.env["BOOTSTRAP"], "group.id": "spread", "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    seen = {}
    end = time.monotonic() + rig.LIMIT
    while len(seen) < 1000 and time.monotonic() < end:
        m = consumer.poll(0.2)
        if m is not None and not m.error():
            seen[m.key()] = m.partition()
    assert len(seen) == 1000 and set(seen.values()) == set(range(count))
    assert seen == {key: (murmur2(key) & 0x7fffffff) % count for key in seen}
    p.stop()
    consumer.close()


def test_topics_are_created_as_topic_creation_says(maria_database, kafka, standalone):
    maria_database.run("CREATE TABLE a_big (id INT PRIMARY KEY)", "CREATE TABLE b (id INT PRIMARY KEY)",
                       "INSERT INTO a_big VALUES (1)", "INSERT INTO b VALUES (1)")
    p = standalone(maria_database, "made", **{
        "topic.creation.groups": "big", "topic.creation.default.partitions": "2", "topic.creation.default.replication.factor": "1",
        "topic.creation.default.cleanup.policy": "compact", "topic.creation.big.include": r".*_big", "topic.creation.big.partitions": "5",
        "topic.creation.big.retention.ms": "7777777"})
    b = f"made.{maria_database.name}.b"
    rig.wait_for(lambda: f"created topic '{b}'" in p.log(), "the last topic")
    admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": kafka.env["BOOTSTRAP"]})

    def facts(topic):
        rig.wait_for(lambda: topic in admin.list_topics(timeout=30).topics, f"{topic} in the broker's metadata")
        resource = confluent_kafka.admin.ConfigResource(confluent_kafka.admin.ConfigResource.Type.TOPIC, topic)
        configs = admin.describe_configs([resource])[resource].result(30)
        return len(admin.list_topics(topic, timeout=30).topics[topic].partitions), configs["cleanup.policy"].value, configs["retention.ms"].value

    assert facts(f"made.{maria_database.name}.a_big") == (5, "delete", "7777777")
    partitions, policy, _ = facts(b)
    assert (partitions, policy) == (2, "compact")
    p.stop()


def test_a_topic_that_the_broker_refuses_to_create_stops_the_task(maria_database, kafka, standalone):
    maria_database.run("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    p = standalone(maria_database, "unmade", **{
        "topic.creation.default.partitions": "2", "topic.creation.default.replication.factor": "1", "topic.creation.default.cleanup.policy": "nonsense"})
    rig.wait_for(lambda: "unable to create topic 'unmade'" in p.log(), "the refusal")
    p.finish(rig.signal.SIGINT)


def test_tables_may_come_later(maria_database, kafka, standalone, tmp_path):
    p = standalone(maria_database, "later", **{"table.include.list": rf"{maria_database.name}\.later"})
    topics = Topics(kafka, "later")
    rig.wait_for(lambda: "matches nothing there" in p.log() and "streaming from" in p.log(), "the warning, and then the stream")
    maria_database.run("CREATE TABLE later (id INT PRIMARY KEY)", "INSERT INTO later VALUES (1)")
    topics.read_until(lambda: any(r.table == "later" and r.op == "c" for r in topics.records), "the row", 60)


def test_signals_from_a_topic_are_acknowledged_when_they_are_done(maria_database, kafka, standalone):
    d, name = maria_database, "signalled"
    prepare(d, 2000)
    d.run("CREATE TABLE sig (id VARCHAR(42) NOT NULL PRIMARY KEY, type VARCHAR(32) NOT NULL, data TEXT)")
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka.env["BOOTSTRAP"]})

    def signal(key, id, kind, data):
        producer.produce(f"{name}-signal", key=key, value=json.dumps({"id": id, "type": kind, "data": data}), partition=0)
        assert producer.flush(30) == 0

    def committed():
        c = confluent_kafka.Consumer({"bootstrap.servers": kafka.env["BOOTSTRAP"], "group.id": "kafka-signal"})
        at = c.committed([confluent_kafka.TopicPartition(f"{name}-signal", 0)], timeout=10)[0].offset
        c.close()
        return at

    signal("another", "n", "log", {"message": "not for us"})
    signal(name, "l", "log", {"message": "from Kafka"})
    more = {"signal.data.collection": f"{d.name}.sig", "snapshot.mode": "no_data", "signal.enabled.channels": "source,kafka", "signal.poll.interval.ms": "100",
            "signal.kafka.bootstrap.servers": kafka.env["BOOTSTRAP"], "incremental.snapshot.chunk.size": "10"}
    topics = Topics(kafka, name + r"\.")
    p = standalone(d, name, **more)
    rig.wait_for(lambda: "from Kafka" in p.log(), "the message")
    assert "not for us" not in p.log()
    topics.sync(d)
    rig.wait_for(lambda: committed() == 2, "the acknowledgement")
    signal(name, "all", "execute-snapshot", {"data-collections": [f"{d.name}.t"]})
    topics.read_until(lambda: sum(r.op == "r" for r in topics.records) > 50, "some rows")
    p.kill9()
    p = standalone(d, name, **more)
    rig.wait_for(lambda: "the incremental snapshot is over" in p.log(), "the rest of the rows")
    topics.sync(d)
    topics.rebuilt().compare(d, ["t"])
    rig.wait_for(lambda: committed() == 3, "the acknowledgement")
    p.stop()
    topics.close()
