"""How each exception that the model declares for an operation is brought about: PROVOCATIONS[(operation, exception)] is a
function of a Scene that gets the operation refused, and OUT_OF_REACH says of the others why nothing can."""
import base64
import json
import threading
import time

import service as s
import wire as wires

PREFIX = "arn:aws:states:us-east-1:000000000000:"
CALLBACK = s.task(Parameters={"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}})
LABELLED = f"{PREFIX}stateMachine:some/label"
EXPRESS_RUN = f"{PREFIX}express:some:run:id"


class Scene:
    """What operations are about, made when first asked for, on a service whose quotas are small."""

    SETTINGS = {"limits__machines": 12, "limits__activities": 2, "limits__executions": 3, "limits__activity__workers": 2,
                "limits__versions": 4, "limits__aliases": 3}

    def __init__(self, service):
        self.service = service
        self.wire = wires.Wire(service)
        self.count = 0

    def name(self):
        self.count += 1
        return f"scene-{self.count}"

    def close(self):
        self.wire.close()

    def refused(self, operation, **members):
        return self.wire.refused(operation, **members)

    def made(self, definition=s.PASS, **members):
        members = {"name": self.name(), "definition": definition, "roleArn": s.ROLE, **members}
        return self.wire.call("CreateStateMachine", **members)

    def machine(self, definition=s.PASS, **members):
        """Of these there is room for a few: each takes the place of the one before."""
        self.drop()
        self.present = self.made(definition, **members)["stateMachineArn"]
        return self.present

    present = None

    def drop(self):
        if self.present is not None:
            self.wire.call("DeleteStateMachine", stateMachineArn=self.present)
            self.present = None

    def deleting(self, **members):
        """A machine that was deleted just now, and its first version."""
        made = self.made(publish=True, **members)
        self.wire.call("DeleteStateMachine", stateMachineArn=made["stateMachineArn"])
        return made["stateMachineArn"], made["stateMachineVersionArn"]

    def missing(self):
        return f"{PREFIX}stateMachine:{self.name()}"

    def execution(self, definition=s.PASS):
        return self.wire.call("StartExecution", stateMachineArn=self.machine(definition))["executionArn"]

    def activity(self):
        return self.wire.call("CreateActivity", name="the-one")["activityArn"]

    def token(self):
        """Of a task that waits for it."""
        execution = self.execution(CALLBACK)
        events = self.wire.call("GetExecutionHistory", executionArn=execution)["events"]
        details = next(event["taskScheduledEventDetails"] for event in events if event["type"] == "TaskScheduled")
        return json.loads(details["parameters"])["MessageBody"]["token"]

    def ended_token(self):
        token = self.token()
        self.wire.call("SendTaskSuccess", taskToken=token, output="1")
        return token

    def lost_token(self):
        """As a token whose execution is forgotten: right in all, but its execution is not there."""
        bytes_of = bytearray(base64.urlsafe_b64decode(self.ended_token() + "=="))
        bytes_of[5] ^= 0xFF
        return base64.urlsafe_b64encode(bytes_of).decode().rstrip("=")

    def published(self):
        made = self.made(publish=True)
        self.present = made["stateMachineArn"]
        return made["stateMachineArn"], made["stateMachineVersionArn"]

    def alias(self):
        self.drop()
        arn, version = self.published()
        routing = [{"stateMachineVersionArn": version, "weight": 100}]
        made = self.wire.call("CreateStateMachineAlias", name="live", routingConfiguration=routing)
        return made["stateMachineAliasArn"], arn, version, routing


def machine_quota(scene):
    while True:
        status, answer = scene.wire.send("CreateStateMachine", {"name": scene.name(), "definition": s.PASS, "roleArn": s.ROLE})
        if status != 200:
            break
        scene.filler = getattr(scene, "filler", []) + [answer["stateMachineArn"]]
    for arn in scene.filler:
        scene.wire.call("DeleteStateMachine", stateMachineArn=arn)
    return answer["__type"].partition("#")[2], answer["message"]


def activity_quota(scene):
    for number in range(Scene.SETTINGS["limits__activities"] + 1):
        status, answer = scene.wire.send("CreateActivity", {"name": f"quota-{number}"})
    for number in range(Scene.SETTINGS["limits__activities"]):
        scene.wire.call("DeleteActivity", activityArn=f"{PREFIX}activity:quota-{number}")
    assert status == 400
    return answer["__type"].partition("#")[2], answer["message"]


def execution_quota(scene):
    arn = scene.machine(s.WAIT)
    running = [scene.wire.call("StartExecution", stateMachineArn=arn)["executionArn"]
               for _ in range(Scene.SETTINGS["limits__executions"])]
    refusal = scene.refused("StartExecution", stateMachineArn=arn)
    for execution in running:
        scene.wire.call("StopExecution", executionArn=execution)
    one_more = scene.wire.call("StartExecution", stateMachineArn=arn)["executionArn"]  # there is room again
    scene.wire.call("StopExecution", executionArn=one_more)
    return refusal


def redrive_quota(scene):
    failed = scene.made(s.FAIL)["stateMachineArn"]
    execution = scene.wire.call("StartExecution", stateMachineArn=failed)["executionArn"]
    arn = scene.machine(s.WAIT)
    running = [scene.wire.call("StartExecution", stateMachineArn=arn)["executionArn"]
               for _ in range(Scene.SETTINGS["limits__executions"])]
    refusal = scene.refused("RedriveExecution", executionArn=execution)
    for one in running:
        scene.wire.call("StopExecution", executionArn=one)
    scene.wire.call("RedriveExecution", executionArn=execution)  # there is room again
    scene.wire.call("DeleteStateMachine", stateMachineArn=failed)
    return refusal


def invalid_output(scene):
    token = scene.token()
    refusal = scene.refused("SendTaskSuccess", taskToken=token, output="{")
    scene.wire.call("SendTaskFailure", taskToken=token)
    return refusal


def worker_quota(scene):
    arn = scene.activity()
    wire = [wires.Wire(scene.service) for _ in range(Scene.SETTINGS["limits__activity__workers"])]
    polls = [threading.Thread(target=one.send, args=("GetActivityTask", {"activityArn": arn}), daemon=True) for one in wire]
    for poll in polls:
        poll.start()
    time.sleep(0.3)
    refusal = scene.refused("GetActivityTask", activityArn=arn)
    machine = scene.machine(s.task(arn))  # each of them gets a task, and goes
    executions = [scene.wire.call("StartExecution", stateMachineArn=machine)["executionArn"] for _ in polls]
    for poll in polls:
        poll.join(10)
    for execution in executions:
        scene.wire.call("StopExecution", executionArn=execution)
    return refusal


def version_quota(scene, operation):
    arn = scene.machine(publish=True)
    for number in range(Scene.SETTINGS["limits__versions"] - 1):
        scene.wire.call("UpdateStateMachine", stateMachineArn=arn, roleArn=f"{s.ROLE}{number}", publish=True)
    if operation == "UpdateStateMachine":
        return scene.refused(operation, stateMachineArn=arn, roleArn=s.ROLE, publish=True)
    scene.wire.call("UpdateStateMachine", stateMachineArn=arn, roleArn=s.ROLE)
    return scene.refused(operation, stateMachineArn=arn)


def alias_quota(scene):
    _, _, _, routing = scene.alias()
    for number in range(Scene.SETTINGS["limits__aliases"] - 1):
        scene.wire.call("CreateStateMachineAlias", name=f"a{number}", routingConfiguration=routing)
    return scene.refused("CreateStateMachineAlias", name="more", routingConfiguration=routing)


def alias_conflict(scene):
    _, _, _, routing = scene.alias()
    return scene.refused("CreateStateMachineAlias", name="live", description="other", routingConfiguration=routing)


def version_conflict(scene):
    _, _, version, _ = scene.alias()
    return scene.refused("DeleteStateMachineVersion", stateMachineVersionArn=version)


def deleting_alias(scene, operation):
    arn, version = scene.deleting()
    routing = [{"stateMachineVersionArn": version, "weight": 100}]
    if operation == "CreateStateMachineAlias":
        return scene.refused(operation, name="x", routingConfiguration=routing)
    return scene.refused(operation, stateMachineAliasArn=f"{arn}:x", routingConfiguration=routing)


def existing_execution(scene):
    arn = scene.machine()
    scene.wire.call("StartExecution", stateMachineArn=arn, name="one")
    return scene.refused("StartExecution", stateMachineArn=arn, name="one")


def too_many_tags(scene, operation, **members):
    tags = [{"key": f"k{number}", "value": ""} for number in range(51)]
    return scene.refused(operation, tags=tags, **members)


def existing_machine(scene):
    name = scene.machine().rpartition(":")[2]
    return scene.refused("CreateStateMachine", name=name, definition=s.FAIL, roleArn=s.ROLE)


def existing_activity(scene):
    scene.activity()
    key = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "alias/mine"}
    return scene.refused("CreateActivity", name="the-one", encryptionConfiguration=key)


def with_definition(operation, **wrong):
    return lambda scene: scene.refused(operation, **{"name": scene.name(), "definition": s.PASS, "roleArn": s.ROLE, **wrong})


def with_update(**wrong):
    return lambda scene: scene.refused("UpdateStateMachine", **{"stateMachineArn": scene.machine(), **wrong})


def simply(operation, **members):
    return lambda scene: scene.refused(operation, **members)


LOGGING = {"level": "ALL"}  # without a destination
KEYLESS = {"type": "CUSTOMER_MANAGED_KMS_KEY"}
NO_EXECUTION = f"{PREFIX}execution:none:none"
NO_ACTIVITY = f"{PREFIX}activity:none"
NO_MAP_RUN = f"{PREFIX}mapRun:some/label:11111111-2222-3333-4444-555555555555"
ROUTING_NOWHERE = [{"stateMachineVersionArn": f"{PREFIX}stateMachine:none:1", "weight": 100}]

PROVOCATIONS = {
    ("CreateActivity", "ActivityLimitExceeded"): activity_quota,
    ("CreateActivity", "ActivityAlreadyExists"): existing_activity,
    ("CreateActivity", "InvalidName"): simply("CreateActivity", name="a b"),
    ("CreateActivity", "TooManyTags"): lambda scene: too_many_tags(scene, "CreateActivity", name="tagged"),
    ("CreateActivity", "InvalidEncryptionConfiguration"): simply("CreateActivity", name="x", encryptionConfiguration=KEYLESS),
    ("CreateStateMachine", "InvalidArn"): with_definition("CreateStateMachine", roleArn="no"),
    ("CreateStateMachine", "InvalidDefinition"): with_definition("CreateStateMachine", definition="{}"),
    ("CreateStateMachine", "InvalidName"): with_definition("CreateStateMachine", name="a*b"),
    ("CreateStateMachine", "InvalidLoggingConfiguration"): with_definition("CreateStateMachine", loggingConfiguration=LOGGING),
    ("CreateStateMachine", "InvalidTracingConfiguration"): with_definition("CreateStateMachine", tracingConfiguration={}),
    ("CreateStateMachine", "StateMachineAlreadyExists"): existing_machine,
    ("CreateStateMachine", "StateMachineDeleting"): lambda scene: with_definition(
        "CreateStateMachine", name=scene.deleting()[0].rpartition(":")[2])(scene),
    ("CreateStateMachine", "StateMachineLimitExceeded"): machine_quota,
    ("CreateStateMachine", "TooManyTags"): lambda scene: too_many_tags(
        scene, "CreateStateMachine", name=scene.name(), definition=s.PASS, roleArn=s.ROLE),
    ("CreateStateMachine", "ValidationException"): with_definition("CreateStateMachine", versionDescription="without publish"),
    ("CreateStateMachine", "InvalidEncryptionConfiguration"): with_definition("CreateStateMachine", encryptionConfiguration=KEYLESS),
    ("CreateStateMachineAlias", "ValidationException"): lambda scene: scene.refused(
        "CreateStateMachineAlias", name="x", routingConfiguration=[{**ROUTING_NOWHERE[0], "weight": 99}]),
    ("CreateStateMachineAlias", "StateMachineDeleting"): lambda scene: deleting_alias(scene, "CreateStateMachineAlias"),
    ("CreateStateMachineAlias", "ResourceNotFound"): simply("CreateStateMachineAlias", name="x",
                                                            routingConfiguration=ROUTING_NOWHERE),
    ("CreateStateMachineAlias", "ConflictException"): alias_conflict,
    ("CreateStateMachineAlias", "ServiceQuotaExceededException"): alias_quota,
    ("DeleteActivity", "InvalidArn"): simply("DeleteActivity", activityArn=f"{PREFIX}stateMachine:x"),
    ("DeleteStateMachine", "InvalidArn"): simply("DeleteStateMachine", stateMachineArn=f"{PREFIX}activity:x"),
    ("DeleteStateMachine", "ValidationException"): simply("DeleteStateMachine", stateMachineArn=LABELLED),
    ("DeleteStateMachineAlias", "ValidationException"): simply("DeleteStateMachineAlias", stateMachineAliasArn=""),
    ("DeleteStateMachineAlias", "InvalidArn"): simply("DeleteStateMachineAlias", stateMachineAliasArn="no"),
    ("DeleteStateMachineAlias", "ResourceNotFound"): simply("DeleteStateMachineAlias",
                                                            stateMachineAliasArn=f"{PREFIX}stateMachine:none:x"),
    ("DeleteStateMachineVersion", "ValidationException"): simply("DeleteStateMachineVersion", stateMachineVersionArn=""),
    ("DeleteStateMachineVersion", "InvalidArn"): simply("DeleteStateMachineVersion",
                                                        stateMachineVersionArn=f"{PREFIX}stateMachine:x:alias"),
    ("DeleteStateMachineVersion", "ConflictException"): version_conflict,
    ("DescribeActivity", "ActivityDoesNotExist"): simply("DescribeActivity", activityArn=NO_ACTIVITY),
    ("DescribeActivity", "InvalidArn"): simply("DescribeActivity", activityArn="no"),
    ("DescribeExecution", "ExecutionDoesNotExist"): simply("DescribeExecution", executionArn=NO_EXECUTION),
    ("DescribeExecution", "InvalidArn"): simply("DescribeExecution", executionArn=EXPRESS_RUN),
    ("DescribeMapRun", "ResourceNotFound"): simply("DescribeMapRun", mapRunArn=NO_MAP_RUN),
    ("DescribeMapRun", "InvalidArn"): simply("DescribeMapRun", mapRunArn=NO_EXECUTION),
    ("DescribeStateMachine", "InvalidArn"): simply("DescribeStateMachine", stateMachineArn=NO_ACTIVITY),
    ("DescribeStateMachine", "StateMachineDoesNotExist"): lambda scene: scene.refused(
        "DescribeStateMachine", stateMachineArn=scene.missing()),
    ("DescribeStateMachineAlias", "ValidationException"): simply("DescribeStateMachineAlias", stateMachineAliasArn=""),
    ("DescribeStateMachineAlias", "InvalidArn"): lambda scene: scene.refused(
        "DescribeStateMachineAlias", stateMachineAliasArn=scene.missing()),
    ("DescribeStateMachineAlias", "ResourceNotFound"): lambda scene: scene.refused(
        "DescribeStateMachineAlias", stateMachineAliasArn=f"{scene.machine()}:none"),
    ("DescribeStateMachineForExecution", "ExecutionDoesNotExist"): simply("DescribeStateMachineForExecution",
                                                                          executionArn=NO_EXECUTION),
    ("DescribeStateMachineForExecution", "InvalidArn"): simply("DescribeStateMachineForExecution", executionArn=EXPRESS_RUN),
    ("GetActivityTask", "ActivityDoesNotExist"): simply("GetActivityTask", activityArn=NO_ACTIVITY),
    ("GetActivityTask", "ActivityWorkerLimitExceeded"): worker_quota,
    ("GetActivityTask", "InvalidArn"): simply("GetActivityTask", activityArn=NO_EXECUTION),
    ("GetExecutionHistory", "ExecutionDoesNotExist"): simply("GetExecutionHistory", executionArn=NO_EXECUTION),
    ("GetExecutionHistory", "InvalidArn"): simply("GetExecutionHistory", executionArn=EXPRESS_RUN),
    ("GetExecutionHistory", "InvalidToken"): lambda scene: scene.refused(
        "GetExecutionHistory", executionArn=scene.execution(), nextToken="no"),
    ("ListActivities", "InvalidToken"): simply("ListActivities", nextToken="no"),
    ("ListExecutions", "InvalidArn"): simply("ListExecutions", stateMachineArn=NO_ACTIVITY),
    ("ListExecutions", "InvalidToken"): lambda scene: scene.refused(
        "ListExecutions", stateMachineArn=scene.machine(), nextToken="no"),
    ("ListExecutions", "StateMachineDoesNotExist"): lambda scene: scene.refused(
        "ListExecutions", stateMachineArn=scene.missing()),
    ("ListExecutions", "StateMachineTypeNotSupported"): lambda scene: scene.refused(
        "ListExecutions", stateMachineArn=scene.machine(type="EXPRESS")),
    ("ListExecutions", "ValidationException"): simply("ListExecutions"),
    ("ListExecutions", "ResourceNotFound"): simply("ListExecutions", mapRunArn=NO_MAP_RUN),
    ("ListMapRuns", "ExecutionDoesNotExist"): simply("ListMapRuns", executionArn=NO_EXECUTION),
    ("ListMapRuns", "InvalidArn"): simply("ListMapRuns", executionArn=NO_MAP_RUN),
    ("ListMapRuns", "InvalidToken"): lambda scene: scene.refused("ListMapRuns", executionArn=scene.execution(), nextToken="no"),
    ("ListStateMachineAliases", "InvalidArn"): simply("ListStateMachineAliases", stateMachineArn="no"),
    ("ListStateMachineAliases", "InvalidToken"): lambda scene: scene.refused(
        "ListStateMachineAliases", stateMachineArn=scene.machine(), nextToken="no"),
    ("ListStateMachineAliases", "ResourceNotFound"): lambda scene: scene.refused(
        "ListStateMachineAliases", stateMachineArn=f"{scene.machine()}:7"),
    ("ListStateMachineAliases", "StateMachineDoesNotExist"): lambda scene: scene.refused(
        "ListStateMachineAliases", stateMachineArn=scene.missing()),
    ("ListStateMachineAliases", "StateMachineDeleting"): lambda scene: scene.refused(
        "ListStateMachineAliases", stateMachineArn=scene.deleting()[0]),
    ("ListStateMachineVersions", "ValidationException"): simply("ListStateMachineVersions", stateMachineArn=LABELLED),
    ("ListStateMachineVersions", "InvalidArn"): simply("ListStateMachineVersions", stateMachineArn="no"),
    ("ListStateMachineVersions", "InvalidToken"): lambda scene: scene.refused(
        "ListStateMachineVersions", stateMachineArn=scene.machine(), nextToken="no"),
    ("ListStateMachines", "InvalidToken"): simply("ListStateMachines", nextToken="no"),
    ("ListTagsForResource", "InvalidArn"): simply("ListTagsForResource", resourceArn=NO_EXECUTION),
    ("ListTagsForResource", "ResourceNotFound"): simply("ListTagsForResource", resourceArn=NO_ACTIVITY),
    ("PublishStateMachineVersion", "ValidationException"): simply("PublishStateMachineVersion", stateMachineArn=LABELLED),
    ("PublishStateMachineVersion", "StateMachineDeleting"): lambda scene: scene.refused(
        "PublishStateMachineVersion", stateMachineArn=scene.deleting()[0]),
    ("PublishStateMachineVersion", "StateMachineDoesNotExist"): lambda scene: scene.refused(
        "PublishStateMachineVersion", stateMachineArn=scene.missing()),
    ("PublishStateMachineVersion", "ServiceQuotaExceededException"): lambda scene: version_quota(
        scene, "PublishStateMachineVersion"),
    ("PublishStateMachineVersion", "ConflictException"): lambda scene: scene.refused(
        "PublishStateMachineVersion", stateMachineArn=scene.machine(), revisionId="11111111-2222-3333-4444-555555555555"),
    ("PublishStateMachineVersion", "InvalidArn"): simply("PublishStateMachineVersion", stateMachineArn="no"),
    ("RedriveExecution", "ExecutionDoesNotExist"): simply("RedriveExecution", executionArn=NO_EXECUTION),
    ("RedriveExecution", "ExecutionNotRedrivable"): lambda scene: scene.refused(
        "RedriveExecution", executionArn=scene.execution()),
    ("RedriveExecution", "ExecutionLimitExceeded"): redrive_quota,
    ("RedriveExecution", "InvalidArn"): simply("RedriveExecution", executionArn=EXPRESS_RUN),
    ("RedriveExecution", "ValidationException"): simply("RedriveExecution", executionArn=NO_EXECUTION, clientToken="a b"),
    ("SendTaskFailure", "TaskDoesNotExist"): lambda scene: scene.refused("SendTaskFailure", taskToken=scene.lost_token()),
    ("SendTaskFailure", "InvalidToken"): simply("SendTaskFailure", taskToken="no"),
    ("SendTaskFailure", "TaskTimedOut"): lambda scene: scene.refused("SendTaskFailure", taskToken=scene.ended_token()),
    ("SendTaskHeartbeat", "TaskDoesNotExist"): lambda scene: scene.refused("SendTaskHeartbeat", taskToken=scene.lost_token()),
    ("SendTaskHeartbeat", "InvalidToken"): simply("SendTaskHeartbeat", taskToken="no"),
    ("SendTaskHeartbeat", "TaskTimedOut"): lambda scene: scene.refused("SendTaskHeartbeat", taskToken=scene.ended_token()),
    ("SendTaskSuccess", "TaskDoesNotExist"): lambda scene: scene.refused(
        "SendTaskSuccess", taskToken=scene.lost_token(), output="1"),
    ("SendTaskSuccess", "InvalidOutput"): invalid_output,
    ("SendTaskSuccess", "InvalidToken"): simply("SendTaskSuccess", taskToken="no", output="1"),
    ("SendTaskSuccess", "TaskTimedOut"): lambda scene: scene.refused(
        "SendTaskSuccess", taskToken=scene.ended_token(), output="1"),
    ("StartExecution", "ExecutionLimitExceeded"): execution_quota,
    ("StartExecution", "ExecutionAlreadyExists"): existing_execution,
    ("StartExecution", "InvalidArn"): simply("StartExecution", stateMachineArn=NO_ACTIVITY),
    ("StartExecution", "InvalidExecutionInput"): lambda scene: scene.refused(
        "StartExecution", stateMachineArn=scene.machine(), input="{"),
    ("StartExecution", "InvalidName"): lambda scene: scene.refused("StartExecution", stateMachineArn=scene.machine(), name="a b"),
    ("StartExecution", "StateMachineDoesNotExist"): lambda scene: scene.refused("StartExecution", stateMachineArn=scene.missing()),
    ("StartExecution", "StateMachineDeleting"): lambda scene: scene.refused("StartExecution", stateMachineArn=scene.deleting()[0]),
    ("StartExecution", "ValidationException"): simply("StartExecution", stateMachineArn=LABELLED),
    ("StartSyncExecution", "InvalidArn"): simply("StartSyncExecution", stateMachineArn=NO_ACTIVITY),
    ("StartSyncExecution", "InvalidExecutionInput"): lambda scene: scene.refused(
        "StartSyncExecution", stateMachineArn=scene.machine(type="EXPRESS"), input="{"),
    ("StartSyncExecution", "InvalidName"): lambda scene: scene.refused(
        "StartSyncExecution", stateMachineArn=scene.machine(type="EXPRESS"), name="a b"),
    ("StartSyncExecution", "StateMachineDoesNotExist"): lambda scene: scene.refused(
        "StartSyncExecution", stateMachineArn=scene.missing()),
    ("StartSyncExecution", "StateMachineDeleting"): lambda scene: scene.refused(
        "StartSyncExecution", stateMachineArn=scene.deleting(type="EXPRESS")[0]),
    ("StartSyncExecution", "StateMachineTypeNotSupported"): lambda scene: scene.refused(
        "StartSyncExecution", stateMachineArn=scene.machine()),
    ("StopExecution", "ExecutionDoesNotExist"): simply("StopExecution", executionArn=NO_EXECUTION),
    ("StopExecution", "InvalidArn"): simply("StopExecution", executionArn=EXPRESS_RUN),
    ("StopExecution", "ValidationException"): simply("StopExecution", executionArn=NO_EXECUTION, error="x" * 257),
    ("TagResource", "InvalidArn"): simply("TagResource", resourceArn=NO_EXECUTION, tags=[]),
    ("TagResource", "ResourceNotFound"): simply("TagResource", resourceArn=NO_ACTIVITY, tags=[]),
    ("TagResource", "TooManyTags"): lambda scene: too_many_tags(scene, "TagResource", resourceArn=scene.machine()),
    ("TestState", "InvalidArn"): simply("TestState", definition='{"Type":"Succeed"}', roleArn="no"),
    ("TestState", "InvalidDefinition"): simply("TestState", definition="{}"),
    ("TestState", "InvalidExecutionInput"): simply("TestState", definition='{"Type":"Succeed"}', input="{"),
    ("TestState", "ValidationException"): simply("TestState", definition='{"Type":"Succeed"}', variables="[]"),
    ("UntagResource", "InvalidArn"): simply("UntagResource", resourceArn=NO_EXECUTION, tagKeys=[]),
    ("UntagResource", "ResourceNotFound"): simply("UntagResource", resourceArn=NO_ACTIVITY, tagKeys=[]),
    ("UpdateMapRun", "ResourceNotFound"): simply("UpdateMapRun", mapRunArn=NO_MAP_RUN, maxConcurrency=1),
    ("UpdateMapRun", "InvalidArn"): simply("UpdateMapRun", mapRunArn=NO_EXECUTION, maxConcurrency=1),
    ("UpdateMapRun", "ValidationException"): simply("UpdateMapRun", mapRunArn=NO_MAP_RUN),
    ("UpdateStateMachine", "InvalidArn"): with_update(roleArn="no"),
    ("UpdateStateMachine", "InvalidDefinition"): with_update(definition="{}"),
    ("UpdateStateMachine", "InvalidLoggingConfiguration"): with_update(loggingConfiguration=LOGGING),
    ("UpdateStateMachine", "InvalidTracingConfiguration"): with_update(tracingConfiguration={}),
    ("UpdateStateMachine", "MissingRequiredParameter"): with_update(),
    ("UpdateStateMachine", "StateMachineDeleting"): lambda scene: scene.refused(
        "UpdateStateMachine", stateMachineArn=scene.deleting()[0], definition=s.FAIL),
    ("UpdateStateMachine", "StateMachineDoesNotExist"): lambda scene: scene.refused(
        "UpdateStateMachine", stateMachineArn=scene.missing(), definition=s.FAIL),
    ("UpdateStateMachine", "ServiceQuotaExceededException"): lambda scene: version_quota(scene, "UpdateStateMachine"),
    ("UpdateStateMachine", "ValidationException"): simply("UpdateStateMachine", stateMachineArn=LABELLED, definition=s.FAIL),
    ("UpdateStateMachine", "InvalidEncryptionConfiguration"): with_update(encryptionConfiguration=KEYLESS),
    ("UpdateStateMachineAlias", "ValidationException"): lambda scene: scene.refused(
        "UpdateStateMachineAlias", stateMachineAliasArn=scene.alias()[0]),
    ("UpdateStateMachineAlias", "InvalidArn"): simply("UpdateStateMachineAlias", stateMachineAliasArn="no", description="x"),
    ("UpdateStateMachineAlias", "ResourceNotFound"): lambda scene: scene.refused(
        "UpdateStateMachineAlias", stateMachineAliasArn=f"{scene.machine()}:none", description="x"),
    ("UpdateStateMachineAlias", "StateMachineDeleting"): lambda scene: deleting_alias(scene, "UpdateStateMachineAlias"),
    ("ValidateStateMachineDefinition", "ValidationException"): simply("ValidateStateMachineDefinition", definition=""),
}

NO_KMS = "pawl calls no KMS: a customer managed key is kept and returned, and nothing is encrypted with it (docs/differences.md)"
IN_TURN = "the commands of a machine are handled one after the other: none meets another half done"
OUT_OF_REACH = {
    ("CreateStateMachine", "StateMachineTypeNotSupported"): "any other type is a ValidationException before, on AWS as well",
    ("CreateStateMachine", "ConflictException"): IN_TURN,
    ("CreateStateMachineAlias", "InvalidArn"): "what is no version's ARN is a ValidationException, in AWS's recorded words",
    ("CreateStateMachineAlias", "InvalidName"): "what breaks the name's pattern is a ValidationException before, on AWS as well",
    ("DeleteStateMachineAlias", "ConflictException"): IN_TURN,
    ("UpdateStateMachine", "ConflictException"): IN_TURN,
    ("UpdateStateMachineAlias", "ConflictException"): IN_TURN,
}
