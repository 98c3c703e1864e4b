#!/usr/bin/env python3
"""The kill test: orders run through pawl while its processes, its disks and its workers are taken away, and in the end the
checker (checker.py) proves from the topics that each order came to what it had to, once.

    chaos.py [--executions N] [--faults N] [--seed S] [--partitions P] [--broker]

Needs a broker: run it under tests/kafka/with-broker. The schedule comes from the seed; what the machine makes of it does not,
so a seed that fails may have to be run again. --broker: the broker is killed, too (it needs PAWL_TEST_BROKER_DIR)."""
import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import checker  # noqa: E402
import harness  # noqa: E402

EXAMPLES = harness.ROOT / "examples/order"
sys.path.insert(0, str(EXAMPLES))
import generate  # noqa: E402

PROCESSORS, WORKERS = 2, 2
STOPPED_SECONDS = 8.0  # longer than the group's session, 6 s
CALM_SECONDS = (0.5, 2.5)
END_SECONDS_MAX = 400
FAULTS = ("kill", "stop", "term", "wipe", "kill both", "kill worker", "stop short")


class Feeder:
    """Starts orders in every way that a client may: with a name and without, twice, at the wrong partition, in JSON."""

    def __init__(self, world, chance, count, replies_always=False):
        self.world = world
        self.replies_always = replies_always  # or nothing tells which execution came of a start without a name
        self.chance = chance
        self.orders = generate.make_orders(count, chance.randrange(10**6))
        self.client = world.client()
        self.expected = {}  # execution ARN of named starts: its order
        self.held = []
        self.stopped = set()
        self.nameless = 0
        self.offers = set()
        self.asked = 0

    def reply(self):
        self.asked += 1
        return {"replyTopic": self.world.topic("replies"), "replyPartition": 0, "correlationId": f"c{self.asked}"}

    def start(self, machine, values, name=None, reply=False, straight=False):
        values = {"stateMachineArn": harness.machine_arn(machine), "input": json.dumps(values, separators=(",", ":"))}
        key = partition = None
        if name is not None:
            values["name"] = name
            key = harness.execution_arn(machine, name)
            if not straight and self.chance.random() < 0.1:
                partition = self.chance.randrange(self.world.partitions)
        if reply:
            values.update(self.reply())
        self.client.command("StartExecution", values, self.chance.choice(("avro", "json")), key, partition)

    def feed_one(self, order):
        way = self.chance.random()
        if order.get("hold"):
            name = order["id"]
            self.start("order", order, name, straight=True)
            self.held.append(name)
            return
        if way < 0.10:
            self.start("order-express", order, reply=self.replies_always)
            self.nameless += 1
        elif way < 0.20:
            self.start("order", order, reply=self.replies_always)
            self.nameless += 1
        else:
            name = order["id"]
            straight = way > 0.9
            self.start("order", order, name, reply=way > 0.5, straight=straight)
            self.expected[harness.execution_arn("order", name)] = order
            if straight:  # once more: the same answer, or that it exists
                self.start("order", order, name, reply=True, straight=True)
            if way > 0.95:  # another order of that name is refused
                self.start("order", {**order, "customer": "another"}, name, reply=True, straight=True)
        if self.chance.random() < 0.02:
            name = "offer-" + order["id"]
            self.start("offer", {}, name)
            self.offers.add(harness.execution_arn("offer", name))
        if self.chance.random() < 0.01:  # of no machine: refused
            self.start("nobody", {}, "x" + order["id"], reply=True)

    def feed(self, count):
        for order in self.orders[:count]:
            self.feed_one(order)
        del self.orders[:count]
        self.client.flush()

    def stop_held(self, flush=True):
        """Half of those on hold are stopped."""
        for name in self.held[::2]:
            arn = harness.execution_arn("order", name)
            if arn not in self.stopped:
                self.stopped.add(arn)
                self.client.command("StopExecution", {"executionArn": arn, "error": "Stopped", "cause": "by hand", **self.reply()},
                                    "avro", arn)
        if flush:
            self.client.flush()


class Chaos:
    def __init__(self, world, options):
        self.world = world
        self.options = options
        self.chance = random.Random(options.seed)
        self.feeder = Feeder(world, self.chance, options.executions)
        self.processors = [world.processor(f"processor-{number}") for number in range(PROCESSORS)]
        self.workers = [world.program(f"worker-{number}", [sys.executable, pathlib.Path(__file__).with_name("worker.py"),
                                                           world.bootstrap, world.prefix, options.seed * 10 + number])
                        for number in range(WORKERS)]
        self.begin = time.monotonic()
        self.faults = collections.Counter()

    def say(self, text):
        print(f"chaos {time.monotonic() - self.begin:6.1f} s: {text}", flush=True)

    def fault(self, kind):
        self.faults[kind] += 1
        victim = self.chance.choice(self.processors)
        self.say(f"{kind} {victim.name}")
        if kind == "kill":
            victim.kill()
            time.sleep(self.chance.uniform(0, 3))
            victim.start()
        elif kind in ("stop", "stop short"):
            victim.send(signal.SIGSTOP)
            time.sleep(STOPPED_SECONDS if kind == "stop" else self.chance.uniform(0.5, 3))
            victim.send(signal.SIGCONT)
        elif kind == "term":
            code = victim.end()
            assert code == 0, f"{victim.name} ended with {code} after SIGTERM"
            victim.start()
        elif kind == "wipe":
            victim.kill()
            shutil.rmtree(self.world.state_dir(victim))
            victim.start()
        elif kind == "kill both":
            for one in self.processors:
                one.kill()
            for one in self.processors:
                one.start()
        elif kind == "kill worker":
            worker = self.chance.choice(self.workers)
            worker.kill()
            worker.start()
        elif kind == "kill broker":
            self.broker("kill")
            time.sleep(1)
            self.broker("start")
        self.supervise()

    def supervise(self):
        """No processor ends by itself, whatever becomes of the broker."""
        for one in self.processors:
            assert one.running, f"{one.name} ended by itself, with {one.process.returncode}"

    def broker(self, verb):
        subprocess.run([pathlib.Path(__file__).with_name("broker"), verb, os.environ["PAWL_TEST_BROKER_DIR"]], check=True,
                       stdout=subprocess.DEVNULL)

    def schedule(self):
        """Each kind once, as far as there are faults to give, then by chance."""
        kinds = list(FAULTS) + (["kill broker"] if self.options.broker else [])
        self.chance.shuffle(kinds)
        more = [self.chance.choice(kinds) for _ in range(max(0, self.options.faults - len(kinds)))]
        return (kinds + more)[:self.options.faults]

    def run(self):
        world, feeder = self.world, self.feeder
        for one in self.processors:
            one.start()
        world.define(EXAMPLES / "order.asl.json", "order")
        world.define(EXAMPLES / "order.asl.json", "order-express", "EXPRESS")
        world.define(harness.ROOT / "tests/order/offer.asl.json", "offer")
        for one in self.workers:
            one.start()
        watcher = world.watcher("executions", "replies")
        schedule = self.schedule()
        share = -(-self.options.executions // (len(schedule) + 1))
        for kind in schedule:
            feeder.feed(share)
            time.sleep(self.chance.uniform(*CALM_SECONDS))
            self.fault(kind)
            feeder.stop_held()
        feeder.feed(len(feeder.orders))
        feeder.stop_held()
        self.supervise()
        self.say(f"{sum(self.faults.values())} faults done; {len(harness.ended(watcher.records))} executions have ended")
        self.await_end(watcher)
        for one in self.workers:
            one.end()
        codes = [one.end() for one in self.processors]
        self.say(f"ended; exit codes {codes}")
        assert codes == [0] * len(codes)

    def await_end(self, watcher):
        feeder = self.feeder
        awaited = set(feeder.expected) | feeder.stopped | feeder.offers

        def done(records):
            self.supervise()
            over = harness.ended(records)
            nameless = sum(1 for arn in over if arn not in awaited)
            replies = len({record.data["correlationId"] for record in records if record.topic == "replies"})
            return awaited <= over.keys() and nameless >= feeder.nameless and replies >= feeder.asked
        try:
            watcher.wait(done, END_SECONDS_MAX, "every execution ends")
        except AssertionError:
            over = harness.ended(watcher.records)
            missing = sorted(awaited - over.keys())
            self.say(f"{len(missing)} did not end: {missing[:5]}; {sum(1 for arn in over if arn not in awaited)} of "
                     f"{feeder.nameless} without a name did")
            checker.run(self.world.read(), running=True, show_stats=True)
            raise
        self.say("every execution has ended")
        await_quiet(self.world)


def await_quiet(world, seconds=120):
    """Until all input is read and nothing more is written for a second: late answers, clean-up."""
    deadline = time.monotonic() + seconds
    before = None
    while time.monotonic() < deadline:
        now = end_offsets(world)
        if now == before:
            return
        before = now
        time.sleep(1.0)
    raise AssertionError(f"pawl is not quiet after {seconds} s")


def end_offsets(world):
    consumer = harness.kafka.Consumer({"bootstrap.servers": world.bootstrap, "group.id": f"{world.prefix}-onlooker"})
    topics = consumer.list_topics(timeout=60).topics
    ends = {}
    for name in ("commands", "results", "state", "history"):
        for partition in topics[world.topic(name)].partitions:
            place = harness.kafka.TopicPartition(world.topic(name), partition)
            ends[name, partition] = consumer.get_watermark_offsets(place, timeout=60)[1]
    consumer.close()
    return ends


def run(options):
    """True: the checker found nothing."""
    with harness.World(options.partitions, name="chaos") as world:
        world.create_topics()
        chaos = Chaos(world, options)
        with harness.Verifier(world):
            chaos.run()
        print(world.pawl("verify", "--text"), flush=True)
        good = checker.run(world.read(), show_stats=True)
        assert good, f"the checker found something; seed {options.seed}"


def read_options(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--executions", type=int, default=300)
    parser.add_argument("--faults", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--broker", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    run(read_options())
