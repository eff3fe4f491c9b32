"""What a conformance run is, whichever program does it: the case folder, its options, what counts as a record of it.

A case is setup.sql (before the connector is created: what the snapshot reads), stream.sql (once it streams) and
config.json (options added to the common ones; null takes one away). Its database is c_<name of the folder>; others that it
makes begin with that. A folder with config.<variant>.json is one more case each, with those options on top.
A file `history` says that its recordings hold the schema history too, as records of topic hist-P.
"""
import dataclasses
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden"))
import normal  # noqa: E402
import reference  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PREFIX = "P"
HISTORY = "hist-" + PREFIX


@dataclasses.dataclass(frozen=True)
class Case:
    folder: pathlib.Path
    variant: str = ""

    @property
    def name(self):
        return ".".join(filter(None, (self.folder.name, self.variant)))

    @property
    def database(self):
        return "c_" + self.folder.name

    @property
    def has_history(self):
        return (self.folder / "history").exists()

    def is_for(self, mariadb):
        """A file in the folder may say that it is not for that kind of server."""
        return not (self.folder / ("mysql-only" if mariadb else "mariadb-only")).exists()

    def configs(self):
        return [self.folder / "config.json"] + ([self.folder / f"config.{self.variant}.json"] if self.variant else [])

    def expected(self, mariadb):
        parts = ("expected", "mariadb" if mariadb else "", self.variant, "jsonl")
        return self.folder / ".".join(filter(None, parts))


def cases(folders, only, mariadb):
    """The cases of those folders, by name; `only` names folders or cases."""
    found = []
    for folder in folders or sorted(s.parent for s in HERE.glob("cases/*/setup.sql")):
        folder = folder.resolve()
        variants = sorted(p.name[len("config."):-len(".json")] for p in folder.glob("config.*.json"))
        found += [c for c in (Case(folder, v) for v in ["", *variants])
                  if c.is_for(mariadb) and (not only or {c.name, folder.name} & set(only))]
    return found


def options(case, mariadb):
    """Connector options of a case that both programs get."""
    config = {
        "connector.class": normal.CONNECTORS["mariadb" if mariadb else "mysql"],
        "database.include.list": case.database,
        "schema.history.internal.store.only.captured.databases.ddl": "true",
        "schema.history.internal.store.only.captured.tables.ddl": "true",
        "key.converter": "org.apache.kafka.connect.json.JsonConverter",
        "key.converter.schemas.enable": "false",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
    }
    for path in case.configs():
        if path.exists():
            config.update(json.loads(path.read_text().replace("${prefix}", PREFIX)))
    return reference.with_sentinel({k: v for k, v in config.items() if v is not None})


def prepare(server, case):
    server.script(f"DROP DATABASE IF EXISTS {reference.SENTINEL};")
    server.script((case.folder / "setup.sql").read_text())


def play(server, case):
    """What happens once the program streams, and then the sentinel."""
    if (case.folder / "stream.sql").exists():
        server.script((case.folder / "stream.sql").read_text())
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


def is_of(case, r, captured_only):
    """Not a statement about what else the server holds, nor one that our history has beside Debezium's (README, "Differences
    from Debezium": charsets of databases)."""
    if r["topic"] not in (PREFIX, HISTORY) or not (r["value"] or "").startswith("{"):
        return True
    value = json.loads(r["value"])
    value = value.get("payload", value)
    if captured_only and r["topic"] == HISTORY and re.match("(CREATE|ALTER) DATABASE ", value["ddl"]):
        return False
    return not value.get("databaseName") or value["databaseName"].startswith(case.database)


# Positions in the history; GTIDs of ours have the statement's own (README, "Differences from Debezium"), and so do not need
# to say that it stands behind its GTID event, as MariaDB's connector does.
POSITIONS = normal.LIVE + [(re.compile(r'"gtids":"[^"]*"'), '"gtids":"GTIDS"'), (re.compile(r'"ts_sec":\d+'), '"ts_sec":0')]
MARIADB_POSITIONS = POSITIONS + [(re.compile(r'("server_id":0),"event":1}'), r"\1}")]


def settle(case, mariadb, records):
    """Normalised as recordings are: positions, times and ids of two runs differ."""
    captured_only = options(case, mariadb)["schema.history.internal.store.only.captured.tables.ddl"] == "true"
    kept = [r for r in without_sentinel(records) if is_of(case, r, captured_only)]
    positions = MARIADB_POSITIONS if mariadb else POSITIONS
    return normal.by_topic([normal.record(r["topic"], r["key"], r["value"], r["headers"],
                                          positions if r["topic"] == HISTORY else normal.LIVE) for r in kept])


def history_record(line):
    return {"topic": HISTORY, "key": None, "value": line, "headers": []}
