"""How the program reaches a server and reads its binlog: TLS, passwords, registration, checksums, rotation, tagged GTIDs."""
import os
import subprocess

import pytest

import rig


def pem(database, name):
    return os.path.join(database.server.env["DIR"], "data", name)


def changes(s, table="t"):
    return [(r.op, r.value["after"]["id"]) for r in s.records if r.table == table]


@pytest.fixture
def table(database):
    database.run("CREATE TABLE t (id INT NOT NULL PRIMARY KEY)")
    return database


@pytest.fixture
def mysql_table(program, servers):
    database = servers.get("mysql").fresh_database()
    database.run("CREATE TABLE t (id INT NOT NULL PRIMARY KEY)")
    yield database
    database.drop()


@pytest.fixture
def user(mysql_table):
    """user(clause): a fresh account that must come as the clause says; its options for the program."""
    made = []

    def make(clause):
        made.append(f"wire{len(made)}")
        mysql_table.run(f"CREATE USER {made[-1]}@'%' {clause}", f"GRANT ALL ON *.* TO {made[-1]}@'%'")
        return [f"database.user={made[-1]}", "database.password=geheim"]
    yield make
    for name in made:
        mysql_table.run(f"DROP USER {name}@'%'")


def streams(database, stream, *options):
    """The program gets through the snapshot and one change with these options."""
    s = stream(database, options=options)
    s.sync()
    database.run("INSERT INTO t VALUES (1)")
    s.sync()
    assert changes(s) == [("c", 1)]
    s.stop()
    return s


def refused(database, tmp_path, *options):
    status, out, log = rig.run_penstock("stream", database.server.url, "--offsets", str(tmp_path / "o.json"), "--tables", rf"{database.name}\..*",
                                        *(w for o in options for w in ("-o", o)))
    assert (status, out) == (2, ""), log
    return log


@pytest.mark.parametrize("mode", ["preferred", "required", "verify_ca"])
def test_tls_modes_that_this_server_satisfies(mode, mysql_table, stream, user):
    options = user("IDENTIFIED BY 'geheim' REQUIRE SSL")
    streams(mysql_table, stream, *options, f"database.ssl.mode={mode}", f"database.ssl.ca={pem(mysql_table, 'ca.pem')}")


def test_client_certificate(mysql_table, stream, user):
    options = user("IDENTIFIED BY 'geheim' REQUIRE X509")
    streams(mysql_table, stream, *options, "database.ssl.mode=required", f"database.ssl.cert={pem(mysql_table, 'client-cert.pem')}",
            f"database.ssl.key={pem(mysql_table, 'client-key.pem')}")


def test_a_ca_that_did_not_sign_the_server_is_refused(mysql_table, tmp_path):
    ca = tmp_path / "other-ca.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Other CA", "-keyout", str(tmp_path / "key.pem"),
                    "-out", str(ca)], check=True, capture_output=True)
    assert "certificate" in refused(mysql_table, tmp_path, "database.ssl.mode=verify_ca", f"database.ssl.ca={ca}").lower()


def test_a_certificate_for_another_host_is_refused(mysql_table, tmp_path):
    log = refused(mysql_table, tmp_path, "database.ssl.mode=verify_identity", f"database.ssl.ca={pem(mysql_table, 'ca.pem')}")
    assert "certificate" in log.lower() or "ssl" in log.lower()


def test_a_server_without_tls_is_refused_when_it_is_required(program, servers, tmp_path):
    server = servers.get("mysql56")
    database = server.fresh_database()
    log = refused(database, tmp_path, "database.ssl.mode=required")
    assert "TLS" in log or "SSL" in log
    database.drop()


def test_caching_sha2_password_without_tls(mysql_table, stream, user):
    options = user("IDENTIFIED WITH caching_sha2_password BY 'geheim'")  # not in the server's cache: the whole exchange
    streams(mysql_table, stream, *options, "database.ssl.mode=disabled")


def test_the_server_lists_the_program_as_a_replica(table, stream):
    s = stream(table, options=["database.server.id=76543"])
    s.sync()
    statement = "SHOW REPLICAS" if table.server.kind == "mysql" else "SHOW SLAVE HOSTS"
    assert 76543 in [row[0] for row in table.run(statement)]
    s.stop()


def test_checksums_go_and_come_while_streaming(table, stream):
    s = stream(table)
    s.sync()
    try:
        for i, form in enumerate(["NONE", "CRC32"]):
            table.run(f"SET GLOBAL binlog_checksum = {form}", f"INSERT INTO t VALUES ({i})")
            s.sync()
        table.run("SET GLOBAL binlog_checksum = NONE")
        s.stop()
        table.run("INSERT INTO t VALUES (2)")
        s = stream(table)
        s.sync()
    finally:
        table.run("SET GLOBAL binlog_checksum = CRC32")
    assert changes(s) == [("c", 0), ("c", 1), ("c", 2)]
    s.stop()


def test_rotated_binlogs_are_followed(table, stream):
    s = stream(table)
    s.sync()
    for i in range(5):
        table.run("FLUSH LOGS", f"INSERT INTO t VALUES ({i})")
    s.sync()
    assert changes(s) == [("c", i) for i in range(5)]
    files = [r.value["source"]["file"] for r in s.records if r.table == "t"]
    assert len(set(files)) == 5
    s.stop()


def test_tagged_gtids_are_resumed(mysql_table, stream):
    database = mysql_table
    s = stream(database)
    s.sync()
    database.run("SET gtid_next = 'AUTOMATIC:blue'", "INSERT INTO t VALUES (1)", "SET gtid_next = 'AUTOMATIC'", "INSERT INTO t VALUES (2)")
    s.sync()
    s.stop()
    assert ":blue:1" in s.stored()["gtids"]
    database.run("SET gtid_next = 'AUTOMATIC:blue'", "INSERT INTO t VALUES (3)", "SET gtid_next = 'AUTOMATIC'")
    s = stream(database)
    s.sync()
    assert changes(s) == [("c", 1), ("c", 2), ("c", 3)]
    assert [":blue:" in r.value["source"]["gtid"] for r in s.records if r.table == "t"] == [True, False, True]
    s.stop()


def test_one_event_larger_than_a_packet(table, stream):
    table.run("CREATE TABLE big (id INT NOT NULL PRIMARY KEY, b LONGBLOB) ENGINE=MyISAM")  # InnoDB of 5.6: no more than a tenth of its log
    if table.server.kind != "mysql":
        table.run("SET GLOBAL max_allowed_packet = 1073741824")
        table.reconnect()
    s = stream(table)
    s.sync()
    sizes = [(1 << 24) - 60, (1 << 24) - 1, 1 << 24, 34 << 20]  # around and above 16 MiB, a packet's limit
    for i, size in enumerate(sizes):
        table.run(f"INSERT INTO big VALUES ({i}, REPEAT(x'ff', {size}))")
    s.sync(limit=120)
    got = {r.value["after"]["id"]: len(r.value["after"]["b"]) for r in s.records if r.table == "big"}
    assert got == {i: (size + 2) // 3 * 4 for i, size in enumerate(sizes)}
    s.stop()
