"""What the tests on a real broker share: pawl's processes, a client that writes commands, and watchers of the output topics."""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import confluent_kafka as kafka

import avro
import log as logs

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAWL = pathlib.Path(os.environ.get("PAWL_BINARY", ROOT / "build/release/pawl"))
ACCOUNT = "arn:aws:states:us-east-1:000000000000:"
LOG_SHOWN_BYTES = 6000
VERIFY_BROKEN = 7  # its exit code: cli/exit_codes.def
SCHEMAS = avro.Schemas()


def machine_arn(name):
    return f"{ACCOUNT}stateMachine:{name}"


def execution_arn(machine, name):
    return f"{ACCOUNT}execution:{machine}:{name}"


class Program:
    """One process of ours, with a log file, and started again at will."""

    def __init__(self, folder, name, command, environment=None):
        self.name = name
        self.command = [str(part) for part in command]
        self.log = folder / f"{name}.log"
        self.environment = {**os.environ, **(environment or {})}
        self.process = None
        self.stopped = False

    def start(self):
        with open(self.log, "ab") as out:
            out.write(f"---- {self.name} starts at {time.strftime('%H:%M:%S')}\n".encode())
            out.flush()
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            env=self.environment, start_new_session=True)
        self.stopped = False
        return self

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def send(self, which):
        if self.running:
            self.process.send_signal(which)
            self.stopped = which == signal.SIGSTOP

    def kill_group(self):
        if self.running:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def kill(self):
        if self.process is not None:
            if self.running:
                self.process.kill()
            self.process.wait()

    def end_group(self):
        """It and whatever it started: a shell and its pipe."""
        if self.running:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(10)

    def end(self, seconds=120):
        """SIGTERM; the exit code, or None when it had to be killed."""
        if self.stopped:
            self.send(signal.SIGCONT)
        if self.running:
            self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None


class World:
    """pawl on a broker, under a prefix of its own. Used as a context: at its end every process is gone, and when the test
    failed the logs' ends are printed and the folder is kept."""

    def __init__(self, partitions=4, settings=None, name="run"):
        self.bootstrap = os.environ["PAWL_TEST_BOOTSTRAP"]
        self.prefix = f"{name}{random.SystemRandom().randrange(10**9)}"
        self.partitions = partitions
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"pawl-{name}-"))
        self.settings = {"topics.prefix": self.prefix, "topics.partitions": partitions, **(settings or {})}
        self.programs = []
        self.watchers = []
        self.environment = {"PAWL_KAFKA_BOOTSTRAP_SERVERS": self.bootstrap}

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        for watcher in self.watchers:
            watcher.stop()
        for program in self.programs:
            if program.stopped:
                program.send(signal.SIGCONT)
            program.kill_group()
        if kind is not None or os.environ.get("PAWL_TEST_KEEP"):
            print(f"kept: {self.folder}")
            self.show_logs()
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def show_logs(self):
        for path in sorted(self.folder.glob("*.log")):
            text = path.read_bytes()
            print(f"==== {path} ({len(text)} bytes)")
            print(text[-LOG_SHOWN_BYTES:].decode(errors="replace"))

    def topic(self, name):
        return f"{self.prefix}.{name}"

    def set_flags(self, **more):
        settings = {**self.settings, **more}
        return [part for key, value in settings.items() for part in ("--set", f"{key.replace('__', '.')}={value}")]

    def pawl(self, *arguments, check=True, given=None, seconds=180, **settings):
        """Runs a client command; its stdout."""
        command = [str(PAWL), *map(str, arguments), *self.set_flags(**settings)]
        done = subprocess.run(command, env={**os.environ, **self.environment}, input=given, text=True, timeout=seconds,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout if check else done

    def create_topics(self):
        self.pawl("topics", "create")

    def define(self, path, name, kind="STANDARD"):
        self.pawl("define", path, "--name", name, "--type", kind)

    def program(self, name, command):
        program = Program(self.folder, name, command, self.environment)
        self.programs.append(program)
        return program

    def processor(self, name, **settings):
        """A `pawl serve` with a state folder of its own; not started."""
        state = self.folder / f"state-{name}"
        return self.program(name, [PAWL, "serve", "--role", "processor", *self.set_flags(state__dir=state, **settings)])

    def state_dir(self, program):
        return self.folder / f"state-{program.name}"

    def watcher(self, *topics, replies=False):
        watcher = Watcher(self, topics)
        self.watchers.append(watcher)
        return watcher

    def client(self, **settings):
        return Client(self, **settings)

    def read(self):
        return logs.read_kafka(self.bootstrap, self.prefix)


class Client:
    """Writes commands and results as a service would: idempotent, acks=all, Java's partitioner unless told otherwise."""

    def __init__(self, world, **settings):
        self.world = world
        self.producer = kafka.Producer({"bootstrap.servers": world.bootstrap, "enable.idempotence": True, "linger.ms": 2, "log_level": 2,
                                        "partitioner": "murmur2_random", **settings})
        self.failures = []

    def delivered(self, error, message):
        if error is not None:
            self.failures.append(f"{message.topic()}: {error}")

    def send(self, topic, value, key=None, partition=None, headers=None):
        place = {} if partition is None else {"partition": partition}
        while True:
            try:
                self.producer.produce(self.world.topic(topic), value=value, key=key, headers=headers,
                                      on_delivery=self.delivered, **place)
                self.producer.poll(0)
                return
            except BufferError:
                self.producer.poll(0.1)

    def flush(self):
        left = self.producer.flush(60)
        assert left == 0 and not self.failures, (left, self.failures[:3])

    def command(self, record, values, encoding="avro", key=None, partition=None):
        if encoding == "json":
            value = {"operation": record, **values}
            if isinstance(value.get("input"), str):
                value["input"] = json.loads(value["input"])
            data = json.dumps(value, separators=(",", ":")).encode()
        else:
            data = SCHEMAS.encode("Command", record, values)
        self.send("commands", data, key, partition)

    def result(self, record, values, key=None, partition=None, encoding="avro"):
        if encoding == "json":
            value = {"type": record, **values}
            if "output" in value:
                value["output"] = json.loads(value["output"])
            data = json.dumps(value, separators=(",", ":")).encode()
        else:
            data = SCHEMAS.encode("TaskResult", record, values)
        self.send("results", data, key, partition)


class Watcher:
    """Follows topics from their beginning on, read_committed, in a thread of its own, and keeps the decoded records."""

    def __init__(self, world, topics):
        self.world = world
        self.lock = threading.Condition()
        self.records = []
        self.problem = None
        self.ends = False
        self.consumer = kafka.Consumer({
            "bootstrap.servers": world.bootstrap, "group.id": f"{world.prefix}-watcher", "enable.auto.commit": False,
            "isolation.level": "read_committed", "auto.offset.reset": "earliest", "fetch.wait.max.ms": 20, "log_level": 2})
        known = self.consumer.list_topics(timeout=60).topics
        self.consumer.assign([kafka.TopicPartition(world.topic(topic), partition, 0) for topic in topics
                              for partition in known[world.topic(topic)].partitions])
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        try:
            while not self.ends:
                for message in self.consumer.consume(500, 0.2):
                    if message.error():
                        continue
                    record = logs.Record(message.topic()[len(self.world.prefix) + 1:], message.partition(), message.offset(),
                                         message.key(), message.value(), message.headers() or [], message.timestamp()[1])
                    logs.decode(record, SCHEMAS)
                    with self.lock:
                        self.records.append(record)
                        self.lock.notify_all()
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            with self.lock:
                self.problem = error
                self.lock.notify_all()

    def stop(self):
        self.ends = True
        self.thread.join(10)
        self.consumer.close()

    def wait(self, condition, seconds, what):
        """Until condition(records) is true (its value is returned); fails after `seconds`."""
        deadline = time.monotonic() + seconds
        with self.lock:
            while True:
                value = condition(self.records)
                if value:
                    return value
                if self.problem is not None:
                    raise self.problem
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"{what}: not after {seconds} s; seen are {len(self.records)} records")
                self.lock.wait(min(left, 1.0))


class Verifier:
    """`pawl verify` again and again beside everything else, one run after the other: it must find nothing, ever. It may fail
    while a broker is away."""

    def __init__(self, world, pause_seconds=3):
        self.world = world
        self.pause_seconds = pause_seconds
        self.runs = 0
        self.findings = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.follow, daemon=True)

    def follow(self):
        while not self.stopped.wait(self.pause_seconds):
            done = self.world.pawl("verify", "--json", check=False)
            self.runs += done.returncode == 0
            if done.returncode == VERIFY_BROKEN:
                self.findings.append(done.stderr)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, error, trace):
        self.stopped.set()
        self.thread.join()
        if kind is None:
            print(f"pawl verify: {self.runs} runs beside the load", flush=True)
            assert not self.findings, self.findings[0]


def ended(records):
    """{execution ARN: ExecutionStatus} of those that have ended."""
    return {record.data["executionArn"]: record.data for record in records
            if record.topic == "executions" and record.data and record.data["status"] != "RUNNING"}
