#!/usr/bin/python3
"""penstock as a service, without servers: exit statuses, readiness, watchdog, reload, the log file, stopping.

  test_service.py PENSTOCK        TAP on stdout
"""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request

count = failed = 0


def ok(good, sentence, detail=""):
    global count, failed
    count += 1
    failed += not good
    print(f"{'' if good else 'not '}ok {count} - {sentence}" + ("" if good else f"\n# {detail!r}"), flush=True)


def write(name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as f:
        f.write(text)
    return path


def read(name):
    with open(os.path.join(folder, name)) as f:
        return f.read()


WORKER = """bootstrap.servers=127.0.0.1:1
key.converter=org.apache.kafka.connect.json.JsonConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
listeners=http://127.0.0.1:0
offset.storage.file.filename={}/offsets
"""
CONNECTOR = """{{"name": "c", "config": {{"connector.class": "MySql", "database.hostname": "127.0.0.1", "database.port": "1", "database.user": "u",
"database.password": "p", "database.server.id": "1", "topic.prefix": "c", "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
"schema.history.internal.file.filename": "{}/h"}}}}"""


class Running:
    """A worker with a notification socket, until the with block ends."""

    def __init__(self, *arguments, abstract=False, **env):
        path = os.path.join(folder, "notify")
        name = f"penstock-test-{os.getpid()}"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name if abstract else path)
        self.socket.settimeout(20)
        self.path = None if abstract else path
        env = dict(os.environ, NOTIFY_SOCKET="@" + name if abstract else path, **env)
        self.process = subprocess.Popen([program, "standalone", *arguments], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
        self.socket.close()
        if self.path:
            os.unlink(self.path)

    def told(self, but=("WATCHDOG=1",)):
        while True:
            try:
                text = self.socket.recv(1000).decode()
            except OSError as e:
                return str(e)
            if text not in but:
                return text

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.told(), self.process.wait(30)


def statuses():
    rows = [
        ("no worker file", [], 1), ("an unknown option", ["--none", worker], 1), ("an unknown level", ["-l", "loud", worker], 1),
        ("a log file that cannot be", ["--log-file", folder + "/no/such/file", worker], 1),
        ("a worker file that is not there", ["/nowhere"], 2), ("a worker file with a wrong value", [write("wrong", WORKER.format(folder) + "topic.creation.enable=perhaps\n")], 2),
        ("an address nobody has", [write("address", WORKER.format(folder).replace("127.0.0.1:0", "192.0.2.1:1"))], 2),
        ("a connector file with an error", [worker, write("bad.json", '{"name": "c", "config": {"connector.class": "MySql"}}')], 2),
        ("a connector whose server cannot be reached", [worker, write("away.json", CONNECTOR.format(folder))], 3),
    ]
    for name, arguments, want in rows:
        r = subprocess.run([program, "standalone", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        ok(r.returncode == want, f"exit status {want}: {name}", (r.returncode, r.stderr))
        ok("ERROR" in r.stderr and re.search("unable|[Ii]nvalid", r.stderr), f"which is said: {name}", r.stderr)


def life():
    log = os.path.join(folder, "log")
    with Running("--log-file", log, worker, WATCHDOG_USEC="400000") as p:
        ok(p.told() == "READY=1", "readiness is told")
        ok(p.told(but=()) == "WATCHDOG=1" and p.told(but=()) == "WATCHDOG=1", "the watchdog is fed")
        port = re.search(r"listening on http://127\.0\.0\.1:(\d+)", read("log")).group(1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/connectors") as r:
            ok(r.status == 200, "ready means that REST answers")
        os.rename(log, log + ".1")
        p.process.send_signal(signal.SIGHUP)
        ok(re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", p.told()), "a reload is told")
        ok(p.told() == "READY=1", "and its end")
        ok("SIGHUP" in read("log") and "SIGHUP" not in read("log.1"), "the log is a new file", read("log"))
        ok(oct(os.stat(log).st_mode & 0o777) == "0o640", "not for everybody to read")
        ok(p.stop() == ("STOPPING=1", 0), "SIGTERM ends it with 0 and is told")
        ok("stopping" in read("log"), "in the new file, too", read("log"))
        ok(p.process.stderr.read() == "", "nothing went to stderr")
    with Running(worker, abstract=True, WATCHDOG_USEC="100000", WATCHDOG_PID="1") as p:
        ok(p.told(but=()) == "READY=1", "an abstract socket; another process's watchdog is not ours")
        ok(p.stop(signal.SIGINT) == ("STOPPING=1", 0), "SIGINT ends it with 0")
    with Running("--log-file", log, worker) as p:
        p.told()
        os.rename(log, log + ".2")
        os.mkdir(log)
        p.process.send_signal(signal.SIGHUP)
        p.told()
        p.told()
        ok("unable to write the log to" in read("log.2"), "a log file that cannot be opened again: the old one stays", read("log.2"))
        ok(p.stop()[1] == 0, "and it ends as asked")


program = sys.argv[1]
with tempfile.TemporaryDirectory(prefix="penstock-service-") as folder:
    worker = write("worker.properties", WORKER.format(folder))
    statuses()
    life()
print(f"1..{count}")
sys.exit(failed > 0)
