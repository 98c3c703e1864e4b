"""What the workers of the order workflow answer: a function of the task, its input and the attempt, and of nothing else, so
that doing a task twice does no harm, and whoever knows the order knows how it ends."""


class Failed(Exception):
    """The task fails, with an error that Retry and Catch know and a cause for people."""

    def __init__(self, error, cause):
        super().__init__(cause)
        self.error = error
        self.cause = cause


class NoAnswer(Exception):
    """The worker says nothing: the task times out."""


def reserve(task, attempt):
    if task["stock"] < task["quantity"]:
        raise Failed("OutOfStock", f"{task['sku']}: {task['quantity']} wanted, {task['stock']} there")
    return {"reservation": f"R-{task['order']}-{task['line']}", "sku": task["sku"], "quantity": task["quantity"]}


def charge(task, attempt):
    payment = task["payment"]
    if payment["card"] == "declined":
        raise Failed("CardDeclined", f"{task['reference']}: the card was declined")
    if attempt < payment["charge_failures"]:
        raise Failed("BankUnavailable", f"{task['reference']}: no answer, attempt {attempt}")
    return {"charge": f"C-{task['order']}", "amount": task["amount"], "attempts": attempt + 1}


def ship(task, attempt):
    if task["slow"]:
        raise NoAnswer
    return {"tracking": f"{task['carrier'].upper()}-{task['order']}", "packages": task["packages"]}


def refund(task, attempt):
    return {"refund": f"F-{task['charge']}"}


def release(task, attempt):
    return {"count": len(task["reservations"])}


def notify(task, attempt):
    return {"order": task["order"], "to": task["customer"], "subject": task["subject"]}


TASKS = {"reserve": reserve, "charge": charge, "ship": ship, "refund": refund, "release": release, "notify": notify}


def do(name, task, attempt):
    """The result of one attempt; raises Failed or NoAnswer."""
    return TASKS[name](task, attempt)
