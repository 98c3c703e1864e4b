"""pawl by its topics alone, as somebody without any of its code meets it: kcat and jq, other partitioners, and rubbish."""
import json
import os
import pathlib
import random
import shutil
import subprocess

import pytest

import checker
import harness
import log as logs

PARTITIONS = 4
WAIT_SECONDS_MAX = 180
PASS_MACHINE = '{"StartAt":"Keep","States":{"Keep":{"Type":"Pass","End":true}}}'
SUM_MACHINE = json.dumps({
    "StartAt": "Sum",
    "States": {
        "Sum": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:sum", "ResultPath": "$.sum",
                "Next": "Check"},
        "Check": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:check", "ResultPath": None,
                  "Catch": [{"ErrorEquals": ["TooMuch"], "ResultPath": "$.problem", "Next": "Keep"}], "End": True},
        "Keep": {"Type": "Pass", "End": True},
    },
})
# Workers and client of nothing but kcat and jq. A kcat that produces from a pipe waits for a full block: one for each answer.
WORKER = """kcat -q -C -u -b "$BOOTSTRAP" -t "$PREFIX.tasks.$TASK" -o beginning -f '%%s\\n' | jq -c --unbuffered '%s' |
    while read -r answer; do echo "$answer" | kcat -P -b "$BOOTSTRAP" -t "$PREFIX.results"; done"""
WORKERS = {
    "sum": '{type: "TaskSucceeded", taskToken, output: (.parameters.a + .parameters.b)}',
    "check": """if .parameters.sum > 100 then {type: "TaskFailed", taskToken, error: "TooMuch", cause: "over 100"}
                else {type: "TaskSucceeded", taskToken, output: null} end""",
}
STARTER = """for a in $(seq 0 10 190); do
    echo "{\\"operation\\":\\"StartExecution\\",\\"stateMachineArn\\":\\"$MACHINE\\",\\"input\\":{\\"a\\":$a,\\"b\\":1.50}}"
done | kcat -P -b "$BOOTSTRAP" -t "$PREFIX.commands" """


@pytest.fixture(scope="module")
def world():
    """One processor, and two machines; the tests share it, so that each record of one is in the others' way."""
    with harness.World(PARTITIONS, {"encoding.tasks": "json", "encoding.replies": "json"}, "wire") as made:
        made.create_topics()
        made.processor("processor").start()
        for name, text in (("keep", PASS_MACHINE), ("sum", SUM_MACHINE)):
            path = made.folder / f"{name}.asl.json"
            path.write_text(text)
            made.define(path, name)
        made.sender = made.client(**{"message.max.bytes": 9_000_000})
        made.ends = made.watcher("executions", "replies", "dead-letters")
        made.expected_letters = 0
        yield made


@pytest.fixture(scope="module", autouse=True)
def proof(world):
    """In the end the checker has the last word."""
    yield
    for program in world.programs:
        assert program.end() in (0, -15), program.name
    assert checker.run(world.read(), dead_letters=world.expected_letters, show_stats=True)


def await_ended(world, names, machine="keep"):
    arns = {harness.execution_arn(machine, name) for name in names}
    return world.ends.wait(lambda records: arns <= harness.ended(records).keys() and harness.ended(records), WAIT_SECONDS_MAX,
                           f"{sorted(names)} end")


@pytest.mark.skipif(shutil.which("kcat") is None or shutil.which("jq") is None, reason="kcat or jq is missing")
def test_kcat_and_jq_alone(world):
    variables = {"BOOTSTRAP": world.bootstrap, "PREFIX": world.prefix, "MACHINE": harness.machine_arn("sum")}
    workers = [world.program(f"kcat-{task}", ["bash", "-c", WORKER % program]) for task, program in WORKERS.items()]
    for worker, task in zip(workers, WORKERS):
        worker.environment.update(variables, TASK=task)
        worker.start()
    subprocess.run(["bash", "-c", STARTER], env={**os.environ, **variables}, check=True)

    def sums(records):
        over = [data for arn, data in harness.ended(records).items() if arn.split(":")[6] == "sum"]
        return over if len(over) == 20 else None
    over = world.ends.wait(sums, WAIT_SECONDS_MAX, "20 executions end")
    outputs = {data["output"] for data in over}
    assert {data["status"] for data in over} == {"SUCCEEDED"}
    assert any("over 100" in output for output in outputs)
    assert all('"b":1.50' in output for output in outputs), "a number lost its digits"
    assert json.loads(min(outputs, key=len))["sum"] == 1.5
    for worker in workers:
        worker.end_group()


def start_of(name, given='{"x":1}', machine="keep", **more):
    return {"stateMachineArn": harness.machine_arn(machine), "name": name, "input": given, **more}


# name: how the record is sent, given the execution's own partition
WAYS = {
    "java": lambda own: {"key": True},  # by the key, as Java's default partitioner has it
    "wrong": lambda own: {"key": True, "partition": (own + 1) % PARTITIONS},
    "keyless": lambda own: {"partition": (own + 2) % PARTITIONS},
    "other-key": lambda own: {"key": "somebody's own key", "partition": (own + 3) % PARTITIONS},
    "own": lambda own: {"partition": own},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("encoding", ["avro", "json"])
def test_start_arrives_wherever_it_is_sent(world, way, encoding):
    name = f"{way}-{encoding}"
    arn = harness.execution_arn("keep", name)
    options = WAYS[way](logs.partition_of(arn, PARTITIONS))
    if options.get("key") is True:
        options["key"] = arn
    client = world.sender
    client.command("StartExecution", start_of(name), encoding, **options)
    client.flush()
    assert await_ended(world, [name])[arn]["output"] == '{"x":1}'


def test_crc32_partitioner_of_librdkafka_arrives(world):
    """librdkafka's own default partitioner, by the key."""
    client = world.client(partitioner="consistent_random")
    names = [f"crc-{number}" for number in range(16)]
    for name in names:
        client.command("StartExecution", start_of(name), key=harness.execution_arn("keep", name))
    client.flush()
    await_ended(world, names)


def test_refusal_is_answered(world):
    client = world.sender
    client.command("StartExecution", start_of("nobody", machine="nobody", replyTopic=world.topic("replies"), replyPartition=0,
                                              correlationId="refused"))
    client.flush()

    def reply(records):
        return next((record for record in records if record.topic == "replies" and record.data["correlationId"] == "refused"), None)
    assert world.ends.wait(reply, WAIT_SECONDS_MAX, "a reply").data["error"] == "StateMachineDoesNotExist"


GOOD_COMMAND = harness.SCHEMAS.encode("Command", "StartExecution", start_of("torn"))
GOOD_RESULT = harness.SCHEMAS.encode("TaskResult", "TaskSucceeded", {"taskToken": "AQ", "output": "{}"})
BAD = [
    ("no JSON", "commands", b'{"operation":"StartExecution",'),
    ("an array", "commands", b'[{"operation":"StartExecution"}]'),
    ("no operation", "commands", b'{"stateMachineArn":"x"}'),
    ("unknown operation", "commands", b'{"operation":"StartExecutions","stateMachineArn":"x"}'),
    ("misspelt member", "commands", b'{"operation":"StartExecution","stateMachineArn":"x","inptu":{}}'),
    ("a member twice", "commands", b'{"operation":"StartExecution","operation":"StopExecution","executionArn":"x"}'),
    ("no UTF-8", "commands", b'{"operation":"StartExecution","stateMachineArn":"\xff\xfe"}'),
    ("number for text", "commands", b'{"operation":"StartExecution","stateMachineArn":7}'),
    ("deep", "commands", b'{"operation":"StartExecution","stateMachineArn":"x","input":' + b"[" * 5000 + b"]" * 5000 + b"}"),
    ("empty", "commands", b""),
    ("a tombstone", "commands", None),
    ("a text", "commands", b"hello"),
    ("Confluent's wire format", "commands", b"\x00\x00\x00\x00\x07abc"),
    ("unknown schema", "commands", b"\xc3\x01" + b"12345678" + GOOD_COMMAND[10:]),
    ("another topic's schema", "commands", GOOD_RESULT),
    ("unknown branch", "commands", GOOD_COMMAND[:10] + b"\x7e" + GOOD_COMMAND[11:]),
    ("one byte more", "commands", GOOD_COMMAND + b"\x00"),
    ("a length past the end", "commands", GOOD_COMMAND[:11] + b"\xfe\xff\xff\xff\x0f" + GOOD_COMMAND[12:]),
    ("a negative length", "commands", GOOD_COMMAND[:11] + b"\x01" + GOOD_COMMAND[12:]),
    ("an endless number", "commands", GOOD_COMMAND[:11] + b"\xff" * 20),
    ("eight megabytes", "commands", b"{" + b"x" * (8 * 1024 * 1024 - 4096)),
    ("input too large", "commands", harness.SCHEMAS.encode("Command", "StartExecution",
                                                           start_of("large", json.dumps("x" * 300_000)))),
    ("input no JSON", "commands", harness.SCHEMAS.encode("Command", "StartExecution", start_of("nojson", "{"))),
    ("name too long", "commands", harness.SCHEMAS.encode("Command", "StartExecution", start_of("x" * 81))),
    ("no such machine", "commands", harness.SCHEMAS.encode("Command", "StartExecution", start_of("x", machine="nobody"))),
    ("no ARN", "commands", b'{"operation":"StartExecution","stateMachineArn":"x"}'),
    ("no JSON result", "results", b'{"type":"TaskSucceeded"'),
    ("no type", "results", b'{"taskToken":"x","output":{}}'),
    ("unknown type", "results", b'{"type":"TaskDone","taskToken":"x","output":{}}'),
    ("no output", "results", b'{"type":"TaskSucceeded","taskToken":"x"}'),
    ("no token", "results", b'{"type":"TaskSucceeded","taskToken":"x","output":{}}'),
    ("empty result", "results", b""),
    ("a result that is a tombstone", "results", None),
    ("a command", "results", GOOD_COMMAND),
    ("rubbish", "results", bytes(range(256))),
    ("eight megabytes of result", "results", b"\xc3\x01" + bytes(8 * 1024 * 1024 - 4096)),
]


def letters_of(records, mark):
    return [record for record in records if record.topic == "dead-letters" and record.header("mark") == mark]


@pytest.mark.parametrize("name,topic,value", BAD, ids=[row[0] for row in BAD])
def test_bad_record_becomes_a_dead_letter(world, name, topic, value):
    """Byte for byte, with its own headers and those that say why; and what comes behind it on its partition goes on."""
    mark = f"{topic}-{name}".encode()
    after = "after-" + "".join(letter if letter.isalnum() else "-" for letter in name)
    arn = harness.execution_arn("keep", after)
    partition = logs.partition_of(arn, PARTITIONS)
    client = world.sender
    world.expected_letters += 1
    headers = [("mark", mark), ("empty", b""), ("trace", b"\x00\xff")]
    client.send(topic, value, key=b"\x00key", partition=partition, headers=headers)
    client.flush()
    client.command("StartExecution", start_of(after), key=arn)
    client.flush()
    letter = world.ends.wait(lambda records: letters_of(records, mark), WAIT_SECONDS_MAX, "a dead letter")[0]
    await_ended(world, [after])
    assert letter.key == b"\x00key"
    assert letter.value == value
    assert letter.headers[:3] == headers
    assert letter.header("__connect.errors.topic") == world.topic(topic).encode()
    assert letter.header("__connect.errors.partition") == str(partition).encode()
    assert int(letter.header("__connect.errors.offset")) >= 0
    assert letter.header("__connect.errors.exception.class.name")
    assert letter.header("__connect.errors.exception.message")


def test_torn_records_harm_nobody(world):
    """Every prefix of good records, and records with a byte changed."""
    chance = random.Random(1)
    client = world.sender
    for length in range(len(GOOD_COMMAND)):
        client.send("commands", GOOD_COMMAND[:length], headers=[("mark", b"torn")], partition=length % PARTITIONS)
    for length in range(len(GOOD_RESULT)):
        client.send("results", GOOD_RESULT[:length], headers=[("mark", b"torn")], partition=length % PARTITIONS)
    for _ in range(200):
        torn = bytearray(GOOD_RESULT)
        torn[chance.randrange(len(torn))] ^= 1 << chance.randrange(8)
        client.send("results", bytes(torn), headers=[("mark", b"torn")], partition=chance.randrange(PARTITIONS))
    client.flush()
    sent = len(GOOD_COMMAND) + len(GOOD_RESULT) + 200
    world.ends.wait(lambda records: len(letters_of(records, b"torn")) >= sent, WAIT_SECONDS_MAX, f"{sent} dead letters")
    world.expected_letters += sent
    client.command("StartExecution", start_of("after-torn"), key=harness.execution_arn("keep", "after-torn"))
    client.flush()
    await_ended(world, ["after-torn"])


def test_define_by_a_json_command(world):
    """CreateStateMachine from a shell: the definition may be JSON or a text."""
    client = world.sender
    for name, definition in (("inlined", json.loads(PASS_MACHINE)), ("quoted", PASS_MACHINE)):
        arn = harness.machine_arn(name)
        client.send("commands", json.dumps({"operation": "CreateStateMachine", "name": name, "definition": definition,
                                            "publish": False, "replyTopic": world.topic("replies"), "replyPartition": 0,
                                            "correlationId": name}).encode(), key=arn)
        client.flush()

        def replied(records, wanted=name):
            return [record for record in records if record.topic == "replies" and record.data["correlationId"] == wanted]
        reply = world.ends.wait(replied, WAIT_SECONDS_MAX, "a reply")[0]
        assert reply.data["error"] is None, reply.data
        client.command("StartExecution", start_of("defined", machine=name), key=harness.execution_arn(name, "defined"))
        client.flush()
        await_ended(world, ["defined"], name)


def test_records_on_the_topics_are_as_the_docs_say(world):
    """The head of each record that pawl wrote is that of docs/records.md."""
    docs = pathlib.Path(harness.ROOT / "docs/records.md").read_text()
    log = world.read()
    for topic in ("history", "executions", "definitions"):
        assert log.of(topic), topic
        for record in log.of(topic):
            assert f"`{record.value[:10].hex()}`" in docs, record.place
    assert all(record.value[:1] == b"{" for record in log.tasks() + log.of("replies"))
