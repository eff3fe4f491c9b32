"""Bad input: status 2 before anything is read, one line that says what and why, a hint that helps, nothing on stdout."""
import json
import os
import socket

import pymysql
import pytest

import rig

PLAIN = ["-o", "snapshot.mode=initial"]


def refused(args, *patterns, status=2):
    """Runs penstock, expects a refusal whose first line has all patterns. Returns stderr."""
    code, out, err = rig.run_penstock(*args)
    assert code == status, f"status {code}: {err}"
    assert out == ""
    errors = [line for line in err.splitlines() if " ERROR " in line]
    assert len(errors) == 1, f"{len(errors)} lines of level ERROR:\n{err}"
    for pattern in patterns:
        assert pattern.lower() in err.lower(), f"'{pattern}' is not in: {err}"
    return err


@pytest.fixture
def url(mariadb):
    return mariadb.url


@pytest.fixture
def offsets(tmp_path):
    return ["--offsets", str(tmp_path / "offsets.json")]


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_no_arguments_shows_the_usage(program):
    code, out, err = rig.run_penstock()
    assert code == 2 and "stream" in err + out


def test_unknown_command_suggests_the_nearest(program):
    refused(["steam"], "steam", "stream")


def test_unknown_host(program, offsets):
    refused(["stream", "mysql://u:p@no-such-host.invalid", *offsets], "no-such-host.invalid")


def test_nobody_listens(program, offsets):
    port = closed_port()
    refused(["stream", f"mysql://u:p@127.0.0.1:{port}", *offsets], f"127.0.0.1:{port}")


@pytest.mark.parametrize("bad", ["postgres://u:p@h", "mysql://", "mysql://u:p@h:99999", "mysql://u:p@h:port"])
def test_malformed_address(program, bad, offsets):
    refused(["stream", bad, *offsets], bad.split("://")[0] if "postgres" in bad else "mysql://")


def test_wrong_password_is_not_shown(mariadb, offsets):
    err = refused(["stream", f"mysql://penstock:hunter2secret@127.0.0.1:{mariadb.port}", *offsets], "penstock", "access denied")
    assert "hunter2secret" not in err


@pytest.mark.parametrize("have, lacking", [
    ("SELECT, REPLICATION CLIENT, RELOAD", "REPLICATION SLAVE"),
    ("SELECT, REPLICATION SLAVE, RELOAD", "REPLICATION CLIENT"),
])
def test_missing_grant_names_the_statement_to_run(server, offsets, have, lacking):
    with server.connect() as c:
        cursor = c.cursor()
        cursor.execute("GRANT USAGE ON *.* TO limited@'%' IDENTIFIED BY 'pw'" if server.kind != "mysql" else "CREATE USER IF NOT EXISTS limited@'%' IDENTIFIED BY 'pw'")
        cursor.execute("REVOKE ALL PRIVILEGES, GRANT OPTION FROM limited@'%'")
        cursor.execute(f"GRANT {have} ON *.* TO limited@'%'")
    try:
        refused(["stream", f"mysql://limited:pw@127.0.0.1:{server.port}", *offsets], "GRANT", "ON *.* TO", "limited")
    finally:
        with server.connect() as c:
            c.cursor().execute("DROP USER limited@'%'")


@pytest.fixture
def odd_server(request, program, servers):
    """A server of its own whose settings the test changes."""
    def start(kind, *options):
        s = servers.get(kind, "odd-" + kind)
        s.up(*options)
        return s
    return start


KINDS = ["mariadb", "mysql", "mysql56"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options, patterns", [
    (["--binlog-format=STATEMENT"], ["binlog_format", "STATEMENT", "ROW"]),
    (["--binlog-format=MIXED"], ["binlog_format", "MIXED", "ROW"]),
    (["--binlog-row-image=MINIMAL"], ["binlog_row_image", "MINIMAL", "FULL"]),
    (["--binlog-row-image=NOBLOB"], ["binlog_row_image", "NOBLOB", "FULL"]),
])
def test_server_setting_that_loses_data(odd_server, offsets, kind, options, patterns):
    refused(["stream", odd_server(kind, *options).url, *offsets], *patterns)


@pytest.mark.parametrize("kind", KINDS)
def test_no_binlog(odd_server, offsets, kind):
    gtids_need_it = ["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF", "--log-slave-updates=OFF"] if kind == "mysql56" else []
    options = ["--skip-log-bin", *gtids_need_it]
    refused(["stream", odd_server(kind, *options).url, *offsets], "log_bin")


def test_server_id_is_taken(maria_database, stream, tmp_path):
    maria_database.run("CREATE TABLE t (id INT PRIMARY KEY)")
    s = stream(maria_database, server_id=54321)
    s.wait_streaming()
    other = tmp_path / "other.json"
    refused(["stream", maria_database.server.url, "--offsets", str(other), "-o", "database.server.id=54321"], "54321")
    maria_database.run("INSERT INTO t VALUES (1)")
    s.sync()  # the first one is not disturbed
    s.stop()


def test_include_list_that_matches_nothing(mariadb, offsets):
    refused(["stream", mariadb.url, "--tables", r"nowhere\.nothing", *offsets], "nowhere", "nothing")


def test_include_and_exclude_both_set(url, offsets):
    refused(["stream", url, *offsets, "-o", "table.include.list=a.b", "-o", "table.exclude.list=c.d"], "table.include.list", "table.exclude.list")


def test_unknown_option_suggests_the_nearest(url, offsets):
    refused(["stream", url, *offsets, "-o", "snapshot.mod=initial"], "snapshot.mod", "snapshot.mode")


@pytest.mark.parametrize("option, patterns", [
    ("snapshot.mode=sometimes", ["snapshot.mode", "initial"]),
    ("max.batch.size=many", ["max.batch.size", "integer"]),
    ("tombstones.on.delete=perhaps", ["tombstones.on.delete", "'true' or 'false'"]),
    ("table.include.list=(", ["table.include.list"]),
    ("no-equals-sign", ["no-equals-sign"]),
])
def test_value_that_is_not_one(url, offsets, option, patterns):
    refused(["stream", url, *offsets, "-o", option], *patterns)


def test_unreadable_offsets_file(url, tmp_path):
    path = tmp_path / "offsets.json"
    path.write_text("this is not what we wrote")
    refused(["stream", url, "--offsets", str(path)], str(path))


def test_offsets_in_a_directory_that_is_not_there(url, tmp_path):
    path = tmp_path / "no" / "such" / "offsets.json"
    refused(["stream", url, "--offsets", str(path)], str(path))


@pytest.mark.parametrize("kind", KINDS)
def test_purged_position(odd_server, stream, kind):
    server = odd_server(kind)
    database = server.fresh_database()
    database.run("CREATE TABLE t (id INT PRIMARY KEY)")
    s = stream(database)
    s.wait_streaming()
    s.stop()
    database.run("INSERT INTO t VALUES (1)", "FLUSH BINARY LOGS", "INSERT INTO t VALUES (2)", "FLUSH BINARY LOGS")
    last = rig.binlog_status(database.cursor)[0]

    def purged():  # the server keeps a file until the thread that sent it has noticed that its client is gone
        database.run(f"PURGE BINARY LOGS TO '{last}'")
        return len(database.run("SHOW BINARY LOGS")) == 1
    rig.wait_for(purged, "old binlogs are gone")
    refused(["stream", server.url, "--offsets", s.offsets, "--tables", rf"{database.name}\..*"], "no longer", "snapshot")


# ---- files of 'standalone' ------------------------------------------------------------------------------------------------
@pytest.fixture
def worker(tmp_path):
    path = tmp_path / "worker.properties"
    path.write_text(f"bootstrap.servers=127.0.0.1:{closed_port()}\nkey.converter=org.apache.kafka.connect.json.JsonConverter\n"
                    f"value.converter=org.apache.kafka.connect.json.JsonConverter\noffset.storage.file.filename={tmp_path}/offsets\n")
    return str(path)


@pytest.mark.parametrize("text, where", [
    ('{\n  "name": "c",\n  "config": {"a": "b",}\n}\n', " line 3 column 23"),
    ('{"name": "c"', " line 1 column 12"),
    ("", ""),
])
def test_malformed_json_is_located(program, worker, tmp_path, text, where):
    path = tmp_path / "shop.json"
    path.write_text(text)
    refused(["standalone", worker, str(path)], "shop.json" + where)


def test_connector_file_that_is_not_there(program, worker, tmp_path):
    refused(["standalone", worker, str(tmp_path / "missing.json")], "missing.json")


def test_connector_without_a_required_option(program, worker, tmp_path):
    path = tmp_path / "shop.json"
    path.write_text(json.dumps({"name": "shop", "config": {
        "connector.class": "io.debezium.connector.mysql.MySqlConnector", "topic.prefix": "p", "database.user": "u", "database.server.id": "1",
        "schema.history.internal.kafka.topic": "h", "schema.history.internal.kafka.bootstrap.servers": "127.0.0.1:1"}}))
    refused(["standalone", worker, str(path)], "database.hostname")


def test_unknown_connector_class(program, worker, tmp_path):
    path = tmp_path / "shop.json"
    path.write_text(json.dumps({"name": "shop", "config": {"connector.class": "io.debezium.connector.postgresql.PostgresConnector"}}))
    refused(["standalone", worker, str(path)], "PostgresConnector", "MySqlConnector")


def test_a_table_that_somebody_has_locked_ends_it_after_the_timeout(program, database):
    """Also before the snapshot nothing waits for that lock without end, and without a word."""
    database.run("CREATE TABLE held (id INT PRIMARY KEY)")
    other = database.server.connect(database.name)
    try:
        other.cursor().execute("LOCK TABLES held WRITE")
        code, out, err = rig.run_penstock("stream", database.server.url, "--tables", rf"{database.name}\.held", *PLAIN,
                                          "-o", "snapshot.lock.timeout.ms=1000")
    finally:
        other.close()
    assert code == 2 and out == "", err
    assert "Lock wait timeout exceeded" in err and "snapshot.lock.timeout.ms" in err, err
