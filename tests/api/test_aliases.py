"""Aliases of state machines."""
import service as s
from test_machines import refused


def test_aliases(client):
    made = client.create_state_machine(name="aliases", definition=s.PASS, roleArn=s.ROLE, publish=True)
    arn, first = made["stateMachineArn"], made["stateMachineVersionArn"]
    second = client.update_state_machine(stateMachineArn=arn, definition=s.FAIL, publish=True)["stateMachineVersionArn"]
    whole = [{"stateMachineVersionArn": first, "weight": 100}]
    halves = [{"stateMachineVersionArn": first, "weight": 50}, {"stateMachineVersionArn": second, "weight": 50}]
    for name in ("c", "a", "b"):
        made = client.create_state_machine_alias(name=name, routingConfiguration=whole, description="d")
        assert made["stateMachineAliasArn"] == f"{arn}:{name}"
    listed = client.list_state_machine_aliases(stateMachineArn=arn, maxResults=2)
    assert [item["stateMachineAliasArn"] for item in listed["stateMachineAliases"]] == [f"{arn}:a", f"{arn}:b"]
    rest = client.list_state_machine_aliases(stateMachineArn=arn, nextToken=listed["nextToken"])
    assert [item["stateMachineAliasArn"] for item in rest["stateMachineAliases"]] == [f"{arn}:c"]
    client.update_state_machine_alias(stateMachineAliasArn=f"{arn}:b", routingConfiguration=halves)
    shown = client.describe_state_machine_alias(stateMachineAliasArn=f"{arn}:b")
    assert shown["routingConfiguration"] == halves and shown["name"] == "b" and shown["description"] == "d"
    named = client.list_state_machine_aliases(stateMachineArn=second)["stateMachineAliases"]
    assert [item["stateMachineAliasArn"] for item in named] == [f"{arn}:b"]
    described = client.describe_state_machine(stateMachineArn=f"{arn}:b")
    assert (described["stateMachineArn"], described["definition"]) == (arn, s.FAIL), "an alias has no definition of its own"
    refused(client.delete_state_machine_version, "ConflictException", stateMachineVersionArn=second)
    execution = client.start_execution(stateMachineArn=f"{arn}:a")["executionArn"]
    shown = client.describe_execution(executionArn=execution)
    assert (shown["stateMachineAliasArn"], shown["stateMachineVersionArn"]) == (f"{arn}:a", first)
    for qualified in (f"{arn}:a", first):
        assert len(client.list_executions(stateMachineArn=qualified)["executions"]) == 1
    client.delete_state_machine_alias(stateMachineAliasArn=f"{arn}:a")
    client.delete_state_machine_alias(stateMachineAliasArn=f"{arn}:a")
    refused(client.describe_state_machine_alias, "ResourceNotFound", stateMachineAliasArn=f"{arn}:a")
    refused(client.describe_state_machine_alias, "ResourceNotFound", stateMachineAliasArn=first)
    refused(client.describe_state_machine_alias, "InvalidArn", stateMachineAliasArn="no")
    refused(client.create_state_machine_alias, "ValidationException", name="x",
            routingConfiguration=[{"stateMachineVersionArn": first, "weight": 99}])
