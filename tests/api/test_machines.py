"""State machines: created, shown, changed, listed, deleted."""
import pytest

import service as s


def refused(call, exception, text=None, **members):
    with pytest.raises(Exception) as caught:
        call(**members)
    error = caught.value.response["Error"]
    assert error["Code"] == exception, error
    if text is not None:
        assert error["Message"] == text


def test_create_and_describe(client):
    made = client.create_state_machine(name="described", definition=s.PASS, roleArn=s.ROLE)
    shown = client.describe_state_machine(stateMachineArn=made["stateMachineArn"])
    del shown["ResponseMetadata"]
    assert shown == {
        "stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:described", "name": "described",
        "status": "ACTIVE", "definition": s.PASS, "roleArn": s.ROLE, "type": "STANDARD", "creationDate": made["creationDate"],
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": False}, "tracingConfiguration": {"enabled": False},
        "encryptionConfiguration": shown.get("encryptionConfiguration", {"type": "AWS_OWNED_KEY"}),
    } or "encryptionConfiguration" not in shown
    without = client.describe_state_machine(stateMachineArn=made["stateMachineArn"], includedData="METADATA_ONLY")
    assert without["definition"] == "{}"


def test_creation_is_idempotent(client):
    members = {"name": "again", "definition": s.PASS, "roleArn": s.ROLE}
    first = client.create_state_machine(**members)
    second = client.create_state_machine(**members)
    assert first["stateMachineArn"] == second["stateMachineArn"] and first["creationDate"] == second["creationDate"]
    refused(client.create_state_machine, "StateMachineAlreadyExists",
            f"State Machine Already Exists: '{first['stateMachineArn']}'", **{**members, "definition": s.FAIL})


def test_update_then_describe(client):
    arn = client.create_state_machine(name="changed", definition=s.PASS, roleArn=s.ROLE)["stateMachineArn"]
    for definition in (s.FAIL, s.WAIT, s.PASS):
        answer = client.update_state_machine(stateMachineArn=arn, definition=definition)
        shown = client.describe_state_machine(stateMachineArn=arn)
        assert shown["definition"] == definition and shown["revisionId"] == answer["revisionId"]


def test_delete(client):
    arn = client.create_state_machine(name="deleted", definition=s.PASS, roleArn=s.ROLE)["stateMachineArn"]
    client.delete_state_machine(stateMachineArn=arn)
    client.delete_state_machine(stateMachineArn=arn)
    try:
        assert client.describe_state_machine(stateMachineArn=arn)["status"] == "DELETING"
    except client.exceptions.StateMachineDoesNotExist:
        pass
    refused(client.start_execution, "StateMachineDeleting", stateMachineArn=arn)


def test_list(own):
    client = own.start().client()
    names = [f"m{number:02}" for number in range(25)]
    for name in names:
        client.create_state_machine(name=name, definition=s.PASS, roleArn=s.ROLE)
    pages = list(client.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 10}))
    assert [len(page["stateMachines"]) for page in pages] == [10, 10, 5]
    assert [machine["name"] for page in pages for machine in page["stateMachines"]] == names
    refused(client.list_state_machines, "InvalidToken", "Invalid Token: 'Invalid token'", nextToken="x")
    refused(client.list_executions, "InvalidToken", nextToken=pages[0]["nextToken"],
            stateMachineArn=pages[0]["stateMachines"][0]["stateMachineArn"])


@pytest.mark.parametrize("call,members,exception,text", [
    ("describe_state_machine", {"stateMachineArn": "no"}, "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: no'"),
    ("describe_state_machine", {"stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:none"},
     "StateMachineDoesNotExist",
     "State Machine Does Not Exist: 'arn:aws:states:us-east-1:000000000000:stateMachine:none'"),
    ("describe_state_machine", {"stateMachineArn": "arn:aws:states:us-east-1:000000000000:activity:x"}, "InvalidArn",
     "Invalid Arn: 'Resource type not valid in this context: activity'"),
    ("create_state_machine", {"name": "a b", "definition": s.PASS, "roleArn": s.ROLE}, "InvalidName", "Invalid Name: 'a b'"),
    ("create_state_machine", {"name": "a\0b", "definition": s.PASS, "roleArn": s.ROLE}, "InvalidName",
     "Invalid Name: 'a\0b'"),
    ("create_state_machine", {"name": "bad", "definition": "{}", "roleArn": s.ROLE}, "InvalidDefinition", None),
    ("create_state_machine", {"name": "x" * 81, "definition": s.PASS, "roleArn": s.ROLE}, "ValidationException",
     f"1 validation error detected: Value '{'x' * 81}' at 'name' failed to satisfy constraint: Member must have length less "
     "than or equal to 80"),
    ("update_state_machine", {"stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:none"},
     "MissingRequiredParameter", None),
    ("delete_state_machine", {"stateMachineArn": "no"}, "InvalidArn", None),
    ("list_executions", {}, "ValidationException", None),
    ("list_executions", {"stateMachineArn": "no"}, "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: no'"),
])
def test_refusals(client, call, members, exception, text):
    refused(getattr(client, call), exception, text, **members)


def test_validate_definition(client):
    assert client.validate_state_machine_definition(definition=s.PASS)["result"] == "OK"
    answer = client.validate_state_machine_definition(definition='{"StartAt":"A"}')
    assert answer["result"] == "FAIL" and answer["diagnostics"][0]["code"] == "SCHEMA_VALIDATION_FAILED"
    answer = client.validate_state_machine_definition(definition="not json")
    assert answer["diagnostics"][0]["code"] == "INVALID_JSON_DESCRIPTION"


def test_every_operation_answers(client):
    """Also those which the engine does not have yet say so, in a way that SDKs understand."""
    model = client.meta.service_model
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        members = {member: "arn:aws:states:us-east-1:000000000000:execution:none:none" if "Arn" in member else "x"
                   for member in shape.required_members if shape.members[member].type_name == "string"}
        for member in shape.required_members:
            members.setdefault(member, [])
        if name == "CreateStateMachineAlias":
            members["routingConfiguration"] = [{"stateMachineVersionArn": "a", "weight": 100}]
        method = next(method for method, api in client.meta.method_to_api_mapping.items() if api == name)
        try:
            getattr(client, method)(**members)
        except client.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] not in ("InternalFailure", "ServiceUnavailableException", "404"), name
