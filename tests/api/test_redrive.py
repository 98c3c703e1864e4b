"""RedriveExecution: what failed goes on, what succeeded stays."""
import json
import time

import pytest

import service as s
from test_executions import machine
from test_machines import refused

ACTIVITY = "arn:aws:states:us-east-1:000000000000:activity:redrive-"


def activity(name):
    return {"Type": "Task", "Resource": ACTIVITY + name, "End": True}


def start(client, machine_name, definition, **members):
    for resource in ("a", "b", "c"):
        client.create_activity(name=f"redrive-{resource}")
    arn = machine(client, f"redrive-{machine_name}", definition)
    return client.start_execution(stateMachineArn=arn, **members)["executionArn"]


def take(client, name):
    """The next task of the activity: its token and input."""
    task = client.get_activity_task(activityArn=ACTIVITY + name, workerName="w")
    assert "taskToken" in task, name
    return task["taskToken"], json.loads(task["input"])


def succeed(client, name, output=None):
    token, given = take(client, name)
    client.send_task_success(taskToken=token, output=json.dumps(given if output is None else output))


def fail(client, name, error="E"):
    token, _ = take(client, name)
    client.send_task_failure(taskToken=token, error=error, cause="because")
    return token


def history(client, execution):
    """Type and previous event of each; ids run from 1."""
    pages = client.get_paginator("get_execution_history").paginate(executionArn=execution)
    events = [event for page in pages for event in page["events"]]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    return [f"{event.get('previousEventId', 0)} {event['type']}" for event in events]


def shown(client, execution):
    return client.describe_execution(executionArn=execution)


def ended(client, execution):
    """What the end left, which a task's answer need not have waited for."""
    deadline = time.monotonic() + 20
    while shown(client, execution)["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return shown(client, execution)


def test_a_failed_task(client):
    chain = s.machine({"P": {"Type": "Pass", "Result": {"n": 1}, "Next": "A"}, "A": activity("a")})
    execution = start(client, "task", chain)
    late = fail(client, "a")
    failed = ended(client, execution)
    assert (failed["status"], failed["redriveStatus"], failed["redriveCount"]) == ("FAILED", "REDRIVABLE", 0)
    assert "redriveDate" not in failed
    date = client.redrive_execution(executionArn=execution)["redriveDate"]
    running = shown(client, execution)
    assert (running["status"], running["redriveCount"], running["redriveDate"]) == ("RUNNING", 1, date)
    assert (running["redriveStatus"], running["redriveStatusReason"]) == (
        "NOT_REDRIVABLE", "Execution is RUNNING and cannot be redriven")
    assert not {"stopDate", "error", "cause", "output"} & set(running)
    refused(client.send_task_success, "TaskTimedOut", taskToken=late, output="{}")
    again = client.start_execution(stateMachineArn=running["stateMachineArn"], name=running["name"])
    assert again["executionArn"] == execution, "a redriven execution is a running one to StartExecution"
    succeed(client, "a", 7)
    done = ended(client, execution)
    assert (done["status"], done["output"], done["redriveCount"]) == ("SUCCEEDED", "7", 1)
    assert history(client, execution) == [
        "0 ExecutionStarted", "0 PassStateEntered", "2 PassStateExited", "3 TaskStateEntered", "4 ActivityScheduled",
        "5 ActivityStarted", "6 ActivityFailed", "7 ExecutionFailed", "8 ExecutionRedriven", "9 ActivityScheduled",
        "10 ActivityStarted", "11 ActivitySucceeded", "12 TaskStateExited", "13 ExecutionSucceeded"]
    event = client.get_execution_history(executionArn=execution, maxResults=9)["events"][-1]
    assert event["executionRedrivenEventDetails"] == {"redriveCount": 1}
    refused(client.redrive_execution, "ExecutionNotRedrivable", "Execution is SUCCEEDED and cannot be redriven",
            executionArn=execution)


def test_lists(client):
    execution = start(client, "lists", s.machine({"A": activity("a")}), name="one")
    arn = shown(client, execution)["stateMachineArn"]
    for count in (1, 2):
        fail(client, "a")
        ended(client, execution)
        assert client.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"] == []
        client.redrive_execution(executionArn=execution)
        assert client.list_executions(stateMachineArn=arn, statusFilter="FAILED")["executions"] == []
        item, = client.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]
        assert (item["redriveCount"], "redriveDate" in item, "stopDate" in item) == (count, True, False)
    assert len(client.list_executions(stateMachineArn=arn, redriveFilter="REDRIVEN")["executions"]) == 1
    assert client.list_executions(stateMachineArn=arn, redriveFilter="NOT_REDRIVEN")["executions"] == []
    succeed(client, "a")


def test_one_of_three_branches(client):
    branches = [json.loads(s.machine({name: activity(name)})) for name in ("a", "b", "c")]
    execution = start(client, "parallel", s.machine({"P": {"Type": "Parallel", "Branches": branches, "End": True}}))
    succeed(client, "a", "a")
    succeed(client, "c", "c")
    fail(client, "b")
    ended(client, execution)
    before = history(client, execution)
    assert before[-3:] == ["17 TaskStateAborted", "17 ParallelStateFailed", "19 ExecutionFailed"]
    client.redrive_execution(executionArn=execution)
    succeed(client, "b", "b")
    done = ended(client, execution)
    after = history(client, execution)
    assert after == before + [
        "20 ExecutionRedriven", "17 ActivityScheduled", "22 ActivityStarted", "23 ActivitySucceeded", "24 TaskStateExited",
        "25 ParallelStateSucceeded", "25 ParallelStateExited", "27 ExecutionSucceeded"]
    assert json.loads(done["output"]) == ["a", "b", "c"]


def test_two_of_five_iterations(client):
    iteration = {"ItemProcessor": json.loads(s.machine({"A": activity("a")})), "MaxConcurrency": 2}
    execution = start(client, "map", s.machine({"M": {"Type": "Map", "End": True, **iteration}}), input="[0,1,2,3,4]")
    asked = 0
    for _ in range(2):
        tokens = [take(client, "a"), take(client, "a")]
        asked += len(tokens)
        client.send_task_success(taskToken=tokens[0][0], output=json.dumps(10 + tokens[0][1]))
        client.send_task_failure(taskToken=tokens[1][0], error="E")
        assert ended(client, execution)["status"] == "FAILED"
        client.redrive_execution(executionArn=execution)
    while asked < 5 + 2:  # both failed ones run again, none that has succeeded does
        token, given = take(client, "a")
        asked += 1
        client.send_task_success(taskToken=token, output=json.dumps(10 + given))
    assert json.loads(ended(client, execution)["output"]) == [10, 11, 12, 13, 14]
    types = [line.split()[1] for line in history(client, execution)]
    assert types.count("MapStateEntered") == types.count("MapStateStarted") == 1
    assert types.count("MapIterationStarted") == types.count("MapIterationSucceeded") == 5


def test_map_in_parallel_stopped(client):
    inner = {"M": {"Type": "Map", "End": True, "ItemProcessor": json.loads(s.machine({"A": activity("a")}))}}
    branches = [json.loads(s.machine(inner)), json.loads(s.machine({"B": activity("b")}))]
    execution = start(client, "nested", s.machine({"P": {"Type": "Parallel", "Branches": branches, "End": True}}), input="[1,2]")
    late, _ = take(client, "a")
    succeed(client, "a", "second")
    client.stop_execution(executionArn=execution, error="Halt")
    client.redrive_execution(executionArn=execution)
    refused(client.send_task_success, "TaskTimedOut", taskToken=late, output="{}")
    succeed(client, "b", "b")
    succeed(client, "a", "first")
    assert json.loads(ended(client, execution)["output"]) == [["first", "second"], "b"]
    types = [line.split()[1] for line in history(client, execution)]
    assert types.count("ExecutionAborted") == types.count("ExecutionRedriven") == 1


def test_timed_out(client):
    execution = start(client, "slow", s.machine({"A": activity("a")}, TimeoutSeconds=1))
    take(client, "a")
    assert ended(client, execution)["status"] == "TIMED_OUT"
    client.redrive_execution(executionArn=execution)
    succeed(client, "a", 1)
    assert ended(client, execution)["status"] == "SUCCEEDED", "its second begins anew"


def test_client_tokens(client):
    execution = start(client, "token", s.machine({"A": activity("a")}))
    fail(client, "a")
    first = client.redrive_execution(executionArn=execution, clientToken="t")
    assert client.redrive_execution(executionArn=execution, clientToken="t")["redriveDate"] == first["redriveDate"]
    refused(client.redrive_execution, "ExecutionNotRedrivable", "Execution is RUNNING and cannot be redriven",
            executionArn=execution, clientToken="u")
    assert shown(client, execution)["redriveCount"] == 1
    succeed(client, "a")


@pytest.mark.parametrize("members,exception", [
    ({"executionArn": "no"}, "InvalidArn"),
    ({"executionArn": "arn:aws:states:us-east-1:000000000000:express:a:b:c"}, "InvalidArn"),
    ({"executionArn": "arn:aws:states:us-east-1:000000000000:execution:none:none"}, "ExecutionDoesNotExist"),
    ({"executionArn": "arn:aws:states:us-east-1:000000000000:execution:a:b", "clientToken": "x" * 65}, "ValidationException"),
])
def test_refusals(client, members, exception):
    refused(client.redrive_execution, exception, **members)


def test_a_deleted_machine(client):
    execution = start(client, "deleted", s.FAIL)
    arn = ended(client, execution)["stateMachineArn"]
    client.redrive_execution(executionArn=execution)
    ended(client, execution)
    client.delete_state_machine(stateMachineArn=arn)
    told = shown(client, execution)
    assert (told["redriveStatus"], told["redriveStatusReason"]) == ("NOT_REDRIVABLE", "State machine is in DELETING status.")
    refused(client.redrive_execution, "ExecutionNotRedrivable", told["redriveStatusReason"], executionArn=execution)


def test_limits(own):
    """What is kept for no time, and a history that is full."""
    own.settings.update({"limits.history.events": "8"})
    client = own.start().client()
    execution = start(client, "full", s.FAIL)
    for _ in range(2):
        ended(client, execution)
        client.redrive_execution(executionArn=execution)
    told = ended(client, execution)
    assert (told["redriveStatus"], told["redriveStatusReason"], told["redriveCount"]) == (
        "NOT_REDRIVABLE", "Execution history event limit exceeded.", 2)
    refused(client.redrive_execution, "ExecutionNotRedrivable", told["redriveStatusReason"], executionArn=execution)
    own.stop()
    own.settings["redrive.days"] = "0"
    client = own.start().client()
    execution = start(client, "forgotten", s.FAIL)
    told = ended(client, execution)
    assert told["redriveStatusReason"] == "Execution redrivable period exceeded."
    refused(client.redrive_execution, "ExecutionNotRedrivable", told["redriveStatusReason"], executionArn=execution)
    own.stop()
    own.settings["redrive.days"] = "14"
    client = own.start().client()
    refused(client.redrive_execution, "ExecutionNotRedrivable", "Execution redrivable period exceeded.", executionArn=execution)
