"""TestState: one state, with mocks, as seen at each stage."""
import json

import pytest

import service as s
from test_machines import refused

PASS = {"Type": "Pass", "End": True}
TASK = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "Next": "N"}


def run(client, state, **members):
    members = {name: value if isinstance(value, (str, dict)) and name in ("mock", "stateConfiguration", "roleArn", "stateName",
                                                                          "inspectionLevel", "context", "variables")
               else value if isinstance(value, bool) else json.dumps(value) for name, value in members.items()}
    answer = client.test_state(definition=json.dumps(state), **members)
    del answer["ResponseMetadata"]
    return answer


@pytest.mark.parametrize("state,members,expected", [
    (PASS, {"input": {"a": 1}}, {"status": "SUCCEEDED", "output": '{"a": 1}'}),
    ({"Type": "Pass", "Next": "N"}, {}, {"status": "SUCCEEDED", "output": "{}", "nextState": "N"}),
    ({"Type": "Succeed"}, {"input": 1}, {"status": "SUCCEEDED", "output": "1"}),
    ({"Type": "Fail", "Error": "E", "Cause": "C"}, {}, {"status": "FAILED", "error": "E", "cause": "C"}),
    ({"Type": "Wait", "Seconds": 3600, "Next": "N"}, {}, {"status": "SUCCEEDED", "output": "{}", "nextState": "N"}),
    ({"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "X"}], "Default": "Y"}, {"input": {"a": 1}},
     {"status": "SUCCEEDED", "output": '{"a": 1}', "nextState": "X"}),
    ({"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "X"}], "Default": "StateName"},
     {"input": {"a": 2}}, {"status": "SUCCEEDED", "nextState": "StateName"}),
    (TASK, {"mock": {"result": '{"x":1}'}}, {"status": "SUCCEEDED", "output": '{"x":1}', "nextState": "N"}),
    (TASK, {"mock": {"errorOutput": {"error": "E", "cause": "C"}}}, {"status": "FAILED", "error": "E", "cause": "C"}),
    ({**TASK, "Retry": [{"ErrorEquals": ["X"]}, {"ErrorEquals": ["E"], "MaxAttempts": 2}]},
     {"mock": {"errorOutput": {"error": "E"}}, "inspectionLevel": "DEBUG"},
     {"status": "RETRIABLE", "error": "E", "errorDetails": {"retryIndex": 1, "retryBackoffIntervalSeconds": 1}}),
    ({**TASK, "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 2}]},
     {"mock": {"errorOutput": {"error": "E"}}, "stateConfiguration": {"retrierRetryCount": 1}, "inspectionLevel": "DEBUG"},
     {"status": "RETRIABLE", "errorDetails": {"retryIndex": 0, "retryBackoffIntervalSeconds": 2}}),
    ({**TASK, "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 2}]},
     {"mock": {"errorOutput": {"error": "E"}}, "stateConfiguration": {"retrierRetryCount": 2}}, {"status": "FAILED"}),
    ({**TASK, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "H"}]},
     {"mock": {"errorOutput": {"error": "E", "cause": "C"}}, "inspectionLevel": "DEBUG"},
     {"status": "CAUGHT_ERROR", "nextState": "H", "errorDetails": {"catchIndex": 0}}),
    ({"Type": "Pass", "OutputPath": "$v.x", "End": True}, {"variables": '{"v":{"x":7}}'}, {"status": "SUCCEEDED", "output": "7"}),
    ({"QueryLanguage": "JSONata", "Type": "Pass", "Assign": {"y": "{% [$x] %}", "x": "5"}, "End": True},
     {"variables": '{"x":1,"z":2}', "inspectionLevel": "DEBUG"}, {"variables": '{"x":"5","z":2,"y":[1]}'}),
    ({"Type": "Pass", "Assign": {"y": 1}, "End": True}, {"inspectionLevel": "DEBUG"}, {"variables": '{"y":1}'}),
    ({**TASK, "Catch": [{"ErrorEquals": ["E"], "Assign": {"c": 1}, "Next": "H"}]},
     {"mock": {"errorOutput": {"error": "E"}}, "inspectionLevel": "DEBUG"}, {"variables": '{"c":1}'}),
    ({"Type": "Pass", "OutputPath": "$$.Execution.Name", "End": True}, {"context": '{"Execution":{"Name":"n"}}'},
     {"status": "SUCCEEDED", "output": '"n"'}),
])
def test_rows(client, state, members, expected):
    answer = run(client, state, **members)
    answer.update(answer.get("inspectionData", {}))
    assert {name: answer.get(name) for name in expected} == expected


@pytest.mark.parametrize("state,members,exception", [
    ({}, {}, "InvalidDefinition"),
    ([], {}, "InvalidDefinition"),
    ({"Type": "Nothing"}, {}, "InvalidDefinition"),
    (PASS, {"stateName": "X"}, "ValidationException"),
    (PASS, {"mock": {"result": "1"}}, "ValidationException"),
    (TASK, {"mock": {"result": "{"}}, "ValidationException"),
    (TASK, {"mock": {"result": "1", "errorOutput": {"error": "E"}}}, "ValidationException"),
    (TASK, {"mock": {}}, "ValidationException"),
    (TASK, {}, "ValidationException"),
    (PASS, {"context": "{"}, "ValidationException"),
    (PASS, {"context": '{"Map":{}}'}, "ValidationException"),
    (PASS, {"context": '{"Execution":{"Id":1}}'}, "ValidationException"),
    (PASS, {"variables": "[]"}, "ValidationException"),
    (PASS, {"variables": '{"a b":1}'}, "ValidationException"),
    (PASS, {"variables": '{"states":1}'}, "ValidationException"),
    (PASS, {"variables": '{"":1}'}, "ValidationException"),
    ({"Type": "Parallel", "Branches": [{"StartAt": "A", "States": {"A": PASS}}], "End": True}, {}, "InvalidDefinition"),
])
def test_refusals(client, state, members, exception):
    refused(client.test_state, exception, definition=json.dumps(state), **members)


def test_bad_input(client):
    refused(client.test_state, "InvalidExecutionInput", definition=json.dumps(PASS), input="{")
    refused(client.test_state, "InvalidDefinition", definition="{")


def test_whole_machine(client):
    text = s.machine({"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Fail", "Error": "E"}})
    assert client.test_state(definition=text, stateName="B")["error"] == "E"
    assert client.test_state(definition=text, stateName="A")["nextState"] == "B"
