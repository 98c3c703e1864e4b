"""`pawl doctor` on a real broker: one that is well but alone, what is changed is found, and the fixes that it prints mend it."""
import json
import os
import pathlib
import subprocess

import confluent_kafka.admin as admin
import pytest

import harness

HERE = pathlib.Path(__file__).resolve().parent
PARTITIONS = 2
# Kafka's programs, as the fixes name them; their scripts are not among the jars.
TOOLS = {"kafka-configs.sh": "kafka.admin.ConfigCommand", "kafka-topics.sh": "org.apache.kafka.tools.TopicCommand"}
TOPICS = ["commands", "dead-letters", "definitions", "executions", "history", "replies", "results", "state", "usage"]


@pytest.fixture
def world():
    with harness.World(PARTITIONS, None, "doctor") as made:
        made.create_topics()
        made.admin = admin.AdminClient({"bootstrap.servers": made.bootstrap})
        yield made


def examine(world, *flags):
    """The exit code, and {(check, level, subject): finding}."""
    done = world.pawl("doctor", "--json", *flags, check=False)
    report = json.loads(done.stdout)
    levels = [finding["level"] for finding in report["findings"]]
    assert (report["errors"], report["warnings"]) == (levels.count("error"), levels.count("warning"))
    found = {}
    for finding in report["findings"]:
        key = (finding["check"], finding["level"], finding["subject"].replace(world.prefix, "P"))
        found.setdefault(key, []).append(finding)
    return done, found


def wrong(found):
    return {key for key in found if key[1] != "ok"}


def alter(world, topic, settings):
    entries = [admin.ConfigEntry(name, value, incremental_operation=admin.AlterConfigOpType.SET) for name, value in settings.items()]
    resource = admin.ConfigResource(admin.ConfigResource.Type.TOPIC, world.topic(topic), incremental_configs=entries)
    for done in world.admin.incremental_alter_configs([resource]).values():
        done.result(20)


def run_fix(world, text):
    """As somebody would who pastes it into a shell."""
    jars = subprocess.run([HERE / "broker", "fetch"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    tools = world.folder / "tools"
    tools.mkdir(exist_ok=True)
    for name, main in TOOLS.items():
        (tools / name).write_text(f'#!/bin/sh\nexec java -XX:TieredStopAtLevel=1 -cp "{jars}/*" {main} "$@"\n')
        (tools / name).chmod(0o755)
    path = f"{tools}:{harness.PAWL.parent}:{os.environ['PATH']}"
    done = subprocess.run(["sh", "-ec", text], env={**os.environ, **world.environment, "PATH": path, "PAWL_TOPICS_PREFIX": world.prefix},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    assert done.returncode == 0, (text, done.stdout)


# What a broker that is alone can't be: told of every cluster of one.
ALONE = ({("brokers", "error", "")} | {("replication", "error", f"P.{topic}") for topic in TOPICS}
         | {("rights", "warning", ""), ("group", "warning", "P-processor")})


def test_alone_but_well(world):
    done, found = examine(world, "--clock")
    internal = {key for key in wrong(found) if key[0] == "internal"}
    assert {key[1:] for key in internal} == {("error", "__transaction_state"), ("error", "__consumer_offsets")}
    assert wrong(found) - internal == ALONE
    assert done.returncode == 8 and "errors" in done.stderr
    assert "no authorizer" in found[("rights", "warning", "")][0]["found"]
    assert abs(int(found[("clock", "ok", "")][0]["found"].split()[0])) < 1000
    topics = world.admin.list_topics(timeout=20).topics
    assert [name for name in topics if name.startswith(f"{world.prefix}.doctor")] == []
    told = world.pawl("doctor", "--text", check=False).stdout
    assert f"error    replication   {world.topic('state')}: replication factor 1; expected 3; " in told
    assert world.pawl("doctor", "--plan", check=False).returncode == 1


def test_fixes_mend(world):
    alter(world, "state", {"min.compaction.lag.ms": "0"})
    for done in world.admin.create_topics([admin.NewTopic(world.topic("tasks.charge"), 1, 1)]).values():
        done.result(20)
    for done in world.admin.delete_topics([world.topic("usage")]).values():
        done.result(20)
    done, found = examine(world)
    expected = {("configuration", "error", "P.state"), ("topics", "error", "P.usage"),
                ("partitions", "error", "P.tasks.charge"), ("configuration", "warning", "P.tasks.charge"),
                ("replication", "error", "P.tasks.charge")}
    assert {key for key in wrong(found) if key[0] != "internal"} == expected | (ALONE - {("replication", "error", "P.usage")})
    fixes = [finding["fix"] for key in sorted(expected) if key[0] != "replication" for finding in found[key]]
    assert f"pawl topics create --partitions {PARTITIONS}" in fixes
    run_fix(world, " && ".join(fixes))
    done, found = examine(world)
    assert {key for key in wrong(found) if key[0] != "internal"} == ALONE | {("replication", "error", "P.tasks.charge")}


def test_processors_and_dead_letters(world):
    program = world.processor("processor").start()
    world.client().send("commands", b"no command")
    watcher = world.watcher("dead-letters")
    watcher.wait(lambda records: records, 40, "the dead letter")
    done, found = examine(world)
    assert "1 members own 2 partitions" in found[("group", "ok", "")][0]["found"]
    assert ("dead_letters", "warning", "P.dead-letters") in found
    # Kafka's own two are there now, with what the test's broker gives them.
    assert "replication factor 1" in found[("internal", "error", "__transaction_state")][0]["found"]
    assert program.end() == 0


def test_only_kafka(world):
    environment = {key: value for key, value in os.environ.items() if key != "PAWL_KAFKA_BOOTSTRAP_SERVERS"}
    done = subprocess.run([harness.PAWL, "doctor"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert "kafka.bootstrap.servers is not set" in done.stderr
