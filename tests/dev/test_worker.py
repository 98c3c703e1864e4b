"""`pawl worker` on `pawl dev`: heartbeats, workers that die, activities."""
import json
import os
import re
import signal
import time
import urllib.request

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


ACTIVITY = "arn:aws:states:us-east-1:000000000000:activity:"


def activity(name):
    return {"T": {"Type": "Task", "Resource": ACTIVITY + name, "TimeoutSeconds": 60, "End": True}}


def make_activity(dev, name):
    """As any client of the API does it."""
    address = re.findall(r"event=listening address=([0-9.:]+)", dev.dev.log.read_text(errors="replace"))[-1]
    request = urllib.request.Request(f"http://{address}/", json.dumps({"name": name}).encode(), {
        "X-Amz-Target": "AWSStepFunctions.CreateActivity", "Content-Type": "application/x-amz-json-1.0"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert json.load(answer)["activityArn"] == ACTIVITY + name


def events_of(dev, execution):
    return json.loads(dev.good("history", execution))["events"]


def test_of_two_that_claim_an_activity_one_does_it(dev):
    """Each in a group of its own: both see every task."""
    for name in ("pick", "pack"):
        make_activity(dev, name)
        define(dev, name, activity(name))
    done = dev.folder / "done"
    for name in ("ann", "bob"):
        work(dev, name, "--activity", "pick", "--group", f"group-{name}", "--name", name, "--jobs", "3", "--exec",
             f"echo {name} >> {done}; echo '\"{name}\"'")
    names = [f"e{number}" for number in range(12)]
    given = "".join(json.dumps({"id": name}) + "\n" for name in names)
    dev.good("start", "pack", "--name", "other")  # on the same topic, and nobody's
    dev.good("start", "pick", "--each", "--name-by", "id", given=given)
    deadline = time.monotonic() + 60
    while json.loads(dev.good("list", "pick", "--count"))["counts"]["SUCCEEDED"] < len(names):
        assert time.monotonic() < deadline
        time.sleep(0.3)
    doers = {}
    for name in names:
        started = [event for event in events_of(dev, f"pick/{name}") if event["type"] == "ActivityStarted"]
        assert len(started) == 1
        doers[name] = started[0]["activityStartedEventDetails"]["workerName"]
        output = json.loads(dev.good("describe", f"pick/{name}"))["output"]
        assert json.loads(output) == doers[name]
    assert sorted(done.read_text().split()) == sorted(doers.values())
    assert types(dev, "pack/other")[-1] == "ActivityScheduled"
    for worker in dev.workers[-2:]:
        assert worker.end() == 0


def test_a_claim_outlives_its_worker(dev):
    """Of the same group another may do what it had claimed."""
    make_activity(dev, "hold")
    define(dev, "hold", activity("hold"))
    began = dev.folder / "began"
    first = work(dev, "first", "--task", "activity", "--exec", f"echo $$ > {began}.part; mv {began}.part {began}; exec sleep 60")
    dev.good("start", "hold", "--name", "e")
    await_file(began)
    first.kill()
    os.killpg(int(began.read_text()), signal.SIGKILL)
    work(dev, "second", "--task", "activity", "--exec", "echo 2")
    deadline = time.monotonic() + 40
    while types(dev, "hold/e")[-1] != "ExecutionSucceeded":
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert types(dev, "hold/e").count("ActivityStarted") == 1


def test_started_is_told_when_asked_for(dev):
    define(dev, "told", {"T": {"Type": "Task", "Resource": LAMBDA + "told", "End": True}})
    go = dev.folder / "go"
    worker = work(dev, "told", "--task", "told", "--started", "--exec", f"while [ ! -e {go} ]; do sleep 0.1; done; echo 1")
    dev.good("start", "told", "--name", "e")
    deadline = time.monotonic() + 30
    while types(dev, "told/e")[-1] != "LambdaFunctionStarted":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    go.touch()
    while types(dev, "told/e")[-1] != "ExecutionSucceeded":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert types(dev, "told/e").count("LambdaFunctionStarted") == 1
    assert worker.end() == 0


def test_bad_arguments(dev):
    for arguments in (["--activity", "a", "--task", "b"], ["--activity", LAMBDA + "f"], ["--activity", "arn:aws:nothing"], []):
        done = dev.pawl("worker", *arguments, "--exec", "cat")
        assert done.returncode == 2, (arguments, done.stderr)
