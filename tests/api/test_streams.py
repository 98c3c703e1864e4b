"""HTTP as its grammar allows it, and as it does not: every stream of bytes is answered or ended, and nothing breaks."""
import json
import os
import random

import pytest

import service as s
import raw as w

pytestmark = pytest.mark.skipif("PAWL_TEST_BOOTSTRAP" in os.environ, reason="the server is the same on Kafka")
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def answers(connection, count):
    data = b""
    got = []
    for _ in range(count):
        status, headers, body, data = w.read_answer(connection, data)
        got.append((status, headers, body))
    return got


def test_pipelining(service):
    """Answers come in the order of the requests, whichever of them wait for something."""
    client = service.client()
    arn = client.create_state_machine(name="pipeline", definition=s.PASS, roleArn=s.ROLE)["stateMachineArn"]
    with w.connect(service) as connection:
        connection.sendall(b"".join(w.request("StartExecution", {"stateMachineArn": arn, "name": f"p{n}"}) + w.LIST
                                    for n in range(25)))
        got = answers(connection, 50)
    for number in range(25):
        assert json.loads(got[2 * number][2])["executionArn"].endswith(f":p{number}")
        assert "stateMachines" in json.loads(got[2 * number + 1][2])


@pytest.mark.parametrize("name,data,status", [
    ("lower case", w.LIST.replace(b"X-Amz-Target", b"x-amz-target").replace(b"Content-Type", b"content-type"), 200),
    ("absolute", w.LIST.replace(b"POST / ", b"POST http://states.us-east-1.amazonaws.com/ "), 200),
    ("absolute without a path", w.LIST.replace(b"POST / ", b"POST http://localhost:8083 "), 200),
    ("absolute path", HEALTH.replace(b"GET /", b"GET http://x/"), 200),
    ("query", w.LIST.replace(b"POST / ", b"POST /?a=b "), 200),
    ("1.0", w.LIST.replace(b"HTTP/1.1", b"HTTP/1.0"), 200),
    ("upgrade", w.request("ListStateMachines", b"{}", (b"Connection", b"Upgrade, HTTP2-Settings"), (b"Upgrade", b"h2c")), 200),
    ("websocket", w.LIST.replace(b"POST", b"GET", 1).replace(b"Host", b"Upgrade: websocket\r\nHost"), 404),
    ("parameter", w.request("ListStateMachines", b"{}", (b"Content-Type", b"application/x-amz-json-1.0; charset=utf-8")), 200),
    ("signed", w.request("ListStateMachines", b"{}", (b"Authorization", b"AWS4-HMAC-SHA256 Credential=a/b, Signature=" + b"0" * 64)), 200),
    ("target twice", w.LIST.replace(b"Host", b"X-Amz-Target: AWSStepFunctions.ListActivities\r\nHost"), 200),
    ("chunked", b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: AWSStepFunctions.ListStateMachines\r\nContent-Type: application/json\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;a=b\r\n}\r\n0\r\nTrailer: x\r\n\r\n", 200),
    ("OPTIONS", w.LIST.replace(b"POST", b"OPTIONS"), 404),
    ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    ("TRACE", b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    ("CONNECT", b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    ("unknown", w.LIST.replace(b"POST", b"BREW"), 404),
    ("no host", w.LIST.replace(b"Host: x\r\n", b""), 400),
    ("a path that climbs", HEALTH.replace(b"/healthz", b"/../../etc/passwd"), 404),
    ("a path with NUL", HEALTH.replace(b"/healthz", b"/healthz%00"), 404),
    ("many headers", w.LIST.replace(b"Host", b"".join(b"H%d: x\r\n" % n for n in range(5000)) + b"Host"), 431),
    ("a long path", HEALTH.replace(b"/healthz", b"/" + b"a" * 20000), 414),
    ("a huge target", w.request("A" * 8000), 400),
    ("NUL in the body", w.request("ListStateMachines", b'{"nextToken":"\0"}'), 400),
    ("a byte order mark", w.request("ListStateMachines", b"\xef\xbb\xbf{}"), 400),
], ids=lambda value: value if isinstance(value, str) else "")
def test_grammar(service, name, data, status):
    with w.connect(service) as connection:
        connection.sendall(data)
        try:
            got = w.read_answer(connection)
        except ConnectionError:
            got = (status,)  # it had said enough before all was sent
            assert status in (431, 414)
        assert got[0] == status
    assert w.ask(service)[0] == 200


def test_head(service):
    with w.connect(service) as connection:
        connection.sendall(HEALTH.replace(b"GET", b"HEAD") + w.LIST)
        data = b""
        while data.count(b"HTTP/1.1 200") < 2 or not data.endswith(b"}"):
            data += connection.recv(65536)
        head, _, rest = data.partition(b"\r\n\r\n")
        assert b"Content-Length: 13" in head and rest.startswith(b"HTTP/1.1 200"), "no body"


def test_close_is_obeyed(service):
    with w.connect(service) as connection:
        connection.sendall(w.request("ListStateMachines", b"{}", (b"Connection", b"close")))
        status, headers, *_ = w.read_answer(connection)
        assert status == 200 and headers["connection"].lower() == "close" and w.is_ended(connection, 2)


def test_expect_continue(service):
    with w.connect(service) as connection:
        head, body = w.request("ListStateMachines", b"{}", (b"Expect", b"100-continue"))[:-2], b"{}"
        connection.sendall(head)
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert w.read_answer(connection)[0] == 200
    with w.connect(service) as connection:
        connection.sendall(w.request("ListStateMachines", b"", (b"Expect", b"100-continue"), (b"Content-Length", b"99999999")))
        assert w.read_answer(connection)[0] == 413, "it is not asked for what will be refused"


def test_two_lengths_are_one_request(service):
    """What two readers would cut differently must not become a second request."""
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    data = w.request("ListStateMachines", b"0\r\n\r\n" + smuggled, (b"Transfer-Encoding", b"chunked"))
    with w.connect(service, 3) as connection:
        connection.sendall(data)
        got = b""
        try:
            while piece := connection.recv(65536):
                got += piece
        except TimeoutError:
            pass
        assert got.count(b"HTTP/1.1") == 1 or b'"live"' not in got


def mutated(chance, data):
    data = bytearray(data)
    for _ in range(chance.choice((0, 1, 1, 2, 5, 30))):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(7)
        if kind == 0:
            data[at:at] = bytes(chance.choices(range(256), k=chance.randrange(1, 9)))
        elif kind == 1:
            del data[at:at + chance.randrange(1, 20)]
        elif kind == 2 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 3:
            data[at:at] = data[max(0, at - 30):at] * chance.randrange(1, 4)
        elif kind == 4:
            data[at:at] = chance.choice((b"\r\n", b"\r\n\r\n", b"\0", b": ", b" ", b"Content-Length: 5\r\n", b"chunked", b"-1",
                                         b"{", b"[", b'"', b"99999999999999999999",
                                         b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n"))
        elif kind == 5 and len(data) > 40:
            a, b = sorted(chance.sample(range(len(data)), 2))
            data[at:at] = data[a:min(b, a + 200)]
        else:
            del data[chance.randrange(len(data) // 2, len(data) + 1):]
    return bytes(data)


def streams(machine):
    """What is mutated: calls of many kinds, with the engine's work behind some of them."""
    token = "a" * 40
    return [w.LIST, HEALTH, w.LIST + HEALTH, HEALTH + w.LIST * 3,
            w.request("StartExecution", {"stateMachineArn": machine, "input": '{"a":1}'}),
            w.request("StartSyncExecution", {"stateMachineArn": machine}),
            w.request("CreateStateMachine", {"name": "n", "definition": s.PASS, "roleArn": s.ROLE}),
            w.request("TestState", {"definition": '{"Type":"Pass","End":true}', "input": "{}"}),
            w.request("ListExecutions", {"stateMachineArn": machine, "nextToken": token, "maxResults": 5}),
            w.request("SendTaskSuccess", {"taskToken": token, "output": "{}"}),
            w.request("ValidateStateMachineDefinition", {"definition": s.PASS}),
            w.request("TagResource", {"resourceArn": machine, "tags": [{"key": "a", "value": "b"}]}),
            w.LIST.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked")[:-2] + b"2\r\n{}\r\n0\r\n\r\n"]


@pytest.mark.parametrize("seed", range(20 if w.LONG else 2))
def test_mutated_streams(service, client, seed):
    """Sent in pieces, on connections that end in all ways. The seed repeats one; service's end looks for leaks."""
    chance = random.Random(seed)
    machine = client.create_state_machine(name=f"fuzzed-{seed}", definition=s.PASS, roleArn=s.ROLE)["stateMachineArn"]
    kinds = streams(machine)
    files = w.files_of(service)
    for _ in range(400):
        data = mutated(chance, chance.choice(kinds))
        connection = w.connect(service)
        connection.settimeout(0.02)
        try:
            while data:
                size = chance.choice((1, 7, 100, len(data)))
                connection.sendall(data[:size])
                data = data[size:] if chance.random() < 0.95 else b""
            answer = connection.recv(65536) if chance.random() < 0.5 else b""
            assert not answer or answer.startswith(b"HTTP/1."), answer[:200]
            assert not answer.startswith(b"HTTP/1.1 500"), answer
        except (TimeoutError, ConnectionError):
            pass
        w.reset(connection) if chance.random() < 0.7 else connection.close()
    assert w.ask(service)[0] == 200
    w.seconds_until(lambda: w.files_of(service) <= files + 5, 40)
