#!/usr/bin/env python3
"""How long a lost worker's connectors stand still, over many losses; and that none is ever written by two tasks at once.

    tests/bench/failover.py [--kills 20] [--stops 5] [--brokers 2] [--session-ms 10000] [--seed N]

Three 'penstock distributed', 20 connectors with a table each, rows all the time. Then again and again: kill -9 of a random worker, which is
started again; SIGSTOP of one for longer than its session, then SIGCONT; kill -9 of the broker, which is started again. Two times of each:
until REST of another worker says RUNNING elsewhere for all of its connectors, and until the last of them has sent a row that was made
behind the loss (Kafka's timestamps). At the end each topic has each row, in order but for what is sent again behind a loss.
Servers are MariaDB and Kafka of mysql-fixtures/servers, with names of their own. Needs what the e2e suite needs. Status 0: all as it should be."""
import argparse
import os
import pathlib
import random
import signal
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "e2e"))
from confluent_kafka import KafkaException, TopicPartition  # noqa: E402
from confluent_kafka.admin import AdminClient  # noqa: E402

import rig  # noqa: E402
from test_distributed import CONNECTORS, Counter, Log, Member, group, running_on, spread  # noqa: E402

WAIT = 180


class Times(Log):
    """Ids and Kafka's times of each topic, in order."""

    def __init__(self, kafka, names):
        super().__init__(kafka, names)
        self.times = {n: [] for n in names}

    def read(self):
        """As far as the topics go now: rows come all the time, so none of them has an end."""
        of = {topic: name for name, topic in self.names.items()}
        ends = {n: self.consumer.get_watermark_offsets(TopicPartition(t, 0), timeout=30)[1] for n, t in self.names.items()}
        left = {n for n, end in ends.items() if self.at[n] < end}
        self.consumer.assign([TopicPartition(self.names[n], 0, self.at[n]) for n in left])
        while left:
            m = self.consumer.poll(60)
            assert m is not None, f"{left} do not come"
            if not m.error():
                name = of[m.topic()]
                self.take(name, m)
                self.times[name].append(m.timestamp()[1] / 1000)
                self.at[name] = m.offset() + 1
                left -= {name} if self.at[name] >= ends[name] else set()
        self.consumer.unassign()
        return self.ids

    def first_behind(self, name, number, since):
        """When the first row behind that number came, sent after `since`."""
        return next((t for i, t in zip(self.ids[name], self.times[name]) if i > number and t > since), None)


class Run:
    def __init__(self, database, kafka, folder, session_ms):
        self.kafka, self.folder, self.name = kafka, folder, "f" + database.name
        self.more = {"session.timeout.ms": str(session_ms), "heartbeat.interval.ms": str(session_ms * 3 // 10)}
        self.session = session_ms / 1000
        self.members, topics = group(database, kafka, folder, self.name, **self.more)
        self.counter = Counter(database, [f"t{i}" for i in range(CONNECTORS)], pause=0.1)
        self.log = Times(kafka, topics)
        self.lost = dict.fromkeys(topics, 0)  # how often a connector's worker, or the broker, was lost
        self.figures = {}

    def together(self):
        """The placement, once each worker has a share and all say the same: one that stood still says for a moment what was."""
        def agreed():
            said = [spread(m, self.name, [x.url for x in self.members]) for m in self.members]
            return said[0] if said[0] and said[0] == said[1] == said[2] else None
        return rig.wait_for(agreed, "all tasks run, on three workers", WAIT)

    def elsewhere(self, at):
        """Waits until what ran on worker `at` runs on the others."""
        others = [m for i, m in enumerate(self.members) if i != at]
        return rig.wait_for(lambda: running_on(others[0], self.name, [m.url for m in others]), "the lost worker's tasks run elsewhere", WAIT)

    def flow(self, names, number, since):
        """When the last of these connectors had sent a row behind `number`."""
        def all_there():
            try:
                self.log.read()
            except KafkaException:  # the broker is on its way
                return None
            found = [self.log.first_behind(n, number, since) for n in names]
            return found if all(found) else None
        return max(rig.wait_for(all_there, "rows of each connector", WAIT)) - since if names else 0.0

    def lose(self, at, how, what):
        """One loss, timed."""
        member = self.members[at]
        places = self.together()
        names = [n for n, p in places.items() if p == member.url.removeprefix("http://")]
        number, since, began = self.counter.last + 1, time.time(), time.monotonic()
        if how == signal.SIGKILL:
            member.kill9()
        else:
            member.process.send_signal(how)
        for n in names:
            self.lost[n] += 1
        self.elsewhere(at)
        rest = time.monotonic() - began
        flow = self.flow(names, number, since)
        if how == signal.SIGSTOP:
            member.process.send_signal(signal.SIGCONT)
        else:
            self.members[at] = Member(self.kafka, self.folder, at, self.name, **self.more)
        self.figures.setdefault(what, []).append((rest, flow))
        print(f"{what}: worker {at} with {len(names)} connectors: RUNNING elsewhere after {rest:.1f} s, rows after {flow:.1f} s", flush=True)

    def lose_broker(self):
        self.together()
        number, since = self.counter.last + 1, time.time()
        self.kafka.kill()
        began = time.monotonic()
        self.kafka.up()
        down = time.monotonic() - began
        for n in self.lost:
            self.lost[n] += 1
        flow = self.flow(list(self.log.names), number, since)
        self.together()
        self.figures.setdefault("broker", []).append((time.time() - since, flow))
        print(f"broker: {down:.1f} s down, rows of all connectors after {flow:.1f} s", flush=True)

    def check(self):
        """@returns what is wrong with the topics"""
        last, wrong = self.counter.finish(), []
        rig.wait_for(lambda: all(ids and ids[-1] == last for ids in self.log.read().values()), "all rows are in the topics", WAIT)
        for n, ids in self.log.ids.items():
            missing = set(range(1, last + 1)) - set(ids)
            steps = [(a, b) for a, b in zip(ids, ids[1:]) if b != a + 1]
            forward = [(a, b) for a, b in steps if b > a]
            if missing or set(ids) - set(range(1, last + 1)):
                wrong.append(f"{n} lacks {len(missing)} rows, as {sorted(missing)[:3]}")
            if forward:
                wrong.append(f"{n} leaves rows out, then sends them: {forward[:3]}")
            if len(steps) > self.lost[n]:
                wrong.append(f"{n} goes back {len(steps)} times in {self.lost[n]} losses: {steps[:5]}")
        again = sum(len(ids) - last for ids in self.log.ids.values())
        print(f"{CONNECTORS} topics with {last} rows each; {again} rows were sent again in {sum(self.lost.values())} takeovers")
        return wrong

    def end(self):
        for m in self.members:
            if m.alive():
                m.process.send_signal(signal.SIGCONT)
                m.kill9()


def kafka_topics(kafka, log):
    there = AdminClient({"bootstrap.servers": kafka.env["BOOTSTRAP"]}).list_topics(timeout=30).topics
    return [t for t in log.names.values() if t in there]


def table(figures):
    for what, rows in figures.items():
        for name, values in zip(("RUNNING", "rows"), zip(*rows)):
            print(f"{what:8} {name:8} n {len(values):2}  min {min(values):5.1f}  median {statistics.median(values):5.1f}  max {max(values):5.1f} s")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--kills", type=int, default=20)
    p.add_argument("--stops", type=int, default=5)
    p.add_argument("--brokers", type=int, default=2)
    p.add_argument("--session-ms", type=int, default=10000, help="session.timeout.ms; Connect's default is 10000")
    p.add_argument("--seed", type=int, default=int(time.time()))
    a = p.parse_args()
    print(f"seed {a.seed}, session.timeout.ms {a.session_ms}")
    dice, servers = random.Random(a.seed), rig.Servers()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="penstock-failover-"))
    run, wrong = None, ["it did not come to its end"]
    try:
        maria, kafka = servers.get("mariadb"), servers.get("kafka")
        run = Run(maria.fresh_database(), kafka, folder, a.session_ms)
        run.together()
        run.counter.start()
        rig.wait_for(lambda: len(kafka_topics(kafka, run.log)) == CONNECTORS, "each topic is there", WAIT)
        for _ in range(a.kills):
            run.lose(dice.randrange(3), signal.SIGKILL, "kill -9")
        for _ in range(a.stops):
            run.lose(dice.randrange(3), signal.SIGSTOP, "stopped")
        for _ in range(a.brokers):
            run.lose_broker()
        wrong = run.check()
        table(run.figures)
    finally:
        if run:
            run.end()
        servers.close()
        print(f"logs: {folder}")
    for line in wrong:
        print(f"WRONG {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
