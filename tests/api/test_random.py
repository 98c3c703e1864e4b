"""Random sequences of calls against a model of what AWS promises. What was done through a gateway is seen at once by all its
clients; on Kafka there are two, and what was done through the other is seen in time.

    PAWL_TEST_SEED=N        that sequence alone
    PAWL_TEST_SECONDS=N     for so long"""
import contextlib
import json
import os
import time
import uuid

import pytest

import compared
import sequences
import service as s
import test_gateways

LONG = "PAWL_TEST_LONG" in os.environ
SECONDS = float(os.environ.get("PAWL_TEST_SECONDS", 130 if LONG else 8))
KAFKA = "PAWL_TEST_BOOTSTRAP" in os.environ
SEED = os.environ.get("PAWL_TEST_SEED")
LENGTH = 80
CLIENTS = 2  # of each gateway
SHRINKING_SECONDS_MAX = 60
TRIES = 3  # of a shorter sequence
SEQUENCES_MAX = 150  # of one service, whose lists grow


def fails(clients, views, calls):
    """What is wrong with it, or None. Each time under other names."""
    run = compared.Run(clients, f"r{uuid.uuid4().hex[:8]}-", views)
    try:
        run.run(calls)
    except compared.Disagreement as problem:
        return str(problem)
    run.clean()
    return None


def tell(clients, views, seed, calls, problem):
    """What is wrong only now and then is tried some times, and perhaps not shrunk at all."""
    deadline = time.monotonic() + SHRINKING_SECONDS_MAX
    last = [problem]

    def still_fails(less):
        for _ in range(TRIES):
            found = fails(clients, views, less) if time.monotonic() < deadline else None
            if found is not None:
                last[0] = found
                return True
        return False
    shortest = sequences.shrink(calls, still_fails)
    lines = "\n".join(f"    {json.dumps(call)}" for call in shortest)
    pytest.fail(f"PAWL_TEST_SEED={seed}: {problem}\nshrunk to {len(shortest)} of {len(calls)} calls: {last[0]}\n{lines}", pytrace=False)


@contextlib.contextmanager
def opened(folder):
    """Clients, and the number of each one's gateway."""
    folder.mkdir()
    made = test_gateways.Cluster(folder) if KAFKA else s.Service(folder).start()
    gateways = made.gateways if KAFKA else [made]
    try:
        views = [at for at in range(len(gateways)) for _ in range(CLIENTS)]
        yield [gateways[at].client() for at in views], views
    finally:
        assert made.stop() in (0, [0] * 4)


def check(clients, views, seed):
    calls = sequences.make(seed, LENGTH, len(clients))
    problem = fails(clients, views, calls)
    if problem is not None:
        tell(clients, views, seed, calls, problem)


def test_as_promised(tmp_path):
    seed = first = int(SEED or time.time_ns() % 10**9)
    deadline = time.monotonic() + SECONDS
    while seed == first or (time.monotonic() < deadline and not SEED):
        with opened(tmp_path / str(seed)) as (clients, views):
            last = seed if SEED else seed + SEQUENCES_MAX - 1
            while seed <= last and (seed == first or time.monotonic() < deadline):
                check(clients, views, seed)
                seed += 1
    print(f"seeds {first} to {seed - 1}: {seed - first} sequences of {LENGTH} calls")


def test_shrinking():
    """To the two calls that matter, whatever stands between."""
    calls = sequences.make(1, 60, 3)
    wanted = calls[7], calls[41]
    assert sequences.shrink(calls, lambda less: all(any(call is one for call in less) for one in wanted)) == list(wanted)


@pytest.mark.parametrize("what,operation,plant", [
    ("a list that leaves one out", "list_executions", lambda answer: answer["executions"][1:]),
    ("a page that comes twice", "get_execution_history", lambda answer: answer["events"] * 2),
])
def test_what_is_wrong_is_found(service, what, operation, plant):
    """A client that lies."""
    client = service.client()
    asked = getattr(client, operation)

    def lie(**members):
        answer = asked(**members)
        items = next(name for name in ("executions", "events") if name in answer)
        return {**answer, items: plant(answer)}
    setattr(client, operation, lie)
    problems = [fails([client], None, sequences.make(seed, LENGTH, 1)) for seed in range(5)]
    assert any(problems), what
