"""Beyond AWS, by configuration: histories and payloads without AWS's caps, through the API as well."""
import json
import time

import service as s
from answers import Answers
from test_machines import refused

COUNTING = s.machine({
    "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "More"},
    "More": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 6500, "Next": "Count"}], "Default": "Done"},
    "Done": {"Type": "Succeed"},
})


def ended(client, execution, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        shown = client.describe_execution(executionArn=execution)
        if shown["status"] != "RUNNING":
            return shown
        assert time.monotonic() < deadline
        time.sleep(0.1)


def run(client, definition, **members):
    arn = client.create_state_machine(name=f"m{time.monotonic_ns()}", definition=definition, roleArn=s.ROLE)["stateMachineArn"]
    return client.start_execution(stateMachineArn=arn, **members)["executionArn"]


def test_history_without_cap(own):
    own.settings["limits.history.events"] = 0
    client = own.start().client()
    execution = run(client, COUNTING, input='{"n":0}')
    assert ended(client, execution)["status"] == "SUCCEEDED"
    last = client.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=1)["events"][0]
    assert last["type"] == "ExecutionSucceeded" and last["id"] > 25000
    pages = client.get_paginator("get_execution_history").paginate(executionArn=execution, PaginationConfig={"PageSize": 1000})
    assert [event["id"] for page in pages for event in page["events"]] == list(range(1, last["id"] + 1))


def test_history_with_aws_cap(client):
    """And as AWS has it."""
    execution = run(client, COUNTING, input='{"n":0}')
    shown = ended(client, execution)
    assert (shown["status"], shown["error"]) == ("FAILED", "States.Runtime"), shown
    last = client.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=1)["events"][0]
    assert last["id"] == 25000


def test_payload_of_a_mebibyte(own):
    """Input, output of states and of tasks, in and out through the API."""
    own.settings["limits.payload.bytes"] = "1MiB"
    own.answers = Answers(payload_characters=2 ** 20)
    client = own.start().client()
    text = json.dumps("x" * (2 ** 20 - 2))
    assert len(text) == 2 ** 20
    execution = run(client, s.PASS, input=text)
    shown = ended(client, execution)
    assert shown["status"] == "SUCCEEDED" and shown["input"] == text and shown["output"] == text
    refused(client.start_execution, "ValidationException",
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or "
            f"equal to {2 ** 20}", stateMachineArn=client.describe_execution(executionArn=execution)["stateMachineArn"],
            input=text + " ")
