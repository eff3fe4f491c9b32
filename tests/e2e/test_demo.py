"""The first command of the README, run as a reader would: it builds, shows snapshot and live changes, and leaves nothing."""
import glob
import json
import os
import subprocess

import rig


def test_demo_shows_rows_then_changes_and_leaves_nothing(program):
    before = set(glob.glob("/tmp/penstock-demo.*"))
    out = subprocess.run([os.path.join(rig.ROOT, "mysql-fixtures/demo"), "--seconds", "8"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                         timeout=600, env={k: v for k, v in os.environ.items() if k != "TMPDIR"})
    assert out.returncode == 0, out.stderr.decode()[-3000:]
    values = [json.loads(line)["value"] for line in out.stdout.decode().splitlines()]
    ops = [v["op"] for v in values if v and "op" in v]
    assert ops.count("r") >= 60 + 20 + 100 + 203 + 19, "the shop; its writer starts with the snapshot and may be a little ahead"
    assert {"c", "u"} <= set(ops[ops.index("c"):]), "live changes"
    assert set(glob.glob("/tmp/penstock-demo.*")) == before
