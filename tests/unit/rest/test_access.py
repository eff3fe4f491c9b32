#!/usr/bin/python3
"""Who may ask, from where, over what: https, clients' certificates, basic auth, admin listeners, CORS, headers of answers,
the access log, requests that take too long. What is expected is what Connect 4.3 answered.

  test_access.py SERVE_REST        TAP on stdout; certificates are made here
"""
import base64
import datetime
import http.client
import ipaddress
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

count = failed = 0
EXTENSION = "rest.extension.classes=org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension"


def ok(good, sentence, detail=""):
    global count, failed
    count += 1
    failed += not good
    print(f"{'' if good else 'not '}ok {count} - {sentence}" + ("" if good else f"\n# {detail!r}"), flush=True)


def eq(got, want, sentence):
    ok(got == want, sentence, f"got {got!r}, want {want!r}")


class Server:
    """serve_rest with these properties, for a with block."""

    def __init__(self, *arguments, env=None):
        self.arguments, self.env = arguments, dict(os.environ, **(env or {}))

    def __enter__(self):
        self.process = subprocess.Popen([program, *self.arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.env)
        self.ports = [int(x) for x in self.process.stdout.readline().split()[1:]]
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.log = self.process.stderr.read()
        self.status = self.process.wait(30)
        ok(self.status == 0 or not self.ports, "it ends", (self.status, self.log[-2000:]))

    def ask(self, path="/connectors", method="GET", headers=None, port=0, body=None, context=None):
        kind = http.client.HTTPSConnection if context else http.client.HTTPConnection
        c = kind("127.0.0.1", self.ports[port], timeout=20, **({"context": context} if context else {}))
        c.request(method, path, body=body, headers=headers or {})
        r = c.getresponse()
        text = r.read().decode()
        c.close()
        return r.status, r, text


def refused(sentence, want, *arguments, env=None):
    """The server does not start and says why."""
    with Server(*arguments, env=env) as s:
        pass
    ok(s.status == 2 and re.search(want, s.log), sentence, (s.status, s.log))


def basic(text):
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


# ---- certificates -----------------------------------------------------------------------------------------------------

def certificate(name, issuer=None, issuer_key=None):
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    b = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.subject if issuer else subject).public_key(key.public_key())
    b = b.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
    b = b.add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    b = b.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
    # Python 3.13 and later refuse certificates without these
    b = b.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    b = b.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key((issuer_key or key).public_key()), critical=False)
    b = b.add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=issuer is None, crl_sign=issuer is None, content_commitment=False, key_encipherment=False,
                                      data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False), critical=True)
    return b.sign(issuer_key or key, hashes.SHA256()), key


def pem(cert, key=None, password=None):
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    text = cert.public_bytes(serialization.Encoding.PEM)
    return text + (key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how) if key else b"")


def write(name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def client(ca, cert=None):
    c = ssl.create_default_context(cafile=ca)
    if cert:
        c.load_cert_chain(cert)
    return c


def answers(server, context):
    """Status, or None when TLS or the server refuses."""
    try:
        return server.ask(context=context)[0]
    except (OSError, http.client.HTTPException):
        return None


def tls():
    ca, ca_key = certificate("ca")
    server, key = certificate("localhost", ca, ca_key)
    other, other_key = certificate("other ca")
    mine = write("mine.pem", pem(*certificate("mine", ca, ca_key)))
    foreign = write("foreign.pem", pem(*certificate("foreign", other, other_key)))
    cas = write("ca.pem", pem(ca))
    stores = [
        ("PEM", write("s.pem", pem(server, key)), ""),
        ("PEM with a password", write("e.pem", pem(server, key, b"geheim")), "geheim"),
        ("PKCS#12", write("s.p12", pkcs12.serialize_key_and_certificates(b"k", key, server, [ca], serialization.BestAvailableEncryption(b"geheim"))), "geheim"),
    ]
    for name, path, password in stores:
        with Server("listeners=https://127.0.0.1:0", f"listeners.https.ssl.keystore.location={path}", f"listeners.https.ssl.keystore.password={password}") as s:
            eq(answers(s, client(cas)), 200, f"https with a key store of {name}")
    store = f"ssl.keystore.location={stores[0][1]}"
    with Server("listeners=https://127.0.0.1:0,http://127.0.0.1:0", store) as s:
        eq(answers(s, client(cas)), 200, "the worker's own ssl.* serve, too")
        eq(s.ask(port=1)[0], 200, "plain http beside it")
        with socket.create_connection(("127.0.0.1", s.ports[0]), timeout=10) as c:
            c.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            ok(not c.recv(100).startswith(b"HTTP/1.1 200"), "http on the https port is not served")
        old = client(cas)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        eq(answers(s, old), 200, "TLS 1.2 is")
    with Server("listeners=https://127.0.0.1:0", store, "ssl.enabled.protocols=TLSv1.3") as s:
        eq(answers(s, old), None, "unless ssl.enabled.protocols leaves it out")
    trust = f"ssl.truststore.location={cas}"
    with Server("listeners=https://127.0.0.1:0", store, trust, "ssl.client.auth=required") as s:
        eq([answers(s, client(cas, c)) for c in (mine, foreign, None)], [200, None, None], "client auth required: mine, a foreign one, none")
    with Server("listeners=https://127.0.0.1:0", store, trust, "ssl.client.auth=requested") as s:
        eq([answers(s, client(cas, c)) for c in (mine, foreign, None)], [200, None, 200], "client auth requested")
    with Server("listeners=https://127.0.0.1:0", store, trust) as s:
        eq([answers(s, client(cas, c)) for c in (mine, foreign, None)], [200, 200, 200], "client auth none, the default")
    with Server("listeners=http://127.0.0.1:0", "admin.listeners=https://127.0.0.1:0", f"admin.listeners.https.{store}") as s:
        eq(s.ask("/admin/loggers", port=1, context=client(cas))[0], 200, "an admin listener has its own keys")
    refused("all or nothing: with one listeners.https.* the worker's ssl.* are not looked at", "no private key", "listeners=https://127.0.0.1:0", store,
            "listeners.https.ssl.enabled.protocols=TLSv1.3")
    refused("https without keys", "no private key", "listeners=https://127.0.0.1:0")
    refused("a key store that is not there", "No such file", "listeners=https://127.0.0.1:0", "ssl.keystore.location=/nowhere")
    refused("required certificates without CAs", "no CA certificates", "listeners=https://127.0.0.1:0", store, "ssl.client.auth=required")
    refused("a wrong word", "String must be one of", "listeners=https://127.0.0.1:0", store, "ssl.client.auth=maybe")


# ---- basic auth -------------------------------------------------------------------------------------------------------

def users():
    path = write("users", "user=pw\nother=p:w\\u00e9\nempty=\n".encode())
    rows = [
        ("nobody", {}, 401), ("a user", basic("user:pw"), 200), ("a wrong password", basic("user:bad"), 401), ("a longer one", basic("user:pww"), 401),
        ("an unknown user", basic("nouser:pw"), 401), ("an empty password", basic("empty:"), 200), ("a colon and UTF-8 in it", basic("other:p:wé"), 200),
        ("the scheme in lower case", {"Authorization": "basic dXNlcjpwdw=="}, 200), ("no padding", {"Authorization": "Basic dXNlcjpwdw"}, 200),
        ("no colon", {"Authorization": "Basic dXNlcg=="}, 401), ("another scheme", {"Authorization": "Bearer x"}, 401),
        ("no base64", {"Authorization": "Basic %%"}, 500),
    ]
    with Server("listeners=http://127.0.0.1:0", "admin.listeners=http://127.0.0.1:0", EXTENSION, f"rest.basic.auth.file={path}") as s:
        for name, headers, want in rows:
            eq(s.ask(headers=headers)[0], want, f"basic auth: {name}")
        status, r, text = s.ask()
        eq((text, r.getheader("content-type")), ("User cannot access the resource.", "application/json"), "as Connect says it")
        eq(s.ask(method="OPTIONS")[1].getheader("content-type"), "text/plain", "and OPTIONS")
        eq(s.ask("/health")[0], 401, "health too")
        eq([s.ask("/none")[0], s.ask(method="DELETE")[0]], [404, 405], "paths and methods that are not are told to everybody")
        eq(s.ask("/connectors/x/tasks", "POST", {"Content-Type": "application/json"}, body="[]")[2].count("externally setting"), 1, "requests between workers pass")
        eq(s.ask("/admin/loggers", port=1)[0], 200, "an admin listener of its own is not guarded, as in Connect")
    jaas = write("jaas.conf", f'Other {{ x required; }};\nKafkaConnect {{\n  org.PropertyFileLoginModule required\n  file="{path}";\n}};\n'.encode())
    with Server("listeners=http://127.0.0.1:0", EXTENSION, env={"KAFKA_OPTS": f"-Xmx1g -Djava.security.auth.login.config={jaas} -Dx=y"}) as s:
        eq([s.ask()[0], s.ask(headers=basic("user:pw"))[0]], [401, 200], "users by Java's JAAS file")
    quiet = {"KAFKA_OPTS": ""}
    refused("no file of users", "no file of users", "listeners=http://127.0.0.1:0", EXTENSION, env=quiet)
    refused("an empty file of users", "no user is in it", "listeners=http://127.0.0.1:0", EXTENSION, f"rest.basic.auth.file={write('nobody', b'# none')}")
    refused("an extension that is not known", "only .* is known", "listeners=http://127.0.0.1:0", "rest.extension.classes=org.example.Guard")


# ---- admin listeners, headers -----------------------------------------------------------------------------------------

def admin():
    with Server("listeners=http://127.0.0.1:0", "admin.listeners=http://127.0.0.1:0") as s:
        eq([s.ask("/admin/loggers")[0], s.ask("/admin/loggers", port=1)[0], s.ask("/health", port=1)[0], s.ask("/admin", port=1)[0]], [404, 200, 404, 404],
           "admin.listeners: /admin there and only there")
    with Server("listeners=http://127.0.0.1:0", "admin.listeners=") as s:
        eq((len(s.ports), s.ask("/admin/loggers")[0]), (1, 404), "admin.listeners= turns it off")


def headers():
    with Server("access.control.allow.origin=http://a.example,https://.*.b.example", "access.control.allow.methods=GET,PUT",
                'response.http.headers.config=add X-Frame-Options:DENY, set Cache-Control:no-cache, setDate Expires: 31540000000, "add Z: a,b", add X-Frame-Options: TWO') as s:
        rows = [("http://a.example", "http://a.example"), ("https://x.b.example", "https://x.b.example"), ("http://evil", None), (None, None), ("http://a.example.evil", None)]
        for origin, want in rows:
            r = s.ask(headers={"Origin": origin} if origin else {})[1]
            eq((r.getheader("access-control-allow-origin"), r.getheader("vary")), (want, "Origin"), f"CORS: origin {origin}")
        r = s.ask(method="OPTIONS", headers={"Origin": "http://a.example", "Access-Control-Request-Method": "PUT"})[1]
        eq([r.getheader("access-control-" + h) for h in ("allow-origin", "allow-methods", "allow-headers", "max-age")], ["http://a.example", "GET,PUT", "Content-Type", "60"], "a preflight")
        r = s.ask(method="OPTIONS", headers={"Origin": "http://evil", "Access-Control-Request-Method": "PUT"})[1]
        eq([r.getheader("access-control-" + h) for h in ("allow-origin", "allow-methods")], [None, None], "a preflight from elsewhere")
        status, r, _ = s.ask("/nothing")
        eq([status, r.headers.get_all("x-frame-options"), r.getheader("cache-control"), r.getheader("z")], [404, ["DENY", "TWO"], "no-cache", "a,b"], "headers of every answer")
        at = datetime.datetime.strptime(r.getheader("expires"), "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=datetime.timezone.utc)
        ok(abs((at - datetime.datetime.now(datetime.timezone.utc)).total_seconds() - 31540000) < 5, "a date counts from now", r.getheader("expires"))
    with Server("access.control.allow.origin=*") as s:
        r = s.ask(headers={"Origin": "http://q"})[1]
        eq(r.getheader("access-control-allow-origin"), "http://q", "CORS: all origins")
    for bad in ("add", "put X:y", "add X", "add X Y:z", "setDate X: tomorrow"):
        refused(f"headers: '{bad}' is refused", "response.http.headers.config", f"response.http.headers.config={bad}")


def plugins():
    """Which there are differs from Connect's, so the recorded answers leave them out."""
    with Server() as s:
        found = [(p["type"], p["class"]) for p in json.loads(s.ask("/connector-plugins?connectorsOnly=false")[2])]
        for want in [("transformation", "org.apache.kafka.connect.transforms.RegexRouter"), ("transformation", "io.debezium.transforms.ExtractNewRecordState"),
                     ("predicate", "org.apache.kafka.connect.transforms.predicates.TopicNameMatches"), ("converter", "org.apache.kafka.connect.json.JsonConverter"),
                     ("header_converter", "org.apache.kafka.connect.storage.SimpleHeaderConverter")]:
            ok(want in found, f"plugins: {want[1]}", found)
        kinds = [k for k, _ in found]
        eq(kinds, sorted(kinds, key=["source", "transformation", "predicate", "converter", "header_converter"].index), "in Connect's order of kinds")
        eq(found, [p for k in dict.fromkeys(kinds) for p in sorted(x for x in found if x[0] == k)], "and by name")


# ---- the log, and what takes too long ---------------------------------------------------------------------------------

def log():
    path = write("users2", b"user=pw\n")
    with Server("verbose", EXTENSION, f"rest.basic.auth.file={path}") as s:
        s.ask("/connectors?expand=status", headers=dict(basic("user:pw"), Referer='a"b\\', **{"User-Agent": "me/1"}))
    want = r'127\.0\.0\.1 - user \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET /connectors\?expand=status HTTP/1\.1" 200 2 "a\\"b\\\\" "me/1" \d+'
    ok(re.search(want, s.log), "the access log is Connect's", s.log)
    ok("dXNl" not in s.log and "pw" not in s.log.replace("rest.basic", ""), "without passwords", s.log)


def late():
    """A server that accepts and never answers: the check of a connection takes longer than a request may."""
    with socket.socket() as silent, Server("try") as s:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        config = {"connector.class": "MySql", "name": "late", "topic.prefix": "late", "database.hostname": "127.0.0.1", "database.port": str(silent.getsockname()[1]),
                  "database.user": "u", "database.password": "p", "database.server.id": "1", "connect.timeout.ms": "6000",
                  "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory", "schema.history.internal.file.filename": os.path.join(folder, "h")}
        status, _, text = s.ask("/connectors/late/config", "PUT", {"Content-Type": "application/json"}, body=json.dumps(config))
        eq(status, 500, "a request that takes too long is answered")
        ok(re.fullmatch(r"Request timed out\. The worker is currently handling PUT /connectors/late/config, which began at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", json.loads(text)["message"]),
           "in Connect's words", text)
        c = http.client.HTTPConnection("127.0.0.1", s.ports[0], timeout=20)
        c.request("PUT", "/connectors/late/config", body=json.dumps(config), headers={"Content-Type": "application/json"})
        c.close()  # gone before anybody answers
        eq(s.ask()[0], 200, "meanwhile others are served")
        status, _, text = s.ask("/connector-plugins/MySql/config/validate", "PUT", {"Content-Type": "application/json"}, body=json.dumps(config))
        eq(status, 500, "validate, too")
        config["connection.validation.timeout.ms"] = "100"
        status, _, text = s.ask("/connector-plugins/MySql/config/validate", "PUT", {"Content-Type": "application/json"}, body=json.dumps(config))
        eq(status, 200, "unless connection.validation.timeout.ms is over before")
        ok("Error during connection validation" in text, "which is then an error of the configuration", text[:300])


def main():
    tls()
    users()
    admin()
    headers()
    plugins()
    log()
    late()
    print(f"1..{count}")


program = sys.argv[1]
with tempfile.TemporaryDirectory(prefix="penstock-access-") as folder:
    main()
sys.exit(failed > 0)
