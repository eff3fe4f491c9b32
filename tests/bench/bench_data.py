"""The rows that tests/bench/pipeline.py measures with: the same on every machine, made once and kept.

    bench.orders     ten columns; 1.5 million row changes (900,000 inserts, 400,000 updates, 200,000 deletes) in
                     transactions of 1 to 20,000 rows, in one binlog file of about 460 MB
    bench.history    the same columns, 2,100,000 rows, written without binlog: for the snapshot

The server is one of mysql-fixtures/servers (MySQL 9.7) in PENSTOCK_BENCH_DIR (/var/tmp/penstock-bench), outside the
repository. All values come from formulas of the row number, so nothing has to be stored or downloaded."""
import os
import subprocess

import pymysql

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
DIR = os.environ.get("PENSTOCK_BENCH_DIR", "/var/tmp/penstock-bench")
CHANGES, INSERTS, UPDATES, DELETES = 1_500_000, 900_000, 400_000, 200_000
SNAPSHOT_ROWS = 2_100_000
STAMP = os.path.join(DIR, "made-3")  # another number makes the data again

COLUMNS = """(
  id INT NOT NULL PRIMARY KEY, customer BIGINT NOT NULL, name VARCHAR(60) NOT NULL, ordered DATETIME(3) NOT NULL,
  amount DECIMAL(12,2), state ENUM('new','paid','packed','shipped','returned') NOT NULL, note TEXT,
  updated TIMESTAMP(6) NOT NULL, weight DOUBLE, level TINYINT NOT NULL) CHARACTER SET utf8mb4"""

# Row n: names with a letter beyond ASCII now and then, notes of 20 to 300 bytes, every 16th amount NULL.
ROW = """n, 1000000007 * n MOD 9000000000000, CONCAT(ELT(1 + n MOD 7, 'Kim Minji', 'Grace Hopper', 'Ada', 'Jörg', 'O''Brien',
    'Zoë de Vries', 'Ken'), ' ', CRC32(n)), TIMESTAMPADD(MICROSECOND, 1000 * (n * 7919 MOD 86400000), '2025-03-01 00:00:00'),
  IF(n MOD 16 = 0, NULL, (n * 7919 MOD 100000000) / 100), 1 + n MOD 5,
  SUBSTRING(REPEAT(CONCAT(SHA2(n, 224), ' leave at the door, the bell is broken; '), 5), 1, 20 + CRC32(n) MOD 280),
  TIMESTAMPADD(MICROSECOND, n * 1234567, '2025-01-01 00:00:00'), (n * 37 MOD 100000) / 128, n MOD 200 - 100"""


def serie(first, count):
    """Rows first … first + count - 1 as a derived table with one column n."""
    return f"(WITH RECURSIVE s (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {first + count - 1}) SELECT n FROM s) AS s"


def sizes(total, seed):
    """Transaction sizes that add up to total: half of the transactions have one row, most rows are in large ones."""
    x, left = seed, total
    table = [1, 1, 1, 1, 1, 3, 7, 10, 31, 100, 333, 1000, 1000, 5000, 20000]
    while left > 0:
        x = (x * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        n = min(left, table[(x >> 33) % len(table)])
        yield n
        left -= n


class Orders:
    """Transactions of the three kinds in turn. Updates follow the inserts, deletes the updates, so that every part of the
    file has all three and each changes rows that are there."""
    before = {"u": "i", "d": "u"}

    def __init__(self, cursor):
        self.cursor = cursor
        self.todo = {"i": sizes(INSERTS, 1), "u": sizes(UPDATES, 2), "d": sizes(DELETES, 3)}
        self.next = {"i": 1, "u": 1, "d": 1}

    def one(self, kind):
        n = next(self.todo[kind], 0)
        while kind in self.before and self.next[self.before[kind]] - self.next[kind] < n:
            self.one(self.before[kind])
        if n > 0:
            change(self.cursor, kind, self.next[kind], n)
            self.next[kind] += n
        return n

    def fill(self):
        while sum(self.one(kind) for kind in "iud") > 0:
            pass


def change(cursor, kind, first, n):
    rows = f"id BETWEEN {first} AND {first + n - 1}"
    cursor.execute({"i": f"INSERT INTO orders SELECT {ROW} FROM {serie(first, n)}",
                    "u": "UPDATE orders SET state = 1 + state MOD 5, amount = amount + 1, updated = TIMESTAMPADD(DAY, 1, updated) WHERE " + rows,
                    "d": "DELETE FROM orders WHERE " + rows}[kind])


def script(*args):
    out = subprocess.run([os.path.join(ROOT, "mysql-fixtures/servers"), *args], env=dict(os.environ, PENSTOCK_RUN_DIR=os.path.join(DIR, "run")),
                         stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL, check=True)
    return dict(line.split("=", 1) for line in out.stdout.splitlines() if "=" in line)


def connect(port):
    return pymysql.connect(host="127.0.0.1", port=port, user="penstock", password="penstock", charset="utf8mb4", autocommit=True)


def make(port):
    with connect(port) as c:
        cursor = c.cursor()
        for statement in ("SET SESSION cte_max_recursion_depth = 100000000", "DROP DATABASE IF EXISTS bench", "CREATE DATABASE bench",
                          "USE bench", "SET SESSION sql_log_bin = 0", f"CREATE TABLE history {COLUMNS}",
                          f"INSERT INTO history SELECT {ROW} FROM {serie(1, SNAPSHOT_ROWS)}", "ANALYZE TABLE history",
                          "SET SESSION sql_log_bin = 1", "FLUSH BINARY LOGS"):
            cursor.execute(statement)
        cursor.execute("SHOW BINARY LOG STATUS")
        name = cursor.fetchone()[0]
        cursor.execute(f"CREATE TABLE orders {COLUMNS}")
        Orders(cursor).fill()
        cursor.execute("FLUSH BINARY LOGS")
    with open(STAMP, "w", encoding="ascii") as f:
        f.write(name)


def server():
    """Starts the server, with the data. @returns its env with BINLOG, the path of the file, and FILE, its name"""
    os.makedirs(DIR, exist_ok=True)
    os.chmod(DIR, 0o755)  # the server runs as nobody
    if not os.path.exists(STAMP):
        script("wipe", "mysql")
    env = script("up", "mysql", "--", "--binlog-row-metadata=FULL", "--innodb-buffer-pool-size=1G", "--max-binlog-size=1G")
    if not os.path.exists(STAMP):
        make(int(env["PORT"]))
    with open(STAMP, encoding="ascii") as f:
        env["FILE"] = f.read()
    env["BINLOG"] = os.path.join(env["DIR"], "log-bin", env["FILE"])
    return env


if __name__ == "__main__":
    print("\n".join(f"{k}={v}" for k, v in server().items()))
