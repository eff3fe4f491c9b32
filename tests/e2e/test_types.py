"""Every fixture of mysql-fixtures/sql: snapshot of its first part, stream of its second, tables rebuilt from the output."""
import glob
import os

import pytest

import rig
from model import Rebuilt

FIXTURES = sorted(os.path.basename(p)[:-4] for p in glob.glob(os.path.join(rig.ROOT, "mysql-fixtures/sql/*.sql")))
ONLY = {"mysql-only": ("mysql",), "mariadb-only": ("mariadb",), "json": ("mysql", "mariadb"), "generated": ("mysql", "mariadb")}
# Connect's JSON converter writes a column's default in place of NULL unless told otherwise.
OPTIONS = {"integer": ["value.converter.replace.null.with.default=false"], "zero-dates": ["enable.time.adjuster=false"]}
# Rows written under an earlier definition of the table keep its columns in the output.
EVOLVING = ("ddl-table", "ddl-schema")


@pytest.mark.parametrize("fixture", FIXTURES)
def test_tables_rebuilt_from_the_output_equal_the_tables(fixture, database, stream):
    if database.server.kind not in ONLY.get(fixture, (database.server.kind,)):
        pytest.skip("not for this server")
    before, after = rig.statements(fixture)
    database.run(*before)
    s = stream(database, options=["skipped.operations=none", *OPTIONS.get(fixture, ())])
    s.wait_streaming()
    database.run(*after)
    s.sync()
    records = s.records
    if fixture == "xa":  # rows of a prepared transaction go out even if it is rolled back, as Debezium sends them
        records = [r for r in records if not (r.table == "ledger" and r.key == {"id": 9})]
    assert Rebuilt(records).compare(database, strict=fixture not in EVOLVING) > 0
    s.stop()


IMPOSSIBLE = ["SET SESSION sql_mode = 'ALLOW_INVALID_DATES'", "CREATE TABLE t (id INT PRIMARY KEY, d DATE NOT NULL)", "INSERT INTO t VALUES (1, '2023-02-30'), (2, '2023-02-28')"]


def test_a_date_that_no_calendar_has_stops_the_task_and_says_how_to_go_on(maria_database, stream):
    maria_database.run(*IMPOSSIBLE)
    s = stream(maria_database)
    assert s.process.wait(rig.LIMIT) == 1
    for text in ("'d'", f"{maria_database.name}.t", "HINT", "event.processing.failure.handling.mode=warn"):
        assert text in s.log()


def test_a_row_that_cannot_be_converted_is_left_out_when_asked_for(maria_database, stream):
    maria_database.run(*IMPOSSIBLE)
    s = stream(maria_database, options=["event.processing.failure.handling.mode=warn"])
    s.wait_streaming()
    maria_database.run("INSERT INTO t SELECT id + 2, d FROM t")
    s.sync()
    assert [r.key["id"] for r in s.records if r.table == "t"] == [2, 4]
    assert s.log().count("left out as configured") == 2
    s.stop()  # with status 0


def test_snapshot_only_mode_ends_by_itself(database, stream):
    database.run("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 1), (2, 2)")
    s = stream(database, snapshot_mode="initial_only")
    assert s.process.wait(rig.LIMIT) == 0
    s.reader.join(rig.LIMIT)
    assert [r.op for r in s.records if r.table == "t"] == ["r", "r"]


def test_no_data_mode_streams_without_a_snapshot(database, stream):
    database.run("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 1)")
    s = stream(database, snapshot_mode="no_data")
    rig.wait_for(lambda: os.path.exists(s.offsets) or any(r.op or r.value for r in s.records), "first sign of life")
    database.run("INSERT INTO t VALUES (2, 2)")
    s.sync()
    assert [(r.op, r.value["after"]["id"]) for r in s.records if r.table == "t"] == [("c", 2)]
    s.stop()


def test_delete_is_followed_by_a_tombstone(database, stream):
    database.run("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    s = stream(database)
    s.wait_streaming()
    database.run("DELETE FROM t")
    s.sync()
    mine = [r for r in s.records if r.topic.endswith(f".{database.name}.t")]
    assert [(r.op, r.key) for r in mine[-2:]] == [("d", {"id": 1}), (None, {"id": 1})]
    assert mine[-1].value is None
    s.stop()


def test_changed_key_is_delete_tombstone_create(database, stream):
    database.run("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    s = stream(database)
    s.wait_streaming()
    database.run("UPDATE t SET id = 2")
    s.sync()
    mine = [r for r in s.records if r.topic.endswith(f".{database.name}.t")]
    assert [(r.op, r.key["id"]) for r in mine[-3:]] == [("d", 1), (None, 1), ("c", 2)]
    s.stop()


def test_a_long_bit_column_in_the_key_is_one_key_in_snapshot_and_stream(maria_database, stream):
    maria_database.run("CREATE TABLE t (b BIT(12) NOT NULL PRIMARY KEY, v INT)", "INSERT INTO t VALUES (b'100000101', 1)")
    s = stream(maria_database)
    s.wait_streaming()
    maria_database.run("UPDATE t SET v = 2")
    s.sync()
    s.stop()
    rows = [r for r in s.records if r.table == "t"]
    assert [r.op for r in rows] == ["r", "u"]
    assert [r.key for r in rows] == [{"b": "BQE="}] * 2 and [r.value["after"]["b"] for r in rows] == ["BQE="] * 2


def test_a_date_before_1582_is_the_same_in_snapshot_and_stream_through_the_zero_date_converter(maria_database, stream):
    d = maria_database
    d.run("CREATE TABLE t (id INT PRIMARY KEY, d DATE, dt DATETIME)", "INSERT INTO t VALUES (1, '1500-02-28', '1500-02-28 12:00:00')")
    s = stream(d, options=["converters=zero", "zero.type=io.debezium.connector.binlog.converters.ZeroDateFallbackConverter", "zero.target.types=date,datetime"])
    s.wait_streaming()
    d.run("INSERT INTO t SELECT 2, d, dt FROM t")
    s.sync()
    read, streamed = ({k: v for k, v in r.value["after"].items() if k != "id"} for r in s.records if r.table == "t")
    assert read == streamed and read["d"] is not None
    s.stop()


def test_integer_unsigned_of_a_streamed_table_does_not_wrap(maria_database, stream):
    s = stream(maria_database, options=["value.converter.schemas.enable=true"])
    s.wait_streaming()
    maria_database.run("CREATE TABLE t (id INT PRIMARY KEY, a INTEGER UNSIGNED)", "INSERT INTO t VALUES (1, 4294967295)")
    s.sync()
    s.stop()
    assert [r.value["after"] for r in s.records if r.table == "t"] == [{"id": 1, "a": 4294967295}]


def test_the_default_of_a_timestamp_is_its_instant_whatever_the_zone_of_the_server(maria_database, stream):
    d = maria_database
    d.run("SET GLOBAL time_zone='-11:00'")
    try:
        d.run("SET SESSION time_zone='+00:00'", "CREATE TABLE t (id INT PRIMARY KEY, ts TIMESTAMP NOT NULL DEFAULT '2020-01-01 00:00:00')",
              "INSERT INTO t VALUES (1, '2021-02-03 04:05:06')")
        s = stream(d, options=["include.schema.changes=true"])
        s.sync()
        s.stop()
    finally:
        d.run("SET GLOBAL time_zone='+00:00'")
    columns = [c for r in s.records if r.value.get("tableChanges") for x in r.value["tableChanges"] if x["type"] == "CREATE" and '"t"' in x["id"]
               for c in x["table"]["columns"]]
    assert [c["defaultValueExpression"] for c in columns] == [None, "2020-01-01 00:00:00"]
    assert [r.value["after"]["ts"] for r in s.records if r.table == "t"] == ["2021-02-03T04:05:06Z"]


def test_times_of_a_snapshot_are_the_stored_ones_whatever_the_driver_is_told(maria_database, stream):
    """Debezium's driver, told to fetch rows by a cursor, takes negative and fractional times for others; told a zone, it shifts TIMESTAMPs."""
    d = maria_database
    d.run("SET SESSION time_zone='+00:00'", "CREATE TABLE t (id INT PRIMARY KEY, a TIME, b TIME(3), c TIMESTAMP NULL)",
          "INSERT INTO t VALUES (1, '-00:00:01', '838:59:58.999', '2022-07-01 12:00:00'), (2, '00:00:00', '-01:02:03.456', NULL), (3, NULL, '00:00:00', NULL)")
    s = stream(d, snapshot_mode="initial_only", options=["snapshot.fetch.size=2", "driver.connectionTimeZone=+05:00"])
    assert s.process.wait(rig.LIMIT) == 0
    rows = {r.key["id"]: r.value["after"] for r in s.records if r.table == "t"}
    assert [(rows[n]["a"], rows[n]["b"], rows[n]["c"]) for n in (1, 2, 3)] == [
        (-1000000, 3020398999000, "2022-07-01T12:00:00Z"), (0, -3723456000, None), (None, 0, None)]


def test_definitions_of_a_snapshot_are_in_the_quotes_of_the_server(maria_database, stream):
    d = maria_database
    d.run("SET GLOBAL sql_mode='ANSI_QUOTES'")
    try:
        d.run("CREATE TABLE t (id INT PRIMARY KEY, `a b` VARCHAR(9) DEFAULT 'x`y')", "INSERT INTO t (id) VALUES (1)")
        s = stream(d, snapshot_mode="initial_only", options=["include.schema.changes=true"])
        assert s.process.wait(rig.LIMIT) == 0
    finally:
        d.run("SET GLOBAL sql_mode=DEFAULT")
    assert [r.value["ddl"][:25] for r in s.records if '"t"' in (r.value.get("ddl") or "")] == ['CREATE TABLE "t" (\n  "id"']
    assert [r.value["after"] for r in s.records if r.table == "t"] == [{"id": 1, "a b": "x`y"}]
