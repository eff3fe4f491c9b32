"""A failover: the address that the program knows leads to another server, which has the same GTIDs in other files at other
positions. The stream goes on there by itself, and so does a program that is started only then."""
import pytest

import rig
from model import Rebuilt, check_no_gap


class Behind:
    """A database as the program sees it: at the address, whichever server is there."""

    def __init__(self, database, address):
        self.database, self.name = database, database.name
        self.server = self
        self.url = f"mysql://penstock:penstock@127.0.0.1:{address.port}"

    def mark(self):
        return self.database.mark()


START = {
    "mysql": ("CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={port}, SOURCE_USER='penstock', SOURCE_PASSWORD='penstock', "
              "SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1", "START REPLICA", "STOP REPLICA", "RESET REPLICA ALL"),
    "mariadb": ("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={port}, MASTER_USER='penstock', MASTER_PASSWORD='penstock', "
                "MASTER_USE_GTID=slave_pos", "START SLAVE", "STOP SLAVE", "RESET SLAVE ALL"),
}


def executed(server):
    with server.connect() as c:
        cursor = c.cursor()
        cursor.execute("SELECT @@gtid_executed" if server.kind == "mysql" else "SELECT @@gtid_current_pos")
        return cursor.fetchone()[0].replace("\n", "")


@pytest.fixture(params=["mysql", "mariadb"])
def pair(request, program, servers):
    """(old primary, its replica): two servers of one kind, the second with binlogs of another length."""
    kind = request.param
    primary, replica = servers.get(kind, f"primary-{kind}"), servers.get(kind, f"replica-{kind}")
    more = ["--log-slave-updates=ON"] if kind == "mariadb" else []
    primary.up("--server-id=301", *more)
    replica.up("--server-id=302", *more)
    with replica.connect() as c:
        cursor = c.cursor()
        if kind == "mysql":  # only what the primary has
            cursor.execute("RESET BINARY LOGS AND GTIDS")
        else:
            cursor.execute("RESET MASTER")
            cursor.execute("SET GLOBAL gtid_slave_pos=''")
        for statement in START[kind][:2]:
            cursor.execute(statement.format(port=primary.port))
        for _ in range(3):
            cursor.execute("FLUSH BINARY LOGS")
    yield primary, replica
    with replica.connect() as c:
        for statement in START[kind][2:]:
            c.cursor().execute(statement)
    servers.script("wipe", primary.name, replica.name)
    for s in (primary, replica):
        servers.running.pop(s.name, None)


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_another_server_with_the_same_gtids(running, pair, stream):
    primary, replica = pair
    database = primary.fresh_database("f")
    database.run("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, v INT NOT NULL)", "INSERT INTO t VALUES (1, 1), (2, 1), (3, 1)")
    address = rig.Proxy(primary.port)
    seen = Behind(database, address)
    s = stream(seen)
    s.sync()
    for _ in range(20):
        database.run("UPDATE t SET v = v + 1")
    if not running:
        s.sync()
        s.stop()
    database.run("INSERT INTO t VALUES (4, 1)", "UPDATE t SET v = v + 1")  # perhaps seen at the old server, perhaps at the new one
    want = executed(primary)
    rig.wait_for(lambda: executed(replica) == want, "the replica has everything")
    primary.kill()
    address.point(replica.port)
    after = rig.Database(replica, database.name)
    after.marks, seen.database = database.marks, after
    for _ in range(20):
        after.run("UPDATE t SET v = v + 1")
    after.run("DELETE FROM t WHERE id = 2")
    if not running:
        s = stream(seen)
    s.sync()
    check_no_gap(s.records, "t")
    assert Rebuilt(s.records).compare(after) == 3
    s.stop()
    address.close()
