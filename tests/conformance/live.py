"""What a conformance run is, whichever program does it: the case folder, its options, what counts as a record of it.

A case is setup.sql (before the connector is created: what the snapshot reads), stream.sql (once it streams) and
config.json (options added to the common ones; null takes one away). Its database is c_<name of the folder>.
"""
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden"))
import normal  # noqa: E402
import reference  # noqa: E402

PREFIX = "P"


def options(case, mariadb):
    """Connector options of a case that both programs get."""
    config = {
        "connector.class": normal.CONNECTORS["mariadb" if mariadb else "mysql"],
        "database.include.list": "c_" + case.name,
        "schema.history.internal.store.only.captured.databases.ddl": "true",
        "schema.history.internal.store.only.captured.tables.ddl": "true",
        "key.converter": "org.apache.kafka.connect.json.JsonConverter",
        "key.converter.schemas.enable": "false",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
    }
    path = case / "config.json"
    if path.exists():
        config.update(json.loads(path.read_text().replace("${prefix}", PREFIX)))
    return reference.with_sentinel({k: v for k, v in config.items() if v is not None})


def expected(case, mariadb):
    return case / ("expected.mariadb.jsonl" if mariadb else "expected.jsonl")


def runs_on(case, mariadb):
    """Whether the case is one for that kind of server: a file in it may say that it is not."""
    return not (case / ("mysql-only" if mariadb else "mariadb-only")).exists()


def prepare(server, case):
    server.script(f"DROP DATABASE IF EXISTS {reference.SENTINEL};")
    server.script((case / "setup.sql").read_text())


def play(server, case):
    """What happens once the program streams, and then the sentinel."""
    if (case / "stream.sql").exists():
        server.script((case / "stream.sql").read_text())
    server.sentinel_table()
    server.sentinel()


def without_sentinel(records):
    """Drops what the sentinel caused: its rows, its DDL, the marks of its transactions."""
    word, ours = reference.SENTINEL, set()

    def transaction(r):
        if not r["topic"].endswith("transaction") or r["value"] is None:
            return None
        value = json.loads(r["value"])
        return value.get("payload", value).get("id") if isinstance(value, dict) else None

    for r in records:
        if r["value"] and word in r["value"]:
            ours.add(transaction(r))
            # MariaDB's connector writes a BEGIN for each GTID, so for the DDL too
            ours.update(re.findall(r'"gtid":"([^"]+)"', r["value"]))
    ours.discard(None)
    return [r for r in records
            if not any(word in (r[part] or "") for part in ("topic", "key", "value")) and transaction(r) not in ours]


def settle(records):
    """Normalised as recordings are: positions, times and ids of two runs differ."""
    kept = without_sentinel(records)
    return normal.by_topic([normal.record(r["topic"], r["key"], r["value"], r["headers"], normal.LIVE) for r in kept])
