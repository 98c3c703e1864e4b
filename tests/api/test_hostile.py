"""Callers that take what they can get: connections, time, memory, files. Each is bounded, and others are served meanwhile."""
import json
import os
import resource
import socket
import time

import pytest

import service as s
import raw as w

pytestmark = pytest.mark.skipif("PAWL_TEST_BOOTSTRAP" in os.environ, reason="the server is the same on Kafka")
ACTIVITY = "arn:aws:states:us-east-1:000000000000:activity:a"


def poll(more=b""):
    return w.request("GetActivityTask", {"activityArn": ACTIVITY}) + more


# ---- Connections ----

@pytest.mark.parametrize("data", [b"", w.LIST], ids=["silent", "with a request"])
def test_one_too_many_is_told_so(own, data):
    own.settings["gateway.connections"] = 50
    own.start()
    inside = [w.connect(own) for _ in range(50)]
    for one in inside:
        one.sendall(w.LIST)
        assert w.read_answer(one)[0] == 200
    for _ in range(200):
        with w.connect(own) as refused:
            refused.sendall(data)
            status, headers, body, rest = w.read_answer(refused)
            assert status == 503 and headers["retry-after"] == "1" and headers["connection"] == "close" and not rest
            assert json.loads(body)["__type"].endswith("#ServiceUnavailableException") == \
                (headers["x-amzn-errortype"] == "ServiceUnavailableException")
            assert refused.recv(1) == b""
    inside[0].sendall(w.LIST)
    assert w.read_answer(inside[0])[0] == 200, "those inside are served"
    for one in inside:
        one.close()
    w.seconds_until(lambda: w.ask(own)[0] == 200, 2)
    assert len(w.said(own, "connections_refused")) == 1, "told once"


def test_refused_by_boto3(own):
    """What an SDK makes of it: an exception that it knows, or a later attempt."""
    own.settings["gateway.connections"] = 3
    own.start()
    client = own.client(retries={"max_attempts": 1, "mode": "standard"})
    inside = [w.connect(own) for _ in range(3)]
    for one in inside:
        one.sendall(w.LIST)
        w.read_answer(one)
    with pytest.raises(client.exceptions.ClientError) as error:
        client.list_activities()
    assert error.value.response["Error"]["Code"] == "ServiceUnavailableException"
    inside.pop().close()
    time.sleep(0.3)
    assert client.list_activities()["activities"] == []


def test_connections_in_turn(own):
    """Files and memory stay what they are, whatever comes of each connection."""
    count = 100000 if w.LONG and not w.SANITIZED else 4000
    own.start()
    whole = [w.LIST, w.request("StartExecution"), b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"]
    manners = [*whole, b"", b"POST / HTT", w.LIST[:-1], b"\r\n" * 5]

    def turn(numbers):
        for number in numbers:
            manner = manners[number % len(manners)]
            connection = w.connect(own, source=(f"127.0.{number // 20000}.{1 + number % 200}", 0))
            connection.sendall(manner)
            if manner in whole and number % 3:
                assert w.read_answer(connection)[0] in (200, 400)
            w.reset(connection)

    turn(range(1000))
    time.sleep(0.5)
    files, memory = w.files_of(own), w.memory_of(own)
    turn(range(1000, count))
    w.seconds_until(lambda: w.files_of(own) <= files + 2, 5)
    assert w.SANITIZED or w.memory_of(own) < memory + 10


def test_idle_polls_in_thousands(own):
    """Each costs a connection and little memory."""
    count = 5000 if w.LONG else 1000
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
    client = own.start().client()
    client.create_activity(name="a")
    memory = w.memory_of(own)
    polls = [w.connect(own) for _ in range(count)]
    for one in polls:
        one.sendall(poll())
    w.seconds_until(lambda: w.files_of(own) > count, 20)
    time.sleep(1)
    used = w.memory_of(own) - memory
    assert w.SANITIZED or used < 100, f"{used} MiB"
    assert client.list_activities()["activities"]
    for one in polls:
        w.reset(one)
    w.seconds_until(lambda: w.files_of(own) < count // 2, 20)


# ---- Time ----

def trickle(connection, data, step=0.05):
    """Sends a byte at a time until the other end has had enough; returns how long that took."""
    begin = time.monotonic()
    try:
        for at in range(len(data)):
            connection.sendall(data[at:at + 1])
            time.sleep(step)
            connection.setblocking(False)
            try:
                if connection.recv(1000) == b"":
                    return time.monotonic() - begin
            except BlockingIOError:
                pass
            connection.setblocking(True)
    except ConnectionError:
        return time.monotonic() - begin
    raise AssertionError("all was taken")


@pytest.fixture
def hasty(own):
    own.settings.update({"gateway.idle.ms": 1000, "gateway.request.ms": 1000, "gateway.answer.ms": 1000})
    return own.start()


def test_silence(hasty):
    with w.connect(hasty) as connection:
        assert w.is_ended(connection, 2.5)


def test_keep_alive_ends(hasty):
    with w.connect(hasty) as connection:
        for _ in range(4):
            connection.sendall(w.LIST)
            assert w.read_answer(connection)[0] == 200
            time.sleep(0.6)  # in all longer than it may be idle
        assert w.is_ended(connection, 2.5)


def test_slow_headers(hasty):
    with w.connect(hasty) as connection:
        assert 0.9 < trickle(connection, w.LIST) < 2.5
    assert w.ask(hasty)[0] == 200


def test_slow_body(hasty):
    with w.connect(hasty) as connection:
        connection.sendall(w.request("ListStateMachines", b"", (b"Content-Length", b"1000")))
        assert 0.9 < trickle(connection, b" " * 1000) < 2.5
    assert w.ask(hasty)[0] == 200


def test_slow_chunks(hasty):
    with w.connect(hasty) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert 0.9 < trickle(connection, b"1\r\n \r\n" * 100) < 2.5


def test_a_poll_has_all_its_time(hasty):
    """What bounds a connection does not bound a call that waits."""
    hasty.client().create_activity(name="a")
    with w.connect(hasty) as connection:
        connection.sendall(poll())
        assert not w.is_ended(connection, 3)


@pytest.fixture
def long_history(own):
    """A page of a history is some megabytes."""
    own.settings.update({"gateway.answer.ms": 1500, "gateway.idle.ms": 3000, "gateway.traffic.bytes": "16MiB"})
    client = own.start().client()
    big = s.machine({**{f"S{n}": {"Type": "Pass", "Next": f"S{n + 1}"} for n in range(30)}, "S30": {"Type": "Pass", "End": True}},
                    start="S0")
    arn = client.create_state_machine(name="big", definition=big, roleArn=s.ROLE)["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=arn, input=json.dumps("x" * 100000))["executionArn"]
    w.seconds_until(lambda: client.describe_execution(executionArn=execution)["status"] == "SUCCEEDED", 20)
    return own, w.request("GetExecutionHistory", {"executionArn": execution, "maxResults": 1000})


def slow_reader(service, data):
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(10)
    host, port = service.endpoint.rpartition("/")[2].split(":")
    connection.connect((host, int(port)))
    connection.sendall(data)
    return connection


def test_answers_that_nobody_reads(long_history):
    own, data = long_history
    status, _, body, _ = w.ask(own, data)
    assert status == 200 and len(body) > 5 << 20
    files, memory = w.files_of(own), w.memory_of(own)
    readers = [slow_reader(own, data) for _ in range(60)]
    time.sleep(0.7)
    assert w.SANITIZED or w.memory_of(own) < memory + 100, "two answers have room, the others are 503"
    assert w.ask(own)[0] == 200, "small answers go on"
    w.seconds_until(lambda: w.files_of(own) <= files + 2, 10)
    for one in readers:
        one.close()
    assert w.ask(own, data)[0] == 200, "there is room again"


def test_slow_reading_is_no_crime(long_history):
    """Who reads in time gets all."""
    own, data = long_history
    with slow_reader(own, data) as connection:
        time.sleep(0.7)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        assert len(w.read_answer(connection)[2]) > 5 << 20


# ---- Memory ----

def test_bodies_that_never_end(own):
    own.settings["gateway.traffic.bytes"] = "32MiB"
    own.start()
    memory = w.memory_of(own)
    head = w.request("ListStateMachines", b"", (b"Content-Length", b"8000000"))
    senders = [w.connect(own) for _ in range(40)]
    for one in senders:
        one.sendall(head + b" " * 7000000)
    assert w.SANITIZED or w.memory_of(own) < memory + 150
    assert w.ask(own)[0] == 200, "small requests go on"
    statuses = []
    for one in senders:
        one.sendall(b" " * 1000000)
        statuses.append(w.read_answer(one)[0])
        one.close()
    assert set(statuses) == {200, 503}
    assert w.ask(own, w.request("ListStateMachines", b" " * 7000000))[0] == 200, "there is room again"


def test_memory_of_calls_that_wait(own):
    """What nobody asked for is parsed all the same: a poll would hold many times its bytes for a minute."""
    own.settings["gateway.traffic.bytes"] = "32MiB"
    client = own.start().client()
    client.create_activity(name="a")
    body = b'{"activityArn":"%s","x":[%s[]]}' % (ACTIVITY.encode(), b"[]," * 1000000)
    memory = w.memory_of(own)
    polls = [w.connect(own, 60) for _ in range(12)]
    for one in polls:
        one.sendall(w.request("GetActivityTask", body))
    for one in polls:
        status, headers, *_ = w.read_answer(one)
        assert status == 503 and headers["retry-after"] == "1"
        one.close()
    assert w.SANITIZED or w.memory_of(own) < memory + 600
    with w.connect(own) as connection:
        connection.sendall(poll())
        assert not w.is_ended(connection, 1)


# ---- Those who leave ----

@pytest.mark.parametrize("more", [b"", w.LIST, b"\r\n"], ids=["", "after the next request", "after a line's end"])
def test_polls_that_hang_up(own, more):
    """Their places are free again."""
    own.settings["gateway.connections"] = 20
    client = own.start().client()
    client.create_activity(name="a")
    for _ in range(3):
        polls = [w.connect(own) for _ in range(19)]
        for one in polls:
            one.sendall(poll(more))
        time.sleep(0.3)
        for one in polls:
            one.close()
        w.seconds_until(lambda: w.ask(own)[0] == 200, 3)
        time.sleep(1.3)


def test_starts_that_hang_up(own):
    """What they asked for happens; nothing of them stays."""
    client = own.start().client()
    arn = client.create_state_machine(name="m", definition=s.PASS, roleArn=s.ROLE)["stateMachineArn"]
    time.sleep(0.3)
    files = w.files_of(own)
    for number in range(200):
        connection = w.connect(own)
        connection.sendall(w.request("StartExecution", {"stateMachineArn": arn, "name": f"e{number}"}))
        if number % 2:
            time.sleep(0.002)
        w.reset(connection)
    w.seconds_until(lambda: w.files_of(own) <= files + 2, 10)
    started = {one["name"] for one in client.list_executions(stateMachineArn=arn, maxResults=1000)["executions"]}
    assert started <= {f"e{number}" for number in range(200)} and len(started) >= 100
    assert client.start_execution(stateMachineArn=arn)["executionArn"]


# ---- Files ----

def test_few_files(own):
    """It takes no more connections than it has files for."""
    own.limit_files = 200
    own.start()
    assert len(w.said(own, "connections_limited")) == 1
    connections = [w.connect(own) for _ in range(300)]
    statuses = []
    for one in connections:
        one.sendall(w.LIST)
        statuses.append(w.read_answer(one)[0])
    assert set(statuses) == {200, 503}
    client_arn = w.request("CreateStateMachine", {"name": "m", "definition": s.PASS, "roleArn": s.ROLE})
    connections[0].sendall(client_arn)
    assert w.read_answer(connections[0])[0] == 200, "what it works with has files of its own"
    for one in connections:
        one.close()
    w.seconds_until(lambda: w.ask(own)[0] == 200, 3)


def test_no_file_left(own):
    """The limit falls below what is open: those inside are served, others are told so, and it comes back."""
    own.start()
    with w.connect(own) as inside:
        inside.sendall(w.LIST)
        w.read_answer(inside)
        limits = resource.prlimit(own.process.pid, resource.RLIMIT_NOFILE)
        most = 1 + max(int(file) for file in os.listdir(f"/proc/{own.process.pid}/fd"))
        resource.prlimit(own.process.pid, resource.RLIMIT_NOFILE, (most, limits[1]))
        try:
            taken = [w.connect(own) for _ in range(30)]
            for one in taken:
                one.sendall(w.LIST)
            statuses = [w.read_answer(one)[0] for one in taken]
            assert statuses.count(503) > 20 and set(statuses) <= {200, 503}
            inside.sendall(w.LIST)
            assert w.read_answer(inside)[0] == 200
        finally:
            resource.prlimit(own.process.pid, resource.RLIMIT_NOFILE, limits)
    w.seconds_until(lambda: w.ask(own)[0] == 200, 3)
    assert len(w.said(own, "connections_refused")) == 1
