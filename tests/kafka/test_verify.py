"""`pawl verify` on a broker: an idle partition whose timer is long overdue is somebody's fault only when somebody has it."""
import struct
import time

import confluent_kafka as kafka

import harness

MINUTE_MS = 60 * 1000
OVERDUE_MS = 15 * MINUTE_MS
REVISION_TIMER = -2


def timer_key(due_ms, frame):
    return b"t" + struct.pack(">Q16sQ", due_ms + (1 << 63), bytes(16), frame + (1 << 63))


def plant_timer(world):
    """As if a timer had been put 20 minutes ago, been due 5 minutes later, and nobody had done anything since."""
    due_ms = int(time.time() * 1000) - OVERDUE_MS
    written_ms = due_ms - 5 * MINUTE_MS
    rows = [(timer_key(due_ms, REVISION_TIMER), "TimerRow", {"phaseCounter": 0}),
            (b"c", "CommitRow", {"sequence": 1, "rowCount": 2, "commandsOffset": 0, "resultsOffset": 0, "time": written_ms * 1000})]
    producer = kafka.Producer({"bootstrap.servers": world.bootstrap})
    for key, record, values in rows:
        producer.produce(world.topic("state"), harness.SCHEMAS.encode("StateRow", record, values), key, 0, timestamp=written_ms)
    assert producer.flush(30) == 0


def await_owner(world, owner, seconds=60):
    deadline = time.monotonic() + seconds
    while "ready=true" not in owner.log.read_text():
        assert time.monotonic() < deadline, "it does not get ready"
        time.sleep(0.2)


def test_overdue():
    with harness.World(1, name="verify") as world:
        world.create_topics()
        owner = world.processor("owner")
        owner.start()
        await_owner(world, owner)
        plant_timer(world)
        done = world.pawl("verify", check=False)
        assert done.returncode == harness.VERIFY_BROKEN, done.stderr
        assert f"{world.topic('state')}, partition 0, offset 0: timer: a timer of" in done.stderr, done.stderr
        assert "is overdue by 90" in done.stderr, done.stderr
        assert owner.end() == 0
        done = world.pawl("verify", check=False)
        assert done.returncode == 0, done.stderr
        assert "1 timers are late, by up to 90" in done.stderr and "is a processor running?" in done.stderr, done.stderr
