"""A connector's own offsets topic, offsets altered by REST, and the leader's writes: what stands in Kafka's topics afterwards."""
import json

import confluent_kafka
import pytest

import rig
from test_distributed import MARIADB, Member
from test_kafka import kafka  # noqa: F401: the fixture

EXACTLY_ONCE = {"exactly.once.source.support": "enabled"}


class Tail:
    """All records of a topic that are committed, and where it ends."""

    def __init__(self, kafka, topic):
        self.consumer = confluent_kafka.Consumer({"bootstrap.servers": kafka.env["BOOTSTRAP"], "group.id": "tail", "enable.auto.commit": False,
                                                  "enable.partition.eof": True, "isolation.level": "read_committed"})
        self.topic, self.last, self.offsets, self.end = topic, {}, [], 0

    def read(self):
        """{key: last value}, keys and values as JSON; the topic has one partition."""
        self.consumer.assign([confluent_kafka.TopicPartition(self.topic, 0, 0)])
        self.last, self.offsets = {}, []
        while True:
            m = self.consumer.poll(20)
            assert m is not None, f"{self.topic} does not end"
            if m.error():
                if m.error().code() == confluent_kafka.KafkaError.UNKNOWN_TOPIC_OR_PART:
                    return self.last
                assert m.error().code() == confluent_kafka.KafkaError._PARTITION_EOF, m.error()
                self.end = m.offset()
                return self.last
            self.last[m.key().decode()] = m.value() and json.loads(m.value())
            self.offsets.append(m.offset())


def worker(kafka, folder, group, **more):
    m = Member(kafka, folder, 0, group, **{"offset.storage.partitions": "1", **more})
    rig.wait_for(lambda: m.ask("GET", "/connectors")[0] == 200, "REST")
    return m


def config_of(database, folder, name, **more):
    return {"connector.class": MARIADB, "database.hostname": "127.0.0.1", "database.port": str(database.server.port), "database.user": "penstock",
            "database.password": "penstock", "database.server.id": "61900", "topic.prefix": name, "table.include.list": rf"{database.name}\.t",
            "include.schema.changes": "false", "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
            "schema.history.internal.file.filename": f"{folder}/{name}.history", **more}


def put(m, name, config):
    answer = rig.wait_for(lambda: (lambda a: a if a[0] != 409 else None)(m.ask("PUT", f"/connectors/{name}/config", config)), "an answer that is not 'rebalance'")
    assert answer[0] in (200, 201), answer


def ids(kafka, topic):
    consumer = confluent_kafka.Consumer({"bootstrap.servers": kafka.env["BOOTSTRAP"], "group.id": "ids", "enable.auto.commit": False, "enable.partition.eof": True})
    consumer.assign([confluent_kafka.TopicPartition(topic, 0, 0)])
    found = []
    while (m := consumer.poll(20)) is not None and not m.error():
        value = json.loads(m.value())
        found.append((value["op"], value["after"]["id"]))
    consumer.close()
    return found


@pytest.mark.parametrize("more", [{}, EXACTLY_ONCE], ids=["at-least-once", "exactly-once"])
def test_a_connector_keeps_its_offsets_in_a_topic_of_its_own(more, maria_database, kafka, tmp_path):  # noqa: F811
    name = "o" + maria_database.name + ("x" if more else "")
    maria_database.run("CREATE TABLE t (id INT NOT NULL PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    m, key, topic = worker(kafka, tmp_path, name, **more), json.dumps([name, {"server": name}], separators=(",", ":")), f"{name}.{maria_database.name}.t"
    own, workers = Tail(kafka, name + "-own"), Tail(kafka, name + "-offsets")

    def offsets():
        return m.ask("GET", f"/connectors/{name}/offsets")[1]

    def state():
        return m.ask("GET", f"/connectors/{name}/status")[1]["connector"]["state"]
    try:
        config = config_of(maria_database, tmp_path, name, **{"offsets.storage.topic": name + "-own"})
        put(m, name, config)
        rig.wait_for(lambda: ids(kafka, topic) == [("r", 1)], "the snapshot")
        scanned = f'debezium_metrics_RowsScanned{{plugin="mariadb",name="{name}",context="snapshot",table="{maria_database.name}.t"}} 1'
        assert scanned in m.ask("GET", "/metrics")[1].splitlines()
        maria_database.run("INSERT INTO t VALUES (2)")
        rig.wait_for(lambda: ids(kafka, topic) == [("r", 1), ("c", 2)], "a row")
        assert m.ask("PUT", f"/connectors/{name}/stop")[0] == 204
        stored = offsets()["offsets"]
        assert [o["partition"] for o in stored] == [{"server": name}]
        assert own.read()[key] == stored[0]["offset"]
        rig.wait_for(lambda: workers.read().get(key) == stored[0]["offset"], "the worker's copy")
        assert rig.wait_for(state, "status") == "STOPPED"
        # Another row, while it is stopped; then it is rewound by REST to before that, twice.
        maria_database.run("INSERT INTO t VALUES (3)")
        put(m, name, config)
        assert m.ask("PUT", f"/connectors/{name}/resume")[0] == 202
        rig.wait_for(lambda: ids(kafka, topic)[2:] == [("c", 3)], "the row of meanwhile")
        assert m.ask("PUT", f"/connectors/{name}/stop")[0] == 204
        if more:  # somebody with the task's id, who must not write any more
            zombie = confluent_kafka.Producer({"bootstrap.servers": kafka.env["BOOTSTRAP"], "transactional.id": f"{name}-{name}-0"})
            zombie.init_transactions()
            zombie.begin_transaction()
            zombie.produce(topic, value=b'{"op":"z","after":{"id":0}}')
            zombie.flush()
        status, answer = m.ask("PATCH", f"/connectors/{name}/offsets", {"offsets": stored})
        assert status == 200 and "altered successfully" in answer["message"], answer
        assert offsets()["offsets"] == stored
        assert own.read()[key] == stored[0]["offset"]
        assert own.end == own.offsets[-1] + (2 if more else 1), "behind it stands the mark of a transaction, if it was one"
        if more:
            with pytest.raises(confluent_kafka.KafkaException):
                zombie.commit_transaction()
        assert m.ask("PUT", f"/connectors/{name}/resume")[0] == 202
        rig.wait_for(lambda: [i for i in ids(kafka, topic)[3:] if i[0] != "z"] == [("c", 3)], "the row again")
        # With another topic it starts from what the worker's says.
        put(m, name, {**config, "offsets.storage.topic": name + "-next"})
        rig.wait_for(lambda: name + "-next" in own.consumer.list_topics().topics, "the next topic is made")
        maria_database.run("INSERT INTO t VALUES (4)")
        rig.wait_for(lambda: ids(kafka, topic)[-1] == ("c", 4), "it goes on")
        assert [i for i in ids(kafka, topic) if i[0] == "r"] == [("r", 1)]
        rig.wait_for(lambda: key in Tail(kafka, name + "-next").read(), "its offset in the next topic")
        assert m.ask("PUT", f"/connectors/{name}/stop")[0] == 204
        status, answer = m.ask("DELETE", f"/connectors/{name}/offsets")
        assert status == 200 and "reset successfully" in answer["message"], answer
        assert offsets() == {"offsets": []}
        assert Tail(kafka, name + "-next").read()[key] is None and workers.read()[key] is None
        assert own.read()[key] is not None, "a topic that is not the connector's any more"
    finally:
        m.kill9()


def test_a_former_leader_cannot_write_configurations(maria_database, kafka, tmp_path):  # noqa: F811
    name = "l" + maria_database.name
    maria_database.run("CREATE TABLE t (id INT NOT NULL PRIMARY KEY)")
    m = worker(kafka, tmp_path, name, **EXACTLY_ONCE)
    try:
        config = config_of(maria_database, tmp_path, name)
        put(m, name, config)
        rig.wait_for(lambda: m.ask("GET", f"/connectors/{name}/tasks")[1], "its task is written")
        configs = Tail(kafka, name + "-configs")
        assert set(configs.read()) == {"session-key", f"connector-{name}", f"task-{name}-0", f"commit-{name}"}
        assert configs.end == 8, "each is a transaction"
        other = confluent_kafka.Producer({"bootstrap.servers": kafka.env["BOOTSTRAP"], "transactional.id": "connect-cluster-" + name})
        other.init_transactions()
        # Whoever has claimed the id does not lead: the leader takes it back with its next write.
        assert m.ask("PUT", f"/connectors/{name}/config", {**config, "tombstones.on.delete": "false"})[0] == 200
        assert m.ask("GET", f"/connectors/{name}/config")[1]["tombstones.on.delete"] == "false"
        with pytest.raises(confluent_kafka.KafkaException):
            other.begin_transaction()
            other.produce(name + "-configs", key=b"connector-x", value=b"{}")
            other.commit_transaction()
        assert m.ask("DELETE", f"/connectors/{name}")[0] == 204
        assert configs.read()[f"connector-{name}"] is None
    finally:
        m.kill9()
