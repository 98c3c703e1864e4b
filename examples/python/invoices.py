#!/usr/bin/env python3
"""Invoices, from their arrival to their payment: a program for AWS Step Functions, which runs on pawl unchanged.

    invoices.py [--endpoint URL]

Defines the workflow, does its two activities, starts an execution for each of four invoices, waits for their ends, and prints
what became of them and the history of one. Without --endpoint it goes where AWS_ENDPOINT_URL_SFN says.
"""
import argparse
import json
import pathlib
import threading
import time
import uuid

import boto3
from botocore.config import Config

DEFINITION = pathlib.Path(__file__).with_name("invoices.asl.json")
ROLE = "arn:aws:iam::000000000000:role/invoices"  # pawl records it, and asks nobody
INVOICES = [
    {"invoice": "I-1", "amount": 40},
    {"invoice": "I-2", "amount": 1200},
    {"invoice": "I-3", "amount": 99999},
    {"invoice": "I-4", "amount": 0},
]


class Refused(Exception):
    """A task that fails: its error and its cause."""


# ---- The work ----


def approve(task):
    if task["amount"] > 50000:
        raise Refused("Declined", "too much")
    return {"by": "the boss"}


ASKED = set()  # invoices that the bank was asked to pay


def pay(task):
    """The bank is away when an invoice comes for the first time; Retry brings it again."""
    if task["invoice"] not in ASKED:
        ASKED.add(task["invoice"])
        raise Refused("BankAway", "try again")
    return {"payment": f"P-{task['invoice']}"}


# ---- The workers ----


def work(client, activity, function, stop):
    """Asks for tasks, each call waiting up to a minute for one, and does them."""
    while not stop.is_set():
        task = client.get_activity_task(activityArn=activity, workerName=function.__name__)
        if not task.get("taskToken"):
            continue
        try:
            output = function(json.loads(task["input"]))
        except Refused as failure:
            error, cause = failure.args
            client.send_task_failure(taskToken=task["taskToken"], error=error, cause=cause)
        else:
            client.send_task_success(taskToken=task["taskToken"], output=json.dumps(output))


# ---- The workflow ----


def define(client, activities):
    """Creates the state machine, or updates it when it is there with another definition."""
    definition = DEFINITION.read_text()
    for name, arn in activities.items():
        definition = definition.replace(f"${{{name}}}", arn)
    try:
        return client.create_state_machine(name="invoices", definition=definition, roleArn=ROLE)["stateMachineArn"]
    except client.exceptions.StateMachineAlreadyExists:
        machines = (machine for page in client.get_paginator("list_state_machines").paginate() for machine in page["stateMachines"])
        arn = next(machine["stateMachineArn"] for machine in machines if machine["name"] == "invoices")
        client.update_state_machine(stateMachineArn=arn, definition=definition)
        return arn


def wait(client, execution):
    while (described := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(0.2)
    return described


def tell(invoice, described):
    output = json.loads(described.get("output", "{}"))
    if described["status"] != "SUCCEEDED":
        return f"{invoice}: {described['status']}, {described.get('error')}: {described.get('cause')}"
    if "payment" not in output:
        return f"{invoice}: nothing to pay"
    return f"{invoice}: paid as {output['payment']}" + (f", approved by {output['approvedBy']}" if "approvedBy" in output else "")


def print_history(client, execution):
    for page in client.get_paginator("get_execution_history").paginate(executionArn=execution, includeExecutionData=False):
        for event in page["events"]:
            print(f"  {event['id']:3} {event['timestamp']:%H:%M:%S.%f} {event['type']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint")
    options = parser.parse_args()
    # GetActivityTask waits for up to a minute: the client has to wait longer.
    client = boto3.client("stepfunctions", endpoint_url=options.endpoint, region_name="us-east-1", aws_access_key_id="any",
                          aws_secret_access_key="any", config=Config(read_timeout=70))
    activities = {name: client.create_activity(name=f"invoices-{function.__name__}")["activityArn"]
                  for name, function in (("ApproveArn", approve), ("PayArn", pay))}
    machine = define(client, activities)
    stop = threading.Event()
    for name, function in (("ApproveArn", approve), ("PayArn", pay)):
        threading.Thread(target=work, args=(client, activities[name], function, stop), daemon=True).start()
    run = uuid.uuid4().hex[:8]
    executions = {invoice["invoice"]: client.start_execution(stateMachineArn=machine, name=f"{invoice['invoice']}-{run}",
                                                             input=json.dumps(invoice))["executionArn"] for invoice in INVOICES}
    for invoice, execution in executions.items():
        print(tell(invoice, wait(client, execution)))
    stop.set()
    print("the history of I-2:")
    print_history(client, executions["I-2"])


if __name__ == "__main__":
    main()
