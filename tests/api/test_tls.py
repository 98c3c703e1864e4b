"""The API over TLS: what is trusted, what is refused, and certificates that change while clients are at work."""
import concurrent.futures
import http.client
import json
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

import pytest

import service as s


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """Signs certificates for 127.0.0.1, and for clients."""
    def __init__(self, folder, name="ca"):
        self.folder, self.name = folder, name
        self.key, self.certificate = folder / f"{name}.key", folder / f"{name}.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 2,
                "-keyout", self.key, "-out", self.certificate, "-subj", f"/CN={name}")

    def sign(self, name, usage="serverAuth"):
        """A new key and certificate: their texts."""
        key, request, certificate, extensions = (self.folder / f"{self.name}-{name}.{end}" for end in ("key", "csr", "pem", "ext"))
        extensions.write_text(f"subjectAltName=IP:127.0.0.1\nextendedKeyUsage={usage}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", request,
                "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-days", 2,
                "-extfile", extensions, "-out", certificate)
        return key.read_text(), certificate.read_text()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def install(own, identity):
    """Both files, each in one piece."""
    for name, text in zip(("server.key", "server.pem"), identity):
        made = own.folder / f"{name}.new"
        made.write_text(text)
        made.rename(own.folder / name)


@pytest.fixture
def secure(own, authority):
    """Not started."""
    install(own, authority.sign("first"))
    own.settings.update({"gateway.tls.certificate": own.folder / "server.pem", "gateway.tls.key": own.folder / "server.key"})
    own.certificate_authority = authority.certificate
    return own


def trusting(authority, **versions):
    context = ssl.create_default_context(cafile=authority.certificate)
    for name, version in versions.items():
        setattr(context, name, version)
    return context


def address(service):
    host, port = urllib.parse.urlsplit(service.endpoint).netloc.split(":")
    return host, int(port)


def shake_hands(service, context):
    """Who the server is."""
    with socket.create_connection(address(service), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as secured:
            subject = secured.getpeercert()["subject"]
            return dict(pair for part in subject for pair in part)["commonName"], secured.version()


def hang_up(service, lines):
    """SIGHUP, and what was said of it."""
    before = len(service.log.read_text())
    service.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        said = service.log.read_text()[before:]
        if "event=certificate_" in said:
            assert lines in said, said
            return said
        time.sleep(0.02)
    raise AssertionError("nothing was said of SIGHUP")


def test_boto3(secure):
    client = secure.start().client()
    assert secure.endpoint.startswith("https://127.0.0.1:")
    arn = client.create_state_machine(name="one", definition=s.PASS, roleArn=s.ROLE)["stateMachineArn"]
    made = client.start_execution(stateMachineArn=arn, input=json.dumps({"big": "x" * 200000}))["executionArn"]
    assert len(client.describe_execution(executionArn=made)["output"]) > 200000


def test_versions(secure, authority):
    secure.start()
    V = ssl.TLSVersion
    assert shake_hands(secure, trusting(authority)) == ("first", "TLSv1.3")
    assert shake_hands(secure, trusting(authority, maximum_version=V.TLSv1_2)) == ("first", "TLSv1.2")
    old = trusting(authority, minimum_version=V.TLSv1, maximum_version=V.TLSv1_1)
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake_hands(secure, old)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(secure, ssl.create_default_context())


def test_no_http(secure):
    """Whoever speaks plain HTTP gets no answer, and harms nobody."""
    secure.start()
    plain = http.client.HTTPConnection(*address(secure), timeout=10)
    with pytest.raises((http.client.HTTPException, OSError)):
        plain.request("GET", "/healthz")
        plain.getresponse()
    assert secure.client().list_state_machines()["stateMachines"] == []


def test_reload(secure, authority):
    """A connection that stands keeps going; the next one sees the new certificate."""
    context = trusting(authority)
    secure.start()
    standing = http.client.HTTPSConnection(*address(secure), context=context, timeout=10)
    standing.request("GET", "/healthz")
    assert standing.getresponse().read() == b'{"live":true}'
    first = standing.sock
    install(secure, authority.sign("second"))
    assert shake_hands(secure, context)[0] == "first"
    hang_up(secure, "event=certificate_reloaded")
    assert shake_hands(secure, context)[0] == "second"
    standing.request("GET", "/healthz")
    assert standing.getresponse().read() == b'{"live":true}' and standing.sock is first


@pytest.mark.parametrize("name,file,text,says", [
    ("no PEM", "server.pem", "nonsense", "must hold a certificate in PEM"),
    ("empty", "server.key", "", "must hold a private key in PEM"),
    ("cut", "server.pem", "-----BEGIN CERTIFICATE-----\nMIIB", "must hold a certificate in PEM"),
    ("another's key", "server.key", None, "is not that of the first certificate"),
    ("gone", "server.key", False, "can't be read: No such file or directory"),
])
def test_broken(secure, authority, name, file, text, says):
    """A pair that can't be used: refused at the start, and after SIGHUP the old one stays."""
    good = (secure.folder / file).read_text()
    path = secure.folder / file

    def spoil():
        path.unlink()
        if text is not False:
            path.write_text(authority.sign("other")[0] if text is None else text)
    secure.start()
    spoil()
    said = hang_up(secure, "event=certificate_refused")
    assert says in said and str(path) in said
    assert shake_hands(secure, trusting(authority))[0] == "first"
    path.write_text(good)
    hang_up(secure, "event=certificate_reloaded")
    secure.stop()
    spoil()
    with pytest.raises(AssertionError):
        secure.start()
    secure.process.wait(10)
    assert says in secure.log.read_text().replace(said, "") and secure.process.returncode == 2


@pytest.mark.parametrize("missing", ["gateway.tls.certificate", "gateway.tls.key"])
def test_half(secure, missing):
    del secure.settings[missing]
    with pytest.raises(AssertionError):
        secure.start()
    assert f"not {missing}" in secure.log.read_text() and secure.process.wait(10) == 2


def test_encrypted_key(secure):
    openssl("pkcs8", "-topk8", "-in", secure.folder / "server.key", "-out", secure.folder / "locked.key", "-passout", "pass:x")
    secure.settings["gateway.tls.key"] = secure.folder / "locked.key"
    with pytest.raises(AssertionError):
        secure.start()
    assert "without a password" in secure.log.read_text() and secure.process.wait(10) == 2


def test_reload_under_load(secure, authority):
    """Clients on standing connections and on new ones, while the certificate changes all the time: no call fails."""
    secure.start()
    context = trusting(authority)
    done = threading.Event()

    def call(keeps):
        connection, count = None, 0
        while not done.is_set():
            connection = connection or http.client.HTTPSConnection(*address(secure), context=context, timeout=30)
            connection.request("POST", "/", b"{}", {"X-Amz-Target": "AWSStepFunctions.ListStateMachines",
                                                    "Content-Type": "application/x-amz-json-1.0"})
            answer = connection.getresponse()
            assert answer.status == 200 and json.loads(answer.read()) == {"stateMachines": []}
            count += 1
            if not keeps:
                connection.close()
                connection = None
        return count
    identities = [authority.sign("even"), authority.sign("odd")]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        calls = [pool.submit(call, at % 2 == 0) for at in range(6)]
        for round in range(20):
            install(secure, identities[round % 2])
            hang_up(secure, "event=certificate_reloaded")
            assert shake_hands(secure, context)[0] == ("even", "odd")[round % 2]
        done.set()
        assert all(one.result() > 10 for one in calls)


def test_client_certificates(secure, authority, tmp_path):
    """With a CA for clients, whoever has no certificate of it is not heard."""
    other = Authority(tmp_path, "other")
    secure.settings["gateway.tls.client.ca"] = authority.certificate

    def with_identity(signer, usage):
        key, certificate = signer.sign(f"client-{usage}", usage)
        both = tmp_path / f"{signer.name}-{usage}.both"
        both.write_text(key + certificate)
        context = trusting(authority)
        context.load_cert_chain(both)
        return context

    def ask(context):
        connection = http.client.HTTPSConnection(*address(secure), context=context, timeout=10)
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    accepted = with_identity(authority, "clientAuth")
    (tmp_path / "ready.both").write_text((tmp_path / "ca-clientAuth.both").read_text())
    secure.client_certificate = tmp_path / "ready.both"
    secure.start()
    assert ask(accepted) == 200
    for refused in (trusting(authority), with_identity(other, "clientAuth"), with_identity(authority, "serverAuth")):
        with pytest.raises(OSError):
            ask(refused)
    assert ask(accepted) == 200


def test_beyond_loopback(secure, authority):
    """TLS does not say who calls; a CA for clients does."""
    secure.settings["gateway.listen"] = "0.0.0.0:0"
    with pytest.raises(AssertionError):
        secure.start()
    assert "--insecure" in secure.log.read_text()
    secure.process.wait(10)
    if not secure.kafka:
        secure.settings["gateway.tls.client.ca"] = authority.certificate
        assert secure.start().endpoint.startswith("https://0.0.0.0:")


def test_without_tls_sighup_stops(own):
    own.start()
    own.process.send_signal(signal.SIGHUP)
    assert own.process.wait(30) == 0
    assert "event=stopping signal=SIGHUP" in own.log.read_text()


def test_poller_that_left(secure, authority):
    """TLS says good-bye before it closes: a poller that is gone gets no task all the same."""
    client = secure.start().client()
    activity = client.create_activity(name="work")["activityArn"]
    arn = client.create_state_machine(name="asks", definition=s.task(activity), roleArn=s.ROLE)["stateMachineArn"]
    leaving = http.client.HTTPSConnection(*address(secure), context=trusting(authority), timeout=10)
    leaving.request("POST", "/", json.dumps({"activityArn": activity}).encode(), {
        "X-Amz-Target": "AWSStepFunctions.GetActivityTask", "Content-Type": "application/x-amz-json-1.0"})
    time.sleep(0.5)
    secured = leaving.sock
    secured.setblocking(False)
    try:
        secured.unwrap()
    except (ssl.SSLError, OSError):
        pass
    leaving.close()
    time.sleep(0.3)
    client.start_execution(stateMachineArn=arn, input='{"n":1}')
    assert client.get_activity_task(activityArn=activity)["input"] == '{"n":1}'
