"""HTTP as others speak it: the wrong way, slowly, in the thousands."""
import concurrent.futures
import http.client
import json
import socket
import time
import urllib.parse

import pytest

import service as s

LIST = {"X-Amz-Target": "AWSStepFunctions.ListStateMachines", "Content-Type": "application/x-amz-json-1.0"}


def connect(service):
    return http.client.HTTPConnection(urllib.parse.urlsplit(service.endpoint).netloc, timeout=30)


def ask(service, method="POST", path="/", headers=LIST, body=b"{}"):
    connection = connect(service)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer, data


def test_headers(service):
    answer, data = ask(service)
    assert answer.status == 200 and "stateMachines" in json.loads(data)
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.0"
    assert len(answer.headers["x-amzn-RequestId"]) == 36 and answer.headers["Date"].endswith("GMT")
    assert answer.headers["x-amzn-ErrorType"] is None


def test_keep_alive(service):
    connection = connect(service)
    connection.connect()
    first = connection.sock
    seen = set()
    for _ in range(5):
        connection.request("POST", "/", b"{}", LIST)
        answer = connection.getresponse()
        answer.read()
        seen.add(answer.headers["x-amzn-RequestId"])
        assert connection.sock is first
    assert len(seen) == 5
    connection.close()


def receive(connection):
    """One answer that has a body."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, body = data.split(b"\r\n\r\n", 1)
    length = int(next(line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")))
    while len(body) < length:
        body += connection.recv(65536)
    return head, body


def test_many_requests_at_once(tmp_path):
    """As many as the server's library looks at in one go, or twice that many, must not wait for one more."""
    own = s.Service(tmp_path, gateway__threads=1).start()
    address = urllib.parse.urlsplit(own.endpoint)
    body = json.dumps({"name": "at-once"}).encode()
    request = (b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: AWSStepFunctions.CreateActivity\r\n"
               b"Content-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n" % len(body)) + body
    connections = [socket.create_connection((address.hostname, address.port), timeout=15) for _ in range(256)]
    for _ in range(60):
        for connection in connections:
            connection.sendall(request)
        for connection in connections:
            head, _ = receive(connection)
            assert head.startswith(b"HTTP/1.1 200 ")
    for connection in connections:
        connection.close()
    assert own.stop() == 0


@pytest.mark.parametrize("name,change,status,exception", [
    ("GET", {"method": "GET", "body": None}, 404, "UnknownOperationException"),
    ("PUT", {"method": "PUT"}, 404, "UnknownOperationException"),
    ("path", {"path": "/other"}, 404, "UnknownOperationException"),
    ("no type", {"headers": {"X-Amz-Target": LIST["X-Amz-Target"]}}, 404, "UnknownOperationException"),
    ("wrong type", {"headers": {**LIST, "Content-Type": "text/xml"}}, 404, "UnknownOperationException"),
    ("no target", {"headers": {"Content-Type": LIST["Content-Type"]}}, 400, "UnknownOperationException"),
    ("target", {"headers": {**LIST, "X-Amz-Target": "AWSStepFunctions.Nothing"}}, 400, "UnknownOperationException"),
    ("service", {"headers": {**LIST, "X-Amz-Target": "DynamoDB_20120810.ListTables"}}, 400, "UnknownOperationException"),
    ("broken", {"body": b"{"}, 400, "SerializationException"),
    ("no object", {"body": b"[]"}, 400, "SerializationException"),
    ("not UTF-8", {"body": b'{"nextToken":"\xff"}'}, 400, "SerializationException"),
    ("deep", {"body": b"[" * 100000}, 400, "SerializationException"),
    ("type", {"body": b'{"maxResults":"1"}'}, 400, "SerializationException"),
    ("range", {"body": b'{"maxResults":1001}'}, 400, "ValidationException"),
])
def test_refusals(service, name, change, status, exception):
    answer, data = ask(service, **change)
    assert answer.status == status and answer.headers["x-amzn-ErrorType"] == exception
    assert json.loads(data)["__type"].split("#")[1] == exception


def test_empty_body(service):
    assert ask(service, body=b"")[0].status == 200


def test_health(service):
    for path in ("/healthz", "/readyz"):
        answer, data = ask(service, method="GET", path=path, headers={}, body=None)
        assert answer.status == 200, data


def test_too_large(service):
    answer, data = ask(service, headers={**LIST, "Content-Length": str(1 << 30)}, body=b"{")
    assert answer.status == 413 and json.loads(data)["__type"].endswith("#RequestEntityTooLargeException")


def raw(service, data, wait=5):
    host, port = urllib.parse.urlsplit(service.endpoint).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=wait) as connection:
        try:
            connection.sendall(data)
            return connection.recv(65536)
        except (TimeoutError, ConnectionError):
            return b""


@pytest.mark.parametrize("data", [
    b"\r\n\r\n", b"nonsense\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1e3\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"POST / HTTP/1.1\r\n" + b"a" * 50000,
    b"POST / HTTP/1.1\r\nX-Long: " + b"a" * 50000 + b"\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", b"\0" * 1000,
])
def test_nonsense(service, data):
    answer = raw(service, data, 2)
    assert b" 200 " not in answer[:20]
    assert ask(service)[0].status == 200


def test_chunked_body_that_never_ends(service):
    host, port = urllib.parse.urlsplit(service.endpoint).netloc.split(":")
    piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        with pytest.raises(OSError):
            for _ in range(1000):
                connection.sendall(piece)
    assert ask(service)[0].status == 200


def test_many_connections(own):
    """Those over the limit wait or are turned away; the others are served."""
    own.settings["gateway.connections"] = 50
    own.start()
    host, port = urllib.parse.urlsplit(own.endpoint).netloc.split(":")
    idle = [socket.create_connection((host, int(port)), timeout=5) for _ in range(80)]
    time.sleep(0.2)
    for connection in idle:
        connection.close()
    time.sleep(0.2)
    assert ask(own)[0].status == 200


def test_many_at_once(own):
    """Hundreds of starts in flight on as many connections, each answered with its own."""
    own.settings["gateway.threads"] = 2
    client = own.start().client(max_pool_connections=100)
    arn = client.create_state_machine(name="busy", definition=s.PASS, roleArn=s.ROLE)["stateMachineArn"]

    def start(number):
        made = client.start_execution(stateMachineArn=arn, name=f"e{number}", input=str(number))["executionArn"]
        return made.endswith(f":e{number}") and client.describe_execution(executionArn=made)["output"] == str(number)
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        assert all(pool.map(start, range(500)))


def test_stops_with_calls_in_flight(own):
    """SIGTERM: whoever waits is told, and the process ends."""
    client = own.start().client()
    arn = client.create_state_machine(name="late", definition=s.PASS, roleArn=s.ROLE)["stateMachineArn"]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        started = [pool.submit(client.start_execution, stateMachineArn=arn) for _ in range(200)]
        time.sleep(0.05)
        assert own.stop() == 0
        for one in started:
            if one.exception() is None:
                assert one.result()["executionArn"]


def test_insecure(own):
    own.settings["gateway.listen"] = "0.0.0.0:0"
    with pytest.raises(AssertionError):
        own.start()
    assert "--insecure" in own.log.read_text()
    assert own.process.wait(10) == 2
    own.process.stdout.close()
    own.process = None
