"""A broker that is silent or away for a while: a processor and a gateway live through it as the same processes, say that they are
not ready, and then end everything, once; and two processes with one instance id, of which one is left."""
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import pytest

import chaos
import checker
import harness

pytestmark = pytest.mark.skipif("PAWL_TEST_BROKER_DIR" not in os.environ, reason="the broker is not ours (PAWL_TEST_BROKER_DIR)")
LONG = os.environ.get("PAWL_TEST_LONG") == "1"
PARTITIONS = 4
READY_SECONDS_MAX = 90
PROCESSOR = {"processor__listen": "127.0.0.1:0", "processor__threads": 2, "ready__commit__ms": 5000}
PAUSE, KILL = ("pause", "resume"), ("kill", "start")
STARTS = 60
ROUNDS = 4
ADDRESS = re.compile(r"event=(?:probes_)?listening address=(\S+)")
WAIT = json.dumps({
    "StartAt": "Wait",
    "States": {
        "Wait": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "Count"},
        "Count": {"Type": "Pass", "Parameters": {"seconds.$": "$.seconds", "left.$": "States.MathAdd($.left, -1)"}, "Next": "More"},
        "More": {"Type": "Choice", "Choices": [{"Variable": "$.left", "NumericGreaterThan": 0, "Next": "Wait"}], "Default": "Done"},
        "Done": {"Type": "Succeed"},
    },
})


def broker(verb):
    subprocess.run([pathlib.Path(__file__).with_name("broker"), verb, os.environ["PAWL_TEST_BROKER_DIR"]], check=True,
                   stdout=subprocess.DEVNULL)


def ask(program, path, data=None, target=None):
    """(HTTP status, body) of a process that listens; (0, why) while nobody answers."""
    found = ADDRESS.findall(program.log.read_text())
    if not found:
        return 0, "it does not listen yet"
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AWSStepFunctions.{target}"} if target else {}
    request = urllib.request.Request(f"http://{found[-1]}{path}", None if data is None else json.dumps(data).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def await_status(program, wanted, seconds):
    deadline = time.monotonic() + seconds
    while True:
        status, body = ask(program, "/readyz")
        assert program.running, f"{program.name} ended by itself, with {program.process.returncode}"
        if status == wanted:
            return
        assert time.monotonic() < deadline, f"/readyz of {program.name} says {status} {body}, not {wanted}"
        time.sleep(0.2)


class Outage:
    """A processor and a gateway with executions under way, whose timers fall due all the time."""

    def __init__(self, world):
        self.world = world
        world.create_topics()
        path = world.folder / "wait.json"
        path.write_text(WAIT)
        self.processor = world.processor("processor", **PROCESSOR)
        self.gateway = world.program("gateway", [harness.PAWL, "serve", "--role", "gateway", *world.set_flags(
            gateway__listen="127.0.0.1:0", state__dir=world.folder / "state-gateway")])
        self.programs = [self.processor, self.gateway]
        for one in self.programs:
            one.start()
        world.define(path, "wait")
        self.await_ready()
        self.pids = [one.process.pid for one in self.programs]
        self.watcher = world.watcher("executions")
        self.client = world.client()
        self.arns = set()

    def await_ready(self):
        for one in self.programs:
            await_status(one, 200, READY_SECONDS_MAX)

    def start(self, seconds, times):
        """Executions of `times` waits, of 1 to 5 s and not all at once, about `seconds` in all."""
        for number in range(STARTS):
            name = f"w{len(self.arns)}"
            arn = harness.execution_arn("wait", name)
            wait = 1 + number % 5
            self.client.command("StartExecution", {
                "stateMachineArn": harness.machine_arn("wait"), "name": name,
                "input": json.dumps({"seconds": wait, "left": max(1, min(times, seconds // wait))})}, key=arn)
            self.arns.add(arn)
        self.client.flush()

    def start_by_gateway(self):
        name = f"g{len(self.arns)}"
        status, body = ask(self.gateway, "/", {"stateMachineArn": harness.machine_arn("wait"), "name": name,
                                               "input": '{"seconds":1,"left":1}'}, "StartExecution")
        assert status == 200, body
        self.arns.add(harness.execution_arn("wait", name))

    def survive(self, seconds):
        """The broker is away by now. It is noticed within a session, and stays so."""
        begin = time.monotonic()
        await_status(self.processor, 503, 30)
        noticed = time.monotonic() - begin
        while time.monotonic() - begin < seconds:
            time.sleep(0.5)
            assert ask(self.processor, "/healthz")[0] == 200 and ask(self.gateway, "/healthz")[0] == 200
            assert ask(self.processor, "/readyz")[0] == 503
        return noticed

    def finish(self):
        """The broker is there again: so is everything else."""
        self.await_ready()
        self.start_by_gateway()
        self.watcher.wait(lambda records: self.arns <= harness.ended(records).keys(), 120, "every execution ends")
        assert [one.process.pid for one in self.programs] == self.pids and all(one.running for one in self.programs)
        fenced = self.processor.log.read_text().count("was fenced as if another process")
        print(f"{len(self.arns)} executions have ended; fenced {fenced} times")

    def end(self):
        assert [one.end() for one in self.programs] == [0, 0]
        assert checker.run(self.world.read())


@contextlib.contextmanager
def outage(name):
    with harness.World(PARTITIONS, name=name) as world:
        made = Outage(world)
        try:
            yield made
        finally:
            broker("resume")
            broker("start")
        made.end()


def go_away(made, verbs, seconds):
    """The executions under way are awaited by made.finish()."""
    begin_verb, end_verb = verbs
    broker(begin_verb)
    noticed = made.survive(seconds)
    broker(end_verb)
    begin = time.monotonic()
    made.await_ready()
    print(f"{begin_verb} for {seconds} s, noticed after {noticed:.1f} s; ready {time.monotonic() - begin:.1f} s after {end_verb}")


def test_outages():
    with outage("outage") as made:
        made.start(10, 1000)
        time.sleep(1)
        go_away(made, PAUSE, 12)
        go_away(made, KILL, 0)
        made.finish()


@pytest.mark.skipif(not LONG, reason="only in the long run")
@pytest.mark.parametrize("verbs, seconds", [(PAUSE, 25), (PAUSE, 300), (KILL, 25), (KILL, 300)])
def test_minutes(verbs, seconds):
    with outage("minutes") as made:
        made.start(20, 1000)
        time.sleep(1)
        go_away(made, verbs, seconds)
        made.finish()


@pytest.mark.skipif(not LONG, reason="only in the long run")
def test_outages_in_the_midst():
    """The broker goes again while everybody joins: this is when it remembers other members than there are."""
    chance = random.Random(int(os.environ.get("PAWL_TEST_SEED", "1")))
    with outage("midst") as made:
        for _ in range(ROUNDS):
            made.start(30, 1000)
            for _ in range(3):
                begin_verb, end_verb = chance.choice((PAUSE, KILL))
                broker(begin_verb)
                time.sleep(chance.choice((3, 8, 12)))
                broker(end_verb)
                time.sleep(chance.uniform(0, 4))
                assert made.processor.running and made.gateway.running
            made.finish()


@pytest.mark.skipif(not LONG, reason="only in the long run")
def test_shared_instance():
    """A copy of a state folder: the elder ends and says why, the younger goes on."""
    with outage("shared") as made:
        made.start(60, 1000)
        elder = made.processor
        younger = made.world.processor("younger", **PROCESSOR)
        folder = made.world.state_dir(younger)
        folder.mkdir()
        shutil.copy(made.world.state_dir(elder) / "instance", folder)
        younger.start()
        begin = time.monotonic()
        while elder.running:
            assert younger.running and time.monotonic() - begin < 120
            time.sleep(0.2)
        print(f"the elder ended after {time.monotonic() - begin:.1f} s, with {elder.process.returncode}")
        assert elder.process.returncode not in (0, None)
        assert "two processes share an instance id" in elder.log.read_text()
        made.programs[0] = made.processor = younger
        made.pids[0] = younger.process.pid
        made.finish()
        assert "two processes share an instance id" not in younger.log.read_text()
        chaos.await_quiet(made.world)
