"""The worker's side of the conformance replayer: tasks are read from the topic that all of them are routed to, and answered
by SendTask* calls. PAWL_REPLAY_STATE is the state folder of the `pawl dev` under test."""
import atexit
import base64
import json
import os
import queue
import subprocess
import threading

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import service

ROUTE = "conformance"
TOPIC = f"pawl.tasks.{ROUTE}"


class Tasks:
    """One reader of the topic for all cases."""

    def __init__(self, state):
        self.queue = queue.Queue()
        self.process = subprocess.Popen([str(service.PAWL), "topics", "read", "--topic", TOPIC, "--follow"],
                                        env={**os.environ, "PAWL_STATE_DIR": state}, stdout=subprocess.PIPE)
        atexit.register(self.process.kill)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            value = json.loads(line)["value"]
            request = json.loads(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
            self.queue.put({"token": request["taskToken"], "resource": request["resource"],
                            "parameters": request.get("parameters")})

    def clear(self):
        while not self.queue.empty():
            self.queue.get_nowait()


class Transport:
    tasks = None

    def __init__(self, context):
        if Transport.tasks is None:
            Transport.tasks = Tasks(os.environ["PAWL_REPLAY_STATE"])
        Transport.tasks.clear()
        self.client = boto3.client("stepfunctions", endpoint_url=context["endpoint"], region_name="us-east-1",
                                   aws_access_key_id="test", aws_secret_access_key="test",
                                   config=Config(inject_host_prefix=False))

    def poll(self, seconds):
        try:
            return Transport.tasks.queue.get(timeout=seconds)
        except queue.Empty:
            return None

    def complete(self, token, output):
        text = json.dumps(output, separators=(",", ":"), ensure_ascii=False)
        self.send(self.client.send_task_success, taskToken=token, output=text)

    def fail(self, token, error, cause):
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
