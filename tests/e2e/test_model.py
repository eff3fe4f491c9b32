"""The harness's own judgement: what it calls equal, lost or wrong."""
import base64
import decimal

import pytest

from model import Column, Rebuilt, check_no_gap, from_event, from_sql, micros_of_time
from rig import Record, statements


def column(full, precision=0, scale=0):
    return Column("c", full.split("(")[0].split()[0], full, precision, scale, True)


@pytest.mark.parametrize("full, sql, event, extra", [
    ("bigint(20) unsigned", 18446744073709551615, -1, {}),
    ("decimal(10,4)", decimal.Decimal("-2.5000"), base64.b64encode((-25000).to_bytes(2, "big", signed=True)).decode(), {"scale": 4}),
    ("bit(9)", 257, base64.b64encode(b"\x01\x01").decode(), {}),
    ("bit(1)", 1, True, {}),
    ("date", "2020-02-29", 18321, {}),
    ("time(2)", "-00:00:00.50", -500000, {"precision": 2}),
    ("datetime(3)", "1969-12-31 23:59:59.999", -1, {"precision": 3}),
    ("datetime(6)", "1970-01-01 00:00:00.000001", 1, {"precision": 6}),
    ("timestamp(6)", "2020-02-29 12:34:56.500000", "2020-02-29T12:34:56.5Z", {"precision": 6}),
    ("float", 1.100000023841858, 1.1, {}),
    ("enum('d,e')", "d,e", "d\\,e", {}),
    ("json", '{"a": 1}', '{"a":1}', {}),
    ("point", b"\xe6\x10\0\0wkb", {"x": 1, "y": 2, "wkb": base64.b64encode(b"wkb").decode(), "srid": 4326}, {}),
])
def test_both_sides_meet_in_one_form(full, sql, event, extra):
    c = column(full, **extra)
    assert from_sql(c, sql) == from_event(c, event)


def test_negative_times_keep_their_fraction():
    assert micros_of_time("-838:59:58.999999") == -(838 * 3600 + 59 * 60 + 58) * 1000000 - 999999


def change(op, v, key=1):
    image, snapshot = {"id": key, "v": v}, "true"
    if op == "first":
        op, snapshot = "r", op
    return Record("p.d.t", {"id": key}, {"op": op, "before": None if op in "cr" else image, "after": None if op == "d" else image,
                                         "source": {"db": "d", "table": "t", "snapshot": snapshot if op == "r" else "false"}}, None)


@pytest.mark.parametrize("changes, lost", [
    ([("c", 1), ("u", 2), ("d", 2), ("c", 3)], False),
    ([("r", 5), ("u", 6)], False),
    ([("c", 1), ("u", 2), ("u", 2), ("u", 3)], False),
    ([("c", 1), ("u", 3)], True),
    ([("r", 5), ("u", 7)], True),
    ([("u", 2)], True),
    ([("first", 1), ("c", 3, 2), ("u", 4, 2)], False),  # key 2 was deleted when the snapshot was taken
    ([("first", 1), ("u", 3, 2)], True),
    ([("r", 1), ("first", 5), ("u", 6)], False),
    ([("r", 1), ("first", 5), ("u", 7)], True),
])
def test_a_lost_change_is_noticed(changes, lost):
    records = [change(*c) for c in changes]
    if lost:
        with pytest.raises(AssertionError, match="lost"):
            check_no_gap(records, "t")
    else:
        assert check_no_gap(records, "t") == len(changes)


def test_a_second_snapshot_takes_the_place_of_the_first():
    records = [change("first", 1), change("r", 1, 2), change("first", 1)]
    state, _ = Rebuilt(records).rows("d", "t", [Column("id", "int", "int", 0, 0, False), Column("v", "int", "int", 0, 0, True)], ["id"])
    assert list(state) == ["[1]"]


def test_renames_move_rows():
    r = [change("c", 1), Record("p", {}, {"databaseName": "d", "ddl": "RENAME TABLE `t` TO d.u"}, None)]
    assert list(Rebuilt(r).events) == [("d", "u")]


def test_fixtures_have_two_parts():
    before, after = statements("keys")
    assert before[0] == "SET NAMES utf8mb4" and after[-1].startswith("INSERT INTO `odd name-1`")
