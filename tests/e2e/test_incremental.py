"""Signals and incremental snapshots: tables read in chunks while a writer changes them and the program is killed; in the
end the records rebuild the tables. What Debezium sends for the same signals was compared record by record."""
import json
import random
import re

import pytest

import rig
from model import Rebuilt, check_no_gap
from test_kill import SEED, Writer, prepare

OVER = "the incremental snapshot is over"
MARKS = ("snapshot-window-open", "snapshot-window-close")


def options(d, *more, chunk=100):
    return [f"signal.data.collection={d.name}.sig", f"incremental.snapshot.chunk.size={chunk}", *more]


def signal_table(d):
    d.run("CREATE TABLE sig (id VARCHAR(42) NOT NULL PRIMARY KEY, type VARCHAR(32) NOT NULL, data TEXT)")


def signal(d, id, kind, **data):
    text = json.dumps({k.replace("_", "-"): v for k, v in data.items()})
    d.cursor.execute("INSERT INTO sig VALUES (%s, %s, %s)", (id, kind, text))


def snapshot(d, id, *tables, **more):
    signal(d, id, "execute-snapshot", data_collections=[f"{d.name}.{t}" for t in tables], **more)


def fill(d, rows):
    for first in range(1, rows + 1, 500):
        d.run("INSERT INTO t VALUES " + ",".join(f"({i}, 1, 'start')" for i in range(first, min(first + 500, rows + 1))))


def reads(s, table):
    return [r for r in s.records if r.op == "r" and r.table == table]


def streaming(s):
    rig.wait_for(lambda: "streaming from" in s.log() or not s.alive(), "the stream")
    s.sync()
    rig.wait_for(lambda: s.stored().get("file"), "an offset: without one a restart would begin at the end")


def over(s, times=1):
    rig.wait_for(lambda: s.log().count(OVER) >= times or not s.alive(), f"{times} times '{OVER}'")
    assert s.alive(), s.log()[-3000:]
    s.sync()


@pytest.mark.parametrize("strategy", ["INSERT_INSERT", "INSERT_DELETE"])
def test_several_tables_in_chunks(strategy, database, stream):
    d = database
    signal_table(d)
    d.run("CREATE TABLE one (id INT PRIMARY KEY, v VARCHAR(10))", "CREATE TABLE two (a INT, b VARCHAR(10), x INT, PRIMARY KEY (a, b))",
          "CREATE TABLE none (a INT, b INT)", "CREATE TABLE bare (id INT PRIMARY KEY)",
          "INSERT INTO one VALUES (1,'a'),(2,NULL),(3,'c'),(4,'d'),(5,'e')", "INSERT INTO two VALUES (1,'a',1),(1,'b',2),(2,'',3),(2,'z''\\\\',4),(3,'ä',5)",
          "INSERT INTO none VALUES (1,1),(2,2),(3,3)")
    s = stream(d, snapshot_mode="no_data", options=options(d, f"incremental.snapshot.watermarking.strategy={strategy}", chunk=2))
    streaming(s)
    snapshot(d, "all", "(one|two|none|bare)")
    over(s)
    assert [r.value["after"] for r in reads(s, "one")] == [{"id": i, "v": v} for i, v in ((1, "a"), (2, None), (3, "c"), (4, "d"), (5, "e"))]
    assert [r.value["after"]["x"] for r in reads(s, "two")] == [1, 2, 3, 4, 5]
    assert all(r.value["source"]["snapshot"] == "incremental" and r.value["transaction"] is None for r in reads(s, "one"))
    assert not reads(s, "none") and not reads(s, "bare") and "it has no key" in s.log()
    snapshot(d, "some", "one", "none", surrogate_key="", additional_conditions=[{"data-collection": f"{d.name}.ONE", "filter": "id > 3 -- not all"}])
    over(s, 2)
    assert [r.value["after"]["id"] for r in reads(s, "one")] == [1, 2, 3, 4, 5, 4, 5]
    snapshot(d, "keyless", "none", surrogate_key="a")
    over(s, 3)
    assert [(r.key, r.value["after"]["a"]) for r in reads(s, "none")] == [(None, 1), (None, 2), (None, 3)]
    marks = [r.value["after"] for r in s.records if r.table == "sig" and r.op == "c" and r.value["after"]["type"] in MARKS]
    opened, closed = ([m for m in marks if m["type"] == x] for x in MARKS)
    instant = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}(\d{3}(\d{3})?)?)?Z"
    told = {"snapshot-window-open": ["openWindowTimestamp"], "snapshot-window-close": ["openWindowTimestamp", "closeWindowTimestamp"]}
    for m in marks:
        times = json.loads(m["data"])
        assert list(times) == told[m["type"]] and all(re.fullmatch(instant, x) for x in times.values()), m
    deleted = [r for r in s.records if r.table == "sig" and r.op == "d"]
    assert opened and len(opened) == (len(deleted) if strategy == "INSERT_DELETE" else len(closed))
    rig.wait_for(lambda: s.stored().get("file"), "an offset")
    s.stop()
    assert not [k for k in s.stored() if k.startswith("incremental")], s.stored()
    Rebuilt(s.records).compare(d, ["one", "two", "sig"])


MODES = {"insert": [], "delete": ["incremental.snapshot.watermarking.strategy=insert_delete"], "readonly": ["read.only=true"]}


def check_no_stale_read(records):
    """What a chunk says of a row is never older than what the stream has said of it."""
    last, reads_seen = {}, 0
    for r in records:
        if r.op and r.table == "t":
            image = r.value["after"] or r.value["before"]
            if r.op == "r":
                reads_seen += 1
                assert image["v"] >= last.get(image["id"], 0), f"{image} read, after {last[image['id']]}"
            last[image["id"]] = max(image["v"], last.get(image["id"], 0))
    assert reads_seen > 0


@pytest.mark.parametrize("mode", MODES)
def test_snapshot_while_writing_and_kills(mode, database, stream):
    d = database
    if mode == "readonly" and d.server.kind == "mysql56":
        pytest.skip("no GTIDs there")
    signal_table(d)
    rows = 3000
    d.run("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, v INT NOT NULL, pad VARCHAR(300))")
    chance, begun = random.Random(SEED), lambda: stream(d, snapshot_mode="no_data", options=options(d, *MODES[mode]))
    s = begun()
    streaming(s)
    fill(d, rows)
    writer = Writer(d, SEED, rows)
    writer.start()
    snapshot(d, "all", "t")
    for share in (0.1, 0.5, 0.9):
        s.wait(lambda: len(reads(s, "t")) > rows * share * 0.8 or OVER in s.log(), f"{share} of the rows")
        s.wait_records(len(s.records) + chance.randint(1, 50))
        s.kill9()
        s = begun()
    over(s)
    writer.finish()
    s.sync()
    check_no_gap(s.records, "t")
    check_no_stale_read(s.records)
    Rebuilt(s.records).compare(d, ["t", "sig"])
    assert len({r.key["id"] for r in reads(s, "t")}) > rows / 2
    s.stop()


def test_kill_between_the_chunks_goes_on_there(maria_database, stream):
    d = maria_database
    signal_table(d)
    prepare(d, 20000)
    s = stream(d, snapshot_mode="no_data", options=options(d, chunk=2))
    streaming(s)
    snapshot(d, "all", "t")
    s.wait(lambda: len(reads(s, "t")) > 5, "some rows")
    signal(d, "p", "pause-snapshot")  # so that a flush falls between two chunks, however fast the machine is
    rig.wait_for(lambda: len(s.stored().get("incremental_snapshot_primary_key", "")) > 20, "a stored key")
    s.kill9()
    at = s.stored()
    assert json.loads(at["incremental_snapshot_collections"])[0]["incremental_snapshot_collections_id"] == f"{d.name}.t"
    assert at["incremental_snapshot_correlation_id"] == "all"
    assert at["incremental_snapshot_maximum_key"].endswith("00004e20")  # Integer 20000
    first = int(at["incremental_snapshot_primary_key"][-8:], 16)
    before = len(s.records)
    s = stream(d, snapshot_mode="no_data", options=options(d, chunk=1000))
    over(s)
    again = [r.value["after"]["id"] for r in s.records[before:] if r.op == "r"]
    assert again == list(range(first + 1, 20001))
    s.stop()


def test_pause_resume_stop_log(maria_database, stream):
    d = maria_database
    signal_table(d)
    prepare(d, 400)
    d.run("CREATE TABLE u (id INT PRIMARY KEY)", "INSERT INTO u VALUES (1)", "CREATE TABLE w LIKE u", "INSERT INTO w VALUES (1)")
    s = stream(d, snapshot_mode="no_data", options=options(d, chunk=1))
    streaming(s)
    signal(d, "l", "log", message="here at {}!")
    rig.wait_for(lambda: 'here at {"' in s.log() and "}!" in s.log(), "the message")
    snapshot(d, "long", "t", "u", "w")
    s.wait(lambda: len(reads(s, "t")) > 5, "some rows")
    signal(d, "p", "pause-snapshot")
    rig.wait_for(lambda: "is paused" in s.log(), "the pause")
    s.sync()
    d.mark()
    seen = len(reads(s, "t"))
    d.run("UPDATE t SET v = 2 WHERE id = 400")
    s.sync()
    assert len(reads(s, "t")) <= seen + 1 < 400, "the window that was open may close, and no more"
    signal(d, "s", "stop-snapshot", type="incremental", data_collections=[f"{d.name}.u"])
    signal(d, "r", "resume-snapshot")
    s.wait(lambda: len(reads(s, "t")) > seen + 5, "more rows")
    signal(d, "s2", "stop-snapshot", data_collections=[f"{d.name}.t"])
    over(s)
    assert len(reads(s, "t")) < 400 and not reads(s, "u") and len(reads(s, "w")) == 1
    for bad in ("('b1', 'no-such', '')", "('b2', 'execute-snapshot', 'no json')", "('b3', 'execute-snapshot', '{}')", "('b4', 'stop-snapshot', NULL)"):
        d.run(f"INSERT INTO sig VALUES {bad}")
    s.sync()
    assert s.log().count("is left out") == 3 and "nothing to stop" in s.log()
    s.stop()


def test_ddl_meanwhile_reads_the_chunk_again(database, stream):
    d = database
    signal_table(d)
    prepare(d, 2000)
    s = stream(d, snapshot_mode="no_data", options=options(d, chunk=50))
    streaming(s)
    snapshot(d, "all", "t")
    for i in range(4):
        s.wait(lambda: len(reads(s, "t")) > 300 * i, "rows")
        d.run(f"ALTER TABLE t ADD COLUMN c{i} INT NOT NULL DEFAULT {i}")
        d.run(f"UPDATE t SET v = v + 1 WHERE id % 7 = {i}")
    over(s)
    Rebuilt(s.records).compare(d, ["t"], strict=False)
    assert {r.value["after"]["id"] for r in reads(s, "t")} | {r.key["id"] for r in s.records if r.op == "u" and r.table == "t"} == set(range(1, 2001))
    s.stop()


def test_a_table_that_is_not_known_is_described(maria_database, stream):
    d = maria_database
    signal_table(d)
    d.run("CREATE TABLE late (id INT PRIMARY KEY)", "INSERT INTO late VALUES (1),(2)")
    only = ["schema.history.internal.store.only.captured.tables.ddl=true", "include.schema.changes=true"]
    s = stream(d, snapshot_mode="no_data", tables=rf"{d.name}\.marker", options=options(d, *only))
    streaming(s)
    s.stop()
    s = stream(d, snapshot_mode="no_data", tables=rf"{d.name}\.(marker|late)", options=options(d, *only))
    s.sync()
    snapshot(d, "new", "late")
    over(s)
    assert [r.value["after"]["id"] for r in reads(s, "late")] == [1, 2]
    assert [r for r in s.records if isinstance(r.value, dict) and "CREATE TABLE `late`" in (r.value.get("ddl") or "")]
    s.stop()


def test_a_chunk_larger_than_the_budget_is_cut(maria_database, stream):
    d = maria_database
    signal_table(d)
    d.run("CREATE TABLE wide (id INT PRIMARY KEY, b LONGTEXT)")
    for i in range(1, 13):
        d.run(f"INSERT INTO wide VALUES ({i}, REPEAT('x', 300000))")
    s = stream(d, snapshot_mode="no_data", options=options(d, "max.queue.size.in.bytes=4000000"))
    streaming(s)
    snapshot(d, "all", "wide")
    over(s)
    assert [r.value["after"]["id"] for r in reads(s, "wide")] == list(range(1, 13))
    assert sum(r.table == "sig" and r.value["after"]["type"] == MARKS[0] for r in s.records if r.op == "c") > 5
    s.stop()


def notes(s):
    """(aggregate, type, data without the connector's name) of each notification; ids apart."""
    found = [r.value for r in s.records if r.topic == "notes"]
    assert all(list(v) == ["id", "type", "aggregate_type", "additional_data", "timestamp"] for v in found)
    assert all(v["additional_data"].pop("connector_name") == "penstock" for v in found)
    return found


def java_set(names):
    """Names in the order of a HashSet made of them (a few: 16 buckets)."""
    def bucket(name):
        h = 0
        for c in name:
            h = (31 * h + ord(c)) & 0xFFFFFFFF
        return (h ^ h >> 16) & 15
    return sorted(names, key=bucket)


def test_notifications(maria_database, stream):
    d = maria_database
    signal_table(d)
    d.run("CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE b (x INT, y VARCHAR(5), PRIMARY KEY (x, y))", "INSERT INTO a VALUES (1),(2),(3)",
          "INSERT INTO b VALUES (7,'q')", "CREATE TABLE n (x INT)")
    channels = ["notification.enabled.channels=sink,log", "notification.sink.topic.name=notes"]
    s = stream(d, snapshot_mode="initial", options=options(d, *channels, chunk=2))
    streaming(s)
    snapshot(d, "i1", "a", "n", "b")
    over(s)
    snapshot(d, "i0", "(a|b|n|sig)", "a")
    over(s, 2)
    s.stop()
    assert s.log().count("[Notification Service]  {id='i1', aggregate_type='Incremental Snapshot'") == 8
    all_of = [f"{d.name}.{t}" for t in ("a", "b", "marker", "n")]
    captured = ",".join([*all_of, f"{d.name}.sig"])
    found = notes(s)
    initial = [(v["type"], v["additional_data"]) for v in found if v["aggregate_type"] == "Initial Snapshot"]
    assert initial[0] == ("STARTED", {}) and initial[-1] == ("COMPLETED", {}) and len(initial) == 10
    assert initial[1] == ("IN_PROGRESS", {"current_collection_in_progress": f"{d.name}.a", "data_collections": ",".join(java_set(all_of))})
    assert initial[2] == ("TABLE_SCAN_COMPLETED", {"scanned_collection": f"{d.name}.a", "total_rows_scanned": "3", "status": "SUCCEEDED", "data_collections": captured})
    a, n, b = (f"{d.name}.{t}" for t in "anb")
    matching = java_set([a, b, n, f"{d.name}.sig"])
    assert [v["additional_data"]["data_collections"] for v in found if v["id"] == "i0" and v["type"] == "STARTED"] == [",".join(matching)]
    assert [(v["type"], v["additional_data"]) for v in found if v["id"] == "i1"] == [
        ("STARTED", {"data_collections": f"{a},{n},{b}"}),
        ("IN_PROGRESS", {"current_collection_in_progress": a, "maximum_key": "3", "last_processed_key": "2", "data_collections": f"{a},{n},{b}"}),
        ("IN_PROGRESS", {"current_collection_in_progress": a, "maximum_key": "3", "last_processed_key": "3", "data_collections": f"{a},{n},{b}"}),
        ("TABLE_SCAN_COMPLETED", {"scanned_collection": a, "total_rows_scanned": "3", "status": "SUCCEEDED", "data_collections": f"{a},{n},{b}"}),
        ("TABLE_SCAN_COMPLETED", {"scanned_collection": n, "total_rows_scanned": "0", "status": "NO_PRIMARY_KEY", "data_collections": f"{n},{b}"}),
        ("IN_PROGRESS", {"current_collection_in_progress": b, "maximum_key": "7,q", "last_processed_key": "7,q", "data_collections": b}),
        ("TABLE_SCAN_COMPLETED", {"scanned_collection": b, "total_rows_scanned": "1", "status": "SUCCEEDED", "data_collections": b}),
        ("COMPLETED", {})]
    prepare(d, 5000)
    s = stream(d, snapshot_mode="initial", options=options(d, *channels, chunk=1))
    s.wait(lambda: notes_of_type(s, "SKIPPED"), "a start without a snapshot")
    snapshot(d, "i2", "t", "a")
    s.wait(lambda: reads(s, "t"), "a row")
    signal(d, "y", "pause-snapshot")
    signal(d, "z", "stop-snapshot")
    over(s)
    s.sync()
    assert len(notes_of_type(s, "PAUSED")) == 1
    assert [sorted(r.value["additional_data"]["data_collections"].split(",")) for r in notes_of_type(s, "ABORTED")] == [[a, f"{d.name}.t"]]
    s.stop()


def notes_of_type(s, kind):
    return [r for r in s.records if r.topic == "notes" and r.value["type"] == kind]


def blocking(d, id, *tables, **more):
    snapshot(d, id, *tables, type="blocking", **more)


def test_blocking_snapshots(database, stream):
    d = database
    signal_table(d)
    d.run("CREATE TABLE a (id INT PRIMARY KEY, v INT)", "CREATE TABLE b (id INT PRIMARY KEY, v INT)", "INSERT INTO a VALUES (1,1),(2,2)", "INSERT INTO b VALUES (1,1),(2,2),(3,3)")
    more = ["include.schema.changes=true", "notification.enabled.channels=sink", "notification.sink.topic.name=notes"]
    s = stream(d, snapshot_mode="no_data", options=options(d, *more))
    streaming(s)
    blocking(d, "one", "a")
    s.wait(lambda: len(reads(s, "a")) == 2, "the rows of a")
    d.run("INSERT INTO a VALUES (3,3)")
    s.sync()
    assert [r.value["source"]["snapshot"] for r in reads(s, "a")] == ["first", "last"]
    (asked,) = (r.value["source"]["thread"] for r in s.records if r.table == "sig")
    assert (asked is None) == (d.server.kind == "mariadb") and [r.value["source"]["thread"] for r in reads(s, "a")] == [asked] * 2
    assert [r.value["after"]["id"] for r in s.records if r.table == "a" and r.op in ("r", "c")] == [1, 2, 3]
    blocking(d, "two", "(a|b)", additional_conditions=[{"data-collection": f"{d.name}.b", "filter": f"SELECT * FROM {d.name}.b WHERE id > 1"}])
    s.wait(lambda: len(reads(s, "b")) == 2, "rows of b")
    assert [r.value["after"]["id"] for r in reads(s, "b")] == [2, 3] and len(reads(s, "a")) == 5
    statements = [r.value for r in s.records if isinstance(r.value, dict) and r.value.get("ddl")]
    assert all(x["source"]["thread"] is None and x["source"]["gtid"] is None for x in statements[-4:])
    ddl = [x["ddl"].split("(")[0].strip() for x in statements]
    assert ddl[-4:] == [f"DROP TABLE IF EXISTS `{d.name}`.`a`", f"DROP TABLE IF EXISTS `{d.name}`.`b`", "CREATE TABLE `a`", "CREATE TABLE `b`"]
    blocking(d, "bad", "b", additional_conditions=[{"data-collection": f"{d.name}.b", "filter": "SELECT nonsense"}])
    s.wait(lambda: notes_of_type(s, "ABORTED"), "the end of what cannot be")
    blocking(d, "short", "b", additional_conditions=[{"data-collection": f"{d.name}.b", "filter": f"SELECT id FROM {d.name}.b"}])
    s.wait(lambda: len(reads(s, "b")) == 5, "rows without their last column")
    assert [r.value["after"] for r in reads(s, "b")][2:] == [{"id": i, "v": None} for i in (1, 2, 3)] and "leaves out 'v'" in s.log()
    blocking(d, "keyless", "b", additional_conditions=[{"data-collection": f"{d.name}.b", "filter": f"SELECT v FROM {d.name}.b"}])
    s.wait(lambda: len(notes_of_type(s, "ABORTED")) == 2, "the end of rows without their key")
    d.run("CREATE TABLE p (id INT PRIMARY KEY, place POINT NOT NULL)", "INSERT INTO p VALUES (1, ST_GeomFromText('POINT(1 2)'))")
    blocking(d, "without a value", "p", additional_conditions=[{"data-collection": f"{d.name}.p", "filter": f"SELECT id FROM {d.name}.p"}])
    s.wait(lambda: len(notes_of_type(s, "ABORTED")) == 3, "the end of a row that cannot be converted")
    d.run("INSERT INTO b VALUES (9,9)")
    s.sync()
    assert "is given up" in s.log() and [r.value["after"]["id"] for r in s.records if r.table == "b" and r.op == "c"] == [9]
    rig.wait_for(lambda: not [k for k in s.stored() if k.startswith("penstock")], "nothing left to do in the offset")
    s.stop()
    Rebuilt(s.records).compare(d, ["a", "sig"])


def test_a_blocking_snapshot_that_is_killed_is_taken_again(maria_database, stream):
    d = maria_database
    signal_table(d)
    rows = 20000
    prepare(d, rows)
    s = stream(d, snapshot_mode="no_data", options=options(d), hold_after=40)
    streaming(s)
    writer = Writer(d, SEED, rows)
    writer.start()
    blocking(d, "all", "t")
    s.wait(lambda: len(reads(s, "t")) > 100, "some rows")
    s.kill9()
    s = stream(d, snapshot_mode="no_data", options=options(d))
    s.wait(lambda: any(r.value["source"]["snapshot"] == "last" for r in reads(s, "t")), "the last row")
    writer.finish()
    s.sync()
    Rebuilt(s.records).compare(d, ["t", "sig"])
    s.stop()


def test_signals_in_a_file(maria_database, stream, tmp_path):
    d, path = maria_database, tmp_path / "signals.txt"
    d.run("CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1),(2)")
    signal_table(d)
    path.write_text(json.dumps({"id": "f1", "type": "log", "data": {"message": "from a file"}}) + "\nnot json\n")
    s = stream(d, snapshot_mode="no_data", options=options(d, "signal.enabled.channels=source,file", f"signal.file={path}", "signal.poll.interval.ms=50"))
    streaming(s)
    rig.wait_for(lambda: "from a file" in s.log() and "is no signal" in s.log(), "the message")
    rig.wait_for(lambda: path.read_text() == "", "what is done to be taken out")
    with open(path, "a") as f:
        f.write(json.dumps({"id": "f2", "type": "execute-snapshot", "data": {"data-collections": [f"{d.name}.a"]}}) + "\n")
    over(s)
    assert [r.value["after"]["id"] for r in reads(s, "a")] == [1, 2]
    rig.wait_for(lambda: path.read_text() == "", "what is done to be taken out")
    s.stop()
