"""Task topics that a real broker refuses: the task fails, with Retry and Catch to see it, and the partition goes on."""
import json
import random
import time

import confluent_kafka as kafka
import confluent_kafka.admin as admin
import pytest

import checker
import harness

PARTITIONS = 2
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:"


def machine(function):
    return {
        "StartAt": "Do",
        "States": {
            "Do": {"Type": "Task", "Resource": LAMBDA + function, "End": True,
                   "Catch": [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.problem", "Next": "Caught"}]},
            "Caught": {"Type": "Pass", "OutputPath": "$.problem.Cause", "End": True},
        },
    }


@pytest.fixture
def world():
    with harness.World(PARTITIONS, None, "routes") as made:
        made.create_topics()
        made.admin = admin.AdminClient({"bootstrap.servers": made.bootstrap})
        made.processor("processor").start()
        made.sender = made.client()
        made.ends = made.watcher("executions")
        yield made


def define(world, function):
    path = world.folder / f"{function}.asl.json"
    path.write_text(json.dumps(machine(function)))
    world.define(path, function)


def start(world, function, name, bytes_of_input=10):
    """What does not compress: a broker looks at what it is sent."""
    chance = random.Random(name)
    text = "".join(chance.choice("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(bytes_of_input))
    arn = harness.execution_arn(function, name)
    world.sender.command("StartExecution", {"stateMachineArn": harness.machine_arn(function), "name": name,
                                            "input": json.dumps({"text": text})}, key=arn)
    world.sender.flush()
    return arn


def await_ended(world, arn, seconds=40):
    return world.ends.wait(lambda records: harness.ended(records).get(arn), seconds, f"{arn} ends")


def limit(world, topic, bytes_max):
    entry = admin.ConfigEntry("max.message.bytes", str(bytes_max), incremental_operation=admin.AlterConfigOpType.SET)
    resource = admin.ConfigResource(admin.ConfigResource.Type.TOPIC, world.topic(topic), incremental_configs=[entry])
    for done in world.admin.incremental_alter_configs([resource]).values():
        done.result(20)


def requests_of(world, topic):
    return [record.data["executionArn"] for record in world.read().tasks() if record.topic == topic]


def test_topic_that_takes_little(world):
    topic = kafka.admin.NewTopic(world.topic("tasks.little"), PARTITIONS, 1, config={"max.message.bytes": "6000"})
    for done in world.admin.create_topics([topic]).values():
        done.result(20)
    define(world, "little")
    large = start(world, "little", "large", 8000)
    small = start(world, "little", "small")
    ended = await_ended(world, large)
    assert ended["status"] == "SUCCEEDED"
    assert f"{world.topic('tasks.little')}: its request of " in ended["output"]
    assert "max.message.bytes 6000" in ended["output"]
    deadline = time.monotonic() + 30
    while requests_of(world, "tasks.little") != [small]:
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_topic_that_takes_less_than_it_did(world):
    """Only the broker's answer to what is written tells. Smaller requests go through meanwhile, larger ones later again."""
    define(world, "shrunk")
    limit(world, "tasks.shrunk", 6000)
    time.sleep(1)
    large = start(world, "shrunk", "large", 20000)
    small = start(world, "shrunk", "small")
    ended = await_ended(world, large)
    assert ended["status"] == "SUCCEEDED"
    assert "tasks.shrunk: kafka: a record was not delivered" in ended["output"]
    deadline = time.monotonic() + 30
    while requests_of(world, "tasks.shrunk") != [small]:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    limit(world, "tasks.shrunk", 8 * 1024 * 1024)
    time.sleep(12)
    again = start(world, "shrunk", "again", 20000)
    deadline = time.monotonic() + 30
    while sorted(requests_of(world, "tasks.shrunk")) != sorted([small, again]):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert checker.run(world.read(), running=True, show_stats=True)


def test_topic_of_another_shape(world):
    """The route's topic is there, with a partition too many: the definition says so."""
    topic = kafka.admin.NewTopic(world.topic("tasks.odd"), PARTITIONS + 1, 1)
    for done in world.admin.create_topics([topic]).values():
        done.result(20)
    path = world.folder / "odd.asl.json"
    path.write_text(json.dumps(machine("odd")))
    done = world.pawl("define", path, check=False)
    assert done.returncode == 4
    assert "3 partitions instead of 2" in done.stderr


def test_trim_below_what_the_workers_have_done(world):
    define(world, "work")
    worker = world.program("worker", [harness.PAWL, "worker", "--task", "work", "--exec", "cat", *world.set_flags()])
    arns = [start(world, "work", f"e{number}") for number in range(10)]
    worker.start()
    for arn in arns:
        assert await_ended(world, arn)["status"] == "SUCCEEDED"
    assert worker.end() == 0
    waiting = start(world, "work", "waiting")
    deadline = time.monotonic() + 30
    while waiting not in requests_of(world, "tasks.work"):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    world.pawl("topics", "trim", "--task", "work", "--group", "nobody")
    assert len(requests_of(world, "tasks.work")) == 11
    world.pawl("topics", "trim", "--task", "work")
    assert requests_of(world, "tasks.work") == [waiting]
