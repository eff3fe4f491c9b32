"""Every kind of record that the program writes matches its JSON Schema in schemas/."""
import collections
import json
import os

import jsonschema
import pytest

import rig

OPTIONS = ["provide.transaction.metadata=true", "include.query=true", "heartbeat.interval.ms=200", "skipped.operations=none"]
KINDS = {"change": {"op", "source", "before"}, "schema-change": {"ddl", "tableChanges"}, "transaction": {"status", "data_collections"},
         "heartbeat": {"ts_ms"}}


def kind_of(value):
    return next(kind for kind, fields in KINDS.items() if fields <= value.keys())


@pytest.fixture(scope="session")
def validators():
    folder = os.path.join(rig.ROOT, "schemas")
    store = {name: json.load(open(os.path.join(folder, name))) for name in os.listdir(folder) if name.endswith(".json")}
    resolver = jsonschema.RefResolver("", {}, store=store)
    return {name.split(".")[0]: jsonschema.Draft202012Validator(schema, resolver=resolver) for name, schema in store.items()}


def test_records_match_their_schemas(database, stream, validators):
    before, after = rig.statements("transactions")
    database.run(*before)
    s = stream(database, options=OPTIONS)
    s.wait_streaming()
    database.run(*after, "CREATE TABLE later (id INT PRIMARY KEY, e ENUM('a','b') DEFAULT 'a')", "ALTER TABLE later COMMENT 'c'", "TRUNCATE TABLE later")
    s.sync()
    s.wait(lambda: any("heartbeat" in r.topic for r in s.records), "a heartbeat")
    s.stop()
    seen = collections.Counter()
    for r in s.records:
        if r.value is None:
            continue
        kind = kind_of(r.value)
        seen[kind] += 1
        errors = [f"{'/'.join(map(str, e.path))}: {e.message}" for e in validators[kind].iter_errors(r.value)]
        assert not errors, f"{r.topic} {r.value}: {errors[:3]}"
    assert set(seen) == set(KINDS), seen


@pytest.mark.parametrize("kind", ["mariadb", "mysql56"])
def test_where_case_does_not_count_the_source_has_the_name_that_is_logged(program, servers, stream, kind):
    """Topic and schema have the name of the statement that made the table, source.table that of the server (Debezium)."""
    server = servers.get(kind, kind + "-lower")
    server.up("--lower-case-table-names=1")
    d = server.fresh_database()
    s = stream(d, snapshot_mode="initial")
    s.sync()
    d.run("CREATE TABLE Orders (id INT PRIMARY KEY)", "INSERT INTO ORDERS VALUES (1)", "UPDATE orders SET id = 2")
    s.sync()
    s.stop()
    d.drop()
    assert {(r.topic.rsplit(".", 1)[1], r.value["source"]["table"]) for r in s.records if r.value and "orders" in r.topic.lower()} \
        == {("Orders", "orders")}
