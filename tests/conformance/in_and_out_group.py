#!/usr/bin/python3
"""In and out of a worker group: connect-distributed with Debezium's MySQL connector, then `penstock distributed` with the same
worker properties, then Java again, and so on. Connectors come from the config topic by themselves, and go on from the stored
offset and schema history. Workers end orderly and by kill -9, inside a large transaction each time. TAP.

  in_and_out_group.py [PENSTOCK] [--mode gtid|file] [--mysql HOST:PORT --kafka HOST:PORT]

`main` runs wherever the group is. `ref` is Debezium's alone: stopped while Penstock has the group (and stays so), and not
killed; what it makes of the binlog is what main must have made, but for what is sent again behind a kill, which begins with
the change behind the stored offset. `idle` is paused by the first worker and sends nothing until the last one resumes it.
`ours` is made by Penstock's REST; Java runs it afterwards. The records of Connect's three topics have one form, whoever wrote them.

Needs what in_and_out.py needs, and Java twice: two workers at a time where nobody is killed.
"""
import argparse
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import in_and_out
import reference
from compare import Servers
from in_and_out import CACHE, TURNS, Reader, Tap, Writer, arrive, first_difference, free_port, history, masked, until

WORKER = """bootstrap.servers={kafka}
group.id={group}
config.storage.topic={group}-configs
offset.storage.topic={group}-offsets
status.storage.topic={group}-status
config.storage.replication.factor=1
offset.storage.replication.factor=1
status.storage.replication.factor=1
key.converter=org.apache.kafka.connect.json.JsonConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
key.converter.schemas.enable=false
value.converter.schemas.enable=false
offset.flush.interval.ms=1000
scheduled.rebalance.max.delay.ms=0
listeners=http://127.0.0.1:{port}
plugin.path={plugins}
"""
LARGE = {"debezium": 20000, "penstock": 80000}  # rows of the transaction in which a group ends
# How each of TURNS ends: workers, and with what signal.
ENDS = [(2, signal.SIGTERM), (2, signal.SIGTERM), (1, signal.SIGKILL), (2, signal.SIGKILL)]


class Group(in_and_out.Rig):
    """The worker properties, one file a worker that differ in `listeners` only, and who runs with them just now."""

    def __init__(self, penstock, kafka, server, scratch):
        self.penstock, self.kafka, self.server, self.scratch = penstock, kafka, server, scratch
        self.group = "group" + reference.prefix()
        self.names = {role: role + reference.prefix() for role in ("main", "ref", "idle", "ours")}
        self.files = {role: self.connector(name, 71 + i) for i, (role, name) in enumerate(self.names.items())}
        self.properties, self.workers, self.children = [], [], []
        for i in range(2):
            port = free_port()
            self.properties.append(scratch / f"worker{i}.properties")
            self.properties[i].write_text(WORKER.format(kafka=kafka, group=self.group, port=port, plugins=CACHE / "plugins"))
            self.workers.append(reference.Worker(f"http://127.0.0.1:{port}"))
        self.worker = self.workers[0]

    def start(self, who, count):
        java = ["java", "-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{CACHE}/connect-4.3.1/*",
                "org.apache.kafka.connect.cli.ConnectDistributed"]
        for i in range(count):
            with (self.scratch / f"{who}{i}.log").open("ab") as log:
                self.children.append(subprocess.Popen([*(java if who == "debezium" else [self.penstock, "distributed"]), self.properties[i]],
                                                      stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        for worker in self.workers[:count]:
            until(f"{who} answering", lambda: self.answers(worker))

    def answers(self, worker):
        try:
            return worker.rest("GET", "/connectors")[0] == 200
        except OSError:
            return False

    def runs(self, who, role):
        for i, child in enumerate(self.children):
            if child.poll() is not None:
                raise SystemExit(f"{who} has ended: {(self.scratch / f'{who}{i}.log').read_text(errors='replace')[-2000:]}")
        state, trace = self.worker.task(self.names[role])
        if state == "FAILED":
            raise SystemExit(f"{who}: '{role}' has FAILED: {trace[:1500]}")
        return state == "RUNNING"

    def create(self, role, worker):
        config = json.loads(self.files[role].read_text())
        until(f"'{role}' created", lambda: worker.rest("POST", "/connectors", {"name": config["name"], "config": config})[0] == 201)

    def ask(self, role, what):
        """pause, resume, stop; by the last worker, which need not be the leader"""
        until(f"'{role}': {what}", lambda: self.worker.rest("PUT", f"/connectors/{self.names[role]}/{what}")[0] in (202, 204))

    def states(self, role):
        status, body = self.worker.rest("GET", f"/connectors/{self.names[role]}/status")
        return (body["connector"]["state"], *[t["state"] for t in body["tasks"]]) if status == 200 else ()

    def finish(self, how):
        for child in self.children:
            child.send_signal(how)
        for child in self.children:
            try:
                child.wait(60)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.children = []

    def stop(self):
        self.finish(signal.SIGKILL)


class Topic:
    """One of Connect's topics, as far as it has been read: (key, value) in order within a partition."""

    def __init__(self, rig, what):
        self.topics = reference.Topics(rig.kafka, f"{rig.group}-{what}")
        self.rig = rig

    def fresh(self):
        return [(key.decode(), value and json.loads(value)) for _, key, value, _ in self.topics.poll()]

    def newest(self, role):
        """The value of the connector's newest offset."""
        self.topics.poll()
        name = self.rig.names[role]
        key = json.dumps([name, {"server": name}], separators=(",", ":")).encode()
        return next(json.loads(v) for _, k, v, _ in reversed(self.topics.records) if k == key)


def form(value):
    """Member names and types: what a record looks like, whatever it says. Names of options are not asked for."""
    if isinstance(value, dict):
        return {k: form(v) for k, v in value.items()}
    return [form(v) for v in value] if isinstance(value, list) else type(value).__name__


class Forms:
    """Forms of the records in Connect's topics, by who wrote them."""

    def __init__(self, rig):
        self.rig = rig
        self.topics = {w: Topic(rig, w) for w in ("configs", "offsets", "status")}
        self.seen = {"debezium": {}, "penstock": {}}

    def read(self, who):
        for what, topic in self.topics.items():
            for key, value in topic.fresh():
                for role, name in self.rig.names.items():
                    key = key.replace(name, "NAME")
                # When an offset has which members is what the records behind tell; here: of which kinds they are.
                kind = re.sub(r"status-topic-.*:", "status-topic-T:", key)
                self.seen[who].setdefault(kind, []).append(value if what == "offsets" else form(value))

    def differences(self):
        found = []
        for kind, forms in self.seen["penstock"].items():
            java = self.seen["debezium"].get(kind)
            if java is None:
                found.append(f"{kind}: Java writes no such record")
            elif kind.startswith("["):
                members = {k: type(v) for x in java for k, v in x.items()}
                members["transaction_gtid"] = str  # ours alone; Java does not look at it
                found += [f"{kind}: {x}" for x in forms if any(members.get(re.sub(r"\d+$", "", k)) is not type(v) for k, v in x.items())]
            else:
                found += [f"{kind}: {x}, not one of {java[:4]}" for x in forms if x not in java]
        return found


def done_rows(offset, place, begun):
    """The number of the last change that is behind an offset, given where the large transaction begins and the number before it. Its
    statements have a hundred rows in one event: BEGIN, then TABLE_MAP and WRITE_ROWS each."""
    event = offset.get("event", 0)
    if event < 1 or (offset["file"], offset["pos"]) < place:
        return begun
    return begun + (event - 1) // 2 * 100 if event % 2 else begun + (event // 2 - 1) * 100 + offset.get("row", 0)


def turn(rig, tap, at, forms, offsets, writer, readers):
    """One group's time. @returns (record, number): where in main's records the next ones come, and the number they begin with"""
    who, ddl, _ = TURNS[at]
    count, how = ENDS[at]
    main, ref, ours = (readers[r] for r in ("main", "ref", "ours"))
    java = who == "debezium"
    rig.start(who, count)
    if at == 0:
        for role in ("main", "ref", "idle"):
            rig.create(role, rig.workers[1])
    elif java:
        until("'ref' stopped", lambda: rig.states("ref") == ("STOPPED",))
        rig.ask("ref", "resume")
    for role in ["main"] + ["ref"] * java + ["ours"] * (at > 1):
        arrive(rig, who, role, readers[role], writer.n)
    if at == 0:
        arrive(rig, who, "idle", readers["idle"], writer.n)
        rig.ask("idle", "pause")
    until("'idle' paused", lambda: rig.states("idle") == ("PAUSED", "PAUSED"))
    tap.ok(java or rig.states("ref") == ("STOPPED",), f"{who} has the paused one paused and the stopped one stopped", rig.states("ref"))
    rig.server.script("\n".join(ddl))
    writer.insert(300)
    writer.change()
    arrive(rig, who, "main", main, writer.n)
    if at == 1:
        rig.create("ours", rig.workers[1])
        until("'ours' streaming", lambda: rig.runs(who, "ours") and ours.last() > 0)
        writer.insert(100)  # the row of the last change may have been gone before
        arrive(rig, who, "ours", ours, writer.n)
    if java:
        arrive(rig, who, "ref", ref, writer.n)
        rig.ask("ref", "stop")
        until("'ref' stopped", lambda: rig.states("ref") == ("STOPPED",))
    before, end = writer.n, main.end()
    place = rig.server.ask("SHOW BINARY LOG STATUS")[0][:2]
    writer.insert(LARGE[who], large=True)
    until(f"{who} inside the transaction", lambda: main.end() > end + 1000, pause=0.01)
    rig.finish(how)
    forms.read(who)
    inside = before < main.last() < writer.n
    tap.ok(True, f"{count} of {who} {'stopped' if how == signal.SIGTERM else 'killed'} {'inside' if inside else 'behind'} the large transaction")
    offset = offsets.newest("main")
    if not inside:
        return len(main.numbers), writer.n + 1
    return len(main.numbers), done_rows(offset, place, before) + 1


def once(records):
    """Without what is sent again behind a kill: of each topic, records that were there before."""
    seen, out = set(), []
    for r in records:
        text = json.dumps(r, sort_keys=True)
        if text not in seen:
            out.append(r)
        seen.add(text)
    return out


def check_numbers(tap, who, numbers, upto, ends):
    """Every number in order; behind the end of a group it goes on where the stored offset is."""
    seen, wrong, again = None, [], []
    for at, n in enumerate(numbers):
        begin = next((b for e, b in ends if e == at), None)
        if begin is not None and n != begin:
            wrong.append(f"{n} behind an end whose offset leads to {begin}")
        if begin is not None:
            again.append(seen - n + 1)
        if begin is None and seen is not None and n not in (seen, seen + 1):  # a delete has the number of the update before it
            wrong.append(f"{n} behind {seen}")
        seen = n
    tap.ok(not wrong and seen == upto, f"'{who}': no change is missing; none comes again but behind the stored offset", *wrong[:5], f"{seen} of {upto}")
    if ends:
        print(f"# '{who}': sent again behind each end: {again}", flush=True)


def play(tap, rig, writer, readers):
    ends, forms, offsets = [], Forms(rig), Topic(rig, "offsets")
    for at in range(len(TURNS)):
        ends.append(turn(rig, tap, at, forms, offsets, writer, readers))
        rig.server.script("\n".join(TURNS[at][2]))
        writer.insert(200)
        writer.change()
    idle = len(readers["idle"].numbers)
    readers["idle"].poll()
    tap.ok(len(readers["idle"].numbers) == idle, "the paused connector has sent nothing")
    rig.start("debezium", 1)
    until("'ref' stopped", lambda: rig.states("ref") == ("STOPPED",))
    rig.ask("ref", "resume")
    rig.ask("idle", "resume")
    for role, reader in readers.items():
        arrive(rig, "debezium", role, reader, writer.n)
    rig.finish(signal.SIGTERM)
    forms.read("debezium")
    found = forms.differences()
    tap.ok(not found, "the records of Connect's topics have Java's form", *found[:8])
    return ends


def compare(tap, kafka, names, readers):
    got = {role: once(masked(r.topics.records, names[role])) for role, r in readers.items()}
    for role in ("main", "idle"):
        tap.ok(got[role] == got["ref"], f"the records of '{role}' are those of Debezium alone", *first_difference(got[role], got["ref"]))
    rows = {role: [r for r in got[role] if ".handover." in r["topic"] and r["value"] and '"snapshot":"false"' in r["value"]] for role in ("ours", "ref")}
    tail = []
    for topic in sorted({r["topic"] for r in rows["ref"]}):
        mine, theirs = ([r for r in rows[role] if r["topic"] == topic] for role in ("ours", "ref"))
        if mine != theirs[len(theirs) - len(mine):]:
            tail += first_difference(mine, theirs[len(theirs) - len(mine):])
    tap.ok(not tail and rows["ours"], "the changes of 'ours' are the last ones of Debezium alone", *tail)
    # Not idle's: Debezium reads on while it is paused, and writes statements to the history whose records it does not send.
    got, want = (history(kafka, names[role]) for role in ("main", "ref"))
    tap.ok(got == want, "the schema history of 'main' is that of Debezium alone", *first_difference(got, want))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    in_and_out.options(p)
    a = p.parse_args()
    tap, servers, rig = Tap(), Servers(), None
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="penstock-handover-"))
    try:
        server = in_and_out.begin(a, servers)
        writer = Writer(server)
        writer.insert(3)
        shutil.copy(a.penstock, scratch / "penstock")  # one program for the whole run, whatever is built meanwhile
        rig = Group(scratch / "penstock", a.kafka, server, scratch)
        readers = {role: Reader(a.kafka, name) for role, name in rig.names.items()}
        ends = play(tap, rig, writer, readers)
        check_numbers(tap, "main", readers["main"].numbers, writer.n, ends)
        check_numbers(tap, "ref", readers["ref"].numbers, writer.n, [])
        check_numbers(tap, "idle", readers["idle"].numbers, writer.n, [])
        compare(tap, a.kafka, rig.names, readers)
    finally:
        if rig:
            rig.stop()
        servers.close()
        print(f"1..{tap.count}\n# {scratch}")
    return 1 if tap.bad else 0


if __name__ == "__main__":
    sys.exit(main())
