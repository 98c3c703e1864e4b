#!/usr/bin/env python3
"""A worker for all tasks of the order workflow that is as bad as a worker may be: at least once, and at times twice, late, at
the wrong partition, without a key, in JSON; and, having answered, says the contrary.

    worker.py BOOTSTRAP PREFIX SEED

What it answers first to an attempt is a function of the task (examples/order/work.py): the outcome is fixed."""
import json
import pathlib
import random
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples/order"))
import confluent_kafka as kafka  # noqa: E402

import harness  # noqa: E402
import work  # noqa: E402

PATIENCE = {"socket.timeout.ms": 5000}  # a connection that is cut half open is given up as soon as pawl does it
DOUBLED, CONTRADICTED, ELSEWHERE, KEYLESS, JSON, STARTED = 0.10, 0.05, 0.05, 0.05, 0.3, 0.05


class Place:
    def __init__(self, bootstrap, prefix):
        self.bootstrap = bootstrap
        self.prefix = prefix

    def topic(self, name):
        return f"{self.prefix}.{name}"


class Worker:
    def __init__(self, bootstrap, prefix, seed):
        self.chance = random.Random(seed)
        self.client = harness.Client(Place(bootstrap, prefix), **PATIENCE)
        self.consumer = kafka.Consumer({
            "bootstrap.servers": bootstrap, "group.id": f"{prefix}-worker", "isolation.level": "read_committed",
            "auto.offset.reset": "earliest", "enable.auto.commit": False, "session.timeout.ms": 6000, "heartbeat.interval.ms": 2000,
            **PATIENCE, "fetch.wait.max.ms": 10, "topic.metadata.refresh.interval.ms": 1000})
        self.consumer.subscribe([f"^{prefix}\\.tasks\\..*"])
        self.partitions = len(self.consumer.list_topics(f"{prefix}.results", timeout=60).topics[f"{prefix}.results"].partitions)
        self.tokens = {}  # (execution, state): tokens of earlier attempts
        self.ends = False

    def say(self, request, record, values, straight=False):
        """Whether it went the straight way, to the execution's own partition."""
        key, partition = request["executionArn"], None
        encoding = "json" if self.chance.random() < JSON else "avro"
        way = 1 if straight else self.chance.random()
        if way < KEYLESS:
            key = None
        elif way < KEYLESS + ELSEWHERE:
            partition = self.chance.randrange(self.partitions)
        straight = way >= KEYLESS + ELSEWHERE
        self.client.result(record, values, key, partition, encoding)
        return straight

    def answer(self, request):
        """What the task comes to, said as (record, values); None: nothing is said."""
        name = request["resource"].rpartition(":")[2]
        try:
            output = work.do(name, json.loads(request["parameters"]), request["attempt"])
            return "TaskSucceeded", {"taskToken": request["taskToken"], "output": json.dumps(output)}
        except work.Failed as failed:
            return "TaskFailed", {"taskToken": request["taskToken"], "error": failed.error, "cause": failed.cause}
        except work.NoAnswer:
            return None

    def late(self, request):
        """Earlier attempts are over: whatever is said about them now must change nothing."""
        earlier = self.tokens.setdefault((request["executionArn"], request["stateName"]), [])
        for token in earlier:
            if token != request["taskToken"]:
                self.say(request, "TaskSucceeded", {"taskToken": token, "output": '{"late":true}'})
        earlier.append(request["taskToken"])

    def work(self, request):
        if request["attempt"] > 0:
            self.late(request)
        else:
            self.tokens[request["executionArn"], request["stateName"]] = [request["taskToken"]]
        answer = self.answer(request)
        if self.chance.random() < STARTED:
            self.say(request, "TaskStarted", {"taskToken": request["taskToken"], "workerName": "w"})
        if answer is None:
            self.say(request, "TaskHeartbeat", {"taskToken": request["taskToken"]})
            return
        straight = self.say(request, *answer)
        if self.chance.random() < DOUBLED:
            self.say(request, *answer)
        if straight and self.chance.random() < CONTRADICTED:
            contrary = ("TaskFailed", {"error": "Contrary"}) if answer[0] == "TaskSucceeded" else ("TaskSucceeded", {"output": "0"})
            # Straight, too: behind the answer, never before it.
            self.say(request, contrary[0], {"taskToken": request["taskToken"], **contrary[1]}, straight=True)

    def run(self):
        while not self.ends:
            messages = self.consumer.consume(100, 0.1)
            for message in messages:
                if message.error():
                    print(f"worker: {message.error()}", file=sys.stderr, flush=True)
                else:
                    self.work(harness.SCHEMAS.decode(message.value(), "TaskRequest"))
            if messages:
                self.client.flush()
                try:
                    self.consumer.commit(asynchronous=False)
                except kafka.KafkaException as error:  # another has the partition now, and does its tasks again
                    print(f"worker: {error}", file=sys.stderr, flush=True)
        self.consumer.close()


def main():
    worker = Worker(sys.argv[1], sys.argv[2], int(sys.argv[3]))

    def stop(number, frame):
        worker.ends = True
    signal.signal(signal.SIGTERM, stop)
    worker.run()


if __name__ == "__main__":
    main()
