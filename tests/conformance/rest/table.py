#!/usr/bin/python3
"""Kafka Connect's REST API as a table of requests and the answers a real worker gave.

  table.py record requests.json --url URL --mysql HOST:PORT   write the worker's answers into the table (--new: only those
                                                              that are not there)
  table.py check  requests.json --url URL --mysql HOST:PORT   ask again and compare: n of m equal
  table.py alone  requests.json --serve SERVE_REST            the rows that need no server, against
                                                              tests/unit/rest/serve_rest
  … --distributed                                             on a worker of a group

The rows run in order and share state (a connector made by one is deleted by a later one). What no
two workers share is normalised: worker ids, versions, cluster ids, traces, times; lists of names and
maps compare in any order. A row with "settle" is asked until its answer stays the same or, when
checking, until it is the expected one ("twice": and is that a second later). A row with "alone": false needs a server to connect to. Of a
row with "errors only" just the errors of validate count. A row with "differs" is a difference on
purpose, with the reason; its "ours" is then what must come. An answer may be {"same as": name of an
earlier row}.

A distributed worker's answer is "distributed" where it is not the standalone one's; "ours distributed" and
"differs distributed" are as without. It does what it is told a little later, so what it knows of a
connector is asked until it settles. A row with "signed" has the headers of a request of one worker to
another, with the key that --key gives, or the one named there.
"""
import argparse
import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

HEADERS = ("content-type", "location", "allow")


def fill(text, values):
    for k, v in values.items():
        text = text.replace("${" + k + "}", str(v))
    return text


def ask(base, request, values):
    c = http.client.HTTPConnection(base.hostname, base.port, timeout=100)
    headers = {}
    if request.get("type"):
        headers["Content-Type"] = request["type"]
    if request.get("accept"):
        headers["Accept"] = request["accept"]
    body = request.get("body")
    if request.get("signed"):
        algorithm, key = request["signed"], base64.b64decode(request.get("key") or values["key"])
        headers["X-Connect-Request-Signature-Algorithm"] = algorithm
        digest = {"HmacSHA1": hashlib.sha1}.get(algorithm, hashlib.sha256)
        headers["X-Connect-Authorization"] = request.get("signature") or base64.b64encode(hmac.new(key, (body or "").encode(), digest).digest()).decode()
    c.request(request["method"], fill(request["path"], values), body=None if body is None else fill(body, values).encode(), headers=headers)
    r = c.getresponse()
    text = r.read().decode(errors="replace")
    got = {"status": r.status, "headers": {h: r.getheader(h) for h in HEADERS if r.getheader(h) is not None}}
    if "location" in got["headers"]:
        got["headers"]["location"] = urllib.parse.urlsplit(got["headers"]["location"]).path
    if "allow" in got["headers"]:
        got["headers"]["allow"] = ",".join(sorted(got["headers"]["allow"].replace(" ", "").split(",")))
    try:
        got["body"] = json.loads(text)
    except ValueError:
        got["body"] = text
    c.close()
    return got


def normal(x, values, key=None):
    if key == "documentation":
        return "DOCUMENTATION"
    if key == "recommended_values" and any("." in v for v in x):
        return "CLASSES"  # what is installed differs from worker to worker
    if key == "offsets" and isinstance(x, list):
        return sorted(x, key=lambda v: json.dumps(v, sort_keys=True))
    if isinstance(x, dict):
        return {k: normal(v, values, k) for k, v in x.items()}
    if isinstance(x, list):
        x = [v for v in x if not (isinstance(v, dict) and set(v) == {"class", "type", "version"} and v["type"] != "source")]  # what is installed
        out = [normal(v, values) for v in x]
        return sorted(out, key=lambda v: json.dumps(v, sort_keys=True)) if all(isinstance(v, str) for v in out) else out
    if key in ("worker_id", "version", "commit", "kafka_cluster_id", "trace", "last_modified") and x is not None:
        return key.upper()
    if key == "class" and isinstance(x, str):
        return x
    if isinstance(x, str):
        x = x.replace(values["dir"], "${dir}")
        x = x.replace(values["host"] + ":" + values["port"], "${host}:${port}")
        x = re.sub(r"'(127\.0\.0\.1|localhost)' \(using", "'${host}' (using", x)
        x = x.replace(f"user '{values['user']}'@", "user '${user}'@").replace("(conn=", "(CONN=")
        x = re.sub(r"\(CONN=\d+\) ", "", x)  # the driver for MariaDB tells its number, too
        if key in ("database.port",) and x == values["port"]:
            x = "${port}"
        if key in ("database.hostname",) and x == values["host"]:
            x = "${host}"
        if key in ("database.user", "database.password") and x == values["user"]:
            x = "${" + key.split(".")[1] + "}"
        x = re.sub(r"\[Source: [^\]]*\]", "[Source]", x)
        x = re.sub(r"database\.(user|port|hostname)=[^,}]*", r"database.\1=\1", x)
        x = re.sub(r"@[0-9a-f]{5,8}\b", "@HASH", x)
        x = re.sub(r"(Error during connection validation: ).*", r"\1REASON", x)  # each has its own words for it
        x = re.sub(r"(available connectors are: ).*", r"\1CLASSES", x)  # what is installed, with paths
        return x
    return x


def project(body):
    """Of validate's answer what differs from one row to the next: the errors."""
    if not isinstance(body, dict) or "configs" not in body:
        return body
    found = [c["value"] for c in body["configs"] if c["value"] and c["value"]["errors"]]
    return {"name": body["name"], "error_count": body["error_count"], "groups": body["groups"], "errors": {v["name"]: v["errors"] for v in found}}


def changes(request):
    return request["method"] == "GET" and request["path"].startswith("/connectors")


def same(row, rows, key):
    answer = row[key]
    return next(r for r in rows if r["name"] == answer["same as"])["answer"] if "same as" in answer else answer


def settled(base, row, values, want):
    """Asks until the answer is the wanted one; recording: until it is the same for two seconds."""
    last, since, end, held = None, time.monotonic(), time.monotonic() + 30, False
    while True:
        got = ask(base, row["request"], values)
        got["body"] = normal(got["body"], values)
        if row.get("errors only"):
            got["body"] = project(got["body"])
        busy = got["status"] == 409 and "rebalance" in str(got["body"]) and "rebalance" not in str(want)
        if not (row.get("settle") or busy or (values["distributed"] and changes(row["request"]))):
            return got
        if want is not None and got == want:
            if row.get("settle") != "twice" or held:
                return got
            held = True
            time.sleep(1)  # what was asked before may not have begun
            continue
        if got != last:
            last, since = got, time.monotonic()
        now = time.monotonic()
        if (want is None and now - since > (5 if values["distributed"] else 2)) or (want is not None and now - since > 8) or now > end:
            return got
        time.sleep(0.1)  # poll interval


def write(path, rows):
    """One line a row, equal answers once."""
    seen = {}
    with open(path, "w") as f:
        for i, row in enumerate(rows):
            text = json.dumps(row["answer"], sort_keys=True)
            if len(text) > 400 and text in seen:
                row["answer"] = {"same as": seen[text]}
            seen.setdefault(text, row["name"])
            f.write(("[\n" if i == 0 else ",\n") + json.dumps(row, ensure_ascii=False))
        f.write("\n]\n")


def serve(a):
    """A worker of its own; nobody listens at its connectors' server."""
    process = subprocess.Popen([a.serve], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    a.url = "http://127.0.0.1:" + process.stdout.readline().split()[1]
    a.mysql = "127.0.0.1:1"
    a.dir = tempfile.mkdtemp(prefix="penstock-rest-")
    return process


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("mode", choices=["record", "check", "alone"])
    p.add_argument("table")
    p.add_argument("--url")
    p.add_argument("--serve", help="serve_rest, for alone")
    p.add_argument("--mysql", default="127.0.0.1:3306")
    p.add_argument("--user", default="cdc")
    p.add_argument("--password", default="cdc")
    p.add_argument("--dir", default="/tmp")
    p.add_argument("--new", action="store_true")
    p.add_argument("--distributed", action="store_true")
    p.add_argument("--key", default="", help="the group's session key, for rows that are signed")
    p.add_argument("-v", "--verbose", action="store_true")
    a = p.parse_args()
    process = serve(a) if a.mode == "alone" else None
    host, port = a.mysql.rsplit(":", 1)
    values = {"host": host, "port": port, "user": a.user, "password": a.password, "dir": os.path.abspath(a.dir),
              "distributed": a.distributed, "key": a.key}
    base = urllib.parse.urlsplit(a.url)
    rows = json.load(open(a.table))
    equal = on_purpose = compared = 0
    for row in rows:
        if a.mode == "record":
            got = settled(base, row, values, None)
            if a.distributed and "answer" in row:
                row.pop("distributed", None)
                if got != same(row, rows, "answer"):
                    row["distributed"] = got
            else:
                row["answer"] = row["answer"] if a.new and "answer" in row else got
            continue
        apart = a.distributed and "distributed" in row
        answer = same(row, rows, "distributed" if apart else "answer")
        ours = row.get("ours distributed", {} if apart else row.get("ours", {})) if a.distributed else row.get("ours", {})
        want = dict(answer, **ours)
        if process and not row.get("alone", True):
            continue
        got = settled(base, row, values, want)
        compared += 1
        if got == want:
            equal += not ours
            on_purpose += bool(ours)
            continue
        print(f"not equal: {row['name']}: {row['request']['method']} {row['request']['path']}")
        for k in ("status", "headers", "body"):
            if got[k] != want[k]:
                g, w = json.dumps(got[k]), json.dumps(want[k])
                print(f"   {k} want {w if a.verbose else w[:400]}\n   {k} got  {g if a.verbose else g[:400]}")
    if a.mode == "record":
        write(a.table, rows)
        print(f"{len(rows)} answers recorded")
        return 0
    print(f"{equal} of {compared} answers equal, {on_purpose} differ on purpose, {compared - equal - on_purpose} not")
    if process:
        process.stdin.close()
        shutil.rmtree(a.dir, ignore_errors=True)
    return equal + on_purpose != compared or bool(process and process.wait(30))


if __name__ == "__main__":
    sys.exit(main())
