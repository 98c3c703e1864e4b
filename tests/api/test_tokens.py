"""Pagination tokens: opaque, of one query, for a day, and good at every gateway of the cluster."""
import base64

import pytest

import service as s
from test_machines import refused

TEXT = "Invalid Token: 'Invalid token'"


@pytest.fixture(scope="module")
def token(service):
    """Of a list of executions with one to a page, and whose list it is."""
    client = service.client()
    arn = client.create_state_machine(name="tokens", definition=s.PASS, roleArn=s.ROLE)["stateMachineArn"]
    for _ in range(3):
        client.start_execution(stateMachineArn=arn)
    return client.list_executions(stateMachineArn=arn, maxResults=1)["nextToken"], arn


def test_size_of_the_page_is_free(client, token):
    text, arn = token
    assert len(client.list_executions(stateMachineArn=arn, nextToken=text, maxResults=2)["executions"]) == 2
    assert len(client.list_executions(stateMachineArn=arn, nextToken=text)["executions"]) == 2


def test_every_byte_counts(client, token):
    """A token that was changed anywhere is none: version, expiry, digest and position."""
    text, arn = token
    whole = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    for at in range(len(whole)):
        changed = whole.copy()
        changed[at] ^= 1
        forged = base64.urlsafe_b64encode(bytes(changed)).decode().rstrip("=")
        refused(client.list_executions, "InvalidToken", TEXT, stateMachineArn=arn, nextToken=forged)
    for cut in (text[:-4], text[:10], text + "AAAA", "x", "é", "=" * 10):
        refused(client.list_executions, "InvalidToken", TEXT, stateMachineArn=arn, nextToken=cut)


def test_of_another_query(client, token):
    text, arn = token
    other = client.create_state_machine(name="tokens-other", definition=s.PASS, roleArn=s.ROLE)["stateMachineArn"]
    refused(client.list_executions, "InvalidToken", TEXT, stateMachineArn=other, nextToken=text)
    refused(client.list_executions, "InvalidToken", TEXT, stateMachineArn=arn, statusFilter="SUCCEEDED", nextToken=text)
    for call, members in (("list_state_machines", {}), ("list_activities", {}),
                          ("list_state_machine_versions", {"stateMachineArn": arn}),
                          ("list_state_machine_aliases", {"stateMachineArn": arn})):
        refused(getattr(client, call), "InvalidToken", TEXT, nextToken=text, **members)
    execution = client.list_executions(stateMachineArn=arn)["executions"][0]["executionArn"]
    page = client.get_execution_history(executionArn=execution, maxResults=1)["nextToken"]
    refused(client.get_execution_history, "InvalidToken", TEXT, executionArn=execution, nextToken=page, reverseOrder=True)
    refused(client.get_execution_history, "InvalidToken", TEXT, executionArn=execution, nextToken=page, includeExecutionData=False)
    assert client.get_execution_history(executionArn=execution, nextToken=page)["events"][0]["id"] == 2


def test_after_a_restart(own):
    """The token of one process is good at the next one, and at any other of the cluster."""
    client = own.start().client()
    arn = client.create_state_machine(name="kept", definition=s.PASS, roleArn=s.ROLE)["stateMachineArn"]
    names = [client.start_execution(stateMachineArn=arn, name=f"e{number}")["executionArn"] for number in range(3)]
    page = client.list_executions(stateMachineArn=arn, maxResults=1)
    own.kill()
    client = own.start().client()
    rest = client.list_executions(stateMachineArn=arn, nextToken=page["nextToken"])["executions"]
    assert [item["executionArn"] for item in page["executions"] + rest] == names[::-1]
