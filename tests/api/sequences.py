"""Random sequences of calls of the API: plain tuples that name things by themselves, so that any part of a sequence is one too.
That is what makes shrinking simple."""
import random

import promised as p

MACHINES, ACTIVITIES, ALIASES, EXECUTIONS = ("m0", "m1"), ("x0", "x1"), ("live", "test"), ("e0", "e1", "e2", "e3")
KINDS = (p.PASS, p.FAIL, p.WAIT, p.TASK, p.TASK)
STATUSES = (None, "RUNNING", "SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT")
RESOURCES = tuple(("stateMachine", name) for name in MACHINES) + tuple(("activity", name) for name in ACTIVITIES)


def some_routing(chance):
    first, second = chance.randint(1, 3), chance.randint(1, 3)
    weight = chance.choice((0, 40, 100))
    return ((first, 100),) if first == second else ((first, weight), (second, 100 - weight))


def some_qualifier(chance):
    return chance.choice((None, None, None, None, chance.randint(1, 3), chance.choice(ALIASES)))


OPERATIONS = {  # name: how often, and what makes its arguments
    "create_machine": (6, lambda c: (c.choice(MACHINES), c.choice(KINDS), c.random() < 0.3)),
    "update_machine": (6, lambda c: (c.choice(MACHINES), c.choice(KINDS), c.random() < 0.5)),
    "publish": (2, lambda c: (c.choice(MACHINES),)),
    "delete_machine": (1, lambda c: (c.choice(MACHINES),)),
    "delete_version": (2, lambda c: (c.choice(MACHINES), c.randint(1, 3))),
    "describe_machine": (3, lambda c: (c.choice(MACHINES), c.choice((None, None, c.randint(1, 3))))),
    "list_machines": (2, lambda c: (c.choice((50, 1000)),)),
    "list_versions": (2, lambda c: (c.choice(MACHINES), c.randint(1, 4))),
    "create_alias": (3, lambda c: (c.choice(MACHINES), c.choice(ALIASES), some_routing(c))),
    "update_alias": (2, lambda c: (c.choice(MACHINES), c.choice(ALIASES), some_routing(c))),
    "delete_alias": (1, lambda c: (c.choice(MACHINES), c.choice(ALIASES))),
    "describe_alias": (2, lambda c: (c.choice(MACHINES), c.choice(ALIASES))),
    "list_aliases": (2, lambda c: (c.choice(MACHINES), c.choice((None, c.randint(1, 3))), c.randint(1, 2))),
    "create_activity": (2, lambda c: (c.choice(ACTIVITIES),)),
    "delete_activity": (1, lambda c: (c.choice(ACTIVITIES),)),
    "describe_activity": (1, lambda c: (c.choice(ACTIVITIES),)),
    "list_activities": (1, lambda c: (c.choice((50, 1000)),)),
    "tag": (2, lambda c: (*c.choice(RESOURCES), c.choice("abc"), c.choice("12"))),
    "untag": (1, lambda c: (*c.choice(RESOURCES), c.choice("abc"))),
    "list_tags": (2, lambda c: c.choice(RESOURCES)),
    "start": (18, lambda c: (c.choice(MACHINES), c.choice(EXECUTIONS), some_qualifier(c), c.randint(0, 5) == 0)),
    "stop": (5, lambda c: (c.choice(MACHINES), c.choice(EXECUTIONS), c.choice((None, "E")), c.choice((None, "C")))),
    "redrive": (6, lambda c: (c.choice(MACHINES), c.choice(EXECUTIONS))),
    "describe": (6, lambda c: (c.choice(MACHINES), c.choice(EXECUTIONS))),
    "describe_machine_of": (2, lambda c: (c.choice(MACHINES), c.choice(EXECUTIONS))),
    "history": (6, lambda c: (c.choice(MACHINES), c.choice(EXECUTIONS), c.random() < 0.5, c.choice((1, 2, 3, 1000)), c.random() < 0.7)),
    "list": (8, lambda c: (c.choice(MACHINES), some_qualifier(c), c.choice(STATUSES), c.choice((None, None, "REDRIVEN", "NOT_REDRIVEN")),
                           c.choice((1, 2, 3, 100)))),
    "take": (12, lambda c: ()),
    "succeed": (5, lambda c: (c.choice(MACHINES), c.choice(EXECUTIONS), c.randint(0, 9))),
    "fail": (5, lambda c: (c.choice(MACHINES), c.choice(EXECUTIONS), c.choice((None, "E")))),
    "heartbeat": (2, lambda c: (c.choice(MACHINES), c.choice(EXECUTIONS))),
}


def make(seed, length, clients):
    """[(number of the client, operation, its arguments)]"""
    chance = random.Random(seed)
    names = list(OPERATIONS)
    calls = []
    client = 0
    while len(calls) < length:
        if chance.random() < 0.15:
            client = chance.randrange(clients)
        name = chance.choices(names, [OPERATIONS[name][0] for name in names])[0]
        calls.append((client, name, OPERATIONS[name][1](chance)))
    return calls


def shrink(calls, fails):
    """A shortest part of the calls, in their order, that still fails when no single one can be left out (ddmin)."""
    parts = 2
    while len(calls) >= 2:
        size = -(-len(calls) // parts)
        for at in range(0, len(calls), size):
            less = calls[:at] + calls[at + size:]
            if less and fails(less):
                calls, parts = less, max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(parts * 2, len(calls))
    return calls
