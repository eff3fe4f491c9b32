"""REST of a worker of a group: the answers that Connect's distributed worker gave (tests/conformance/rest), and what one worker hands on to another."""
import datetime
import ipaddress
import json
import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.request

import confluent_kafka

import rig
from test_distributed import Member, free_port
from test_kafka import kafka  # noqa: F401: the fixture

TABLES = os.path.join(rig.ROOT, "tests/conformance/rest")


def session_key(kafka, topic):
    """The key that the leader has written, for requests of one worker to another."""
    consumer = confluent_kafka.Consumer({"bootstrap.servers": kafka.env["BOOTSTRAP"], "group.id": "key", "enable.auto.commit": False, "enable.partition.eof": True})
    consumer.assign([confluent_kafka.TopicPartition(topic, 0, 0)])
    found = None
    while (m := consumer.poll(20)) is not None and not m.error():
        if m.key() == b"session-key":
            found = json.loads(m.value())["key"]
    consumer.close()
    return found


def test_answers_are_those_of_connect(servers, kafka, tmp_path):  # noqa: F811
    m = Member(kafka, tmp_path, 0, "restd", **{"status.storage.partitions": "1", "offset.storage.partitions": "1"})
    try:
        key = rig.wait_for(lambda: m.ask("GET", "/connectors")[0] == 200 and session_key(kafka, "restd-configs"), "a session key")
        for table in ("requests", "more", "distributed"):
            out = subprocess.run([sys.executable, f"{TABLES}/table.py", "check", f"{TABLES}/{table}.json", "--distributed", "--key", key, "--url", m.url, "--mysql",
                                  f"127.0.0.1:{servers.get('mysql').port}", "--user", "penstock", "--password", "penstock", "--dir", str(tmp_path)],
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
            rig.FIGURES.append(f"REST of a group, {table}.json: {out.stdout.splitlines()[-1]}")
            assert out.returncode == 0, out.stdout
        lines = m.ask("GET", "/metrics")[1].splitlines()
        for line in ("worker_rebalance_metrics_epoch 1", f'worker_rebalance_metrics_leader_name{{leader_name="{m.url}"}} 1', "coordinator_metrics_assigned_connectors 0"):
            assert "kafka_connect_" + line in lines, line
    finally:
        m.kill9()


def certificates(folder):
    """A key and a certificate for 127.0.0.1 that signs itself, in one PEM file; and the certificate alone."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "worker")])
    now = datetime.datetime.now(datetime.timezone.utc)
    usage = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False)
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), False)
            .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **usage), True).sign(key, hashes.SHA256()))
    path, pem = folder / "worker.pem", serialization.Encoding.PEM
    path.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()) + cert.public_bytes(pem))
    (folder / "ca.pem").write_bytes(cert.public_bytes(pem))
    return path, folder / "ca.pem"


class Https:
    """Asks over TLS, with headers."""

    def __init__(self, ca):
        self.context = ssl.create_default_context(cafile=str(ca))

    def ask(self, m, method, path, body=None, **headers):
        r = urllib.request.Request(m.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
                                   headers={"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}})
        try:
            with urllib.request.urlopen(r, timeout=60, context=self.context) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode(), e.headers
        except (urllib.error.URLError, ConnectionError):
            return 0, "", {}


def test_a_worker_hands_on_what_the_leader_does(kafka, tmp_path):  # noqa: F811
    pem, ca = certificates(tmp_path)
    https, connector = Https(ca), {"name": "f", "config": {"connector.class": "io.debezium.connector.mysql.MySqlConnector"}}
    tls = {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(pem), "ssl.truststore.type": "PEM", "ssl.truststore.location": str(ca)}
    members = [Member(kafka, tmp_path, i, "restf", **{"listeners": f"https://127.0.0.1:{free_port()}", **{f"listeners.https.{k}": v for k, v in tls.items()}}) for i in range(2)]

    def answer(m):
        """Of somebody who asks the wrong worker and wants no forwarding: 409 once everybody knows who leads."""
        return https.ask(m, "POST", "/connectors?forward=false", connector)

    def roles():
        found = {}
        for m in members:
            status, text, _ = answer(m)
            if status == 400:
                found["leader"] = m
            elif status == 409 and "conflicting operation" in text:
                found["other"] = m
        return found if len(found) == 2 else None
    try:
        who = rig.wait_for(roles, "one leads, and the other knows", 90)
        other = who["other"]
        status, text, _ = answer(other)
        assert (status, json.loads(text)["message"]) == (409, "Cannot complete request because of a conflicting operation (e.g. worker rebalance)")
        for query in ("", "?forward=true"):
            status, text, _ = https.ask(other, "POST", "/connectors" + query, connector)
            assert status == 400 and "error(s)" in text, (status, text)
        assert https.ask(other, "DELETE", "/connectors/f")[:2] == (404, '{"error_code":404,"message":"Connector f not found"}')
        # Without a signature nobody is asked; a forwarded request has none, in Connect neither.
        assert "missing required signature" in https.ask(other, "PUT", "/connectors/f/fence")[1]
        # What is set for all workers.
        assert https.ask(other, "PUT", "/admin/loggers/for.all?scope=cluster", {"level": "TRACE"})[0] == 204
        rig.wait_for(lambda: json.loads(https.ask(who["leader"], "GET", "/admin/loggers/for.all")[1]).get("level") == "TRACE", "the leader has it, too")
        # The leader is gone: nobody is there to ask, for a while.
        who["leader"].kill9()
        status, text, _ = https.ask(other, "DELETE", "/connectors/f")
        assert status in (404, 409, 500), (status, text)
        rig.wait_for(lambda: https.ask(other, "DELETE", "/connectors/f")[0] == 404, "the other leads", 90)
    finally:
        for m in members:
            m.kill9()
