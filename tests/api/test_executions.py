"""Executions: what was done is seen at once, by whoever did it."""
import json
import time

import pytest

import service as s
from test_machines import refused


def machine(client, name, definition, **members):
    return client.create_state_machine(name=name, definition=definition, roleArn=s.ROLE, **members)["stateMachineArn"]


def test_start_then_history(client):
    """Twenty times: the answer comes when the view shows it, not when the command is written."""
    arn = machine(client, "history", s.PASS)
    for number in range(20):
        execution = client.start_execution(stateMachineArn=arn, input=json.dumps({"n": number}))["executionArn"]
        events = client.get_execution_history(executionArn=execution)["events"]
        assert [event["type"] for event in events] == [
            "ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
        assert [event["id"] for event in events] == [1, 2, 3, 4]
        shown = client.describe_execution(executionArn=execution)
        assert shown["status"] == "SUCCEEDED" and json.loads(shown["output"]) == {"n": number}


def test_stop_then_list(client):
    arn = machine(client, "stopped", s.WAIT)
    for number in range(5):
        execution = client.start_execution(stateMachineArn=arn, name=f"e{number}")["executionArn"]
        client.stop_execution(executionArn=execution, error="E", cause="C")
        listed = client.list_executions(stateMachineArn=arn, statusFilter="ABORTED")["executions"]
        assert [item["name"] for item in listed] == [f"e{at}" for at in range(number, -1, -1)]
        assert client.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"] == []
        events = client.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=1)["events"]
        assert events[0]["type"] == "ExecutionAborted" and events[0]["executionAbortedEventDetails"] == {"error": "E", "cause": "C"}


def test_start_is_idempotent_by_name(client):
    arn = machine(client, "named", s.WAIT)
    first = client.start_execution(stateMachineArn=arn, name="one", input='{"a":1}')
    again = client.start_execution(stateMachineArn=arn, name="one", input='{"a":1}')
    assert first["executionArn"] == again["executionArn"] and first["startDate"] == again["startDate"]
    refused(client.start_execution, "ExecutionAlreadyExists", f"Execution Already Exists: '{first['executionArn']}'",
            stateMachineArn=arn, name="one", input='{"a":2}')


def test_pages_of_executions(client):
    arn = machine(client, "paged", s.PASS)
    names = [f"e{number:02}" for number in range(23)]
    for name in names:
        client.start_execution(stateMachineArn=arn, name=name)
    pages = list(client.get_paginator("list_executions").paginate(stateMachineArn=arn, PaginationConfig={"PageSize": 10}))
    assert [len(page["executions"]) for page in pages] == [10, 10, 3]
    assert [item["name"] for page in pages for item in page["executions"]] == names[::-1]
    other = machine(client, "paged-other", s.PASS)
    refused(client.list_executions, "InvalidToken", stateMachineArn=other, nextToken=pages[0]["nextToken"])
    refused(client.list_executions, "InvalidToken", stateMachineArn=arn, statusFilter="FAILED", nextToken=pages[0]["nextToken"])


def test_pages_of_history(client):
    states = {f"S{number:03}": {"Type": "Pass", "Next": f"S{number + 1:03}"} for number in range(99)}
    states["S099"] = {"Type": "Succeed"}
    arn = machine(client, "long", s.machine(states))
    execution = client.start_execution(stateMachineArn=arn)["executionArn"]
    for reverse in (False, True):
        deadline = time.monotonic() + 10
        while client.describe_execution(executionArn=execution)["status"] == "RUNNING":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        pages = client.get_paginator("get_execution_history").paginate(
            executionArn=execution, reverseOrder=reverse, PaginationConfig={"PageSize": 30})
        ids = [event["id"] for page in pages for event in page["events"]]
        assert ids == list(range(1, len(ids) + 1))[::-1 if reverse else 1] and len(ids) == 202


def test_without_execution_data(client):
    arn = machine(client, "quiet", s.PASS)
    execution = client.start_execution(stateMachineArn=arn, input='{"secret":1}')["executionArn"]
    events = client.get_execution_history(executionArn=execution, includeExecutionData=False)["events"]
    assert "secret" not in json.dumps(events, default=str)
    shown = client.describe_execution(executionArn=execution, includedData="METADATA_ONLY")
    assert "input" not in shown and shown["inputDetails"] == {"included": False}


def test_machine_of_execution(client):
    arn = machine(client, "revised", s.WAIT)
    execution = client.start_execution(stateMachineArn=arn)["executionArn"]
    client.update_state_machine(stateMachineArn=arn, definition=s.PASS)
    assert client.describe_state_machine_for_execution(executionArn=execution)["definition"] == s.WAIT
    client.stop_execution(executionArn=execution)


def token_of(client, execution):
    """The task's token, from where the state machine put it."""
    for event in client.get_execution_history(executionArn=execution)["events"]:
        if event["type"] == "TaskScheduled":
            return json.loads(event["taskScheduledEventDetails"]["parameters"])["MessageBody"]["token"]
    raise AssertionError("no task")


CALLBACK = s.task(Parameters={"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}}, HeartbeatSeconds=60)


def test_task_tokens(client):
    arn = machine(client, "callback", CALLBACK)
    execution = client.start_execution(stateMachineArn=arn)["executionArn"]
    token = token_of(client, execution)
    client.send_task_heartbeat(taskToken=token)
    client.send_task_success(taskToken=token, output='{"done":true}')
    assert client.get_execution_history(executionArn=execution, reverseOrder=True)["events"][0]["type"] == "ExecutionSucceeded"
    shown = client.describe_execution(executionArn=execution)
    assert shown["status"] == "SUCCEEDED" and shown["output"] == '{"done":true}'
    refused(client.send_task_success, "TaskTimedOut", taskToken=token, output="{}")
    refused(client.send_task_heartbeat, "InvalidToken", "Invalid Token: 'Invalid token'", taskToken="nonsense")
    execution = client.start_execution(stateMachineArn=arn)["executionArn"]
    refused(client.send_task_success, "InvalidOutput", taskToken=token_of(client, execution), output="{")
    client.send_task_failure(taskToken=token_of(client, execution), error="Bad", cause="luck")
    shown = client.describe_execution(executionArn=execution)
    assert (shown["status"], shown["error"], shown["cause"], shown["redriveStatus"]) == ("FAILED", "Bad", "luck", "REDRIVABLE")


@pytest.mark.parametrize("members,exception", [
    ({"stateMachineArn": "no"}, "InvalidArn"),
    ({"stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:none"}, "StateMachineDoesNotExist"),
    ({"name": "a b"}, "InvalidName"),
    ({"input": "{"}, "InvalidExecutionInput"),
    ({"input": '"' + "x" * 262144 + '"'}, "ValidationException"),
])
def test_start_refusals(client, members, exception):
    arn = machine(client, "refusing", s.PASS)
    refused(client.start_execution, exception, **{"stateMachineArn": arn, **members})


@pytest.mark.parametrize("call", ["describe_execution", "get_execution_history", "stop_execution", "redrive_execution",
                                  "describe_state_machine_for_execution", "list_map_runs"])
def test_execution_refusals(client, call):
    arn = "arn:aws:states:us-east-1:000000000000:execution:none:none"
    refused(getattr(client, call), "ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'", executionArn=arn)
    refused(getattr(client, call), "InvalidArn", executionArn="no")
    refused(getattr(client, call), "InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'",
            executionArn="arn:aws:states:us-east-1:000000000000:express:a:b:c")


def test_express(client):
    arn = machine(client, "fast", s.PASS, type="EXPRESS")
    begin = time.monotonic()
    assert ":express:fast:" in client.start_execution(stateMachineArn=arn)["executionArn"]
    assert time.monotonic() - begin < 2
    refused(client.list_executions, "StateMachineTypeNotSupported",
            "This operation is not supported by this type of state machine", stateMachineArn=arn)


def test_sync_express(client):
    arn = machine(client, "sync", s.PASS, type="EXPRESS")
    for number in range(20):
        answer = client.start_sync_execution(stateMachineArn=arn, name="n", input=json.dumps(number))
        assert answer["status"] == "SUCCEEDED" and answer["output"] == str(number) and answer["name"] == "n"
        assert answer["billingDetails"] == {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": 100}
    failing = machine(client, "sync-fail", s.FAIL, type="EXPRESS")
    answer = client.start_sync_execution(stateMachineArn=failing)
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "Nope", "because")
    assert "output" not in answer and answer["outputDetails"] == {"included": True}
    waiting = machine(client, "sync-wait", s.machine({"A": {"Type": "Wait", "Seconds": 1, "End": True}}), type="EXPRESS")
    answer = client.start_sync_execution(stateMachineArn=waiting)
    assert answer["billingDetails"]["billedDurationInMilliseconds"] >= 1000
    standard = machine(client, "not-sync", s.PASS)
    refused(client.start_sync_execution, "StateMachineTypeNotSupported", stateMachineArn=standard)
    refused(client.start_sync_execution, "InvalidExecutionInput", stateMachineArn=arn, input="{")


def test_restart_and_lost_view(own):
    """A view outlives a crash, is followed on, and is made anew when its disk is lost."""
    client = own.start().client()
    arn = machine(client, "kept", s.PASS)
    executions = [client.start_execution(stateMachineArn=arn, name=f"e{number}")["executionArn"] for number in range(30)]
    for lost in (False, True):
        own.kill()
        if lost:
            for path in sorted((own.folder / "state/view").glob("*")):
                path.unlink()
        client = own.start().client()
        assert len(client.list_executions(stateMachineArn=arn)["executions"]) == len(executions)
        executions.append(client.start_execution(stateMachineArn=arn)["executionArn"])
        for execution in executions:
            assert len(client.get_execution_history(executionArn=execution)["events"]) == 4
    # Something that is no database is thrown away.
    own.stop()
    for path in (own.folder / "state/view").glob("CURRENT"):
        path.write_text("nonsense\n")
    client = own.start().client()
    assert len(client.list_executions(stateMachineArn=arn)["executions"]) == len(executions)
