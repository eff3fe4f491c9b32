"""kill -9 anywhere, while a writer keeps changing the tables: nothing may be missing in the end.

The writer raises `v` by one at each change of a row, so a single lost change shows, not only a wrong final state. Its
transactions have 1, 7, 13 and 101 changes: no batch size divides them all, so kills fall inside transactions."""
import os
import random
import threading

import pytest

import rig
from model import Rebuilt, check_no_gap, repeats

KILLS = int(os.environ.get("PENSTOCK_E2E_KILLS", "4"))
SEED = int(os.environ.get("PENSTOCK_E2E_SEED", "20261123"))


class Writer(threading.Thread):
    """Changes table `t` until stopped; .transactions counts what is committed."""

    def __init__(self, database, seed, rows):
        super().__init__(daemon=True)
        self.connection = database.server.connect(database.name, autocommit=False)
        self.random, self.rows, self.transactions, self.error = random.Random(seed), rows, 0, None
        self.version = {i: 1 for i in range(1, rows + 1)}
        self.there = set(self.version)
        self.ending = threading.Event()

    def change(self, cursor):
        key = self.random.randint(1, self.rows + self.rows // 5)
        v = self.version[key] = self.version.get(key, 0) + (0 if key in self.there and self.random.random() < 0.1 else 1)
        if key not in self.there:
            cursor.execute("INSERT INTO t VALUES (%s, %s, %s)", (key, v, "x" * self.random.randint(0, 300)))
            self.there.add(key)
        elif self.random.random() < 0.15:
            cursor.execute("UPDATE t SET v = %s WHERE id = %s", (v, key))
            cursor.execute("DELETE FROM t WHERE id = %s", (key,))
            self.there.discard(key)
        else:
            cursor.execute("UPDATE t SET v = %s, pad = %s WHERE id = %s", (v, "y" * self.random.randint(0, 300), key))

    def run(self):
        try:
            cursor = self.connection.cursor()
            while not self.ending.is_set():
                for _ in range(self.random.choice((1, 7, 13, 101))):
                    self.change(cursor)
                self.connection.commit()
                self.transactions += 1
        except Exception as e:  # shown by finish()
            self.error = e

    def finish(self):
        self.ending.set()
        self.join(rig.LIMIT)
        assert self.error is None, self.error


def prepare(database, rows):
    database.run("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, v INT NOT NULL, pad VARCHAR(300))")
    for first in range(1, rows + 1, 500):
        database.run("INSERT INTO t VALUES " + ",".join(f"({i}, 1, 'start')" for i in range(first, min(first + 500, rows + 1))))


def verdict(database, stream):
    changes = check_no_gap(stream.records, "t")
    rows = Rebuilt(stream.records).compare(database)
    print(f"{changes} changes, {rows} rows, seed {SEED}")
    assert rows > 0


def test_snapshot_while_writing(database, stream):
    prepare(database, 3000)
    writer = Writer(database, SEED, 3000)
    writer.start()
    s = stream(database)
    s.wait_streaming()
    seen = writer.transactions
    rig.wait_for(lambda: writer.transactions > seen + 20 or writer.error, "20 more transactions")
    writer.finish()
    s.sync()
    verdict(database, s)
    s.stop()


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_kill_during_the_snapshot(share, database, stream):
    prepare(database, 3000)
    writer = Writer(database, SEED, 3000)
    writer.start()
    s = stream(database)
    s.wait_records(int(3000 * share))
    s.kill9()
    s = stream(database)
    s.wait_streaming()
    writer.finish()
    s.sync()
    verdict(database, s)
    s.stop()


def test_kill_while_streaming(database, stream):
    prepare(database, 300)
    chance = random.Random(SEED)
    s = stream(database)
    s.wait_streaming()
    writer = Writer(database, SEED, 300)
    writer.start()
    for _ in range(KILLS):
        s.wait_records(len(s.records) + chance.randint(1, 1500))
        s.kill9()
        s = stream(database)
    s.wait_records(len(s.records) + 500)
    writer.finish()
    s.sync()
    verdict(database, s)
    s.stop()


def test_one_transaction_larger_than_any_batch_is_cut_by_kills(database, stream):
    prepare(database, 1)
    s = stream(database)
    s.wait_streaming()
    rows = 20011  # a prime
    cursor = database.cursor
    cursor.execute("START TRANSACTION")
    for first in range(2, rows + 2, 1000):
        cursor.execute("INSERT INTO t VALUES " + ",".join(f"({i}, 1, 'big')" for i in range(first, min(first + 1000, rows + 2))))
    cursor.execute("COMMIT")
    chance = random.Random(SEED)
    for _ in range(KILLS):
        s.wait_records(len(s.records) + chance.randint(1, rows // 6))
        s.kill9()
        s = stream(database)
    s.sync()
    verdict(database, s)
    s.stop()


def test_kill_with_ddl_in_between(database, stream):
    prepare(database, 50)
    s = stream(database)
    s.wait_streaming()
    for i in range(KILLS):
        before = len(s.records)
        database.run(f"ALTER TABLE t ADD COLUMN c{i} INT NOT NULL DEFAULT {i}")
        database.run(f"UPDATE t SET v = v + 1, c{i} = id")
        s.wait_records(before + 1 + 10 * i % 50)  # of 50 changes
        s.kill9()
        database.run(f"UPDATE t SET v = v + 1, pad = 'while it was away'")
        s = stream(database)
    s.sync()
    verdict(database, s)
    s.stop()


def test_orderly_stop_repeats_nothing(database, stream):
    prepare(database, 10)
    s = stream(database)
    s.wait_streaming()
    database.run("UPDATE t SET v = v + 1")
    s.sync()
    s.stop()
    before = len(s.records)
    database.run("UPDATE t SET v = v + 1 WHERE id = 1")
    s = stream(database)
    s.sync()
    ops = [(r.op, r.value["after"]["id"]) for r in s.records[before:] if r.table == "t"]
    assert ops == [("u", 1)]
    s.stop()


def test_position_inside_a_transaction_is_gone_on_from(database, stream):
    prepare(database, 1)
    s = stream(database)
    s.wait_streaming()
    s.stop()
    rows = 20011  # a prime
    database.cursor.execute("START TRANSACTION")
    for first in range(2, rows + 2, 997):
        database.cursor.execute("INSERT INTO t VALUES " + ",".join(f"({i}, 1, 'big')" for i in range(first, min(first + 997, rows + 2))))
    database.cursor.execute("COMMIT")
    def first_of(start):
        return next(r.key["id"] for r in s.records[start:] if r.table == "t" and r.op == "c")
    firsts = []
    for hold in (1000, 3001):
        before, stored = len(s.records), s.stored()
        s = stream(database, hold_after=hold)
        rig.wait_for(lambda: s.stored() != stored and (s.stored().get("row") or s.stored().get("event")) or s.ended, "a stored position inside the transaction")
        s.kill9()
        firsts.append(first_of(before))
    before = len(s.records)
    s = stream(database)
    s.sync()
    firsts.append(first_of(before))
    assert firsts[0] == 2 and 1000 < firsts[1] < firsts[2], f"not gone on from inside the transaction: {firsts}"
    verdict(database, s)
    s.stop()


def connections(database):
    """Ids of the connections that the program has: it reads the binlog on one of them."""
    return [row[0] for row in database.run("SHOW PROCESSLIST") if row[4].startswith("Binlog Dump")]


def test_lost_connections_lose_and_repeat_nothing(database, stream):
    prepare(database, 300)
    chance = random.Random(SEED)
    s = stream(database)
    s.wait_streaming()
    writer = Writer(database, SEED, 300)
    writer.start()
    for _ in range(KILLS):
        s.wait_records(len(s.records) + chance.randint(1, 1500))
        for c in rig.wait_for(lambda: connections(database), "a connection that reads the binlog"):
            database.run(f"KILL {c}")
        s.wait_records(len(s.records) + chance.randint(1, 500))
    writer.finish()
    s.sync()
    verdict(database, s)
    assert repeats(s.records) == 0
    assert "trying again" in s.log()
    s.stop()


def test_slow_consumer_is_waited_for(database, stream):
    prepare(database, 2000)
    s = stream(database, hold_after=100)
    s.wait(lambda: s.lines >= 100, "100 records")
    database.run("UPDATE t SET v = v + 1")
    s.go_on()
    s.sync()
    verdict(database, s)
    s.stop()


def test_closed_pipe_ends_the_program_as_asked(database, stream):
    prepare(database, 10)
    s = stream(database)
    s.wait_streaming()
    s.close_output()
    for _ in range(2):  # the first is read, the second finds nobody
        before = len(s.records)
        database.run("UPDATE t SET v = v + 1")
        s.wait(lambda: len(s.records) > before or s.ended, "the changes")
    assert s.process.wait(rig.LIMIT) == 0, s.log()
    assert "ERROR" not in s.log()


def test_server_restart_is_survived(database, stream):
    prepare(database, 10)
    s = stream(database)
    s.wait_streaming()
    options = open(os.path.join(database.server.env["DIR"], "options")).read().split()
    database.server.kill()
    database.server.up(*options)
    database.reconnect()
    database.run("UPDATE t SET v = v + 1")
    s.sync()
    verdict(database, s)
    assert repeats(s.records) == 0
    s.stop()
