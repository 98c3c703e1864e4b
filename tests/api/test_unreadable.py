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


def test_address(own):
    """Each command says in a header where its answer is wanted."""
    client = own.start().client()
    client.create_activity(name="addressed")
    topic = f"{own.settings.get('topics.prefix', 'pawl')}.commands"
    read = subprocess.run([str(s.PAWL), "topics", "read", "--topic", topic, *own.sets()], env=own.environment, check=True,
                          capture_output=True, text=True).stdout
    assert "pawl-reply-to" in read


@kafka
def test_refused(tmp_path):
    """A gateway alone, and a processor that can read nothing."""
    from confluent_kafka import Consumer, Producer
    part = Part(tmp_path / "gateway", "gateway", f"unread-{uuid.uuid4().hex[:8]}")
    part.start()
    prefix = part.settings["topics.prefix"]
    consumer = Consumer({"bootstrap.servers": part.kafka, "group.id": prefix, "auto.offset.reset": "earliest"})
    producer = Producer({"bootstrap.servers": part.kafka})
    consumer.subscribe([f"{prefix}.commands"])
    client = part.client(read_timeout=SECONDS_MAX, retries={"max_attempts": 0})
    with concurrent.futures.ThreadPoolExecutor() as pool:
        begin = time.monotonic()
        call = pool.submit(client.create_activity, name="a")
        record = None
        while record is None and time.monotonic() - begin < SECONDS_MAX:
            record = consumer.poll(0.1)
        place, correlation = dict(record.headers())["pawl-reply-to"].decode().split("@")
        topic, partition = place.rsplit("-", 1)
        answer = {"correlationId": correlation, "error": "InvalidRecord", "message": "begins with byte 00"}
        producer.produce(topic, json.dumps(answer), correlation, int(partition))
        producer.flush(10)
        answered = time.monotonic()
        with pytest.raises(botocore.exceptions.ClientError) as told:
            call.result(SECONDS_MAX)
    assert time.monotonic() - answered < 2
    assert told.value.response["Error"] == {"Code": "InternalFailure", "Message": "begins with byte 00"}
    assert told.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    consumer.close()
    assert part.stop() == 0
