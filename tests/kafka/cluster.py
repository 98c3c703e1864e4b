#!/usr/bin/env python3
"""Real faults on a real cluster: three brokers, three processors and their workers, each a process of its own, under a steady
load, while processes, disks, clocks, brokers and the network between them are troubled (faults.py); the checker reads as they
work (ledger.py), and proves each execution when it is over.

    with-broker --brokers 3 cluster.py [--minutes M] [--rate N] [--seed S] [--partitions P] [--calm]

--rate: executions of three tasks a second; orders come on top of them (chaos.py). --calm: no trouble at all, a soak: processes
that live as long as the run show what leaks. PAWL_BINARY names another pawl, as one with a planted bug. The kinds of faults and
their order come from the seed; what the machine makes of them does not."""
import argparse
import collections
import contextlib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import chaos  # noqa: E402
import checker  # noqa: E402
import faults  # noqa: E402
import gauge  # noqa: E402
import harness  # noqa: E402
import ledger as ledgers  # noqa: E402
import log as logs  # noqa: E402
from confluent_kafka import admin  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = pathlib.Path(os.environ.get("PAWL_TEST_TOOLS", harness.ROOT / "build/release/tests/kafka"))
PROCESSORS, WORKERS = 3, 2
ORDERS_A_SECOND = 1.0
RETENTION_MS = 10 * 60 * 1000
SEGMENT_MS = 60 * 1000
DISK_MIB = 2048
STATE_MEMORY_BYTES = "64MiB"  # so that RocksDB's buffers are full, and RSS level, within minutes
END_SECONDS_MAX = 400
SAMPLES_A_RUN = 9
VERIFY_PAUSE_SECONDS = 15


def three_outcome(values):
    """What must come of three.asl.json."""
    told = {name: {"order": values["order"], "to": values["customer"], "subject": name} for name in ("first", "second", "third")}
    return checker.model.succeeded({**values, **told}, {state: (1, 1) for state in ("First", "Second", "Third")}, (3, 3))


class Cluster(harness.World):
    """pawl on several brokers, with a network, clocks and disks that do as they are told."""

    def __init__(self, partitions):
        super().__init__(partitions, {"state.memory.bytes": STATE_MEMORY_BYTES}, name="cluster")
        self.directory = pathlib.Path(os.environ["PAWL_TEST_BROKER_DIR"])
        self.nodes = sorted(path.parent for path in self.directory.glob("*/server.properties"))
        self.node_count = len(self.nodes)
        ports = [(node / "proxy").read_text().split() for node in self.nodes]
        self.network = subprocess.Popen([TOOLS / "kafka_network", *(":".join(pair) for pair in ports)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        assert self.network.stdout.readline() == "ready\n"
        self.troubled = ",".join(f"127.0.0.1:{listen}" for listen, _ in ports)
        self.admin = admin.AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 2})
        self.clocks = {}
        self.mounts = []

    def __exit__(self, kind, error, trace):
        self.network.kill()
        self.network.wait()
        result = super().__exit__(kind, error, None)
        for mount in self.mounts:
            subprocess.run(["umount", "-l", mount], check=False, stderr=subprocess.DEVNULL)
        return result

    def node(self, number):
        return self.nodes[number - 1]

    def trouble(self, line):
        self.network.stdin.write(line + "\n")
        self.network.stdin.flush()
        return self.network.stdout.readline().strip()

    def out_of_sync(self):
        """Partitions of which a replica is not in sync."""
        topics = self.admin.list_topics(timeout=30).topics.values()
        return sum(1 for topic in topics for partition in topic.partitions.values() if len(partition.isrs) < len(partition.replicas))

    def processor(self, name, **settings):
        disk = self.folder / f"disk-{name}"
        disk.mkdir()
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", disk], check=False, stderr=subprocess.DEVNULL)
        if mount.returncode == 0:  # who may not mount leaves out the full disk
            self.mounts.append(disk)
        clock = self.folder / f"clock-{name}"
        self.clocks[name] = faults.Clock(clock)
        program = harness.Program(
            self.folder, name, [harness.PAWL, "serve", "--role", "processor", *self.set_flags(state__dir=disk / "state", **settings)],
            {"PAWL_KAFKA_BOOTSTRAP_SERVERS": self.troubled, "LD_PRELOAD": str(TOOLS / "libkafka_clock.so"), "PAWL_TEST_CLOCK": str(clock)})
        self.programs.append(program)
        return program

    def state_dir(self, program):
        return self.folder / f"disk-{program.name}" / "state"

    def set_clock(self, program, seconds):
        self.clocks[program.name].set(seconds)

    def shorten_retention(self):
        """What is not compacted stays for ten minutes."""
        names = [name for name in self.admin.list_topics(timeout=30).topics if name.startswith(self.prefix + ".")]
        resources = [admin.ConfigResource(admin.ConfigResource.Type.TOPIC, name) for name in names]
        for answer in self.admin.describe_configs(resources).values():
            answer.result()
        changes = []
        for resource, answer in self.admin.describe_configs(resources).items():
            if answer.result()["cleanup.policy"].value == "delete":
                changes.append(admin.ConfigResource(resource.restype, resource.name, incremental_configs=[
                    admin.ConfigEntry(key, str(value), incremental_operation=admin.AlterConfigOpType.SET)
                    for key, value in (("retention.ms", RETENTION_MS), ("segment.ms", SEGMENT_MS))]))
        for answer in self.admin.incremental_alter_configs(changes).values():
            answer.result()


class Load:
    """Executions at a steady rate, in a thread of its own, each with a name and a reply; and orders as chaos.py starts them."""

    def __init__(self, run, options):
        self.run = run
        self.chance = random.Random(options.seed)
        self.rate = options.rate
        self.feeder = chaos.Feeder(run.world, self.chance, int(options.minutes * 60 * ORDERS_A_SECOND),
                                   replies_always=True)
        self.feeder.client.delivered = self.delivered
        self.count = 0
        self.ends = threading.Event()
        self.problem = None
        self.thread = threading.Thread(target=self.work, daemon=True)

    def delivered(self, error, message):
        if error is not None:
            self.feeder.client.failures.append(f"{message.topic()}: {error}")
            return
        correlation = harness.SCHEMAS.decode(message.value(), "Command").get("correlationId")
        if correlation:
            self.run.ledger.acknowledge(correlation)

    def work(self):
        begin = time.monotonic()
        orders, stops = 0, begin
        try:
            while not self.ends.is_set():
                passed = time.monotonic() - begin
                while self.count < passed * self.rate:
                    self.start_three()
                while orders < passed * ORDERS_A_SECOND and self.feeder.orders:
                    self.feeder.feed_one(self.feeder.orders.pop())
                    orders += 1
                if time.monotonic() > stops:
                    self.feeder.stop_held(flush=False)
                    stops = time.monotonic() + 15
                self.feeder.client.producer.poll(0.01)
            self.feeder.client.flush()
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            self.problem = error

    def start_three(self):
        self.count += 1
        name = f"t-{self.count:07d}"
        self.feeder.start("three", {"order": name, "customer": f"customer {self.count % 97}"}, name, reply=True)


class Run:
    def __init__(self, world, options):
        self.world = world
        self.options = options
        self.faults = collections.Counter()
        self.ended = 0  # workers, by themselves
        self.begin = time.monotonic()
        self.lock = threading.Lock()
        self.faults_end = threading.Event()
        self.processors = [world.processor(f"processor-{number}") for number in range(PROCESSORS)]
        self.workers = [harness.Program(world.folder, f"worker-{number}", [sys.executable, HERE / "worker.py", world.troubled, world.prefix,
                                                                           options.seed * 10 + number]) for number in range(WORKERS)]
        world.programs.extend(self.workers)
        self.ledger = ledgers.Ledger(world.partitions, world.prefix, harness.SCHEMAS)
        self.follower = None
        self.load = Load(self, options)
        self.lanes = [] if options.calm else [lane(self, random.Random(f"{options.seed} {lane.__name__}")) for lane in faults.LANES]

    def say(self, text):
        print(f"cluster {time.monotonic() - self.begin:6.1f} s: {text}", flush=True)

    def count(self, kind):
        with self.lock:
            self.faults[kind] += 1

    def pids(self):
        brokers = []
        for node in self.world.nodes:
            try:
                brokers.append(int((node / "pid").read_text()))
            except (OSError, ValueError):
                pass
        ours = [one.process.pid for one in self.processors + self.workers if one.running]
        return [os.getpid(), self.world.network.pid, *brokers, *ours]

    def supervise(self):
        """No processor ends by itself, whatever happens around it. A worker may: it is started again."""
        for one in self.processors + self.workers:
            if one.running or one.process is None:
                continue
            assert one in self.workers, f"{one.name} ended by itself, with {one.process.returncode}"
            self.ended += 1
            self.say(f"{one.name} ended by itself: {one.log.read_text(errors='replace').strip().splitlines()[-1][:200]}")
            one.start()

    def set_up(self):
        world = self.world
        checker.model.OUTCOMES["three"] = three_outcome
        for one in self.processors:
            one.start()
        world.define(HERE / "three.asl.json", "three")
        world.define(chaos.EXAMPLES / "order.asl.json", "order")
        world.define(chaos.EXAMPLES / "order.asl.json", "order-express", "EXPRESS")
        world.define(harness.ROOT / "tests/order/offer.asl.json", "offer")
        world.shorten_retention()
        for one in self.workers:
            one.start()
        self.follower = ledgers.Follower(world.bootstrap, world.prefix, self.ledger)

    def go(self):
        self.set_up()
        self.say(f"{self.world.node_count} brokers, {PROCESSORS} processors, {WORKERS} workers, {self.options.rate} executions/s")
        meter = gauge.Gauge(self)
        self.load.thread.start()
        for lane in self.lanes:
            lane.thread.start()
        seconds = self.options.minutes * 60
        step = min(60.0, seconds / SAMPLES_A_RUN)
        for number in range(1, round(seconds / step) + 1):
            self.faults_end.wait(max(0.0, meter.began + number * step - time.monotonic()))
            meter.sample()
            if self.problem() is not None:
                break
        self.faults_end.set()
        for lane in self.lanes:
            lane.thread.join()
        self.load.ends.set()
        self.load.thread.join()
        self.raise_problem()
        return self.settle(meter)

    def problem(self):
        return next((one.problem for one in [*self.lanes, self.load, self.follower] if one.problem is not None), None)

    def raise_problem(self):
        if self.problem() is not None:
            raise self.problem()

    def settle(self, meter):
        """No more faults: everything comes to its end, and the checker has seen it."""
        self.supervise()
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.faults.items()))
        self.say(f"{sum(self.faults.values())} faults: {kinds}; {self.ended} workers ended by themselves; "
                 f"{self.load.count} executions of three tasks were started")
        held = {harness.execution_arn("order", name) for name in self.load.feeder.held} - self.load.feeder.stopped
        deadline = time.monotonic() + END_SECONDS_MAX
        told = time.monotonic()
        while (left := set(self.ledger.open_names()) - held) and time.monotonic() < deadline:
            self.supervise()
            self.raise_problem()
            if time.monotonic() - told > 10:
                self.say(f"{len(left)} executions are open, {self.ledger.counts['executions']} proven; among them "
                         f"{self.ledger.describe(sorted(left)[0])}")
                told = time.monotonic()
            time.sleep(1.0)
        self.say(f"{len(left)} executions are open, of those that had to end")
        chaos.await_quiet(self.world)
        self.say("all is quiet")
        for one in self.workers:
            one.end()
        codes = [one.end() for one in self.processors]
        self.say(f"all have ended, with {codes}")
        ends = self.follower.read_all()
        positions = logs.read_positions(self.world.bootstrap, self.world.prefix, self.world.partitions)
        self.follower.stop()
        found = self.ledger.finish(now_ms=int(time.time() * 1000), positions=positions, ends=ends)
        return self.tell(found, meter.slopes(), codes)

    def tell(self, found, rises, codes):
        for finding in found[:checker.FINDINGS_SHOWN_MAX]:
            print(finding)
        self.say(", ".join(f"{name} {count}" for name, count in sorted(self.ledger.counts.items())))
        self.say(f"{len(found)} findings; exit codes {codes}")
        assert not found, f"the checker found something; seed {self.options.seed}"
        assert codes == [0] * len(codes), codes
        assert not rises, f"not flat: {rises}"


def run(options):
    with Cluster(options.partitions) as world:
        world.create_topics()
        verified = options.minutes * 60 < RETENTION_MS / 1000 / 2  # pawl verify wants all that there ever was
        with harness.Verifier(world, VERIFY_PAUSE_SECONDS) if verified else contextlib.nullcontext():
            Run(world, options).go()


def read_options(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--calm", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit("cluster: ended by SIGTERM"))
    run(read_options())
