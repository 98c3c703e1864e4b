"""`pawl worker` on `pawl dev`: heartbeats, workers that die, activities."""
import json
import os
import signal
import time

import pytest

from test_dev import Dev, harness

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:"


@pytest.fixture
def dev(tmp_path, request):
    made = Dev(tmp_path)
    failed_before = request.session.testsfailed
    made.start()
    yield made
    made.close()
    if request.session.testsfailed > failed_before:
        for path in sorted(tmp_path.glob("*.log")):
            print(f"==== {path}\n{path.read_text(errors='replace')[-4000:]}")


def work(dev, name, *arguments):
    worker = dev.program(name, [harness.PAWL, "worker", *arguments])
    dev.workers.append(worker)
    return worker.start()


def define(dev, name, states):
    path = dev.folder / f"{name}.asl.json"
    path.write_text(json.dumps({"StartAt": next(iter(states)), "States": states}))
    dev.good("define", path)


def await_file(path, seconds=30):
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} is not there"
        time.sleep(0.05)


def types(dev, execution):
    return [event["type"] for event in json.loads(dev.good("history", execution))["events"]]


def run(dev, machine, name, *more):
    """Until it ends; (exit code, output)."""
    done = dev.pawl("start", machine, "--name", name, "--wait", *more, seconds=90)
    return done.returncode, done.stdout + done.stderr


def beating(resource):
    return {
        "T": {"Type": "Task", "Resource": resource, "HeartbeatSeconds": 3, "TimeoutSeconds": 60,
              "Catch": [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Silent"}], "End": True},
        "Silent": {"Type": "Pass", "Result": "silent", "End": True},
    }


def test_a_worker_that_beats_may_take_longer_than_HeartbeatSeconds(dev):
    define(dev, "slow", beating(LAMBDA + "slow"))
    work(dev, "slow", "--task", "slow", "--exec", "sleep 8; echo '\"done\"'")
    begin = time.monotonic()
    code, text = run(dev, "slow", "e")
    assert code == 0, text
    assert "done" in text
    assert time.monotonic() - begin > 7
    assert "LambdaFunctionTimedOut" not in types(dev, "slow/e")


def test_one_that_stops_beating_times_out(dev):
    define(dev, "dies", beating(LAMBDA + "dies"))
    began = dev.folder / "began"
    worker = work(dev, "dies", "--task", "dies", "--exec", f"echo $$ > {began}.part; mv {began}.part {began}; exec sleep 60")
    dev.good("start", "dies", "--name", "e")
    await_file(began)
    worker.kill()
    os.killpg(int(began.read_text()), signal.SIGKILL)
    killed = time.monotonic()
    while "PassStateExited" not in types(dev, "dies/e"):
        assert time.monotonic() - killed < 30
        time.sleep(0.3)
    assert "LambdaFunctionTimedOut" in types(dev, "dies/e")
    assert time.monotonic() - killed < 15
