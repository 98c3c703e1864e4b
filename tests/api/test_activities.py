"""Activities: tasks that pollers get, each once, the longest waiting first."""
import concurrent.futures
import json
import socket
import time
import urllib.parse

import pytest

import service as s
from test_machines import refused

PREFIX = "arn:aws:states:us-east-1:000000000000:activity:"


@pytest.fixture
def activity(client, request):
    arn = client.create_activity(name=request.node.name[:60].replace("[", "-").replace("]", ""))["activityArn"]
    name = arn.rpartition(":")[2]
    machine = client.create_state_machine(name=f"m-{name}"[:80], definition=s.task(arn), roleArn=s.ROLE)["stateMachineArn"]
    return arn, machine


def poll(client, arn, worker="w"):
    answer = client.get_activity_task(activityArn=arn, workerName=worker)
    return answer.get("taskToken"), answer.get("input")


def test_task_then_poll(client, activity):
    arn, machine = activity
    execution = client.start_execution(stateMachineArn=machine, input='{"n":1}')["executionArn"]
    token, given = poll(client, arn)
    assert json.loads(given) == {"n": 1}
    events = client.get_execution_history(executionArn=execution)["events"]
    assert [event["type"] for event in events][-2:] == ["ActivityScheduled", "ActivityStarted"]
    assert events[-1]["activityStartedEventDetails"] == {"workerName": "w"}
    client.send_task_success(taskToken=token, output='"done"')
    assert client.describe_execution(executionArn=execution)["output"] == '"done"'


def test_poll_then_task(client, activity):
    arn, machine = activity
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        polls = []
        for number in range(3):
            polls.append(pool.submit(poll, client, arn, f"w{number}"))
            time.sleep(0.2)
        for number in range(3):
            client.start_execution(stateMachineArn=machine, input=str(number))
            token, given = polls[number].result(20)
            assert given == str(number), "the longest waiting gets the next"
            client.send_task_success(taskToken=token, output="1")


def test_each_task_once(service, activity):
    arn, machine = activity
    client = service.client(max_pool_connections=50)
    count = 60
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        polls = [pool.submit(poll, client, arn) for _ in range(20)]
        executions = list(pool.map(lambda number: client.start_execution(stateMachineArn=machine, input=str(number))["executionArn"],
                                   range(count)))
        got = []
        while len(got) < count:
            done, _ = concurrent.futures.wait(polls, 60, concurrent.futures.FIRST_COMPLETED)
            assert done
            for one in done:
                polls.remove(one)
                token, given = one.result()
                assert token
                got.append(int(given))
                client.send_task_success(taskToken=token, output=given)
                if len(got) + len(polls) < count:
                    polls.append(pool.submit(poll, client, arn))
        assert sorted(got) == list(range(count))
    for number, execution in enumerate(executions):
        assert client.describe_execution(executionArn=execution)["output"] == str(number)


def test_who_has_hung_up_gets_nothing(service, client, activity):
    arn, machine = activity
    host, port = urllib.parse.urlsplit(service.endpoint).netloc.split(":")
    body = json.dumps({"activityArn": arn}).encode()
    for _ in range(3):
        with socket.create_connection((host, int(port))) as gone:
            gone.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: AWSStepFunctions.GetActivityTask\r\nContent-Type: "
                         b"application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            time.sleep(0.3)
    client.start_execution(stateMachineArn=machine, input="7")
    assert poll(client, arn)[1] == "7"


def test_stopped_execution_is_not_handed_out(client, activity):
    arn, machine = activity
    stopped = client.start_execution(stateMachineArn=machine, input="1")["executionArn"]
    client.stop_execution(executionArn=stopped)
    client.start_execution(stateMachineArn=machine, input="2")
    assert poll(client, arn)[1] == "2"


def test_refusals(client):
    refused(client.get_activity_task, "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: no'", activityArn="no")
    refused(client.get_activity_task, "ActivityDoesNotExist", f"Activity Does Not Exist: '{PREFIX}none'", activityArn=f"{PREFIX}none")


def test_stops_while_somebody_polls(own):
    client = own.start().client()
    arn = client.create_activity(name="a")["activityArn"]
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        polls = [pool.submit(poll, client, arn) for _ in range(5)]
        time.sleep(0.5)
        assert own.stop() == 0
        for one in polls:
            assert one.exception() is not None or one.result() == (None, None)
