"""Standby copies on a broker: who takes a partition over has its rows already, and a rolling restart leaves no partition alone
for long. Times are told, and only what would be a fault is asserted."""
import datetime
import json
import os
import re
import threading
import time

import checker
import harness

PARTITIONS = 8
LONG = bool(os.environ.get("PAWL_TEST_LONG"))
STARTS = int(os.environ.get("PAWL_TEST_STARTS", 20000 if LONG else 3000))  # three rows each
STARTS_A_SECOND = 100
GAP_SECONDS_MAX = 30  # a session's time and more: nobody has taken it over
HOP = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
HELD = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 3600, "End": True}}})
RESTORED = re.compile(r"event=partition_restored partition=(\d+) rows=(\d+)")
PARTITIONS_TOLD = re.compile(r"^time=(\S+) .*event=partitions assigned=(\d+) active=(\d+)", re.M)


def start_world(world, count):
    world.create_topics()
    for name, text in (("hop", HOP), ("held", HELD)):
        path = world.folder / f"{name}.json"
        path.write_text(text)
    processors = [world.processor(f"processor-{number}").start() for number in range(count)]
    for name in ("hop", "held"):
        world.define(world.folder / f"{name}.json", name)
    return processors


def start(world, client, machine, number):
    name = f"{machine}-{number}"
    client.command("StartExecution", {"stateMachineArn": harness.machine_arn(machine), "name": name, "input": "{}"},
                   key=harness.execution_arn(machine, name))


class Load:
    """Starts at a steady rate, each done with at once, until it is told to stop."""

    def __init__(self, world):
        self.world = world
        self.client = world.client()
        self.count = 0
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        begin = time.monotonic()
        while not self.ends.is_set():
            while self.count < (time.monotonic() - begin) * STARTS_A_SECOND:
                start(self.world, self.client, "hop", self.count)
                self.count += 1
            self.client.producer.poll(0.005)

    def stop(self):
        self.ends.set()
        self.thread.join()
        self.client.flush()
        return self.count


def restored_since(program, mark):
    """{partition: rows that were read to restore it}"""
    return {int(partition): int(rows) for partition, rows in RESTORED.findall(program.log.read_text()[mark:])}


def await_restored(program, mark, partitions, seconds=60):
    deadline = time.monotonic() + seconds
    while not partitions <= restored_since(program, mark).keys():
        assert time.monotonic() < deadline, f"{program.name} has {restored_since(program, mark)}, not {partitions}"
        time.sleep(0.1)
    return restored_since(program, mark)


def reassigned_seconds(program, mark):
    """From when it had all partitions until it worked on all of them."""
    told = [(datetime.datetime.fromisoformat(time), int(assigned), int(active))
            for time, assigned, active in PARTITIONS_TOLD.findall(program.log.read_text()[mark:])]
    begin = min(time for time, assigned, _ in told if assigned == PARTITIONS)
    end = min(time for time, _, active in told if active == PARTITIONS)
    return (end - begin).total_seconds()


def test_killed():
    """The rows of a process that is killed are there already where its partitions go."""
    with harness.World(PARTITIONS, name="standby") as world:
        survivor, victim = start_world(world, 2)
        watcher = world.watcher("executions")
        client = world.client()
        for number in range(STARTS):
            start(world, client, "held", number)
        client.flush()
        watcher.wait(lambda records: len(records) >= STARTS, 120 + STARTS / 500, "all are started")
        time.sleep(3)  # the copies have what was written last
        mark = len(survivor.log.read_text())
        begin = time.monotonic()
        victim.kill()
        restored = await_restored(survivor, mark, set(range(PARTITIONS)))
        taken = time.monotonic() - begin
        time.sleep(1)
        print(f"taken over {taken:.1f} s after kill -9 (6 s of them are the session's), {reassigned_seconds(survivor, mark):.2f} s "
              f"after the partitions were assigned; {STARTS} executions are held; rows read: {restored}")
        assert sum(restored.values()) < STARTS / 10
        for number in range(STARTS, STARTS + 50):
            start(world, client, "held", number)
        client.flush()
        watcher.wait(lambda records: len(records) >= STARTS + 50, 60, "it goes on")
        assert survivor.end() == 0
        assert checker.run(world.read(), running=True)


def gaps(records):
    """{partition: the longest time, in s, between two commits under load}"""
    last, longest = {}, {}
    for record in sorted((one for one in records if one.topic == "history"), key=lambda one: one.timestamp):
        if record.partition in last:
            gap = (record.timestamp - last[record.partition]) / 1000
            longest[record.partition] = max(longest.get(record.partition, 0), gap)
        last[record.partition] = record.timestamp
    return longest


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def test_rolling_restart():
    """Three processes are restarted one after the other under load."""
    with harness.World(PARTITIONS, name="rolling") as world:
        processors = start_world(world, 3)
        watcher = world.watcher("history", "executions")
        load = Load(world)
        watcher.wait(lambda records: len(harness.ended(records)) > 3 * STARTS_A_SECOND, 60, "the load is on")
        for one in processors:
            assert one.end() == 0
            one.start()
            time.sleep(6)
        count = load.stop()
        watcher.wait(lambda records: len(harness.ended(records)) >= count, 120, "all have ended")
        asked = {record.key: record.timestamp for record in world.read().topics["commands"] if record.key}
        waits = [record.timestamp - asked[record.key] for record in watcher.records
                 if record.topic == "history" and record.data["type"] == "ExecutionStarted" and record.key in asked]
        longest = gaps(watcher.records)
        print(f"{count} executions at {STARTS_A_SECOND} a second; longest time a partition stood still: "
              f"{max(longest.values()):.2f} s; from command to start p50 {percentile(waits, 0.5)} ms, "
              f"p99 {percentile(waits, 0.99)} ms")
        assert max(longest.values()) < GAP_SECONDS_MAX
        for one in processors:
            assert one.end() == 0
        assert checker.run(world.read())
