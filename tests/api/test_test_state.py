"""TestState: one state, with mocks, as seen at each stage."""
import json

import pytest

import service as s
from test_machines import refused

PASS = {"Type": "Pass", "End": True}
EACH = {"ItemProcessor": {"StartAt": "I", "States": {"I": PASS}}, "End": True}
MAP = {"Type": "Map", "ItemsPath": "$.a", **EACH}
JSONATA_MAP = {"QueryLanguage": "JSONata", "Type": "Map", "Items": "{% $states.input.a %}", **EACH}
TASK = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "Next": "N"}


FAILED_3 = {"stateConfiguration": {"mapIterationFailureCount": 3}, "mock": {"result": "[1,2,3]"}}


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
    (PASS, {"variables": '{"x.$":"$.a"}'}, "ValidationException"),
    (PASS, {"variables": '{"1x":1}'}, "ValidationException"),
    (MAP, {"stateConfiguration": {"mapIterationFailureCount": 1}}, "ValidationException"),
    (MAP, {"input": '{"a":[1,2]}', **FAILED_3}, "ValidationException"),
    (JSONATA_MAP, {"input": '{"a":[1,2]}', **FAILED_3}, "ValidationException"),
    (MAP, {"input": '{"a":[1,2,3]}', **FAILED_3, "mock": {"result": "[1,2]"}}, "ValidationException"),
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


@pytest.mark.parametrize("state,context,item_reference", [
    (MAP, None, {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value"}),
    (MAP, {"Execution": {"Name": "n"}}, {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value"}),
    (JSONATA_MAP, None, {"i": "{% $states.context.Map.Item.Index %}", "v": "{% $states.context.Map.Item.Value %}"}),
    (JSONATA_MAP, {"Execution": {"Name": "n"}}, {"i": "{% $states.context.Map.Item.Index %}",
                                                 "v": "{% $states.context.Map.Item.Value %}"}),
])
def test_item_selector(client, state, context, item_reference):
    given = {} if context is None else {"context": json.dumps(context)}
    data = inspected(client, {**state, "ItemSelector": item_reference}, {"a": ["x", {"y": 1}]}, **given)
    assert json.loads(data["afterItemSelector"]) == [{"i": 0, "v": "x"}, {"i": 1, "v": {"y": 1}}]
    assert "afterItemSelector" not in inspected(client, state, {"a": [1]})
    assert inspected(client, {**state, "ItemSelector": item_reference}, {"a": []})["afterItemSelector"] == "[]"


def inspected(client, state, data, **members):
    answer = run(client, state, input=data, inspectionLevel="DEBUG", **{"mock": {"result": "[1]"}, **members})
    assert answer["status"] == "SUCCEEDED", answer
    return answer["inspectionData"]


def test_item_selector_of_old(client):
    state = {"Type": "Map", "ItemsPath": "$.a", "Parameters": {"v.$": "$v.k", "r.$": "$.r", "n.$": "$$.Execution.Name"}, "End": True,
             "Iterator": {"StartAt": "I", "States": {"I": PASS}}}
    data = inspected(client, state, {"a": [1, 2], "r": 3}, variables='{"v":{"k":5}}', context='{"Execution":{"Name":"n"}}')
    assert json.loads(data["afterItemSelector"]) == [{"v": 5, "r": 3, "n": "n"}] * 2


def test_items(client):
    state = {**MAP, "InputPath": "$.in", "MaxConcurrencyPath": "$.most"}
    data = inspected(client, state, {"in": {"a": [1, 2], "most": 7}})
    assert (data["afterItemsPath"], data["maxConcurrency"]) == ("[1, 2]", 7)
    del state["ItemsPath"]
    del state["MaxConcurrencyPath"]
    assert inspected(client, {**state, "InputPath": "$.in.a"}, {"in": {"a": [3]}})["afterItemsPath"] == "[3]"
    assert "afterItemsPath" not in inspected(client, JSONATA_MAP, {"a": [1]})


def test_many_items(client):
    selecting = {**MAP, "ItemSelector": {"v.$": "$$.Map.Item.Value"}}
    data = inspected(client, selecting, {"a": list(range(1000))})
    assert [item["v"] for item in json.loads(data["afterItemSelector"])] == list(range(1000))
    data = inspected(client, selecting, {"a": list(range(30000))})
    assert len(json.loads(data["afterItemsPath"])) == 30000 and "afterItemSelector" not in data
    large = {**MAP, "ItemSelector": {"all.$": "$"}}
    assert "afterItemSelector" not in inspected(client, large, {"a": [1] * 50, "b": "b" * 200000})
    assert len(inspected(client, large, {"a": [1], "b": "b" * 200000})["afterItemSelector"]) > 200000


RETRY = {"Retry": [{"ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 1}]}
CATCH = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "H"}]}


@pytest.mark.parametrize("state,data,expected", [
    (MAP, {}, {"status": "FAILED", "error": "States.Runtime"}),
    (MAP, {"a": 1}, {"status": "FAILED", "error": "States.Runtime"}),
    ({**MAP, "ItemSelector": {"x.$": "$.b"}}, {"a": [1]}, {"status": "FAILED", "error": "States.Runtime"}),
    ({**MAP, "ItemSelector": {"x.$": "$.b", "y.$": "$.b"}, **CATCH}, {"a": [1], "b": "b" * 140000},
     {"status": "CAUGHT_ERROR", "error": "States.DataLimitExceeded", "nextState": "H"}),
    (JSONATA_MAP, {"a": 1}, {"status": "FAILED", "error": "States.QueryEvaluationError"}),
    ({**JSONATA_MAP, "ItemSelector": {"x": "{% $states.input.b %}"}}, {"a": [1]},
     {"status": "FAILED", "error": "States.QueryEvaluationError"}),
    ({**JSONATA_MAP, **CATCH}, {"a": 1}, {"status": "CAUGHT_ERROR", "error": "States.QueryEvaluationError", "nextState": "H"}),
    ({**JSONATA_MAP, **RETRY}, {"a": 1}, {"status": "RETRIABLE", "error": "States.QueryEvaluationError"}),
    ({**JSONATA_MAP, "ItemSelector": {"x": "{% 'a' + 1 %}"}}, {"a": []}, {"status": "SUCCEEDED", "output": "[1]"}),
])
def test_items_that_fail(client, state, data, expected):
    answer = run(client, state, input=data, mock={"result": "[1]"}, inspectionLevel="DEBUG")
    assert {name: answer.get(name) for name in expected} == expected
    if "error" in expected:
        assert "'StateName'" in answer["cause"]
        assert "afterItemSelector" not in answer["inspectionData"]


@pytest.mark.parametrize("fields,failed,status", [
    ({}, 4, "SUCCEEDED"),
    ({"ToleratedFailurePercentage": 50}, 2, "SUCCEEDED"),
    ({"ToleratedFailurePercentage": 49}, 2, "FAILED"),
    ({"ToleratedFailurePercentage": 49, "ToleratedFailureCount": 4}, 2, "FAILED"),
    ({"ToleratedFailurePercentage": 100, "ToleratedFailureCount": 1}, 2, "FAILED"),
    ({"ToleratedFailurePercentage": 100, "ToleratedFailureCount": 2}, 2, "SUCCEEDED"),
    ({"ToleratedFailurePercentage": 0}, 0, "SUCCEEDED"),
])
@pytest.mark.parametrize("state", [MAP, JSONATA_MAP])
def test_tolerated_failures(client, state, fields, failed, status):
    distributed = {**state["ItemProcessor"], "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    answer = run(client, {**state, "ItemProcessor": distributed, **fields}, input={"a": [1, 2, 3, 4]}, mock={"result": "[1,2,3,4]"},
                 stateConfiguration={"mapIterationFailureCount": failed})
    assert answer["status"] == status
    if status == "FAILED":
        assert answer["error"] == "States.ExceedToleratedFailureThreshold"


@pytest.mark.parametrize("state", [
    {"Type": "Pass", "OutputPath": "$v", "End": True},
    {"QueryLanguage": "JSONata", "Type": "Pass", "Output": "{% $v %}", "End": True},
])
def test_variables_are_data(client, state):
    value = {"a.$": "no path", "b.$": "$.x", "c": "{% $x %}", "d": [{"e.$": 1}]}
    answer = run(client, state, input={"x": 1}, variables=json.dumps({"v": value}), inspectionLevel="DEBUG")
    assert json.loads(answer["output"]) == value
    assert json.loads(answer["inspectionData"]["variables"]) == {"v": value}
