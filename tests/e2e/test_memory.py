"""Constant memory: peak resident size of the program for inputs that do not fit in its budget. The figures are
printed at the end of the session."""
import os

import pytest

import rig

MIB = 1 << 20
# Rows of the large table and the large transaction. The full sizes: PENSTOCK_E2E_ROWS=10000000 PENSTOCK_E2E_TRANSACTION=2000000.
ROWS = int(os.environ.get("PENSTOCK_E2E_ROWS", "1000000"))
TRANSACTION = int(os.environ.get("PENSTOCK_E2E_TRANSACTION", "500000"))


def fill(database, table, rows):
    database.run(f"INSERT INTO {table} SELECT seq, seq, CONCAT('row ', seq) FROM seq_1_to_{rows}")


def report(what, s):
    rig.FIGURES.append(f"{what}: peak RSS {s.peak_rss() / MIB:.0f} MiB, {s.lines} lines, {s.bytes / MIB:.0f} MiB of output")
    return s.peak_rss()


@pytest.mark.parametrize("kind", ["LONGTEXT", "LONGBLOB"])
def test_row_of_64_mib(kind, maria_database, stream):
    size = 64 * MIB
    maria_database.run(f"CREATE TABLE t (id INT PRIMARY KEY, big {kind})", f"INSERT INTO t VALUES (1, REPEAT('s', {size}))")
    s = stream(maria_database, count_only=True)
    s.wait(lambda: s.bytes > size and s.last_line.endswith(b"\n"), "snapshot of the row", 120)
    first = s.bytes
    maria_database.run(f"INSERT INTO t VALUES (2, REPEAT('b', {size}))")
    s.wait(lambda: s.bytes > first + size and s.last_line.endswith(b"\n"), "the streamed row", 120)
    assert report(f"{kind} rows of 64 MiB", s) < 512 * MIB
    s.stop()


@pytest.mark.slow
def test_large_table(maria_database, stream):
    maria_database.run("CREATE TABLE t (id INT PRIMARY KEY, v INT, s VARCHAR(30))")
    fill(maria_database, "t", ROWS)
    s = stream(maria_database, count_only=True)
    s.wait(lambda: s.lines >= ROWS, f"snapshot of {ROWS} rows", 600)
    assert report(f"table of {ROWS} rows", s) < 64 * MIB
    s.stop()


@pytest.mark.slow
def test_large_transaction(maria_database, stream):
    maria_database.run("CREATE TABLE t (id INT PRIMARY KEY, v INT, s VARCHAR(30))", "INSERT INTO t VALUES (0, 0, 'there')")
    s = stream(maria_database, count_only=True)
    s.wait(lambda: s.lines >= 1 and b'"after":{"id":0' in s.last_line.replace(b" ", b"") or s.lines > 3, "the snapshot")
    fill(maria_database, "t", TRANSACTION)
    s.wait(lambda: s.lines >= TRANSACTION, f"transaction of {TRANSACTION} rows", 600)
    assert report(f"transaction of {TRANSACTION} rows", s) < 64 * MIB
    s.stop()
