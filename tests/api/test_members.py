"""Every constraint that the model has of a request's members, broken once, with AWS's words for it; and several at a time."""
import re

import pytest

import service_model as m
import violations as v


def same_message(message, expected):
    """AWS has the values of an enum in an order of its own, which the model does not tell."""
    head, found, rest = message.partition("enum value set: [")
    if not found or head + "enum value set: " != expected:
        return message == expected
    values = rest.removesuffix("]").split(", ")
    return [set(values)] == [set(shape["enum"]) for shape in m.SHAPES.values() if set(shape.get("enum", [])) == set(values)][:1]


@pytest.mark.parametrize("operation", sorted(m.OPERATIONS))
def test_every_constraint(wire, operation):
    """A request that lacks nothing is let through to the operation; one with one fault is refused for it."""
    for violation in v.of_operation(operation):
        exception, message = wire.refused(operation, **violation.request)
        assert exception == violation.exception, (str(violation), message)
        assert same_message(message, violation.message), (str(violation), message, violation.message)


def test_all_kinds_are_broken():
    """The generator has not lost a kind of constraint that the model has."""
    made = v.all_violations()
    assert {violation.constraint for violation in made} == {"type", "required", "enum", "min", "max", "pattern"}
    assert {violation.operation for violation in made} == {name for name in m.OPERATIONS if m.members_of(m.input_of(name))}
    nested = {violation.place for violation in made if "." in violation.place}
    assert {"routingConfiguration.1.member.weight", "tags.1.member.key", "mock.errorOutput.error",
            "loggingConfiguration.destinations.1.member.cloudWatchLogsLogGroup.logGroupArn"} <= nested
    assert len(made) > 300


NOT_NULL = "Value null at '{}' failed to satisfy constraint: Member must not be null"


@pytest.mark.parametrize("operation,members,problems", [
    ("CreateStateMachine", {}, [NOT_NULL.format(name) for name in ("name", "definition", "roleArn")]),
    ("StartExecution", {"name": "", "traceHeader": "é" * 257}, [
        NOT_NULL.format("stateMachineArn"),
        "Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1",
        f"Value '{'é' * 257}' at 'traceHeader' failed to satisfy constraint: Member must have length less than or equal to 256",
        f"Value '{'é' * 257}' at 'traceHeader' failed to satisfy constraint: Member must satisfy regular expression pattern: "
        r"\p{ASCII}*"]),
    ("CreateStateMachineAlias", {"name": "", "routingConfiguration": [{"weight": 101}, {"stateMachineVersionArn": ""}]}, [
        "Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1",
        r"Value '' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: "
        r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$",
        NOT_NULL.format("routingConfiguration.1.member.stateMachineVersionArn"),
        "Value '101' at 'routingConfiguration.1.member.weight' failed to satisfy constraint: Member must have value less than "
        "or equal to 100",
        "Value '' at 'routingConfiguration.2.member.stateMachineVersionArn' failed to satisfy constraint: Member must have "
        "length greater than or equal to 1",
        NOT_NULL.format("routingConfiguration.2.member.weight")]),
    ("TagResource", {"resourceArn": None, "tags": [{"key": "", "value": "x" * 257}]}, [
        NOT_NULL.format("resourceArn"),
        "Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1",
        f"Value '{'x' * 257}' at 'tags.1.member.value' failed to satisfy constraint: Member must have length less than or "
        "equal to 256"]),
])
def test_several_at_once(wire, operation, members, problems):
    assert wire.refused(operation, **members) == ("ValidationException", v.told(problems))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"7", b"null", b'{"name":}', b'{"name":"a"}}', b"\xff\xfe", b"{'name':1}"])
def test_no_object(wire, body):
    """What is no JSON object; nothing at all is an empty one."""
    status, answer = wire.send("CreateActivity", body)
    assert status == 400
    exception = answer["__type"].partition("#")[2]
    assert exception == ("ValidationException" if body == b"" else "SerializationException"), answer


@pytest.mark.parametrize("value", [1e308, 2 ** 31, 2 ** 63, 2 ** 64, -2 ** 63 - 1, 1.5, 10 ** 400])
def test_numbers_out_of_range(wire, value):
    """No number is taken for another one."""
    exception, message = wire.refused("ListStateMachines", maxResults=value)
    assert exception in ("ValidationException", "SerializationException"), message
    assert re.search(r"maxResults|Integer", message), message


def test_unknown_members_are_ignored(wire):
    """As the services of AWS do: a newer SDK may know more."""
    assert "activities" in wire.call("ListActivities", unheardOf={"a": [1]}, maxResults=None)
