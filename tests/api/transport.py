"""The worker's side of the conformance replayer: tasks are read from the topic that all of them are routed to, TaskStarted and
TaskSubmitted are written to the topic of results, and SendTask* calls end them. What replay.py does not do, because a worker
has to, is done here: the calls of `aws-sdk:sfn`, what `.sync` and `.waitForTaskToken` have submitted, callbacks that the case
itself answers.

PAWL_REPLAY is JSON, made by replay_service.py: {"sets": flags of pawl, "environment": {…}, "prefix": of the topics, "folder": of
replay.py, "cases": [folders]}."""
import atexit
import base64
import glob
import json
import os
import queue
import re
import subprocess
import sys
import threading
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import service

ROUTE = "conformance"
OPTIONS = json.loads(os.environ["PAWL_REPLAY"])
if OPTIONS["folder"] not in sys.path:
    sys.path.insert(0, OPTIONS["folder"])
import replay  # noqa: E402


def encoded(value):
    return base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


class Topics:
    """One reader and one writer of the topics for all cases of this process."""

    def __init__(self):
        self.requests = queue.Queue()
        self.lock = threading.Lock()
        self.reader = self.start("read", "tasks." + ROUTE, "--follow")
        self.writer = self.start("write", "results")
        threading.Thread(target=self.read, daemon=True).start()

    @staticmethod
    def start(what, topic, *flags):
        process = subprocess.Popen([str(service.PAWL), "topics", what, "--topic", f"{OPTIONS['prefix']}.{topic}", *flags,
                                    *OPTIONS["sets"]], env=OPTIONS["environment"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        atexit.register(process.kill)
        return process

    def read(self):
        for line in self.reader.stdout:
            request = json.loads(decoded(json.loads(line)["value"]))
            self.requests.put({"token": request["taskToken"], "resource": request["resource"],
                               "parameters": request.get("parameters"), "execution": request["executionArn"]})

    def write(self, request, kind, **members):
        """Returns when the record is durable: what is asked of the API afterwards comes after it."""
        record = {"type": kind, "taskToken": request["token"], **members}
        line = json.dumps({"key": encoded(request["execution"]), "value": encoded(json.dumps(record))})
        with self.lock:
            self.writer.stdin.write(line + "\n")
            self.writer.stdin.flush()
            answer = json.loads(self.writer.stdout.readline())
        assert "partition" in answer, answer

    def clear(self):
        while not self.requests.empty():
            self.requests.get_nowait()


def case_of(name):
    for folder in OPTIONS["cases"]:
        for path in glob.glob(f"{folder}/*.json"):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            if f'"id": {json.dumps(name)}' in text:
                return json.loads(text), text
    return {}, ""


class Transport:
    topics = None

    def __init__(self, context):
        if Transport.topics is None:
            Transport.topics = Topics()
        Transport.topics.clear()
        self.case, text = case_of(context["case"])
        self.tasks = list(self.case.get("tasks", []))
        # Lambda's Python has written its errors with blanks and without; as JSON they were recorded as values.
        self.has_blanks = '{\\"errorMessage\\": ' in text
        self.names = replay.Names("us-east-1")
        self.client = boto3.client("stepfunctions", endpoint_url=context["endpoint"], region_name="us-east-1",
                                   aws_access_key_id="test", aws_secret_access_key="test",
                                   config=Config(inject_host_prefix=False, read_timeout=90, retries={"max_attempts": 0}))

    def poll(self, seconds):
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                request = Transport.topics.requests.get(timeout=left)
            except queue.Empty:
                return None
            if self.begin(request):
                return request
        return None

    def begin(self, request):
        """Whether replay.py is to answer it."""
        Transport.topics.write(request, "TaskStarted")
        task, bound = self.recorded(request)
        if task is not None and task.get("submitted") is not None:
            Transport.topics.write(request, "TaskSubmitted", output=bound.fill(task["submitted"]))
        if task is not None:
            return True
        if request["resource"].endswith(".waitForTaskToken"):
            return False
        found = re.fullmatch(r"arn:aws:states:::aws-sdk:sfn:(\w+)", request["resource"])
        if found:
            threading.Thread(target=self.call_itself, args=(request, found.group(1)), daemon=True).start()
        return not found

    def recorded(self, request):
        """The next recorded task that is this one, as replay.py finds it, and what its placeholders stand for."""
        service_name, action = replay.Script._split(request["resource"])
        for at, task in enumerate(self.tasks):
            bound = replay.Bindings(self.names)
            if task.get("resourceType") == service_name and task.get("resource") == action \
                    and bound.unify(replay.parse(task.get("parameters")), request["parameters"]):
                del self.tasks[at]
                return task, bound
        return None, None

    def call_itself(self, request, action):
        """A task that is a call of Step Functions' own API."""
        members = {name[0].lower() + name[1:]: value for name, value in request["parameters"].items()}
        method = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", action).lower()
        try:
            answer = getattr(self.client, method)(**members)
        except ClientError as error:
            response = error.response
            self.fail(request["token"], f"Sfn.{response['Error']['Code']}Exception",
                      f"{response['Error']['Message']} (Service: Sfn, Status Code: {response['ResponseMetadata']['HTTPStatusCode']}, "
                      f"Request ID: {response['ResponseMetadata']['RequestId']}) (SDK Attempt Count: 1)")
        else:
            self.complete(request["token"], {name[0].upper() + name[1:]: value for name, value in sorted(answer.items())
                                             if name != "ResponseMetadata" and value is not None})

    def complete(self, token, output):
        text = json.dumps(output, separators=(",", ":"), ensure_ascii=False)
        self.send(self.client.send_task_success, taskToken=token, output=text)

    def fail(self, token, error, cause):
        if cause is not None and self.has_blanks and cause.startswith('{"errorMessage":'):
            cause = json.dumps(json.loads(cause), ensure_ascii=False)
        self.send(self.client.send_task_failure, taskToken=token,
                  **{name: value for name, value in (("error", error), ("cause", cause)) if value is not None})

    def send(self, call, **members):
        try:
            call(**members)
        except ClientError as error:  # a late answer
            if error.response["Error"]["Code"] not in ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken"):
                raise

    def close(self):
        pass
