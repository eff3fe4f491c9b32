#!/usr/bin/env python3
"""The whole way of a row, timed: the figures of DESIGN's targets as one table.

    tests/bench/pipeline.py [-p build/src/cli/penstock] [--kafka host:port] [--connect http://host:port] [--perf] [PART…]

PARTs: pull decode server kafka snapshot first latency idle; all of them when none is named. --kafka names a broker
(without one its parts are left out), --connect a Connect worker with Debezium for the same rows, --perf prints the ten
hottest functions of a second run. Rows and server: bench_data.py. Topics and connectors begin with 'penstock-bench-'
and are deleted again. CPU is the process's, user and system, fetch thread and librdkafka's included; RSS is its peak."""
import argparse
import datetime
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import bench_data
from bench_data import CHANGES, DELETES, ROOT, SNAPSHOT_ROWS

RECORDS = CHANGES + DELETES  # a tombstone behind each delete
HZ = os.sysconf("SC_CLK_TCK")


# ---- processes -----------------------------------------------------------------------------------------------------------

def cpu(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / HZ


def peak_rss(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1)) * 1024


class Run:
    """A penstock process with its log; .measure() keeps CPU and memory while it lives."""

    def __init__(self, rig, args, stdout=subprocess.DEVNULL):
        self.rig, self.log_path = rig, os.path.join(rig.dir, f"log-{time.monotonic_ns()}")
        with open(self.log_path, "wb") as log:
            self.began = time.time()
            perf = ["perf", "record", "-q", "-F", "2000", "-o", self.log_path + ".perf", "--"] if rig.perf else []
            self.process = subprocess.Popen([*perf, rig.penstock, *args], stdin=subprocess.DEVNULL, stdout=stdout, stderr=log)
        self.pid = self.child() if rig.perf else self.process.pid

    def child(self):
        """penstock itself where perf started it."""
        while True:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as f:
                for pid in f.read().split():
                    with open(f"/proc/{pid}/comm", encoding="ascii") as comm:
                        if comm.read().strip() == os.path.basename(self.rig.penstock):
                            return int(pid)
            time.sleep(0.005)  # poll interval

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def logged(self, words):
        """Wall clock of the first log line with these words; waits for it."""
        while True:
            for line in self.log().splitlines():
                if words in line:
                    return datetime.datetime.fromisoformat(line.split()[0].replace("Z", "+00:00")).timestamp()
            if self.process.poll() is not None:
                raise SystemExit(f"penstock ended with status {self.process.returncode} before '{words}':\n{self.log()}")
            time.sleep(0.01)  # poll interval

    def until_quiet(self):
        """Wall clock of the last CPU time that was used, once there was none for a second."""
        used, at = cpu(self.pid), time.time()
        while time.time() - at < 1:
            time.sleep(0.01)
            now = cpu(self.pid)
            if now > used + 0.011:  # timers tick
                used, at = now, time.time()
        return at

    def end(self, sig=signal.SIGINT):
        figures = {"cpu": cpu(self.pid), "rss": peak_rss(self.pid)}
        os.kill(self.pid, sig)
        status = self.process.wait(60)
        if status not in (0, -sig):
            raise SystemExit(f"penstock ended with status {status}:\n{self.log()}")
        self.top()
        return figures

    def wait(self):
        """To its end by itself."""
        rss = 0  # the kernel's ru_maxrss counts what this script had at the fork
        while True:
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                break
            try:
                rss = peak_rss(self.pid)
            except (AttributeError, FileNotFoundError):
                pass  # it has just ended
            time.sleep(0.005)  # poll interval
        seconds = time.time() - self.began
        if status:
            raise SystemExit(f"penstock ended with status {status}:\n{self.log()}")
        self.top()
        return {"cpu": usage.ru_utime + usage.ru_stime, "rss": rss, "seconds": seconds}

    def top(self):
        if not self.rig.perf:
            return
        out = subprocess.run(["perf", "report", "-i", self.log_path + ".perf", "--no-children", "-s", "symbol,dso"],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
        lines = [re.sub(r"(\s+-)+\s*$", "", line) for line in out.splitlines() if line.strip() and not line.startswith("#")]
        print("\n".join("      " + line for line in lines[:10]))


# ---- the table -----------------------------------------------------------------------------------------------------------

def show(what, n, seconds, cpu_seconds=None, rss=None, unit="rows"):
    text = f"{what:<44}{n / seconds / 1000:9.0f} k {unit}/s"
    if cpu_seconds is not None:
        text += f"{cpu_seconds / n * 1e6:8.2f} us CPU each"
    if rss is not None:
        text += f"{rss / 1e6:7.0f} MB"
    print(text, flush=True)
    return n / seconds


# ---- what is measured ----------------------------------------------------------------------------------------------------

class Rig:
    def __init__(self, args, work):
        self.penstock, self.kafka, self.connect, self.perf, self.dir = args.penstock, args.kafka, args.connect, args.perf, work
        self.server = bench_data.server()
        self.made = 0
        with bench_data.connect(int(self.server["PORT"])) as c:
            cursor = c.cursor()
            cursor.execute("SHOW BINLOG EVENTS IN %s LIMIT 2", (self.server["FILE"],))
            self.start = {"ts_sec": 1, "file": self.server["FILE"], "pos": 4, "gtids": cursor.fetchall()[1][5].replace("\n", "")}
            if not self.start["gtids"]:
                del self.start["gtids"]

    def offsets(self, name, offset):
        """An offset that is stored, and a schema history from before it. @returns the offsets' path"""
        path = os.path.join(self.dir, f"offsets-{name}")
        with open(path + ".history", "w", encoding="utf-8") as f:
            f.write(self.history().replace('"server":"penstock"', f'"server":"{name}"'))
        with open(path, "w", encoding="ascii") as f:
            json.dump({"penstock_offsets": 1, "offsets": [{"connector": name, "partition": {"server": name}, "offset": offset}]}, f)
        return path

    def history(self):
        """What a snapshot of the tables leaves behind; made once."""
        path = os.path.join(self.dir, "first")
        if not os.path.exists(path):
            run = Run(self, self.stream("--offsets", path, "--snapshot-mode", "no_data"))
            run.logged("streaming from")
            run.end()
        with open(path + ".history", encoding="utf-8") as f:
            return f.read()

    # -- without Kafka

    def pull(self):
        program = os.path.join(os.path.dirname(self.penstock), "../../tests/bench/bench_pull")
        for tls in ("disabled", "preferred"):
            began = time.time()
            out = subprocess.run([program, "-h", "127.0.0.1", "-P", self.server["PORT"], "-u", "penstock", "-p", "penstock", "--file", self.server["FILE"],
                                  "--until-now", "--ssl", tls], stdout=subprocess.PIPE, text=True, check=False).stdout
            seconds = time.time() - began
            show(f"pull: wire and ring only, TLS {tls}", CHANGES, seconds)
            print("      " + out.strip().replace("\n", "\n      "))

    def stream(self, *more):
        return ["stream", self.server["URL"], "--discard", "--tables", r"bench\.orders", *more]

    def decode(self):
        for schemas in ("false", "true"):
            r = Run(self, [*self.stream("--quiet", "--binlog", self.server["BINLOG"]), *converters_as_options(schemas)]).wait()
            show(f"decode, encode, discard: file, schemas {schemas}", CHANGES, r["seconds"], r["cpu"], r["rss"])

    def from_server(self):
        for schemas, tls in (("false", "disabled"), ("true", "disabled"), ("false", "preferred")):
            path = self.offsets("penstock", self.start)
            run = Run(self, [*self.stream("--offsets", path, "--snapshot-mode", "no_data", "-o", "database.ssl.mode=" + tls), *converters_as_options(schemas)])
            at = run.logged("streaming from")
            seconds = run.until_quiet() - at
            r = run.end()
            with open(path, encoding="ascii") as f:
                if json.load(f)["offsets"][0]["offset"]["file"] == self.start["file"]:
                    raise SystemExit(f"the stream did not reach the end of the file:\n{run.log()}")
            show(f"decode, encode, discard: server, schemas {schemas}, TLS {tls}", CHANGES, seconds, r["cpu"], r["rss"])

    # -- with Kafka

    def standalone(self, name, tables, offset, **more):
        worker, connector = os.path.join(self.dir, name + ".properties"), os.path.join(self.dir, name + ".json")
        path = self.offsets(name, offset) if offset else os.path.join(self.dir, "offsets-" + name)
        with open(worker, "w", encoding="ascii") as f:
            f.write("\n".join([f"bootstrap.servers={self.kafka}", f"offset.storage.file.filename={path}", "listeners=http://127.0.0.1:0",
                               *(f"{k}={v}" for k, v in converters("false").items()), ""]))
        with open(connector, "w", encoding="ascii") as f:
            json.dump({"name": name, "config": self.connector(name, tables, **more)}, f)
        return Run(self, ["standalone", worker, connector])

    def connector(self, name, tables, **more):
        self.made += 1
        return {"connector.class": "io.debezium.connector.mysql.MySqlConnector", "tasks.max": "1", "database.hostname": "127.0.0.1",
                "database.port": self.server["PORT"], "database.user": "penstock", "database.password": "penstock", "database.ssl.mode": "disabled",
                "database.server.id": str(61000 + self.made), "topic.prefix": name, "table.include.list": tables, "snapshot.mode": "no_data",
                "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
                "schema.history.internal.file.filename": os.path.join(self.dir, f"offsets-{name}.history"), **more}

    def name(self, what):
        return f"penstock-bench-{what}-{os.getpid()}-{time.monotonic_ns() % 1000000}"

    def drain(self, what, tables, offset, phase, count, **more):
        name = self.name("drain")
        run = self.standalone(name, tables, offset, **more)
        try:
            at = run.logged(phase)
            self.until_acked(run, count)
            seconds = time.time() - at
            r = run.end()
            return show(what, count, seconds, r["cpu"], r["rss"], "records")
        finally:
            self.delete_topics(name)

    def until_acked(self, run, count):
        port = None
        while True:
            if port is None:
                found = re.search(r"http://127\.0\.0\.1:(\d+)", run.log())
                port = found and found.group(1)
            if run.process.poll() is not None:
                raise SystemExit(f"penstock ended with status {run.process.returncode}:\n{run.log()}")
            if port:
                text = get(f"http://127.0.0.1:{port}/metrics")
                found = re.search(r"^kafka_connect_source_task_metrics_source_record_write_total\S* (\d+)", text, re.M)
                if found and int(found.group(1)) >= count:
                    return
            time.sleep(0.02)  # poll interval

    def delete_topics(self, prefix):
        from confluent_kafka.admin import AdminClient  # only where Kafka is asked for
        admin = AdminClient({"bootstrap.servers": self.kafka})
        names = [t for t in admin.list_topics(timeout=10).topics if t == prefix or t.startswith(prefix + ".")]
        for future in admin.delete_topics(names, operation_timeout=30).values() if names else ():
            future.result()

    def to_kafka(self):
        rate = {}
        for compression in ("none", "lz4"):
            rate[compression] = self.drain(f"drain into Kafka, {compression}", r"bench\.orders", self.start, "streaming from", RECORDS,
                                           **{"producer.override.compression.type": compression})
        if self.connect:
            theirs = self.debezium()
            print(f"{'':<44}{rate['none'] / theirs:9.1f} times Debezium's rate")

    # -- snapshot

    def snapshot(self):
        run = Run(self, ["stream", self.server["URL"], "--discard", "--tables", r"bench\.history", "--snapshot-mode", "initial_only", "-o", "database.ssl.mode=disabled"])
        r = run.wait()
        show("snapshot, discard", SNAPSHOT_ROWS, r["seconds"], r["cpu"], r["rss"])
        if self.kafka:
            self.drain("snapshot into Kafka", r"bench\.history", None, "connected to", SNAPSHOT_ROWS, **{"snapshot.mode": "initial"})

    # -- latency

    def first(self):
        """From the start of the process to the first byte on stdout: a stored offset, and a fresh snapshot."""
        for what, args in (("stored offset", ["--offsets", None, "--snapshot-mode", "no_data"]), ("snapshot", [])):
            seconds = []
            for _ in range(5):
                more = [self.offsets("penstock", self.start) if a is None else a for a in args]
                run = Run(self, ["stream", self.server["URL"], "--quiet", "--tables", r"bench\.(orders|history)", *more], subprocess.PIPE)
                run.process.stdout.read(1)
                seconds.append(time.time() - run.began)
                run.process.stdout.close()
                run.process.wait(60)
            print(f"{'start to first record: ' + what:<44}{statistics.median(seconds) * 1000:9.0f} ms")

    def latency(self):
        """From before an INSERT is sent (autocommit) to its line on stdout."""
        with bench_data.connect(int(self.server["PORT"])) as c:
            cursor = c.cursor()
            for statement in ("DROP TABLE IF EXISTS bench.tick", "CREATE TABLE bench.tick (id INT NOT NULL PRIMARY KEY)"):
                cursor.execute(statement)
            run = Run(self, ["stream", self.server["URL"], "--tables", r"bench\.tick", "--snapshot-mode", "no_data"], subprocess.PIPE)
            run.logged("streaming from")
            reader, commit, out = run.process.stdout, [], []
            for i in range(1200):
                at = time.perf_counter()
                cursor.execute("INSERT INTO bench.tick VALUES (%s)", (i,))
                done = time.perf_counter()
                reader.readline()
                out.append(time.perf_counter() - at)
                commit.append(done - at)
            out, commit = sorted(out[200:]), sorted(commit[200:])
            show_ms = lambda v, p: f"{v[int(len(v) * p)] * 1000:.2f}"
            print(f"{'INSERT to record on stdout':<44}     p50 {show_ms(out, .5)} ms, p99 {show_ms(out, .99)} ms (the server's answer: "
                  f"p50 {show_ms(commit, .5)}, p99 {show_ms(commit, .99)})")
            run.end()
            cursor.execute("DROP TABLE bench.tick")

    def idle(self):
        run = Run(self, self.stream("--snapshot-mode", "no_data"))
        run.logged("streaming from")
        run.until_quiet()
        before, seconds = cpu(run.pid), 10
        time.sleep(seconds)  # what is measured is that time
        used = cpu(run.pid) - before
        r = run.end()
        print(f"{'idle':<44}{used / seconds * 100:9.2f} % CPU{r['rss'] / 1e6:30.0f} MB")

    # -- Debezium, on the worker that was named

    def rest(self, method, path, body=None):
        request = urllib.request.Request(self.connect + path, method=method, headers={"Content-Type": "application/json"},
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def await_state(self, name, state):
        while True:
            try:
                s = self.rest("GET", f"/connectors/{name}/status")
            except urllib.error.HTTPError:
                s = {"connector": {"state": ""}, "tasks": []}
            failed = [t["trace"] for t in s["tasks"] if t["state"] == "FAILED"]
            if failed:
                raise SystemExit(f"Debezium: {failed[0]}")
            if s["connector"]["state"] == state and (s["tasks"] or state == "STOPPED"):
                return
            time.sleep(0.1)  # poll interval

    def debezium(self):
        """Its own schema snapshot first, so that the history is there; then the offset goes back and the rows come."""
        name = self.name("debezium")
        config = self.connector(name, r"bench\.orders", **converters("false"))
        config["schema.history.internal"] = "io.debezium.storage.kafka.history.KafkaSchemaHistory"
        del config["schema.history.internal.file.filename"]
        config.update({"schema.history.internal.kafka.bootstrap.servers": self.kafka, "schema.history.internal.kafka.topic": name + ".history"})
        try:
            self.rest("POST", "/connectors", {"name": name, "config": config})
            self.await_state(name, "RUNNING")
            while not self.rest("GET", f"/connectors/{name}/offsets")["offsets"]:
                time.sleep(0.2)  # poll interval
            self.rest("PUT", f"/connectors/{name}/stop")
            self.await_state(name, "STOPPED")
            self.rest("PATCH", f"/connectors/{name}/offsets", {"offsets": [{"partition": {"server": name}, "offset": self.start}]})
            counter = TopicEnd(self.kafka, f"{name}.bench.orders")
            pid = self.connect_pid()
            used = cpu(pid) if pid else None
            self.rest("PUT", f"/connectors/{name}/resume")
            first = counter.wait(1)
            last = counter.wait(RECORDS)
            return show("Debezium: drain into Kafka, none", RECORDS, last - first, cpu(pid) - used if pid else None, peak_rss(pid) if pid else None, "records")
        finally:
            self.rest("DELETE", f"/connectors/{name}")
            self.delete_topics(name)

    def connect_pid(self):
        """The process that listens there, when it is on this machine."""
        port = self.connect.rsplit(":", 1)[1].strip("/")
        out = subprocess.run(["ss", "-ltnpH", f"sport = :{port}"], stdout=subprocess.PIPE, text=True, check=False).stdout
        found = re.search(r"pid=(\d+)", out)
        return int(found.group(1)) if found else None


class TopicEnd:
    """How many records a topic holds."""

    def __init__(self, bootstrap, topic):
        import confluent_kafka as kafka
        self.kafka, self.topic = kafka, topic
        self.consumer = kafka.Consumer({"bootstrap.servers": bootstrap, "group.id": topic})

    def count(self):
        found = self.consumer.list_topics(self.topic, timeout=10).topics[self.topic]
        ends = (self.consumer.get_watermark_offsets(self.kafka.TopicPartition(self.topic, p), timeout=10) for p in found.partitions)
        return sum(high - low for low, high in ends)

    def wait(self, n):
        while self.count() < n:
            time.sleep(0.05)  # poll interval
        return time.time()


def converters(schemas):
    json_converter = "org.apache.kafka.connect.json.JsonConverter"
    return {"key.converter": json_converter, "key.converter.schemas.enable": schemas, "value.converter": json_converter, "value.converter.schemas.enable": schemas}


def converters_as_options(schemas):
    return [a for k, v in converters(schemas).items() for a in ("-o", f"{k}={v}")]


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-p", "--penstock", default=os.path.join(ROOT, "build/src/cli/penstock"))
    parser.add_argument("--kafka")
    parser.add_argument("--connect")
    parser.add_argument("--perf", action="store_true")
    parser.add_argument("parts", nargs="*", metavar="PART")
    args = parser.parse_args()
    parts = {"pull": Rig.pull, "decode": Rig.decode, "server": Rig.from_server, "kafka": Rig.to_kafka, "snapshot": Rig.snapshot, "first": Rig.first,
             "latency": Rig.latency, "idle": Rig.idle}
    unknown = set(args.parts) - set(parts)
    if unknown:
        parser.error(f"unknown part '{unknown.pop()}': one of {' '.join(parts)}")
    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as work:
        rig = Rig(args, work)
        for name, part in parts.items():
            if (not args.parts or name in args.parts) and (name != "kafka" or args.kafka):
                part(rig)


if __name__ == "__main__":
    sys.exit(main())
