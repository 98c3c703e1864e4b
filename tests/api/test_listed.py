"""What lists are ordered by, and what a creation is compared with."""
import pytest

import service as s
from test_machines import refused

DEFAULTS = {"loggingConfiguration": {"level": "OFF", "includeExecutionData": False}, "tracingConfiguration": {"enabled": False},
            "encryptionConfiguration": {"type": "AWS_OWNED_KEY"}}


def test_executions_by_start_or_end(client):
    """The API: a running one by its start, any other by its end, the latest first."""
    arn = client.create_state_machine(name="order", definition=s.WAIT, roleArn=s.ROLE)["stateMachineArn"]
    first, second, third = [client.start_execution(stateMachineArn=arn, name=name)["executionArn"] for name in ("a", "b", "c")]

    def listed(**members):
        return [item["executionArn"] for item in client.list_executions(stateMachineArn=arn, **members)["executions"]]
    assert listed() == [third, second, first]
    client.stop_execution(executionArn=first)
    assert listed() == [first, third, second] and listed(statusFilter="RUNNING") == [third, second]
    client.stop_execution(executionArn=second)
    assert listed() == [second, first, third] and listed(statusFilter="ABORTED") == [second, first]
    client.stop_execution(executionArn=third)


@pytest.mark.parametrize("first,second", [({}, DEFAULTS), (DEFAULTS, {})])
def test_defaults_given_are_the_same_machine(client, first, second):
    members = {"name": f"defaults-{len(first)}", "definition": s.PASS, "roleArn": s.ROLE}
    made = client.create_state_machine(**members, **first)
    assert client.create_state_machine(**members, **second)["creationDate"] == made["creationDate"]
    refused(client.create_state_machine, "StateMachineAlreadyExists", **members, tracingConfiguration={"enabled": True})


def test_configurations_are_kept(client):
    key = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "alias/mine", "kmsDataKeyReusePeriodSeconds": 60}
    group = {"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:g:*"}}
    given = {"loggingConfiguration": {"level": "ALL", "includeExecutionData": True, "destinations": [group]},
             "tracingConfiguration": {"enabled": True}, "encryptionConfiguration": key}
    arn = client.create_state_machine(name="configured", definition=s.PASS, roleArn=s.ROLE, **given)["stateMachineArn"]
    shown = client.describe_state_machine(stateMachineArn=arn)
    assert {name: shown[name] for name in given} == given
    client.update_state_machine(stateMachineArn=arn, tracingConfiguration={"enabled": False})
    shown = client.describe_state_machine(stateMachineArn=arn)
    assert {name: shown[name] for name in given} == {**given, "tracingConfiguration": {"enabled": False}}
