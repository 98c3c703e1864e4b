"""The example's parts agree: the orders are those that the generator makes, and the worker in shell says what the one in Python
says."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples/order"
sys.path[:0] = [str(EXAMPLES), str(pathlib.Path(__file__).parent)]
import generate  # noqa: E402
import model  # noqa: E402
import work  # noqa: E402

ORDER = {"id": "o-1", "customer": "customer 1"}
PAYMENT = {"card": "4000", "charge_failures": 2}
CASES = [
    ("reserved", "reserve", {"order": "o-1", "line": 0, "sku": "cup", "quantity": 2, "stock": 2}, 0),
    ("sold out", "reserve", {"order": "o-1", "line": 0, "sku": "cup", "quantity": 3, "stock": 2}, 0),
    ("bank away", "charge", {"order": "o-1", "amount": 12.5, "payment": PAYMENT, "reference": "o-1/x"}, 1),
    ("charged", "charge", {"order": "o-1", "amount": 12.5, "payment": PAYMENT, "reference": "o-1/x"}, 2),
    ("declined", "charge", {"order": "o-1", "amount": 12.5, "payment": {**PAYMENT, "card": "declined"}, "reference": "r"}, 5),
    ("shipped", "ship", {"order": "o-1", "carrier": "dhl", "slow": False, "packages": 3}, 0),
    ("refunded", "refund", {"order": "o-1", "charge": "C-o-1"}, 0),
    ("released", "release", {"order": "o-1", "reservations": [{}, {}]}, 0),
    ("told", "notify", {"order": "o-1", "customer": "customer 1", "subject": "sold out"}, 0),
]


def by_python(name, task, attempt):
    try:
        return 0, work.do(name, task, attempt)
    except work.Failed as failed:
        return 1, {"error": failed.error, "cause": failed.cause}


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is missing")
@pytest.mark.parametrize("case,name,task,attempt", CASES, ids=[row[0] for row in CASES])
def test_shell_and_python_say_the_same(case, name, task, attempt):
    done = subprocess.run([EXAMPLES / "worker_exec", name], input=json.dumps(task), text=True, stdout=subprocess.PIPE, timeout=20,
                          env={**os.environ, "PAWL_ATTEMPT": str(attempt)})
    assert (done.returncode, json.loads(done.stdout)) == by_python(name, task, attempt)


@pytest.mark.parametrize("case,name,task,attempt", CASES, ids=[row[0] for row in CASES])
def test_lines_and_python_say_the_same(case, name, task, attempt):
    request = {"resource": f"arn:aws:lambda:us-east-1:123456789012:function:{name}", "parameters": task, "attempt": attempt}
    done = subprocess.run([sys.executable, EXAMPLES / "worker_lines.py"], input=json.dumps(request) + "\n", text=True,
                          stdout=subprocess.PIPE, timeout=20, check=True)
    code, said = by_python(name, task, attempt)
    expected = json.dumps(said) if code == 0 else f"!{said['error']} {said['cause']}"
    assert done.stdout == expected + "\n"


def test_orders_are_those_of_the_generator():
    made = [json.dumps(order, separators=(",", ":")) for order in generate.make_orders()]
    assert (EXAMPLES / "orders.jsonl").read_text().splitlines() == made


def test_every_fate_is_among_the_orders():
    outcomes = [model.outcome(json.loads(line)) for line in (EXAMPLES / "orders.jsonl").read_text().splitlines()]
    assert {(outcome.status, outcome.error) for outcome in outcomes} == {
        ("SUCCEEDED", None), ("FAILED", "CardDeclined"), ("FAILED", "States.Timeout"), ("FAILED", "PaymentBroken"),
        ("FAILED", "EmptyOrder"), ("RUNNING", None)}
    assert {outcome.attempts.get("Charge") for outcome in outcomes} >= {(1, 1), (2, 2), (3, 3), (4, 4)}
    assert any(outcome.output and outcome.output["state"] == "sold out" for outcome in outcomes)
