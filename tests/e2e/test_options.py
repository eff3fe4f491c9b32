"""Options that show in when and where records come, each seen through the program on a real server."""
import rig

BEAT = "heartbeat.interval.ms=200"


def beats(s, topic):
    return [r for r in s.records if r.topic == topic]


def test_heartbeat_action_query_runs_at_each_beat(maria_database, stream):
    d = maria_database
    d.run("CREATE TABLE hb (id INT PRIMARY KEY, n INT NOT NULL)")
    s = stream(d, snapshot_mode="no_data", options=[
        BEAT, f"heartbeat.action.query=INSERT INTO {d.name}.hb VALUES (1, 1) ON DUPLICATE KEY UPDATE n = n + 1"])
    s.wait(lambda: sum(r.op == "u" and r.table == "hb" for r in s.records) >= 3, "three updates by the heartbeat's statement")
    s.wait(lambda: len(beats(s, "__debezium-heartbeat.penstock")) >= 3, "three heartbeats")
    s.stop()


def test_heartbeat_action_query_runs_with_the_beat_behind_the_snapshot(maria_database, stream):
    d = maria_database
    d.run("CREATE TABLE hb (id INT PRIMARY KEY, n INT NOT NULL)")
    s = stream(d, options=["heartbeat.interval.ms=600000", f"heartbeat.action.query=INSERT INTO {d.name}.hb VALUES (1, 1)"])
    s.wait(lambda: [r.value["after"] for r in s.records if r.op == "c" and r.table == "hb"] == [{"id": 1, "n": 1}], "what the statement did")
    assert len(beats(s, "__debezium-heartbeat.penstock")) == 1
    s.stop()


def test_heartbeat_action_query_that_cannot_succeed_stops_the_task(maria_database, stream):
    s = stream(maria_database, snapshot_mode="no_data", options=[BEAT, "heartbeat.action.query=INSERTT INTO x"])
    assert s.process.wait(rig.LIMIT) != 0
    assert "heartbeat.action.query (SQLSTATE 42000)" in s.log()


def test_heartbeat_action_query_with_another_error_is_tried_again(maria_database, stream):
    s = stream(maria_database, snapshot_mode="no_data", options=[
        BEAT, f"heartbeat.action.query=INSERT INTO {maria_database.name}.none VALUES (1)"])
    rig.wait_for(lambda: s.log().count("SQLSTATE 42S02") >= 2, "two warnings")
    s.stop()


def test_rows_of_another_width_are_left_out_when_asked_for(maria_database, stream):
    d = maria_database
    d.run("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    s = stream(d, options=["inconsistent.schema.handling.mode=skip"])
    s.wait_streaming()
    d.run("SET SESSION sql_log_bin = 0", "ALTER TABLE t ADD v INT", "SET SESSION sql_log_bin = 1", "INSERT INTO t VALUES (2, 2)",
          "ALTER TABLE t DROP v", "INSERT INTO t VALUES (3)")
    s.sync()
    assert [r.key["id"] for r in s.records if r.table == "t"] == [1, 3]
    s.stop()


def test_topics_are_named_as_told(maria_database, stream):
    d = maria_database
    d.run("CREATE TABLE orders_1 (id INT PRIMARY KEY)", "CREATE TABLE orders_2 (id INT PRIMARY KEY)",
          "INSERT INTO orders_1 VALUES (1)", "INSERT INTO orders_2 VALUES (1)")
    s = stream(d, snapshot_mode="initial", options=[
        "topic.naming.strategy=io.debezium.schema.DefaultRegexTopicNamingStrategy",
        "topic.regex=(.*)orders(.*)", "topic.replacement=$1all", "topic.heartbeat.name=pulse", BEAT])
    s.wait(lambda: sum(r.op == "r" for r in s.records) == 2, "both rows")
    s.wait(lambda: beats(s, "pulse"), "a heartbeat")
    s.stop()
    rows = [r for r in s.records if r.op == "r"]
    assert {r.topic for r in rows} == {f"penstock.{d.name}.all"}
    assert sorted(r.key["__dbz__physicalTableIdentifier"] for r in rows) == [f"penstock.{d.name}.orders_1", f"penstock.{d.name}.orders_2"]


def test_streaming_waits_after_the_snapshot(maria_database, stream):
    d = maria_database
    d.run("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    s = stream(d, snapshot_mode="initial", options=["streaming.delay.ms=1500"])
    rig.wait_for(lambda: "streaming begins in 1500 ms" in s.log(), "the delay")
    d.run("INSERT INTO t VALUES (2)")
    s.wait(lambda: any(r.op == "c" for r in s.records), "the change after the delay")
    s.stop()


def test_more_than_one_task_is_refused(maria_database, stream):
    s = stream(maria_database, snapshot_mode="no_data", options=["tasks.max=2"])
    assert s.process.wait(rig.LIMIT) == 2
    assert "Only a single connector task may be started" in s.log()


def test_an_option_without_effect_says_so(maria_database, stream):
    s = stream(maria_database, snapshot_mode="initial_only", options=["snapshot.max.threads=4", "use.nongraceful.disconnect=true"])
    s.process.wait(rig.LIMIT)
    for name in ("snapshot.max.threads", "use.nongraceful.disconnect"):
        assert s.log().count(f"option '{name}' has no effect: ") == 1


def test_more_tables_than_the_guardrail_allows(maria_database, stream):
    d = maria_database  # has a marker table
    d.run("CREATE TABLE a (id INT PRIMARY KEY)")
    limit = ["guardrail.collections.max=1", "schema.history.internal.store.only.captured.tables.ddl=true"]
    text = "Guardrail limit exceeded: 2 tables/collections configured for capture, but maximum allowed is 1."
    s = stream(d, snapshot_mode="initial_only", options=limit)
    assert s.process.wait(rig.LIMIT) == 0
    assert text in s.log() and s.log().count("WARN  task: Guardrail") == 1
    s = stream(d, snapshot_mode="always", options=[*limit, "guardrail.collections.limit.action=fail"])
    assert s.process.wait(rig.LIMIT) == 2
    assert f"ERROR penstock: {text}" in s.log()


def test_a_table_that_the_snapshot_leaves_out_is_streamed(maria_database, stream):
    maria_database.run("CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE b (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1)", "INSERT INTO b VALUES (1)")
    s = stream(maria_database, options=[rf"snapshot.include.collection.list={maria_database.name}\.(a|marker)"])
    s.sync()
    s.stop()
    s = stream(maria_database, options=[rf"snapshot.include.collection.list={maria_database.name}\.(a|marker)"])  # from the history
    maria_database.run("INSERT INTO b VALUES (2)")
    s.sync()
    assert [(r.table, r.op, r.value["after"]["id"]) for r in s.records if r.table in ("a", "b") and r.op] == [("a", "r", 1), ("b", "c", 2)]
    s.stop()


def test_never_streams_from_the_oldest_event(database, stream):
    database.run("CREATE TABLE old (id INT PRIMARY KEY)", "INSERT INTO old VALUES (1)")
    s = stream(database, snapshot_mode="never")
    s.wait(lambda: any(r.table == "old" and r.op == "c" for r in s.records), "the row from before the start")
    s.stop()
    database.run("INSERT INTO old VALUES (2)")
    s = stream(database, snapshot_mode="never")  # the history came from the binlog, too
    s.sync()
    assert [r.value["after"]["id"] for r in s.records if r.table == "old" and r.op] == [1, 2]
    changes = [c["table"] for r in s.records if r.value for c in r.value.get("tableChanges") or [] if c["id"] == f'"{database.name}"."old"']
    assert changes and all(t["defaultCharsetName"] for t in changes)  # no snapshot has told: from the events
    s.stop()


def test_a_user_who_may_only_lock_tables_takes_a_snapshot(database, stream):
    database.run("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)", "CREATE USER locker@'%' IDENTIFIED BY 'locker'")
    try:
        database.run("GRANT SELECT, SHOW DATABASES, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO locker@'%'")
        s = stream(database, options=["database.user=locker", "database.password=locker"])
        s.sync()
        s.stop()
    finally:
        database.run("DROP USER locker@'%'")
    assert "connected to locker@" in s.log() and [r.op for r in s.records if r.table == "t"] == ["r"]


def test_two_columns_of_one_name_stop_the_task(maria_database, stream):
    maria_database.run("CREATE TABLE t (id INT PRIMARY KEY, `ü` INT, `_` INT)", "INSERT INTO t VALUES (1, 2, 3)")
    s = stream(maria_database, options=["field.name.adjustment.mode=avro"])
    assert s.process.wait(rig.LIMIT) != 0
    assert "field name duplication _" in s.log() and "avro_unicode" in s.log()


def test_the_charset_of_a_database_is_known_behind_a_restart(database, stream):
    """The history of captured tables only (stream's own default) has it, whoever set it: snapshot or ALTER DATABASE."""
    d = database
    d.run(f"ALTER DATABASE `{d.name}` CHARACTER SET cp1251")
    s = stream(d, snapshot_mode="initial")
    s.sync()
    s.stop()
    d.run("CREATE TABLE first (id INT PRIMARY KEY, v VARCHAR(5))", "INSERT INTO first VALUES (1, 'Я')")
    s = stream(d)
    s.sync()
    d.run(f"ALTER DATABASE `{d.name}` CHARACTER SET koi8r")
    s.sync()
    s.stop()
    d.run("CREATE TABLE second (id INT PRIMARY KEY, v VARCHAR(5))", "INSERT INTO second VALUES (1, 'Ю')")
    s = stream(d)
    s.sync()
    s.stop()
    assert [r.value["after"]["v"] for r in s.records if r.op == "c" and r.table in ("first", "second")] == ["Я", "Ю"]

def test_a_hash_algorithm_that_nobody_knows_stops_the_task(maria_database, stream):
    maria_database.run("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO t VALUES (1, 'x')")
    s = stream(maria_database, options=["column.mask.hash.NOSUCH.with.salt.s=.*[.]t[.]v"])
    assert s.process.wait(rig.LIMIT) != 0
    assert "unable to hash column 'v': no algorithm is named 'NOSUCH'" in s.log()


def test_a_restart_that_ignores_gtids_goes_on(database, stream):
    options = ["gtid.ignore.on.recovery=true"]
    database.run("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    s = stream(database, snapshot_mode="initial", options=options)
    s.sync()
    s.stop()
    database.run("INSERT INTO t VALUES (2)")
    s = stream(database, options=options)
    s.sync()
    s.stop()
    assert [r.key for r in s.records if r.table == "t"] == [{"id": 1}, {"id": 2}]
