#!/usr/bin/python3
"""Golden cases: a recorded binlog and a configuration in, records out, equal to Debezium's byte by byte. TAP.

  run.py PENSTOCK [CASE[.SERVER[.VARIANT]]…]     run these, or all

Each case folder has binlog.<server> and, per variant of its options, expected.<server>[.<variant>].jsonl; README.md
says how they are made. Nothing is needed but the program.
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import normal  # noqa: E402

LIMIT = 60  # seconds a case; it needs a tenth of one


def cases(wanted):
    for binlog in sorted(HERE.glob("*/binlog.*")):
        server = binlog.name[len("binlog."):]
        for variant, options in normal.variants(binlog.parent).items():
            name = ".".join(filter(None, (binlog.parent.name, server, variant)))
            parts = (binlog.parent.name, f"{binlog.parent.name}.{server}", name)
            expected = binlog.parent / normal.recording("expected", server, variant)
            if expected.exists() and (not wanted or set(parts) & wanted):
                yield name, binlog, server, options, expected


def run(penstock, binlog, server, options):
    """Records that penstock makes of a binlog, or a sentence why there are none."""
    command = [penstock, "stream", "mysql://golden@localhost", "--binlog", str(binlog),
               "-o", f"connector.class={normal.connector_class(server)}"]
    for key, value in options.items():
        command += ["-o", f"{key}={value}"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT,
                              env={**os.environ, "TZ": "UTC"}, check=False)
    except subprocess.TimeoutExpired:
        return None, f"does not end within {LIMIT} s"
    said = done.stderr.decode(errors="replace").strip()
    try:
        records = normal.by_topic(normal.produced(done.stdout.decode("utf-8"), options))
    except (ValueError, UnicodeDecodeError) as e:
        return None, f"{e}\n{said}"
    if done.returncode != 0:
        return records, f"ends with status {done.returncode}: {said}"
    return records, None


def point(got, want):
    """Where two texts begin to differ, with what is around it."""
    if got is None or want is None:
        return f"got      {str(got)[:200]}\nexpected {str(want)[:200]}"
    at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
    start = max(0, at - 60)
    return f"at {at}:\n got      …{got[start:at + 90]}\n expected …{want[start:at + 90]}"


def describe(got, want):
    """Lines that tell a person how two lists of records differ; at most a few."""
    lines = []
    if len(got) != len(want):
        lines.append(f"{len(got)} records, expected {len(want)}")
    shown = 0
    for number, (g, w) in enumerate(zip(got, want), 1):
        if g == w:
            continue
        for part in ("topic", "key", "value", "headers"):
            if g[part] != w[part]:
                a, b = (str(g[part]), str(w[part])) if part == "headers" else (g[part], w[part])
                lines.append(f"record {number} of topic {w['topic']}: {part} differs {point(a, b)}")
        shown += 1
        if shown == 3:
            break
    return lines


def check(job):
    penstock, (name, binlog, server, options, expected) = job
    records, trouble = run(penstock, binlog, server, options)
    want = normal.as_lines_can_say(normal.load(expected))
    notes = []
    if trouble:
        notes.append(trouble)
    if records is not None and records != want:
        notes += describe(records, want)
    return name, notes


def main():
    arguments = sys.argv[1:]
    if not arguments:
        print(__doc__)
        return 2
    penstock = arguments[0]
    if not os.access(penstock, os.X_OK):
        print(f"1..0 # SKIP there is no {penstock}: build it first")
        return 0
    jobs = list(cases(set(arguments[1:])))
    print(f"1..{len(jobs)}")
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for number, (name, notes) in enumerate(pool.map(check, ((penstock, j) for j in jobs)), 1):
            print(f"{'not ok' if notes else 'ok'} {number} - {name}")
            for line in "\n".join(notes).splitlines():
                print(f"# {line[:400]}")
            bad += bool(notes)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
