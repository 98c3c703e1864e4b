"""The order workflow (examples/order) as a plain program: what must come of an order, told without any workflow engine.

An outcome is that of one execution: status, output or error and cause, and how many attempts each task state may have had.
The workflow's own text (order.asl.json) is not read here: this says the same a second time."""
import dataclasses
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples/order"))
import work  # noqa: E402

MAP_CONCURRENCY = 2
CHARGE_ATTEMPTS_MAX = 4
SHIP_ATTEMPTS_MAX = 2


@dataclasses.dataclass
class Outcome:
    status: str
    output: object = None
    error: str = None
    cause: str = None
    attempts: dict = dataclasses.field(default_factory=dict)  # state: (least, most) task requests, all iterations together
    transitions: tuple = (0, 0)  # least, most


def succeeded(output, attempts, transitions):
    return Outcome("SUCCEEDED", output=output, attempts=attempts, transitions=transitions)


def failed(error, cause, attempts, transitions):
    return Outcome("FAILED", error=error, cause=cause, attempts=attempts, transitions=transitions)


def reserve_lines(order):
    """(reservations or None when a line is sold out, least and most requests)"""
    lines = order["lines"]
    reservations, sold_out = [], []
    for index, line in enumerate(lines):
        try:
            reservations.append(work.reserve({"order": order["id"], "line": index, **line}, 0))
        except work.Failed:
            sold_out.append(index)
    if not sold_out:
        return reservations, (len(lines), len(lines))
    # The failure ends the Map at once: iterations that had not begun never do.
    return None, (max(sold_out[0] + 1, min(MAP_CONCURRENCY, len(lines))), len(lines))


def charge(order):
    """(result or Failed, attempts)"""
    task = {"order": order["id"], "amount": order["total"], "payment": order["payment"],
            "reference": f"{order['id']}/{order['customer']}"}
    for attempt in range(CHARGE_ATTEMPTS_MAX):
        try:
            return work.charge(task, attempt), attempt + 1
        except work.Failed as failure:
            if failure.error != "BankUnavailable" or attempt == CHARGE_ATTEMPTS_MAX - 1:
                return failure, attempt + 1
    raise AssertionError


def outcome(order):
    """What must come of an order. An order on hold stays RUNNING until it is stopped."""
    if not order["lines"] or order["total"] <= 0:
        return failed("EmptyOrder", "an order has at least one line, and a price", {}, (2, 2))
    if order.get("hold"):
        return Outcome("RUNNING", transitions=(2, 2))
    reservations, requests = reserve_lines(order)
    attempts = {"Reserve": requests}
    least, most = 2 + requests[0], 2 + requests[1]  # CheckOrder, ReserveLines, each Reserve
    if reservations is None:
        attempts["NotifySoldOut"] = (1, 1)
        return succeeded({"order": order["id"], "state": "sold out"}, attempts, (least + 1, most + 1))
    charged, count = charge(order)
    attempts["Charge"] = (count, count)
    least = most = least + 2 + count  # ChargeAndInvoice, Invoice, each attempt of Charge
    if isinstance(charged, work.Failed):
        if charged.error == "BankUnavailable":
            return failed("PaymentBroken", "the bank did not answer", attempts, (least + 1, most + 1))
        attempts["ReleaseLines"] = (1, 1)
        return failed(charged.error, f"order {order['id']} failed, {len(reservations)} reservations released", attempts,
                      (least + 2, most + 2))
    if order["delivery"]["slow"]:
        attempts.update(Ship=(SHIP_ATTEMPTS_MAX, SHIP_ATTEMPTS_MAX), Refund=(1, 1), ReleaseLines=(1, 1))
        # Pack, Ship twice, Refund, ReleaseLines, OrderFailed
        return failed("States.Timeout", f"order {order['id']} failed, {len(reservations)} reservations released", attempts,
                      (least + 6, most + 6))
    attempts.update(Ship=(1, 1), Notify=(1, 1))
    tracking = work.ship({"order": order["id"], "carrier": order["delivery"]["carrier"], "slow": False, "packages": 0}, 0)
    return succeeded({
        "order": order["id"],
        "state": "shipped",
        "tracking": tracking["tracking"],
        "charged": order["total"],
        "invoice": f"INV-{order['id']}",
        "reservations": [one["reservation"] for one in reservations],
    }, attempts, (least + 4, most + 4))  # Pack, Ship, Notify, Done


def offer_outcome(given):
    """tests/order/offer.asl.json: the execution's own time is over."""
    return Outcome("TIMED_OUT", error="States.Timeout", transitions=(1, 1))


# By state machine. Express ones end as the others do.
OUTCOMES = {"order": outcome, "order-express": outcome, "offer": offer_outcome}
