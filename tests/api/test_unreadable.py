"""A command that the engine can't read: its caller hears at once, and a task whose claim it was stays for others."""
import concurrent.futures
import json
import os
import subprocess
import time
import uuid

import botocore.exceptions
import pytest

import service as s
from test_gateways import Part

kafka = pytest.mark.skipif("PAWL_TEST_BOOTSTRAP" not in os.environ, reason="needs Kafka (PAWL_TEST_BOOTSTRAP)")
SECONDS_MAX = 20
UNREAD = {"error": "InvalidRecord", "message": "begins with byte 00"}


def test_address(own):
    """Each command says in a header where its answer is wanted."""
    client = own.start().client()
    client.create_activity(name="addressed")
    topic = f"{own.settings.get('topics.prefix', 'pawl')}.commands"
    read = subprocess.run([str(s.PAWL), "topics", "read", "--topic", topic, *own.sets()], env=own.environment, check=True,
                          capture_output=True, text=True).stdout
    assert "pawl-reply-to" in read


class Engine:
    """Reads what a gateway sends on one topic, and answers in the processor's place."""

    def __init__(self, part, topic):
        from confluent_kafka import Consumer, Producer
        prefix = part.settings["topics.prefix"]
        self.consumer = Consumer({"bootstrap.servers": part.kafka, "group.id": prefix, "auto.offset.reset": "earliest"})
        self.producer = Producer({"bootstrap.servers": part.kafka})
        self.consumer.subscribe([f"{prefix}.{topic}"])

    def answer(self, **members):
        """To the next record. When."""
        begin = time.monotonic()
        record = None
        while record is None and time.monotonic() - begin < SECONDS_MAX:
            record = self.consumer.poll(0.1)
        assert record is not None, "nothing was sent"
        place, correlation = dict(record.headers())["pawl-reply-to"].decode().split("@")
        topic, partition = place.rsplit("-", 1)
        self.producer.produce(topic, json.dumps({"correlationId": correlation, **members}), correlation, int(partition))
        self.producer.flush(10)
        return time.monotonic()


def is_told(call):
    """That it is no fault of the caller's. With what words."""
    with pytest.raises(botocore.exceptions.ClientError) as told:
        call.result(SECONDS_MAX)
    assert told.value.response["Error"]["Code"] == "InternalFailure"
    assert told.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    return told.value.response["Error"]["Message"]


@kafka
def test_refused(tmp_path):
    """A gateway alone, and a processor that can read nothing."""
    part = Part(tmp_path / "gateway", "gateway", f"unread-{uuid.uuid4().hex[:8]}")
    part.start()
    engine = Engine(part, "commands")
    client = part.client(read_timeout=SECONDS_MAX, retries={"max_attempts": 0})
    with concurrent.futures.ThreadPoolExecutor() as pool:
        call = pool.submit(client.create_activity, name="a")
        answered = engine.answer(**UNREAD)
        assert is_told(call) == UNREAD["message"]
    assert time.monotonic() - answered < 2
    engine.consumer.close()
    assert part.stop() == 0


@kafka
def test_claim(tmp_path):
    """A task whose claim the engine could not read is offered to the next who polls."""
    prefix = f"unread-{uuid.uuid4().hex[:8]}"
    gateway, processor = (Part(tmp_path / role, role, prefix) for role in ("gateway", "processor"))
    gateway.start()
    processor.start()
    client = gateway.client(read_timeout=SECONDS_MAX, retries={"max_attempts": 0})
    activity = client.create_activity(name="a")["activityArn"]
    machine = client.create_state_machine(name="m", definition=s.task(activity), roleArn=s.ROLE)["stateMachineArn"]
    client.start_execution(stateMachineArn=machine, input="7")
    assert processor.stop() == 0
    engine = Engine(gateway, "results")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        call = pool.submit(client.get_activity_task, activityArn=activity, workerName="first")
        engine.answer(**UNREAD)
        is_told(call)
        call = pool.submit(client.get_activity_task, activityArn=activity, workerName="second")
        engine.answer(data="{}")
        assert call.result(SECONDS_MAX)["input"] == "7"
    engine.consumer.close()
    assert gateway.stop() == 0
