"""`pawl dev` in a folder of its own with its API, and clients of it. With PAWL_TEST_BOOTSTRAP, `pawl serve` on that Kafka."""
import json
import os
import pathlib
import re
import resource
import ssl
import subprocess
import time
import urllib.request
import uuid

import boto3
from botocore.config import Config

from answers import Answers

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAWL = pathlib.Path(os.environ.get("PAWL_BINARY", ROOT / "build/release/pawl"))
READY_SECONDS_MAX = 30
ROLE = "arn:aws:iam::000000000000:role/api"


class Service:
    def __init__(self, folder, **settings):
        self.folder = pathlib.Path(folder)
        self.log = self.folder / "pawl.log"
        self.settings = {"gateway.listen": "127.0.0.1:0", **{name.replace("__", "."): value for name, value in settings.items()}}
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PAWL_")}
        self.environment["PAWL_STATE_DIR"] = str(self.folder / "state")
        self.process = None
        self.endpoint = None
        self.answers = Answers()
        self.certificate_authority = None  # of its TLS
        self.client_certificate = None  # and what it asks of clients
        self.limit_files = None  # of the process; None: as the tests have
        self.kafka = os.environ.get("PAWL_TEST_BOOTSTRAP")
        if self.kafka:
            self.settings.update({"kafka.bootstrap.servers": self.kafka, "topics.prefix": f"api-{uuid.uuid4().hex[:8]}",
                                  "topics.partitions": 4})

    def sets(self):
        return [f"--set={name}={value}" for name, value in self.settings.items()]

    def before(self):
        """In the new process."""
        if self.limit_files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.limit_files, self.limit_files))

    def start(self):
        if self.kafka:
            return self.start_on_kafka()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(PAWL), "dev", "--json", *self.sets()], env=self.environment,
                                            stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=self.before)
        line = self.process.stdout.readline()
        assert line, f"pawl dev is not ready: {self.log.read_text()[-3000:]}"
        self.endpoint = json.loads(line)["endpoint"]
        return self

    def command(self):
        """On Kafka."""
        return [str(PAWL), "serve", *self.sets()]

    def start_on_kafka(self):
        """`pawl serve` says where it listens in its log."""
        subprocess.run([str(PAWL), "topics", "create", *self.sets()], env=self.environment, check=True,
                       stdout=subprocess.DEVNULL)
        begin = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True,
                                            preexec_fn=self.before)
        deadline = time.monotonic() + READY_SECONDS_MAX
        while True:
            said = self.log.read_text()[begin:]
            found = re.search(r"event=(?:probes_)?listening address=(\S+)(?: tls=(\S+))?", said)
            endpoint = found and f"{'https' if found.group(2) == 'true' else 'http'}://{found.group(1)}"
            if endpoint and self.is_ready(endpoint):
                self.endpoint = endpoint
                return self
            assert self.process.poll() is None and time.monotonic() < deadline, f"pawl serve is not ready: {said[-3000:]}"
            time.sleep(0.05)

    def trust(self):
        if self.certificate_authority is None:
            return None
        context = ssl.create_default_context(cafile=self.certificate_authority)
        if self.client_certificate is not None:
            context.load_cert_chain(self.client_certificate)
        return context

    def is_ready(self, endpoint):
        try:
            return urllib.request.urlopen(f"{endpoint}/readyz", timeout=5, context=self.trust()).status == 200
        except OSError:
            return False

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            code = self.process.wait(30)
            self.process.stdout.close()
            self.process = None
            return code
        return None

    def kill(self):
        self.process.kill()
        self.process.wait(30)
        self.process.stdout.close()
        self.process = None

    def client(self, **config):
        config = {"inject_host_prefix": False, "retries": {"max_attempts": 1, "mode": "standard"}, "read_timeout": 90, **config}
        client = boto3.client("stepfunctions", endpoint_url=self.endpoint, region_name="us-east-1", aws_access_key_id="test",
                              aws_secret_access_key="test", verify=self.certificate_authority and str(self.certificate_authority),
                              config=Config(**config))
        return self.answers.watch(client)


def machine(states, start=None, **members):
    """A definition's text."""
    return json.dumps({"StartAt": start or next(iter(states)), "States": states, **members})


PASS = machine({"A": {"Type": "Pass", "End": True}})
WAIT = machine({"A": {"Type": "Wait", "Seconds": 3600, "End": True}})
FAIL = machine({"A": {"Type": "Fail", "Error": "Nope", "Cause": "because"}})


def task(resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken", **members):
    return machine({"A": {"Type": "Task", "Resource": resource, "End": True, **members}})
