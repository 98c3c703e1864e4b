"""An input that lies idle for longer than its retention, behind transactions of another producer: their markers, and what they
aborted, are deleted with everything else, and the next owner of the partition takes it over all the same."""
import json
import time

import chaos
import checker
import harness
import log as logs
from confluent_kafka import admin

PARTITIONS = 4
COMMIT_SECONDS_MAX = 60
HOP = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})


def input_ends(world):
    """{(topic, partition): the offset behind the last record or marker}"""
    return {place: end for place, end in chaos.end_offsets(world).items() if place[0] in ("commands", "results")}


def transaction(world, client, commits):
    """Starts an execution a partition, and writes an answer to nobody; both as parts of one transaction."""
    client.producer.begin_transaction()
    for partition in range(PARTITIONS):
        name = next(name for name in (f"{'a' if commits else 'b'}{number}" for number in range(1000))
                    if logs.partition_of(harness.execution_arn("hop", name).encode(), PARTITIONS) == partition)
        client.command("StartExecution", {"stateMachineArn": harness.machine_arn("hop"), "name": name, "input": "{}"},
                       key=harness.execution_arn("hop", name))
        client.result("TaskHeartbeat", {"taskToken": "nobody's"}, key="nobody's", partition=partition)
    if commits:
        client.producer.commit_transaction(60)
    else:
        client.producer.flush(60)
        client.producer.abort_transaction(60)


def await_committed(world, at_end):
    deadline = time.monotonic() + COMMIT_SECONDS_MAX
    while True:
        positions = logs.read_positions(world.bootstrap, world.prefix, PARTITIONS)
        if positions == at_end:
            return
        assert time.monotonic() < deadline, f"the group stands at {positions}, the inputs end at {at_end}"
        time.sleep(0.5)


def check_times(records):
    """A quiet commit is of its own time, as is the age of a store that is judged by it."""
    for partition in range(PARTITIONS):
        times = [record.data["time"] for record in records.of("state")
                 if record.partition == partition and record.key == b"c" and record.data]
        assert len(times) > 1 and times == sorted(set(times)), f"partition {partition}: {times}"


def delete_all(world, at_end):
    """As retention does in the end."""
    places = [harness.kafka.TopicPartition(world.topic(topic), partition, offset) for (topic, partition), offset in at_end.items()]
    client = admin.AdminClient({"bootstrap.servers": world.bootstrap})
    for future in client.delete_records(places).values():
        future.result(60)


def test_markers_are_deleted():
    with harness.World(PARTITIONS, name="idle") as world:
        world.create_topics()
        processor = world.processor("first").start()
        path = world.folder / "hop.json"
        path.write_text(HOP)
        world.define(path, "hop")
        watcher = world.watcher("executions")
        client = world.client(**{"transactional.id": f"{world.prefix}-foreign"})
        client.producer.init_transactions(60)
        transaction(world, client, commits=True)
        transaction(world, client, commits=False)
        watcher.wait(lambda records: len(harness.ended(records)) == PARTITIONS, 60, "what was committed has run")
        at_end = input_ends(world)
        assert all(offset > 0 for offset in at_end.values())
        await_committed(world, at_end)
        records = world.read()
        check_times(records)
        delete_all(world, at_end)
        assert processor.end() == 0
        processor = world.processor("second").start()
        transaction(world, client, commits=True)
        again = world.client()
        again.command("StartExecution", {"stateMachineArn": harness.machine_arn("hop"), "name": "after", "input": "{}"},
                      key=harness.execution_arn("hop", "after"))
        again.flush()
        watcher.wait(lambda records: harness.execution_arn("hop", "after") in harness.ended(records), 60, "it goes on")
        assert processor.end() == 0
        assert "partition_refused" not in processor.log.read_text()
        assert checker.run(records, dead_letters=PARTITIONS, running=True)  # of the answers to nobody
