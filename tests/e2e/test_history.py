"""Where a restart goes on from, when a statement was the last thing before it."""
import pathlib
import re

import pytest
import rig


@pytest.fixture
def mysql_database(program, servers):
    d = servers.get("mysql").fresh_database()
    yield d
    d.drop()


def as_debezium_writes(path, gtids):
    """Offset and history without the statement's own GTID: the server sends it once more."""
    less = re.sub(r"-(\d+)$", lambda m: f"-{int(m[1]) - 1}", gtids)
    assert less != gtids
    for name in (path, path + ".history"):
        with open(name, encoding="utf-8") as f:
            text = f.read()
        assert gtids in text
        with open(name, "w", encoding="utf-8") as f:
            f.write(text.replace(gtids, less))


@pytest.mark.parametrize("writer", ["penstock", "debezium"])
def test_tables_that_swap_names_as_the_last_statement_before_a_restart(mysql_database, stream, writer):
    d = mysql_database
    d.run("CREATE TABLE a (id INT PRIMARY KEY, v INT)", "CREATE TABLE b (id INT PRIMARY KEY, w VARCHAR(5))")
    s = stream(d, snapshot_mode="initial")
    s.sync()
    d.run("RENAME TABLE a TO c, b TO a")
    _, end = rig.binlog_status(d.cursor)[:2]
    rig.wait_for(lambda: s.stored().get("pos") == end, "the statement's offset")
    s.stop()
    if writer == "debezium":
        as_debezium_writes(s.offsets, s.stored()["gtids"])
    d.run("INSERT INTO a VALUES (1, 'x')", "INSERT INTO c VALUES (2, 3)")
    s = stream(d)
    s.sync()
    s.stop()
    assert [r.value["after"] for r in s.records if r.op == "c" and r.table in ("a", "c")] == [{"id": 1, "w": "x"}, {"id": 2, "v": 3}]


@pytest.mark.parametrize("kind", ["mysql", "nogtid"])
def test_recovery_of_the_history_leaves_out_nothing_since_the_stored_position(program, servers, stream, kind):
    server = servers.get("mysql", kind)
    if kind == "nogtid":
        server.up("--gtid-mode=OFF", "--enforce-gtid-consistency=OFF")
    d = server.fresh_database()
    d.run("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    s = stream(d, snapshot_mode="initial")
    s.sync()
    s.stop()
    d.run("INSERT INTO t VALUES (2)")
    pathlib.Path(s.offsets + ".history").unlink()
    for mode, value in (("recovery", 3), ("initial", 4)):  # the second one reads what the first one has rebuilt
        s = stream(d, snapshot_mode=mode)
        s.wait_streaming()
        s.stop()
        d.run(f"INSERT INTO t VALUES ({value})")
    s = stream(d)
    s.sync()
    s.stop()
    d.drop()
    assert [r.key for r in s.records if r.table == "t"] == [{"id": i} for i in (1, 2, 3, 4)]
