"""/healthz and /readyz of both roles."""
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import urllib.parse

import pytest

import service as s

needs_kafka = pytest.mark.skipif("PAWL_TEST_BOOTSTRAP" not in os.environ, reason="roles run apart on Kafka alone")


def get(endpoint, path, method="GET"):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(endpoint).netloc, timeout=30)
    connection.request(method, path)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, data


def ready(endpoint):
    status, data = get(endpoint, "/readyz")
    told = json.loads(data)
    assert (status == 200) == told["ready"] and status in (200, 503)
    return told


def test_both_roles(own):
    own.start()
    told = ready(own.endpoint)
    assert told["ready"] and told["processor"]["ready"] and told["gateway"]["ready"]
    assert told["processor"]["assigned"] == told["processor"]["active"] == 4 and told["processor"]["refused"] == 0
    assert [one["partition"] for one in sorted(told["processor"]["partitions"], key=lambda one: one["partition"])] == [0, 1, 2, 3]
    assert all(one["phase"] == "active" and one["restoreLagRows"] == 0 for one in told["processor"]["partitions"])
    assert told["processor"]["commitAgeMs"] < 5000 and told["gateway"]["viewCaughtUp"] and told["gateway"]["viewLagMs"] < 5000
    assert get(own.endpoint, "/healthz") == (200, b'{"live":true}')
    assert get(own.endpoint, "/healthz", "HEAD") == (200, b"")
    assert get(own.endpoint, "/healthz", "POST")[0] == 404


class Processor:
    """A processor alone, on the service's topics."""
    def __init__(self, service, name, **settings):
        self.folder = pathlib.Path(service.folder) / name
        self.log = pathlib.Path(service.folder) / f"{name}.log"
        given = {**service.settings, "processor.listen": "127.0.0.1:0", **settings}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(s.PAWL), "serve", "--role", "processor", *[f"--set={key}={value}" for key, value in given.items()]],
                env={**service.environment, "PAWL_STATE_DIR": str(self.folder)}, stdout=subprocess.DEVNULL, stderr=log)

    def endpoint(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            found = re.search(r"event=probes_listening address=(\S+)", self.log.read_text())
            if found:
                return f"http://{found.group(1)}"
            time.sleep(0.02)
        raise AssertionError(self.log.read_text()[-2000:])

    def stop(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        return self.process.wait(30)


def wait_until(check, seconds=40):
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@needs_kafka
def test_processor_alone(own):
    """It answers the three paths and nothing else, from before it is ready on."""
    own.start()
    own.stop()
    processor = Processor(own, "alone")
    try:
        endpoint = processor.endpoint()
        assert get(endpoint, "/healthz") == (200, b'{"live":true}')
        first = ready(endpoint)
        assert "gateway" not in first and (first["ready"] or first["processor"]["why"])
        wait_until(lambda: ready(endpoint)["ready"])
        status, page = get(endpoint, "/metrics")
        assert status == 200 and b"pawl_processor_ready 1\n" in page and b"pawl_api_calls_total" not in page
        assert get(endpoint, "/")[0] == get(endpoint, "/metrics/")[0] == 404 and get(endpoint, "/metrics", "POST")[0] == 405
    finally:
        assert processor.stop() == 0


@needs_kafka
def test_two_on_one_host(own):
    """By default a processor listens nowhere, so that two start side by side; their partitions are all of them."""
    own.start()
    own.stop()
    silent = Processor(own, "silent", **{"processor.listen": ""})
    spoken = Processor(own, "spoken")
    try:
        endpoint = spoken.endpoint()
        wait_until(lambda: ready(endpoint)["processor"]["assigned"] == 2 and ready(endpoint)["ready"])
        assert "probes_listening" not in silent.log.read_text() and silent.process.poll() is None
    finally:
        assert silent.stop() == 0 and spoken.stop() == 0


@needs_kafka
def test_beyond_loopback(own):
    own.start()
    processor = Processor(own, "open", **{"processor.listen": "0.0.0.0:0"})
    assert processor.process.wait(30) == 2 and "--insecure" in processor.log.read_text()


@needs_kafka
@pytest.mark.skipif("PAWL_TEST_BROKER_DIR" not in os.environ, reason="the broker is not ours to stop")
def test_broker_away(own):
    """A processor that can't commit is not ready, lives on, and gets ready again."""
    own.settings["ready.commit.ms"] = 2000
    client = own.start().client()
    machine = client.create_state_machine(name="m", roleArn=s.ROLE, definition=s.machine(
        {"A": {"Type": "Wait", "Seconds": 1, "Next": "B"}, "C": {"Type": "Succeed"},
         "B": {"Type": "Choice", "Choices": [{"Variable": "$.end", "IsPresent": True, "Next": "C"}], "Default": "A"}}))
    client.start_execution(stateMachineArn=machine["stateMachineArn"])
    pid = int((pathlib.Path(os.environ["PAWL_TEST_BROKER_DIR"]) / "pid").read_text())
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: not ready(own.endpoint)["processor"]["ready"])
        assert "has not committed for" in ready(own.endpoint)["processor"]["why"]
        assert get(own.endpoint, "/healthz")[0] == 200 and get(own.endpoint, "/metrics")[0] == 200
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: ready(own.endpoint)["ready"])
