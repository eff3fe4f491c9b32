"""The reference side: a Kafka Connect worker with Debezium, its Kafka, and a MySQL or MariaDB server.

A run ends when a sentinel row has arrived, not after a silence: table `zz_end`.`zz_end` is captured beside the case's own
tables, and a row written to it comes out behind everything before it in the binlog. The word is in its topic whatever a
transform makes of the topic.
"""
import json
import urllib.error
import urllib.request
import uuid

import pymysql

SENTINEL = "zz_end"


def statements(script):
    """Statements of a script; each ends with the delimiter at the end of a line, DELIMITER changes it."""
    buffer, delimiter = [], ";"
    for line in script.splitlines():
        bare = line.strip()
        if not buffer and (not bare or bare.startswith("--")):
            continue
        if not buffer and bare.upper().startswith("DELIMITER "):
            delimiter = bare.split()[1]
            continue
        buffer.append(line)
        if bare.endswith(delimiter):
            yield "\n".join(buffer).rstrip()[: -len(delimiter)]
            buffer = []
    if buffer:
        yield "\n".join(buffer)


class Server:
    def __init__(self, address, user, password):
        host, port = address.rsplit(":", 1)
        self.host, self.port, self.user, self.password = host, int(port), user, password
        self.c = pymysql.connect(host=host, port=int(port), user=user, password=password, autocommit=True,
                                 charset="utf8mb4")

    def ask(self, sql):
        cursor = self.c.cursor()
        cursor.execute(sql)
        return cursor.fetchall()

    def script(self, text):
        """On a connection of its own, so that session settings end with the script."""
        c = pymysql.connect(host=self.host, port=self.port, user=self.user, password=self.password, autocommit=True,
                            charset="utf8mb4")
        try:
            cursor = c.cursor()
            for sql in statements(text):
                try:
                    cursor.execute(sql)
                    while cursor.nextset():
                        pass
                except pymysql.MySQLError as e:
                    raise SystemExit(f"unable to run a statement on {self.host}:{self.port}: {e}: {sql[:300]}")
        finally:
            c.close()

    def sentinel(self):
        """One row in and out again: some connectors skip inserts, none of the cases skips all three."""
        self.ask(f"INSERT INTO {SENTINEL}.{SENTINEL} VALUES (1, 1)")
        self.ask(f"UPDATE {SENTINEL}.{SENTINEL} SET v = 2")
        self.ask(f"DELETE FROM {SENTINEL}.{SENTINEL}")

    def sentinel_table(self):
        self.script(f"DROP DATABASE IF EXISTS {SENTINEL};\nCREATE DATABASE {SENTINEL};\n"
                    f"CREATE TABLE {SENTINEL}.{SENTINEL} ({SENTINEL} INT NOT NULL PRIMARY KEY, v INT);")

    def reader(self, name):
        """A user of its own for one run, so that its binlog dump is told from others'. Not in the binlog."""
        self.script(f"SET sql_log_bin = 0;\nDROP USER IF EXISTS {name}@'%';\n"
                    f"CREATE USER {name}@'%' IDENTIFIED BY '{name}';\nGRANT ALL ON *.* TO {name}@'%';")

    def reader_gone(self, name):
        self.script(f"SET sql_log_bin = 0;\nDROP USER IF EXISTS {name}@'%';")

    def streams(self, name):
        """Whether that user's connection is sending the binlog: the snapshot is over."""
        try:
            return bool(self.ask("SELECT 1 FROM information_schema.processlist "
                                 f"WHERE user = '{name}' AND command LIKE 'Binlog Dump%'"))
        except pymysql.OperationalError as e:
            if e.args[0] != 3854:  # somebody's statement that the table's utf8mb3 cannot show
                raise
            return False


class Worker:
    def __init__(self, url):
        self.url = url.rstrip("/")

    def rest(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, method=method, headers={"Content-Type": "application/json"},
                                         data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                raw = answer.read()
                return answer.status, json.loads(raw) if raw else None
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode(errors="replace")

    def task(self, name):
        """(state, trace) of the one task, or (None, '') while there is none."""
        status, body = self.rest("GET", f"/connectors/{name}/status")
        if status != 200 or not body["tasks"]:
            return None, ""
        return body["tasks"][0]["state"], body["tasks"][0].get("trace", "")

    def create(self, name, config):
        status, body = self.rest("POST", "/connectors", {"name": name, "config": config})
        if status not in (200, 201):
            raise SystemExit(f"POST /connectors of {name}: {status} {body}")

    def stop(self, name):
        self.rest("PUT", f"/connectors/{name}/stop")

    def is_stopped(self, name):
        """The task has ended, and with it its producer."""
        status, body = self.rest("GET", f"/connectors/{name}/status")
        return status == 200 and body["connector"]["state"] == "STOPPED" and not body["tasks"]

    def delete(self, name):
        self.rest("DELETE", f"/connectors/{name}")


class Topics:
    """Everything under a topic prefix, unless `reads` says which topics."""

    def __init__(self, bootstrap, prefix, reads=None):
        from confluent_kafka import Consumer, TopicPartition  # only recording needs it

        self.prefix, self.part = prefix, TopicPartition
        self.c = Consumer({"bootstrap.servers": bootstrap, "group.id": "conformance-" + prefix,
                           "enable.auto.commit": False, "topic.metadata.refresh.interval.ms": 1000})
        self.records, self.next = [], {}
        self.reads = reads or self._is_ours

    def _is_ours(self, topic):
        skipped = topic.startswith("hist-") or topic == "__debezium-heartbeat." + self.prefix
        return topic.startswith(self.prefix) and not skipped  # whatever the delimiter is

    def _parts(self):
        topics = self.c.list_topics(timeout=20).topics
        for name, topic in topics.items():
            if self.reads(name):
                for number in topic.partitions:
                    yield name, number

    def poll(self):
        """Reads what is new; returns those records as (topic, key, value, headers), bytes."""
        fresh = []
        for name, number in sorted(self._parts()):
            at = self.next.get((name, number), 0)
            end = self.c.get_watermark_offsets(self.part(name, number), timeout=20)[1]
            if end <= at:
                continue
            self.c.assign([self.part(name, number, at)])
            while at < end:
                m = self.c.poll(20)
                if m is None:
                    raise SystemExit(f"unable to read {name} at offset {at}: nothing came in 20 s")
                if m.error():
                    continue
                at = m.offset() + 1
                fresh.append((m.topic(), m.key(), m.value(), m.headers() or []))
            self.next[(name, number)] = at
        self.records += fresh
        return fresh

    def close(self):
        self.c.close()


def is_sentinel(r):
    """r = (topic, …): a row of the sentinel table, whatever became of it."""
    return SENTINEL in r[0]


def with_sentinel(config):
    """The connector's options, with the sentinel table among what is captured."""
    also = {"database": "", "table": r"\." + SENTINEL, "column": rf"\.{SENTINEL}\..*"}
    for kind, tail in also.items():
        key = kind + ".include.list"
        if key in config:
            config[key] += "," + SENTINEL + tail
    return config


def prefix():
    return "g" + uuid.uuid4().hex[:9]


def decode(data, own_prefix, name):
    """Text of a key, value or header, under the common topic prefix."""
    if data is None:
        return None
    try:
        return data.decode("utf-8").replace(own_prefix, name)
    except UnicodeDecodeError:
        return "hex:" + data.hex()
