"""A worker without a properties file: everything from the variables of a container, as Debezium's and Confluent's images have them."""
import json
import os
import signal

import pytest

import rig
from test_distributed import MARIADB, Member, free_port
from test_kafka import Topics, kafka  # noqa: F401: the fixture

JSON = "org.apache.kafka.connect.json.JsonConverter"


class Contained(Member):
    """A worker that no file says anything to."""

    def __init__(self, args, port, folder, env):
        self.url = f"http://127.0.0.1:{port}"
        rig.Process.__init__(self, args, rig.subprocess.DEVNULL, str(folder / "log"), env)


def variables(image, group, brokers, port, folder):
    """What `docker run -e` gives to each image, and the schemas that its records then have."""
    if image == "debezium":  # its stock properties say schemas.enable=true and replication factor 1
        return {"BOOTSTRAP_SERVERS": brokers, "GROUP_ID": group, "CONFIG_STORAGE_TOPIC": group + "-configs", "OFFSET_STORAGE_TOPIC": group + "-offsets",
                "STATUS_STORAGE_TOPIC": group + "-status", "OFFSET_FLUSH_INTERVAL_MS": "500", "ADVERTISED_HOST_NAME": "127.0.0.1", "ADVERTISED_PORT": str(port),
                "CONNECT_LISTENERS": f"http://127.0.0.1:{port}", "CONNECT_OFFSET_STORAGE_PARTITIONS": "2", "LOG_LEVEL": "INFO"}, True
    plain = {"CONNECT_BOOTSTRAP_SERVERS": brokers, "CONNECT_KEY_CONVERTER": JSON, "CONNECT_VALUE_CONVERTER": JSON, "CONNECT_KEY_CONVERTER_SCHEMAS_ENABLE": "false",
             "CONNECT_VALUE_CONVERTER_SCHEMAS_ENABLE": "false", "CONNECT_LISTENERS": f"http://127.0.0.1:{port}", "CONNECT_LOG4J_ROOT_LOGLEVEL": "INFO"}
    if image == "standalone":
        return {**plain, "CONNECT_OFFSET_STORAGE_FILE_FILENAME": f"{folder}/offsets"}, False
    topics = {f"CONNECT_{x}_STORAGE_TOPIC": f"{group}-{x.lower()}" for x in ("CONFIG", "OFFSET", "STATUS")}
    return {**plain, **topics, **{f"{k[:-5]}REPLICATION_FACTOR": "1" for k in topics}, "CONNECT_GROUP_ID": group, "CONNECT_REST_ADVERTISED_HOST_NAME": "127.0.0.1"}, False


@pytest.mark.parametrize("image", ["debezium", "confluent", "standalone"])
def test_a_worker_of_variables(image, maria_database, kafka, tmp_path):  # noqa: F811
    name, port = f"{image}-{maria_database.name}", free_port()
    maria_database.run("CREATE TABLE t (id INT NOT NULL PRIMARY KEY)", "INSERT INTO t VALUES (7)")
    given, schemas = variables(image, "g" + name, kafka.env["BOOTSTRAP"], port, tmp_path)
    config = {"connector.class": MARIADB, "database.hostname": "127.0.0.1", "database.port": str(maria_database.server.port), "database.user": "penstock",
              "database.password": "penstock", "database.server.id": "61900", "topic.prefix": name, "table.include.list": rf"{maria_database.name}\.t",
              "include.schema.changes": "false", "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
              "schema.history.internal.file.filename": f"{tmp_path}/history", "schema.history.internal.store.only.captured.tables.ddl": "true"}
    args = ["distributed"]
    if image == "standalone":
        (tmp_path / "c.json").write_text(json.dumps({"name": name, "config": config}))
        args = ["standalone", "-", str(tmp_path / "c.json")]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CONNECT_")}
    worker = Contained(args, port, tmp_path, {**environment, **given})
    try:
        rig.wait_for(lambda: worker.ask("GET", "/connectors")[0] == 200 or not worker.alive(), "REST")
        assert worker.alive(), worker.log()[-2000:]
        if image != "standalone":
            answer = rig.wait_for(lambda: (lambda a: a if a[0] != 409 else None)(worker.ask("POST", "/connectors", {"name": name, "config": config})), "an answer")
            assert answer[0] == 201, answer
        topics = Topics(kafka, name + ".")
        first = rig.wait_for(lambda: (lambda m: m if m and not m.error() else None)(topics.consumer.poll(0.2)), "the row")
        key, value = json.loads(first.key()), json.loads(first.value())
        assert (key["payload"] if schemas else key) == {"id": 7}
        assert (value["payload"] if schemas else value)["after"] == {"id": 7}
        assert rig.wait_for(lambda: worker.places(name).get(name), "its status") == f"127.0.0.1:{port}"
        topics.close()
        assert worker.finish(signal.SIGTERM) == 0
    finally:
        worker.kill9()


def test_variables_that_are_not_enough(program):
    keep = {k: v for k, v in os.environ.items() if not k.startswith("CONNECT_")}
    status, _, log = rig.run_penstock("distributed", env={**keep, "CONFIG_STORAGE_TOPIC": "c"})
    assert status == 2 and "OFFSET_STORAGE_TOPIC is not set" in log
    status, _, log = rig.run_penstock("standalone", env={**keep, "CONNECT_BOOTSTRAP_SERVERS": "b:1"})
    assert status == 2 and "CONNECT_KEY_CONVERTER is not set" in log
    status, _, log = rig.run_penstock("standalone", env=keep)
    assert status == 1 and "a worker properties file is needed" in log
