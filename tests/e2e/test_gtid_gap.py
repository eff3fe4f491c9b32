"""GTIDs are checked for continuity: each binlog file names the transactions before it, and one that never came stops the task."""
import json
import pathlib
import subprocess

import rig

BINLOG = pathlib.Path(rig.ROOT) / "tests/golden/keys/binlog.mysql"


def stream(program, offsets):
    return subprocess.run([program, "stream", "mysql://nobody@localhost", "--binlog", str(BINLOG), "--offsets", str(offsets),
                           "-o", "topic.prefix=gap"], capture_output=True, text=True, timeout=60)


def store(path, gtids, pos=4):
    offset = {"file": BINLOG.name, "pos": pos} | ({"gtids": gtids} if gtids else {})
    path.write_text(json.dumps({"penstock_offsets": 1, "offsets": [
        {"connector": "penstock", "partition": {"server": "gap"}, "offset": offset}]}))
    pathlib.Path(str(path) + ".history").write_text("")


def previous_gtids(program, tmp_path):
    """What the file itself says came before it, taken from the error about an offset that has nothing of it but one."""
    store(tmp_path / "probe", "00000000-0000-0000-0000-000000000001:1")
    text = stream(program, tmp_path / "probe").stderr
    assert "are in the server's history but did not come" in text, text
    return text.split("transactions ")[1].split(" are in")[0]


def test_missing_transactions_stop_the_task(program, tmp_path):
    before = previous_gtids(program, tmp_path)
    uuid, last = before.split(":")[0], int(before.rsplit("-", 1)[1])
    store(tmp_path / "gap", f"{uuid}:1-{last - 2}")
    ended = stream(program, tmp_path / "gap")
    assert ended.returncode != 0 and ended.stdout == ""
    assert f"transactions {uuid}:{last - 1}-{last} are in the server's history but did not come" in ended.stderr


def test_a_complete_set_goes_on(program, tmp_path):
    store(tmp_path / "whole", previous_gtids(program, tmp_path))
    ended = stream(program, tmp_path / "whole")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("\n") > 10


def test_what_came_since_a_position_without_gtids_is_no_set(program, tmp_path):
    """The server has changed over to GTIDs, or is about to: a set is stored from the first whole one on, that of a file's start."""
    before = previous_gtids(program, tmp_path)
    for pos in (4, BINLOG.stat().st_size):
        path = tmp_path / f"bare{pos}"
        store(path, None, pos)
        ended = stream(program, path)
        assert ended.returncode == 0, ended.stderr
        gtids = json.loads(path.read_text())["offsets"][0]["offset"].get("gtids")
        if pos == 4:
            assert gtids.split("-")[:-1] == before.split("-")[:-1], "from the first transaction of the server on"
        else:
            assert gtids is None, "no file has begun since"
