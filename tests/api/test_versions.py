"""Versions of state machines."""
import service as s
from test_machines import refused


def test_versions(client):
    made = client.create_state_machine(name="versions", definition=s.PASS, roleArn=s.ROLE, publish=True, versionDescription="one")
    arn, first = made["stateMachineArn"], made["stateMachineVersionArn"]
    assert first == f"{arn}:1"
    shown = client.describe_state_machine(stateMachineArn=first)
    assert (shown["stateMachineArn"], shown["description"], shown["definition"]) == (first, "one", s.PASS)
    assert client.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"] == first
    for number in range(2, 13):
        definition = s.machine({f"A{number}": {"Type": "Succeed"}})
        answer = client.update_state_machine(stateMachineArn=arn, definition=definition, publish=True)
        assert answer["stateMachineVersionArn"] == f"{arn}:{number}"
    listed = client.list_state_machine_versions(stateMachineArn=arn, maxResults=10)
    assert [item["stateMachineVersionArn"] for item in listed["stateMachineVersions"]] == [f"{arn}:{n}" for n in range(12, 2, -1)]
    rest = client.list_state_machine_versions(stateMachineArn=arn, nextToken=listed["nextToken"])
    assert [item["stateMachineVersionArn"] for item in rest["stateMachineVersions"]] == [f"{arn}:2", first]
    assert "nextToken" not in rest
    client.delete_state_machine_version(stateMachineVersionArn=f"{arn}:12")
    client.delete_state_machine_version(stateMachineVersionArn=f"{arn}:12")
    assert len(client.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]) == 11
    refused(client.describe_state_machine, "StateMachineDoesNotExist", stateMachineArn=f"{arn}:12")
    refused(client.publish_state_machine_version, "StateMachineDoesNotExist", stateMachineArn=f"{arn}-no")
    refused(client.publish_state_machine_version, "ConflictException", stateMachineArn=arn, revisionId="no")
    assert all(item["stateMachineArn"].count(":") == 6 for item in client.list_state_machines()["stateMachines"])
