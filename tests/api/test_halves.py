"""Half of a surrogate pair, which JSON can write and UTF-8 can't: in a request's texts it becomes U+FFFD, and the call is answered."""
import json

import pytest

import service as s

HALF = "\ud83d"
PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    service = s.Service(tmp_path_factory.mktemp("halves"), client__timeout__ms=3000).start()
    yield service.client(read_timeout=10, retries={"max_attempts": 0})
    assert service.stop() == 0


def machine(client, name, definition, **more):
    return client.create_state_machine(name=name, definition=json.dumps(definition), roleArn=s.ROLE, **more)["stateMachineArn"]


def test_texts(client):
    standard, express = machine(client, "standard", PASS), machine(client, "express", PASS, type="EXPRESS")
    execution = client.start_execution(stateMachineArn=standard, input=f'"{HALF}"')["executionArn"]
    assert client.describe_execution(executionArn=execution)["input"] == '"\ufffd"'
    assert client.start_sync_execution(stateMachineArn=express, input=f'"{HALF}"')["output"] == '"\ufffd"'
    version = client.publish_state_machine_version(stateMachineArn=standard, description=HALF)["stateMachineVersionArn"]
    assert client.describe_state_machine(stateMachineArn=version)["description"] == "\ufffd"
    with pytest.raises(client.exceptions.InvalidName):
        client.start_execution(stateMachineArn=standard, name=HALF)


def test_tasks(client):
    activity = client.create_activity(name="halves")["activityArn"]
    arn = machine(client, "task", {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": activity, "End": True}}})
    for send in (lambda token: client.send_task_failure(taskToken=token, error=HALF, cause=f"a{HALF}b"),
                 lambda token: client.send_task_success(taskToken=token, output=f'"{HALF}"')):
        execution = client.start_execution(stateMachineArn=arn)["executionArn"]
        send(client.get_activity_task(activityArn=activity, workerName=HALF)["taskToken"])
        events = client.get_execution_history(executionArn=execution)["events"]
        assert [event["activityStartedEventDetails"]["workerName"] for event in events if event["type"] == "ActivityStarted"] == ["\ufffd"]
        said = client.describe_execution(executionArn=execution)
        assert (said.get("error"), said.get("cause"), said.get("output")) in (("\ufffd", "a\ufffdb", None), (None, None, '"\ufffd"'))


@pytest.mark.parametrize("body", [b"am\x90b", b'{"name":\xff}', b'{"a\xc3":1}', b"\xed\xa0\x80"])
def test_bytes_that_are_no_text(wire, body):
    """The message quotes what is no JSON, and is UTF-8 all the same."""
    status, answer = wire.send("ListStateMachines", body)
    assert (status, answer["__type"]) == (400, "com.amazon.coral.service#SerializationException"), answer


def test_tags(client):
    """Within lists and structures too."""
    activity = client.create_activity(name="tagged", tags=[{"key": "k", "value": f"a{HALF}"}, {"key": "l", "value": "é"}])["activityArn"]
    client.tag_resource(resourceArn=activity, tags=[{"key": HALF, "value": HALF}])
    assert client.list_tags_for_resource(resourceArn=activity)["tags"] == [
        {"key": "k", "value": "a\ufffd"}, {"key": "l", "value": "é"}, {"key": "\ufffd", "value": "\ufffd"}]
    client.untag_resource(resourceArn=activity, tagKeys=[HALF, "k"])
    assert client.list_tags_for_resource(resourceArn=activity)["tags"] == [{"key": "l", "value": "é"}]
