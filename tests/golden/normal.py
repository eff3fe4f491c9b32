"""What two runs over the same binlog may differ in, and nothing else; and how recordings are kept.

A recording is JSON lines {"topic", "key", "value", "headers"}: key and value are the exact text that was produced (or
null), as JSON strings, so that any byte counts and any converter fits. Penstock's stdout has the same lines with
key and value as bare JSON; `produced` cuts that text out without reformatting it.
Only the standard library, because the golden suite runs wherever the program is built.
"""
import json
import pathlib
import re

PREFIX = "golden"

# Of one binlog file all positions, GTIDs, thread ids and source times are equal in every run; what is left is the
# time of processing (envelope, schema change), the version and the id of the run.
STAMPS = [
    (re.compile(r'"version":"[^"]*","connector"'), '"version":"V","connector"'),
    (re.compile(r'("source[_.]version":)"[^"]*"'), r'\1"V"'),  # flattened
    (re.compile(r'("op":"[a-z]+","ts_ms":)\d+(?:(,"ts_us":)\d+(,"ts_ns":)\d+)?'),
     lambda m: m[1] + "0" + (m[2] + "0" + m[3] + "0" if m[2] else "")),
    (re.compile(r'("ts_ms":)\d+(,"databaseName":)'), r"\g<1>0\2"),
    # the same as StringConverter has it; [B@ is a Java object's address
    (re.compile(r"(Struct\{version=)[^,]*(,connector=)"), r"\1V\2"),
    (re.compile(r"(op=[a-z]+,ts_ms=)\d+(,ts_us=)\d+(,ts_ns=)\d+\}$"), r"\g<1>0\g<2>0\g<3>0}"),
    (re.compile(r"(,ts_ms=)\d+(,databaseName=)"), r"\g<1>0\2"),
    (re.compile(r"\[B@[0-9a-f]+"), "[B@0"),
]
RUN_ID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
RUN_ID_INSIDE = re.compile(r'"' + RUN_ID.pattern.strip("^$") + '"')  # JsonConverter as header.converter

# Of two runs against a live server also positions, times and GTIDs differ.
LIVE = STAMPS + [
    (re.compile(r'"([a-z_]*ts_(?:ms|us|ns))":(\d+|null)'), r'"\1":0'),
    (re.compile(r'"(pos|thread)":\d+'), r'"\1":0'),
    (re.compile(r'"file":"[^"]*"'), '"file":"F"'),
    (re.compile(r'"(gtid|id|transaction_id)":"\d+-\d+-\d+"'), r'"\1":"GTID"'),
    (re.compile(r'"server_id":\d+'), '"server_id":0'),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}:[0-9,:-]+"), "GTID"),
    (re.compile(r"file=[^,\"]*,pos=\d+"), "file=F,pos=0"),
]


def text(value, rules):
    """Key, value or header text without what may differ."""
    if value is None:
        return None
    for pattern, replacement in rules:
        value = pattern.sub(replacement, value)
    return value


def record(topic, key, value, headers, rules):
    run = [[k, "RUN" if v is not None and RUN_ID.match(v) else text(v, rules)] for k, v in headers]
    run = [[k, RUN_ID_INSIDE.sub('"RUN"', v) if v is not None and k.endswith(".runId") else v] for k, v in run]
    return {"topic": topic, "key": text(key, rules), "value": text(value, rules), "headers": run}


def by_topic(records):
    """Kafka keeps order within a topic only, so a recording has no other: topics by name, inside as produced."""
    return sorted(records, key=lambda r: r["topic"])


def dump(records):
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records)


def load(path):
    with open(path, encoding="utf-8", newline="\n") as f:
        return [json.loads(line) for line in f if line.strip()]


def as_lines_can_say(records):
    """A value of the four bytes `null` (ExtractNewRecordState on a tombstone, JsonConverter without schemas) and no value
    at all are two things in Kafka, but the same bare JSON on a line of stdout."""
    return [{**r, "key": None if r["key"] == "null" else r["key"], "value": None if r["value"] == "null" else r["value"]}
            for r in records]


class Lines:
    """Cuts one line of `penstock stream` into raw members; says where a line is not JSON."""

    def __init__(self):
        self.scan = json.JSONDecoder(strict=True).raw_decode

    def _space(self, s, i):
        while i < len(s) and s[i] in " \t\r\n":
            i += 1
        return i

    def items(self, s, i, close):
        """(start, end, value) of each member value of the array or object that opens at s[i]."""
        i = self._space(s, i + 1)
        while s[i] != close:
            name = None
            if close == "}":
                name, i = self.scan(s, i)
                i = self._space(s, self._expect(s, self._space(s, i), ":"))
            value, end = self.scan(s, i)
            yield name, s[i:end], value
            i = self._space(s, end)
            if s[i] == ",":
                i = self._space(s, i + 1)

    @staticmethod
    def _expect(s, i, c):
        if s[i] != c:
            raise ValueError(f"'{c}' expected at column {i}")
        return i + 1

    def produced(self, line, rules, bare):
        member = {name: (raw, value) for name, raw, value in self.items(line, 0, "}")}
        missing = {"topic", "key", "value", "headers"} - set(member)
        if missing:
            raise ValueError(f"no {', '.join(sorted(missing))} in it")
        raw = {k: None if member[k][0] == "null" else member[k][0] if bare[k] else member[k][1] for k in ("key", "value")}
        headers = []
        for _, pair, _ in self.items(member["headers"][0], 0, "]"):
            (_, _, name), (_, value, decoded) = list(self.items(pair, 0, "]"))
            headers.append([name, decoded if isinstance(decoded, str) else None if decoded is None else value])
        return record(member["topic"][1], raw["key"], raw["value"], headers, rules)


def produced(stdout, options, rules=STAMPS):
    """Records of penstock's stdout (text): JSON stands there bare, what StringConverter makes as a JSON string."""
    cut = Lines()
    bare = {k: options.get(k + ".converter", "JsonConverter").endswith("JsonConverter") for k in ("key", "value")}
    out = []
    for number, line in enumerate(stdout.split("\n"), 1):
        if line.strip():
            try:
                out.append(cut.produced(line, rules, bare))
            except (ValueError, IndexError) as e:
                raise ValueError(f"line {number} of the output is not a record: {e}: {line[:300]}") from None
    return out


def settings(database, config):
    """The connector options of a case that both programs get, the case's own winning."""
    base = {
        "topic.prefix": PREFIX,
        "snapshot.mode": "no_data",
        "schema.history.internal.store.only.captured.tables.ddl": "false",  # penstock stream's own default is true
        "key.converter": "org.apache.kafka.connect.json.JsonConverter",
        "key.converter.schemas.enable": "false",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
    }
    if "database.exclude.list" not in config:
        base["database.include.list"] = database
    base.update(config)
    return {k: v for k, v in base.items() if v is not None}


CONNECTORS = {
    "mysql": "io.debezium.connector.mysql.MySqlConnector",
    "mariadb": "io.debezium.connector.mariadb.MariaDbConnector",
}


def connector_class(server):
    """'mysql-nogtid' is a MySQL too."""
    return CONNECTORS[server.split("-")[0]]


def variants(case):
    """{variant: options} of a case folder; '' is config.json or nothing."""
    case = pathlib.Path(case)
    found = {"": case / "config.json"}
    found.update({p.name[len("config."):-len(".json")]: p for p in sorted(case.glob("config.*.json"))})
    database = "g_" + case.name.replace("-", "_")
    return {name: settings(database, json.loads(p.read_text()) if p.exists() else {}) for name, p in found.items()}


def recording(kind, server, variant):
    return ".".join(filter(None, (kind, server, variant, "jsonl")))
