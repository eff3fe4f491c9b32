#!/usr/bin/python3
"""Clients that are slow, broken or hostile: what they get, and that others are served meanwhile.

  test_hostile.py SERVE_REST        TAP on stdout
"""
import json
import socket
import subprocess
import sys
import time

LIMIT = 10  # seconds that anything here may take
count = failed = 0


def ok(good, sentence, detail=""):
    global count, failed
    count += 1
    failed += not good
    print(f"{'' if good else 'not '}ok {count} - {sentence}" + ("" if good else f"\n# {detail!r}"), flush=True)


def connect():
    return socket.create_connection(("127.0.0.1", port), timeout=LIMIT)


def talk(data, end=False):
    """Sends data, reads until the server closes or a whole answer is there."""
    with connect() as c:
        try:
            c.sendall(data)
            if end:
                c.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it may have answered and closed already
        return answer(c)


def answer(c):
    got = b""
    try:
        while True:
            head, mark, body = got.partition(b"\r\n\r\n")
            if mark:
                length = [int(x.split(b":")[1]) for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:")]
                if length and len(body) >= length[0]:
                    return got
            more = c.recv(65536)
            if not more:
                return got
            got += more
    except OSError:
        return got


def status(got):
    return int(got.split(b" ", 2)[1]) if got.startswith(b"HTTP/1.1 ") else 0


def get(path="/connectors"):
    return talk(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


def post(body, path="/connectors", kind="application/json", method="POST"):
    return talk(f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


def closes(c, within):
    """Does the server end the connection?"""
    c.settimeout(within)
    try:
        while c.recv(4096):
            pass
        return True
    except socket.timeout:
        return False
    except OSError:
        return True


def alive(sentence):
    start = time.monotonic()
    got = get()
    ok(status(got) == 200 and time.monotonic() - start < 1, f"meanwhile others are served: {sentence}", got)


def refused(cases):
    for sentence, got, want in cases:
        ok(status(got) in want, f"{sentence}: {' or '.join(map(str, want))}", got[:300])


def bodies():
    big = b'{"name":"' + b"x" * (2 << 20) + b'"}'
    deep = b"[" * 100000
    chunk = b"POST /connectors HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"".join(b"10000\r\n" + b"x" * 65536 + b"\r\n" for _ in range(32)) + b"0\r\n\r\n"
    refused([
        ("a body over the limit", post(big), (413,)),
        ("a body over the limit in chunks", talk(chunk + chunks), (413,)),
        ("a body that says it is 8 EiB", talk(b"POST /connectors HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9223372036854775807\r\n\r\n"), (413, 400, 0)),
        ("a length that is no number", talk(b"POST /connectors HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n"), (400, 413, 0)),
        ("a negative length", talk(b"POST /connectors HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"), (400, 413, 0)),
        ("JSON a hundred thousand arrays deep", post(deep), (500,)),
        ("JSON with a NUL", post(b'{"name":"a\\u0000b","config":{}}'), (500,)),
        ("a raw NUL", post(b'{"name":"a\x00b","config":{}}'), (500,)),
        ("bytes that are not UTF-8", post(b'{"name":"\xff\xfe","config":{}}'), (500,)),
        ("a lone surrogate", post(b'{"name":"\\ud800","config":{}}'), (500,)),
        ("a number out of range is a name like any other", post(b'{"name":1e999999,"config":{}}'), (400,)),
        ("a number of a megabyte", post(b'{"name":' + b"9" * 1000000 + b',"config":{}}'), (400,)),
        ("a broken chunk", talk(chunk + b"zz\r\nxx\r\n"), (400, 413, 0)),
        ("a name of 1 MB", post(json.dumps({"name": "n" * 1000000, "config": {}}).encode()), (400,)),
        ("a configuration of 20000 options", post(json.dumps({"name": "n", "config": {f"o{i}": "" for i in range(20000)}}).encode()), (400,)),
    ])


def lines():
    refused([
        ("headers over the limit", talk(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100000 + b"\r\n\r\n"), (431, 413, 400, 0)),
        ("a thousand headers", talk(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20000 + b"\r\n"), (431, 413, 400, 0)),
        ("a path over the limit", talk(b"GET /" + b"y" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"), (414, 431, 400, 0)),
        ("no HTTP at all", talk(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"), (400, 405, 0)),
        ("an escape that is none", get("/connectors/%zz"), (400,)),
        ("an escaped NUL", get("/connectors/a%00b"), (400,)),
        ("an escaped byte that is not UTF-8", get("/connectors/%ff"), (400,)),
        ("a cut escape", get("/connectors/%f"), (400,)),
        ("a path of dots", get("/../../etc/passwd"), (404,)),
        ("a path of many parts", get("/connectors" + "/a" * 1000), (404,)),
        ("an unknown method", talk(b"BREW /connectors HTTP/1.1\r\nHost: x\r\n\r\n"), (405, 501)),
        ("a query of rubbish", get("/connectors?%%%&&&=&expand"), (200,)),
        ("a logger name of 10 kB", post(b'{"level":"INFO"}', "/admin/loggers/" + "l" * 10000, method="PUT"), (200,)),
    ])


def slow():
    idle, half_line, half_body = connect(), connect(), connect()
    half_line.sendall(b"GET /conn")
    half_body.sendall(b"POST /connectors HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
    alive("one says nothing, two say half of it")
    ok(closes(idle, LIMIT), "a connection without a byte is closed")
    ok(closes(half_line, LIMIT), "half a line is cut off")
    ok(closes(half_body, LIMIT), "half a body is cut off")
    trickle = connect()
    start, cut = time.monotonic(), False
    trickle.settimeout(0.2)
    while not cut and time.monotonic() - start < LIMIT:
        try:
            trickle.sendall(b"G" if time.monotonic() == start else b"x")
            cut = trickle.recv(1) == b""  # waits a fifth of a second: the pace of the bytes
        except socket.timeout:
            pass
        except OSError:
            cut = True
    ok(cut, "bytes that trickle for ever are cut off though none is late")


def many():
    held = []
    for _ in range(200):
        try:
            held.append(socket.create_connection(("127.0.0.1", port), timeout=LIMIT))
        except OSError:
            break
    ok(len(held) > 0, "two hundred connections at once do no harm")
    for c in held[100:]:
        c.close()
    end = time.monotonic() + LIMIT
    got = get()
    while status(got) != 200 and time.monotonic() < end:
        got = get()  # over the limit until the idle ones are cut
    ok(status(got) == 200, "and others are served again once they are gone", got)
    for c in held[:100]:
        c.close()


def leaving():
    body = json.dumps({"name": "gone", "config": {"connector.class": "MySql"}}).encode()
    for _ in range(50):
        c = connect()
        c.sendall(b"POST /connectors HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        c.close()  # does not wait for its answer
    ok(status(get()) == 200, "clients that leave before their answer do no harm")
    c = connect()
    c.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
    c.settimeout(LIMIT)
    got = b""
    while got.count(b"HTTP/1.1 200") < 50:
        more = c.recv(65536)
        if not more:
            break
        got += more
    ok(got.count(b"HTTP/1.1 200") == 50, "fifty requests in one packet get fifty answers")


def main():
    bodies()
    lines()
    slow()
    many()
    leaving()
    alive("at the end")


server = subprocess.Popen(sys.argv[1:2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
port = int(server.stdout.readline().split()[1])
main()
server.stdin.close()
ok(server.wait(LIMIT) == 0, "the server ends as asked")
print(f"1..{count}")
sys.exit(failed > 0)
