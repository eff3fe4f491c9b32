"""Signals that change what the connector knows: definitions of tables, the stored position. The records were compared
with Debezium's for the same signals."""
import json

import pytest

import rig
from test_incremental import options, signal, signal_table, streaming

INT = {"jdbcType": 4, "typeName": "INT", "typeExpression": "INT", "charsetName": None, "autoIncremented": False, "generated": False}


def definition(*names):
    columns = [{**INT, "name": n, "position": i, "optional": i > 1, "hasDefaultValue": i > 1} for i, n in enumerate(names, 1)]
    return {"defaultCharsetName": "utf8mb4", "primaryKeyColumnNames": [names[0]], "columns": columns}


def change(d, kind, table, *names):
    c = {"type": kind, "id": f'"{d.name}"."{table}"'}
    return {**c, "table": definition(*names)} if names else c


def changes(s):
    return [r.value for r in s.records if isinstance(r.value, dict) and "tableChanges" in r.value and r.value["ddl"] is None]


def after(s, id):
    return next(r.value["after"] for r in s.records if r.table == "t" and r.value["after"]["id"] == id)


def test_schema_changes(maria_database, stream):
    """A definition given by hand counts from the next row on, is in the topic and in the history, also after a restart."""
    d = maria_database
    d.run("CREATE TABLE t (id INT PRIMARY KEY, v INT)")
    signal_table(d)
    s = stream(d, snapshot_mode="no_data", options=options(d))
    streaming(s)
    d.run("INSERT INTO t VALUES (1, 1)")
    signal(d, "s1", "schema-changes", database=d.name, changes=[change(d, "ALTER", "t", "id", "renamed"), change(d, "CREATE", "other", "x")])
    d.run("INSERT INTO t VALUES (2, 2)")
    s.sync()
    assert after(s, 1) == {"id": 1, "v": 1} and after(s, 2) == {"id": 2, "renamed": 2}
    told = changes(s)
    assert [(c["databaseName"], c["source"]["table"], c["tableChanges"][0]["type"], c["tableChanges"][0]["id"]) for c in told] == \
        [(d.name, "sig", "ALTER", f'"{d.name}"."t"'), (d.name, "sig", "CREATE", f'"{d.name}"."other"')]
    assert [c["name"] for c in told[0]["tableChanges"][0]["table"]["columns"]] == ["id", "renamed"]
    s.stop()
    s = stream(d, snapshot_mode="no_data", options=options(d))
    streaming(s)
    d.run("INSERT INTO t VALUES (3, 3)")
    signal(d, "s2", "schema-changes", changes=[change(d, "DROP", "t")])
    signal(d, "s3", "schema-changes", database=d.name, changes=[{"type": "ALTER", "id": "t", "table": definition("id")}])
    signal(d, "s4", "schema-changes", database=d.name, changes=[{"type": "ALTER", "id": f'"{d.name}"."t"', "table": {"columns": 7}}])
    signal(d, "s5", "schema-changes", database=d.name, changes=[change(d, "DROP", "other")])
    d.run("INSERT INTO t VALUES (4, 4)")
    s.sync()
    assert after(s, 3) == {"id": 3, "renamed": 3} and after(s, 4) == {"id": 4, "renamed": 4}
    assert [c["tableChanges"] for c in changes(s)][-1] == []  # Debezium's record of a DROP
    for id in ("s2", "s3", "s4"):
        assert f"signal '{id}' of type 'schema-changes' is left out" in s.log()
    s.stop()


def here(d):
    """What a signal says of the server's position: a file and position only where there are no GTIDs."""
    if not d.gtids:
        file, position = rig.binlog_status(d.cursor)[:2]
        return {"binlog_filename": file, "binlog_position": position}
    d.cursor.execute("SELECT " + ("@@gtid_binlog_pos" if d.server.kind == "mariadb" else "@@global.gtid_executed"))
    return {"gtid_set": d.cursor.fetchone()[0]}


def is_stored(s, where):
    stored = s.stored()
    if "gtid_set" in where:
        return stored["gtids"] == where["gtid_set"].replace("\n", "")
    return (stored["file"], stored["pos"]) == (where["binlog_filename"], where["binlog_position"])


def ids(s):
    return [r.value["after"]["id"] for r in s.records if r.table == "t"]


@pytest.fixture
def without_gtids(servers):
    server = servers.get("mysql", "nogtid")
    server.up("--gtid-mode=OFF", "--enforce-gtid-consistency=OFF")
    d = server.fresh_database()
    yield d
    d.drop()


def test_set_binlog_position(database, stream, tmp_path):
    set_and_start(database, True, stream, tmp_path)


def test_set_binlog_position_without_gtids(without_gtids, stream, tmp_path):
    set_and_start(without_gtids, False, stream, tmp_path)


def set_and_start(d, gtids, stream, tmp_path):
    """The stream goes on; the next start begins at the position, once, also where the signal itself comes again."""
    d.gtids, path = gtids, tmp_path / "signals.txt"
    d.run("CREATE TABLE t (id INT PRIMARY KEY)")
    signal_table(d)
    more = options(d, "signal.enabled.channels=source,file", f"signal.file={path}", "signal.poll.interval.ms=50")
    path.write_text("")
    s = stream(d, snapshot_mode="no_data", options=more)
    streaming(s)
    d.run("INSERT INTO t VALUES (1)")
    s.sync()
    where = here(d)
    d.run("INSERT INTO t VALUES (2)")
    bad = [{"binlog_filename": "binlog.000001"}, {"binlog_position": 4}, {"binlog_filename": "x", "binlog_position": 4}, {"gtid_set": "nonsense"}, {},
           {"binlog_filename": "binlog.000001", "binlog_position": -1}, {**where, "binlog_filename": "binlog.000001", "gtid_set": "0-1-1"}]
    if "gtid_set" in where:
        bad.append({"binlog_filename": "binlog.000001", "binlog_position": 4})
    for n, data in enumerate(bad):
        d.cursor.execute("INSERT INTO sig VALUES (%s, 'set-binlog-position', %s)", (f"n{n}", json.dumps(data)))
    d.cursor.execute("INSERT INTO sig VALUES ('p', 'set-binlog-position', %s)", (json.dumps(where),))
    d.run("INSERT INTO t VALUES (3)")
    s.sync()
    for n in range(len(bad)):
        assert f"signal 'n{n}' of type 'set-binlog-position' is left out" in s.log()
    s.stop()
    assert ids(s) == [1, 2, 3] and is_stored(s, where)

    s = stream(d, snapshot_mode="no_data", options=more)
    s.wait(lambda: len(ids(s)) >= 5 or not s.alive(), "rows 2 and 3 again")
    s.sync()
    assert ids(s) == [1, 2, 3, 2, 3]
    assert "signal 'p' of type 'set-binlog-position' was done before the last start" in s.log()
    s.stop()
    assert not is_stored(s, where)

    s = stream(d, snapshot_mode="no_data", options=more)
    streaming(s)
    d.run("INSERT INTO t VALUES (4)")
    s.sync()
    assert ids(s) == [1, 2, 3, 2, 3, 4]
    path.write_text(json.dumps({"id": "f", "type": "set-binlog-position", "data": where}) + "\n")
    rig.wait_for(lambda: path.read_text() == "", "the signal of the file to be done")
    s.stop()
    assert is_stored(s, where)
