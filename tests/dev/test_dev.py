"""The same orders on the embedded bus: `pawl dev` is fed by the command line, its tasks are done by `pawl worker`, and it is
killed again and again, at any moment. What lies in its topics is then read by `pawl topics read`, and the checker of the
Kafka tests proves that nothing was lost or done twice."""
import concurrent.futures
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/kafka"))
import checker  # noqa: E402
import harness  # noqa: E402
import log as logs  # noqa: E402

EXAMPLES = ROOT / "examples/order"
sys.path.insert(0, str(EXAMPLES))
import generate  # noqa: E402
import work  # noqa: E402

LONG = os.environ.get("PAWL_TEST_LONG") == "1"
PARTITIONS = 4
UNREACHABLE, NO_REPLY = 3, 5
READY_SECONDS_MAX = 120
END_SECONDS_MAX = 400


class Dev:
    """`pawl dev` in a folder of its own, its workers, and commands given to it."""

    def __init__(self, folder):
        self.folder = folder
        self.state = folder / "state"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PAWL_")}
        self.environment["PAWL_STATE_DIR"] = str(self.state)
        self.environment["PAWL_GATEWAY_LISTEN"] = "127.0.0.1:0"
        self.dev = self.program("dev", [harness.PAWL, "dev"])
        self.workers = [self.program(f"worker-{task}", [
            harness.PAWL, "worker", "--task", task, "--lines", "--request", "--jobs", "2", "--exec",
            f"exec {sys.executable} {EXAMPLES / 'worker_lines.py'}"]) for task in work.TASKS]

    def program(self, name, command):
        made = harness.Program(self.folder, name, command)
        made.environment = self.environment
        return made

    def close(self):
        for program in [*self.workers, self.dev]:
            program.kill_group()

    def pawl(self, *arguments, given=None, seconds=180):
        return subprocess.run([str(harness.PAWL), *map(str, arguments)], env=self.environment, input=given, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds)

    def good(self, *arguments, given=None):
        done = self.pawl(*arguments, given=given)
        assert done.returncode == 0, f"pawl {' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def start(self):
        """Until it says that it is ready."""
        begin = self.dev.log.stat().st_size if self.dev.log.exists() else 0
        self.dev.start()
        deadline = time.monotonic() + READY_SECONDS_MAX
        while b'"ready":true' not in self.dev.log.read_bytes()[begin:]:
            assert self.dev.running, f"pawl dev ended: {self.dev.log.read_text()[-3000:]}"
            assert time.monotonic() < deadline, f"pawl dev is not ready: {self.dev.log.read_text()[-3000:]}"
            time.sleep(0.02)

    def keep_workers(self):
        """Whoever ended because pawl was away starts again, as a supervisor would do it."""
        for worker in self.workers:
            if not worker.running:
                worker.start()

    def start_order(self, machine, order, name):
        """As often as it takes: with the same name it starts once."""
        named = ["--name", name] if name else []
        deadline = time.monotonic() + 180
        while True:
            done = self.pawl("start", machine, *named, "--input", "-", given=json.dumps(order))
            if done.returncode == 0:
                return json.loads(done.stdout)["executionArn"]
            exists = "ExecutionAlreadyExists" in done.stderr  # it was started, and is over
            if exists and name:
                return harness.execution_arn(machine, name)
            assert done.returncode in (UNREACHABLE, NO_REPLY), f"start: {done.returncode} {done.stdout}{done.stderr}"
            assert time.monotonic() < deadline, done.stderr
            time.sleep(0.1)

    def log(self):
        done = self.pawl("topics", "read", seconds=400)
        assert done.returncode == 0, done.stderr
        return logs.read_dump(done.stdout.splitlines(), PARTITIONS, now_ms=int(time.time() * 1000))


@pytest.fixture
def dev(tmp_path, request):
    made = Dev(tmp_path)
    failed_before = request.session.testsfailed
    yield made
    made.close()
    if request.session.testsfailed > failed_before:
        for path in sorted(tmp_path.glob("*.log")):
            print(f"==== {path}\n{path.read_text(errors='replace')[-4000:]}")


def define_all(dev):
    dev.good("define", EXAMPLES / "order.asl.json")
    dev.good("define", EXAMPLES / "order.asl.json", "--name", "order-express", "--type", "EXPRESS")
    dev.good("define", ROOT / "tests/order/offer.asl.json")


def await_end(dev, arns):
    """Until all have ended, and then until nothing more is written."""
    deadline = time.monotonic() + END_SECONDS_MAX
    before = None
    while True:
        dev.keep_workers()
        log = dev.log()
        left = set(arns) - harness.ended(log.of("executions")).keys()
        counts = {topic: len(records) for topic, records in log.topics.items()}
        if not left and counts == before:
            return log
        assert time.monotonic() < deadline, f"{len(left)} do not end: {sorted(left)[:5]}"
        before = counts
        time.sleep(1.0)


def verify(dev):
    """pawl's own look at the same topics agrees."""
    done = dev.pawl("verify")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_few_orders(dev):
    """The tutorial's way: define, start, work, look."""
    dev.start()
    define_all(dev)
    dev.keep_workers()
    orders = [order for order in generate.make_orders(30, 5) if not order.get("hold")][:20]
    arns = [dev.start_order("order", order, order["id"]) for order in orders]
    waited = dev.pawl("start", "order", "--input", "-", "--wait", given=json.dumps(generate.make_orders(1)[0]))
    assert waited.returncode == 0, waited.stderr
    log = await_end(dev, arns)
    assert checker.run(log, show_stats=True)
    shown = dev.good("describe", f"order/{orders[0]['id']}")
    assert orders[0]["id"] in shown
    assert "ExecutionStarted" in dev.good("history", f"order/{orders[0]['id']}")
    assert dev.good("list", "order").count("executionArn") >= len(orders) or dev.good("list", "order")
    verify(dev)
    for worker in dev.workers:
        assert worker.end() is not None
    assert dev.dev.end() == 0


@pytest.mark.parametrize("kills,count,seed", [(10, 80, 1)] + ([(50, 400, 2)] if LONG else []))
def test_killed_again_and_again(dev, kills, count, seed):
    chance = random.Random(seed)
    orders = [order for order in generate.make_orders(count, seed) if not order.get("hold")]
    dev.start()
    define_all(dev)
    dev.keep_workers()

    def feed(order):
        if chance.random() < 0.1:
            return dev.start_order("order-express", order, None)
        return dev.start_order("order", order, order["id"])
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        fed = [pool.submit(feed, order) for order in orders]
        fed.append(pool.submit(dev.start_order, "offer", {}, "offer-1"))
        for _ in range(kills):
            time.sleep(chance.uniform(0.05, 1.5))
            dev.dev.send(signal.SIGKILL)
            dev.dev.kill()
            dev.keep_workers()
            dev.start()
            dev.keep_workers()
        arns = [one.result(600) for one in fed]
    log = await_end(dev, arns)
    assert checker.run(log, show_stats=True)
    verify(dev)
    assert dev.dev.end() == 0
