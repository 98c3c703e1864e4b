"""Every operation succeeds, and every member that the model has of an answer comes in one, or a table says why it can't."""
import json
import time
import types

import pytest

import answers
import service as s
import service_model as m
import wire as wires

OPERATIONS_OUT_OF_REACH = {"DescribeMapRun", "UpdateMapRun"}  # there are no Distributed Maps

NO_MAP_RUNS = "there are no Distributed Maps"
NO_CALLS = "pawl calls no service: a worker does, and gives the outcome alone"
BY_WORKER = "comes of a task that a worker has taken from its topic: here is none; tests/api/test_replay.py has one"
UNSENT = "comes only when a task's topic takes no request"
NO_CAUSE = "AWS was never recorded to give one: a time-out has its error alone"

# (structure, member), or a structure whose members never come at all
OUT_OF_REACH = {
    "DescribeMapRunOutput": NO_MAP_RUNS,
    "MapRunExecutionCounts": NO_MAP_RUNS,
    "MapRunFailedEventDetails": NO_MAP_RUNS,
    "MapRunItemCounts": NO_MAP_RUNS,
    "MapRunListItem": NO_MAP_RUNS,
    "MapRunRedrivenEventDetails": NO_MAP_RUNS,
    "MapRunStartedEventDetails": NO_MAP_RUNS,
    ("DescribeExecutionOutput", "mapRunArn"): NO_MAP_RUNS,
    ("DescribeStateMachineForExecutionOutput", "label"): NO_MAP_RUNS,
    ("DescribeStateMachineForExecutionOutput", "mapRunArn"): NO_MAP_RUNS,
    ("DescribeStateMachineOutput", "label"): NO_MAP_RUNS,
    ("ExecutionListItem", "itemCount"): NO_MAP_RUNS,
    ("ExecutionListItem", "mapRunArn"): NO_MAP_RUNS,
    ("HistoryEvent", "mapRunFailedEventDetails"): NO_MAP_RUNS,
    ("HistoryEvent", "mapRunRedrivenEventDetails"): NO_MAP_RUNS,
    ("HistoryEvent", "mapRunStartedEventDetails"): NO_MAP_RUNS,
    ("InspectionData", "afterItemBatcher"): NO_MAP_RUNS,
    ("InspectionData", "afterItemsPointer"): NO_MAP_RUNS,
    ("ListMapRunsOutput", "nextToken"): NO_MAP_RUNS,
    "InspectionDataRequest": NO_CALLS,
    "InspectionDataResponse": NO_CALLS,
    "LambdaFunctionStartFailedEventDetails": NO_CALLS,
    "TaskStartFailedEventDetails": NO_CALLS,
    ("HistoryEvent", "lambdaFunctionStartFailedEventDetails"): NO_CALLS,
    ("HistoryEvent", "taskStartFailedEventDetails"): NO_CALLS,
    ("InspectionData", "request"): NO_CALLS,
    ("InspectionData", "response"): NO_CALLS,
    "LambdaFunctionFailedEventDetails": BY_WORKER,
    "LambdaFunctionSucceededEventDetails": BY_WORKER,
    "TaskSubmittedEventDetails": BY_WORKER,
    ("HistoryEvent", "lambdaFunctionFailedEventDetails"): BY_WORKER,
    ("HistoryEvent", "lambdaFunctionSucceededEventDetails"): BY_WORKER,
    ("HistoryEvent", "taskSubmittedEventDetails"): BY_WORKER,
    "ActivityScheduleFailedEventDetails": UNSENT,
    "LambdaFunctionScheduleFailedEventDetails": UNSENT,
    "TaskSubmitFailedEventDetails": UNSENT,
    ("HistoryEvent", "activityScheduleFailedEventDetails"): UNSENT,
    ("HistoryEvent", "lambdaFunctionScheduleFailedEventDetails"): UNSENT,
    ("HistoryEvent", "taskSubmitFailedEventDetails"): UNSENT,
    ("ActivityTimedOutEventDetails", "cause"): NO_CAUSE,
    ("ExecutionTimedOutEventDetails", "cause"): NO_CAUSE,
    ("LambdaFunctionTimedOutEventDetails", "cause"): NO_CAUSE,
    ("TaskTimedOutEventDetails", "cause"): NO_CAUSE,
}

SECONDS_MAX = 30
LAMBDA = "arn:aws:lambda:us-east-1:000000000000:function:f"
LOGGED = {"level": "ALL", "includeExecutionData": True, "destinations": [
    {"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:g:*"}}]}
ENCRYPTED = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "alias/mine", "kmsDataKeyReusePeriodSeconds": 60}
TASK = {"Type": "Task", "Resource": LAMBDA, "End": True}
FAILS = {"mock": {"errorOutput": {"error": "E", "cause": "C"}}}
TESTED = [
    ({**TASK, "ResultPath": "$.r"}, {"mock": {"result": "1"}}),
    ({**TASK, "Retry": [{"ErrorEquals": ["E"]}]}, FAILS),
    ({**TASK, "Catch": [{"ErrorEquals": ["E"], "Next": "N"}]}, FAILS),
    ({**TASK, "QueryLanguage": "JSONata", "Arguments": {"a": 1}, "Assign": {"v": 1}},
     {"mock": {"result": "1"}, "variables": '{"u":1}'}),
    ({"Type": "Map", "ItemsPath": "$", "ItemSelector": {"v.$": "$$.Map.Item.Value"}, "MaxConcurrency": 2, "End": True,
      "ToleratedFailureCount": 1, "ToleratedFailurePercentage": 5,
      "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}}, {"input": "[1]", "mock": {"result": "[1]"}}),
]


class Walk:
    """Calls, each of which succeeds, on a wire whose answers are remembered apart."""

    def __init__(self, service):
        self.answers = answers.Answers()
        self.wire = wires.Wire(types.SimpleNamespace(endpoint=service.endpoint, answers=self.answers))
        self.call = self.wire.call

    def walk(self):
        for part in (self.machines, self.activities, self.callbacks, self.executions, self.ends, self.tests):
            part()
        self.wire.close()

    def made(self, name, definition, **members):
        return self.call("CreateStateMachine", name=f"answered-{name}", definition=definition, roleArn=s.ROLE, **members)

    def machines(self):
        made = self.made("all", s.machine({"A": {"Type": "Pass", "Assign": {"a": 1}, "Next": "B"},
                                           "B": {"Type": "Pass", "Parameters": {"a.$": "$a"}, "End": True}}),
                         publish=True, versionDescription="first", loggingConfiguration=LOGGED, tracingConfiguration={"enabled": True},
                         encryptionConfiguration=ENCRYPTED, tags=[{"key": "a", "value": "1"}])
        machine, version = made["stateMachineArn"], made["stateMachineVersionArn"]
        updated = self.call("UpdateStateMachine", stateMachineArn=machine, definition=s.PASS)
        second = self.call("PublishStateMachineVersion", stateMachineArn=machine, description="second")["stateMachineVersionArn"]
        self.call("UpdateStateMachine", stateMachineArn=machine, definition=s.WAIT, publish=True)
        routing = [{"stateMachineVersionArn": version, "weight": 100}]
        alias = self.call("CreateStateMachineAlias", name="live", description="d", routingConfiguration=routing)["stateMachineAliasArn"]
        self.call("UpdateStateMachineAlias", stateMachineAliasArn=alias, description="e")
        self.call("DescribeStateMachineAlias", stateMachineAliasArn=alias)
        for arn in (machine, version, second):
            self.call("DescribeStateMachine", stateMachineArn=arn)
        for operation in ("ListStateMachineVersions", "ListStateMachineAliases"):
            self.call(operation, stateMachineArn=machine, maxResults=1)
        for arn in (version, alias, machine):
            execution = self.call("StartExecution", stateMachineArn=arn)["executionArn"]
            self.call("DescribeExecution", executionArn=execution)
            self.call("DescribeStateMachineForExecution", executionArn=execution)
            self.history(execution)
        for members in ({"maxResults": 1}, {}):
            self.call("ListExecutions", stateMachineArn=machine, **members)
        self.call("CreateStateMachineAlias", name="other", routingConfiguration=routing)
        self.call("ListStateMachineAliases", stateMachineArn=machine, maxResults=1)
        self.made("second", s.PASS)
        self.call("ListStateMachines", maxResults=1)
        self.call("TagResource", resourceArn=machine, tags=[{"key": "b", "value": "2"}])
        self.call("ListTagsForResource", resourceArn=machine)
        self.call("UntagResource", resourceArn=machine, tagKeys=["a"])
        for name in ("live", "other"):
            self.call("DeleteStateMachineAlias", stateMachineAliasArn=f"{machine}:{name}")
        self.call("DeleteStateMachineVersion", stateMachineVersionArn=second)
        self.call("DeleteStateMachine", stateMachineArn=machine)
        assert updated["revisionId"]

    def activities(self):
        activity, other = [self.call("CreateActivity", name=f"answered-{name}", encryptionConfiguration=ENCRYPTED)["activityArn"]
                           for name in ("one", "other")]
        self.call("DescribeActivity", activityArn=activity)
        self.call("ListActivities", maxResults=1)
        machine = self.made("activity", s.task(activity, HeartbeatSeconds=60))["stateMachineArn"]
        execution = self.call("StartExecution", stateMachineArn=machine)["executionArn"]
        task = self.call("GetActivityTask", activityArn=activity, workerName="w")
        self.call("SendTaskHeartbeat", taskToken=task["taskToken"])
        self.call("SendTaskSuccess", taskToken=task["taskToken"], output="1")
        self.ended(execution)
        self.history(execution)
        execution = self.call("StartExecution", stateMachineArn=machine)["executionArn"]
        task = self.call("GetActivityTask", activityArn=activity, workerName="w")
        self.call("SendTaskFailure", taskToken=task["taskToken"], error="E", cause="C")
        self.ended(execution)
        self.call("RedriveExecution", executionArn=execution)
        self.call("DescribeExecution", executionArn=execution)
        self.call("ListExecutions", stateMachineArn=machine)
        self.call("StopExecution", executionArn=execution, error="E", cause="C")
        self.history(execution)
        for arn in (activity, other):
            self.call("DeleteActivity", activityArn=arn)

    def callbacks(self):
        """Tasks whose tokens the histories tell."""
        machine = self.made("callbacks", s.task(HeartbeatSeconds=60, Credentials={"RoleArn": s.ROLE},
                                                Parameters={"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"}))["stateMachineArn"]
        for operation, members in (("SendTaskSuccess", {"output": "1"}), ("SendTaskFailure", {"error": "E", "cause": "C"})):
            execution = self.call("StartExecution", stateMachineArn=machine)["executionArn"]
            scheduled = next(event for event in self.history(execution) if event["type"] == "TaskScheduled")
            token = json.loads(scheduled["taskScheduledEventDetails"]["parameters"])["MessageBody"]
            self.call(operation, taskToken=token, **members)
            self.ended(execution)
            self.history(execution)

    def ended(self, execution):
        deadline = time.monotonic() + SECONDS_MAX
        while (shown := self.call("DescribeExecution", executionArn=execution))["status"] == "RUNNING":
            assert time.monotonic() < deadline, shown
            time.sleep(0.02)
        return shown

    def history(self, execution):
        self.call("GetExecutionHistory", executionArn=execution, maxResults=1)
        return self.call("GetExecutionHistory", executionArn=execution)["events"]

    def executions(self):
        """What succeeds, with a Map and a Parallel, and an Express one."""
        item, branch = [{"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}} for name in ("I", "J")]
        machine = self.made("ends-well", s.machine({
            "M": {"Type": "Map", "ItemProcessor": item, "ItemsPath": "$", "Next": "P"},
            "P": {"Type": "Parallel", "Branches": [branch], "Assign": {"v": 1}, "End": True}}))["stateMachineArn"]
        execution = self.call("StartExecution", stateMachineArn=machine, input="[1]", traceHeader="t")["executionArn"]
        assert self.ended(execution)["status"] == "SUCCEEDED"
        self.history(execution)
        self.call("ListMapRuns", executionArn=execution)
        for name, definition in (("sync", s.PASS), ("sync-fails", s.FAIL)):
            express = self.made(name, definition, type="EXPRESS")["stateMachineArn"]
            self.call("StartSyncExecution", stateMachineArn=express, traceHeader="t")

    def ends(self):
        """What fails in each way, for the events that say so."""
        inner = {"StartAt": "W", "States": {"W": {"Type": "Wait", "SecondsPath": "$", "Next": "I"},
                                            "I": {"Type": "Fail", "Error": "E", "Cause": "C"}}}
        for name, definition in {
                "fails": s.FAIL,
                "map-fails": s.machine({"M": {"Type": "Map", "ItemProcessor": inner, "ItemsPath": "$", "End": True}}),
                "late": s.machine({"A": {"Type": "Wait", "Seconds": 60, "End": True}}, TimeoutSeconds=1),
                "callback": s.task(TimeoutSeconds=1, Parameters={"QueueUrl": "q", "MessageBody": "b"}),
                "evaluation": s.machine({"A": {"Type": "Pass", "Output": "{% $nothing() %}", "End": True}}, QueryLanguage="JSONata"),
                "activity-late": s.task("arn:aws:states:us-east-1:000000000000:activity:answered-none", TimeoutSeconds=1),
                "lambda-late": s.task(LAMBDA, TimeoutSeconds=1, Credentials={"RoleArn": s.ROLE})}.items():
            if name == "activity-late":
                self.call("CreateActivity", name="answered-none")
            machine = self.made(name, definition)["stateMachineArn"]
            execution = self.call("StartExecution", stateMachineArn=machine, input="[0,60]")["executionArn"]
            assert self.ended(execution)["status"] in ("FAILED", "TIMED_OUT")
            self.history(execution)

    def tests(self):
        self.call("ValidateStateMachineDefinition", definition="{}")
        self.call("TestState", definition=json.dumps({"Type": "Pass", "Next": "N"}), roleArn=s.ROLE, inspectionLevel="TRACE")
        for state, members in TESTED:
            self.call("TestState", definition=json.dumps(state), roleArn=s.ROLE, inspectionLevel="DEBUG", **members)
        self.call("TestState", definition=json.dumps({"Type": "Fail", "Error": "E", "Cause": "C"}), roleArn=s.ROLE)


@pytest.fixture(scope="module")
def walked(service):
    walk = Walk(service)
    walk.walk()
    return walk.answers


def test_every_operation(walked):
    assert set(m.OPERATIONS) - walked.operations == OPERATIONS_OUT_OF_REACH


def unreached():
    """OUT_OF_REACH, with each structure as its members."""
    for place in OUT_OF_REACH:
        yield from [(place, member) for member in m.members_of(place)] if isinstance(place, str) else [place]


def test_every_member(walked):
    structures = set().union(*(m.structures_below(m.output_of(operation)) for operation in m.OPERATIONS))
    declared = {(structure, member) for structure in structures for member in m.members_of(structure)}
    places, listed = list(unreached()), set(unreached())
    assert len(places) == len(listed) and listed <= declared
    assert sorted(declared - walked.seen - listed) == [], "no answer had them"
    assert sorted(listed & walked.seen) == [], "they come, though the table says that they can't"
