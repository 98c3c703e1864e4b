"""Short walks through the API with tools of AWS other than boto3: the AWS CLI, of Debian and of PyPI, and the SDK for JavaScript."""
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

import service as services

HERE = pathlib.Path(__file__).resolve().parent
SECONDS_MAX = 120


class Cli:
    """`aws stepfunctions`; what a version does not know yet is left out where a step says since when it is there."""

    def __init__(self, command, endpoint, folder):
        self.command = command
        self.environment = {**{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PAWL_"))},
                            "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1",
                            "AWS_ENDPOINT_URL_SFN": endpoint, "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
                            "AWS_PAGER": "", "HOME": str(folder)}
        # Versions before 2.13 and 1.29 know neither the endpoint's variable nor the prefix's, nor operations since then.
        self.flags = [] if self.is_new() else ["--endpoint-url", endpoint]

    def is_new(self):
        said = subprocess.run([*self.command, "--version"], env=self.environment, capture_output=True, text=True, check=True)
        major, minor = map(int, said.stdout.split()[0].split("/")[1].split(".")[:2])
        return minor >= {1: 29, 2: 13}[major]

    def run(self, operation, **members):
        arguments = [part for name, value in members.items() for part in ("--" + name.replace("_", "-"), value)]
        return subprocess.run([*self.command, "stepfunctions", operation, *self.flags, "--output", "json", *arguments],
                              env=self.environment, capture_output=True, text=True, timeout=SECONDS_MAX)

    def __call__(self, operation, **members):
        done = self.run(operation, **members)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, operation, **members):
        """What it says about a refusal."""
        done = self.run(operation, **members)
        assert done.returncode == 254 or done.returncode == 255, done.stdout
        return done.stderr.strip()


def clis():
    """Debian's, which ./deps installs, and that of tests/requirements.txt."""
    yield "debian", ["/usr/bin/aws"]
    yield "pypi", [sys.executable, str(pathlib.Path(sys.executable).parent / "aws")]


@pytest.fixture(params=clis(), ids=lambda param: param[0])
def aws(request, service, tmp_path):
    name, command = request.param
    return name, Cli(command, service.endpoint, tmp_path)


def test_cli(aws):
    name, aws = aws
    arn = aws("create-state-machine", name=f"cli-{name}", definition=services.PASS, role_arn=services.ROLE,
              tags="key=a,value=b")["stateMachineArn"]
    assert aws("list-tags-for-resource", resource_arn=arn)["tags"] == [{"key": "a", "value": "b"}]
    assert arn in [one["stateMachineArn"] for one in aws("list-state-machines")["stateMachines"]]
    executions = [aws("start-execution", state_machine_arn=arn, name=f"e{n}", input=json.dumps({"n": n}))["executionArn"]
                  for n in range(3)]
    assert json.loads(aws("describe-execution", execution_arn=executions[1])["input"]) == {"n": 1}
    # The CLI puts pages together.
    events = aws("get-execution-history", execution_arn=executions[0], page_size="1")["events"]
    assert [event["type"] for event in events] == ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
    assert len(aws("list-executions", state_machine_arn=arn, page_size="1")["executions"]) == 3
    first = aws("list-executions", state_machine_arn=arn, max_items="2")
    assert len(first["executions"]) == 2 and "NextToken" in first
    assert aws.refused("start-execution", state_machine_arn=arn, name="e0", input="[]") == (
        "An error occurred (ExecutionAlreadyExists) when calling the StartExecution operation: "
        f"Execution Already Exists: '{executions[0]}'")
    assert "(StateMachineDoesNotExist)" in aws.refused("describe-state-machine", state_machine_arn=arn + "-not")
    aws("update-state-machine", state_machine_arn=arn, definition=services.WAIT)
    waiting = aws("start-execution", state_machine_arn=arn)["executionArn"]
    aws("stop-execution", execution_arn=waiting, error="Enough")
    assert aws("describe-execution", execution_arn=waiting)["status"] == "ABORTED"
    if aws.is_new():
        cli_of_today(aws, name, arn)
    aws("delete-state-machine", state_machine_arn=arn)


def cli_of_today(aws, name, arn):
    """Operations that Debian 12's version lacks, or for which it needs a host of the name sync-…."""
    version = aws("publish-state-machine-version", state_machine_arn=arn)["stateMachineVersionArn"]
    assert version == f"{arn}:1"
    alias = aws("create-state-machine-alias", name="live",
                routing_configuration=f"stateMachineVersionArn={version},weight=100")["stateMachineAliasArn"]
    aws("delete-state-machine-alias", state_machine_alias_arn=alias)
    express = aws("create-state-machine", name=f"cli-express-{name}", definition=services.PASS, role_arn=services.ROLE,
                  type="EXPRESS")["stateMachineArn"]
    assert aws("start-sync-execution", state_machine_arn=express, input="{}")["status"] == "SUCCEEDED"
    aws("delete-state-machine", state_machine_arn=express)
    tested = aws("test-state", definition='{"Type": "Pass", "End": true}', input='{"a": 1}')
    assert (tested["status"], json.loads(tested["output"])) == ("SUCCEEDED", {"a": 1})
    assert aws("validate-state-machine-definition", definition=services.PASS)["result"] == "OK"
    cli_redrive(aws, name)


def ended(aws, execution):
    """The execution when it does not run any more: a task's answer need not have waited for that."""
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        told = aws("describe-execution", execution_arn=execution)
        if told["status"] != "RUNNING":
            return told
        assert time.monotonic() < deadline


def cli_redrive(aws, name):
    """The task that failed is asked for once more, and what it gives is the execution's output."""
    activity = aws("create-activity", name=f"cli-redrive-{name}")["activityArn"]
    arn = aws("create-state-machine", name=f"cli-redrive-{name}", definition=services.task(activity),
              role_arn=services.ROLE)["stateMachineArn"]
    execution = aws("start-execution", state_machine_arn=arn)["executionArn"]
    task = aws("get-activity-task", activity_arn=activity)
    assert "(ExecutionNotRedrivable)" in aws.refused("redrive-execution", execution_arn=execution)
    aws("send-task-failure", task_token=task["taskToken"], error="E")
    failed = ended(aws, execution)
    assert (failed["status"], failed["redriveStatus"], failed["redriveCount"]) == ("FAILED", "REDRIVABLE", 0)
    date = aws("redrive-execution", execution_arn=execution)["redriveDate"]
    running = aws("describe-execution", execution_arn=execution)
    assert (running["status"], running["redriveCount"], running["redriveDate"]) == ("RUNNING", 1, date)
    aws("send-task-success", task_token=aws("get-activity-task", activity_arn=activity)["taskToken"], task_output="7")
    done = ended(aws, execution)
    assert (done["status"], done["output"]) == ("SUCCEEDED", "7")
    listed = aws("list-executions", state_machine_arn=arn, redrive_filter="REDRIVEN")["executions"]
    assert [one["executionArn"] for one in listed] == [execution]
    aws("delete-activity", activity_arn=activity)
    aws("delete-state-machine", state_machine_arn=arn)


def test_cli_activity(aws):
    name, aws = aws
    activity = aws("create-activity", name=f"cli-{name}")["activityArn"]
    arn = aws("create-state-machine", name=f"cli-activity-{name}", definition=services.task(activity),
              role_arn=services.ROLE)["stateMachineArn"]
    execution = aws("start-execution", state_machine_arn=arn, input='{"n": 1}')["executionArn"]
    task = aws("get-activity-task", activity_arn=activity, worker_name="cli")
    assert json.loads(task["input"]) == {"n": 1}
    aws("send-task-success", task_token=task["taskToken"], task_output='{"n": 2}')
    assert json.loads(aws("describe-execution", execution_arn=execution)["output"]) == {"n": 2}
    assert "(InvalidToken)" in aws.refused("send-task-heartbeat", task_token="none")
    aws("delete-activity", activity_arn=activity)
    aws("delete-state-machine", state_machine_arn=arn)


def test_javascript(service):
    folder = subprocess.run([str(HERE / "js/install")], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    done = subprocess.run(["node", str(HERE / "js/tour.mjs"), service.endpoint, folder], capture_output=True, text=True,
                          timeout=SECONDS_MAX)
    assert done.returncode == 0, done.stdout + done.stderr
