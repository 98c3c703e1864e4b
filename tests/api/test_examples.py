"""examples/python and examples/cloudformation run as their READMEs say."""
import json
import subprocess
import sys

import service as services

FOLDER = services.ROOT / "examples/python"
TEMPLATES = services.ROOT / "examples/cloudformation"


def run(service):
    done = subprocess.run([sys.executable, str(FOLDER / "invoices.py"), "--endpoint", service.endpoint], capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_invoices(service):
    said = run(service)
    readme = (FOLDER / "README.md").read_text()
    printed = [line.strip() for line in readme.split("prints\n", 1)[1].splitlines() if line.startswith("    ")]
    assert said[:4] == printed
    types = [line.split()[2] for line in said[5:]]
    assert types[0] == "ExecutionStarted" and types[-1] == "ExecutionSucceeded"
    assert types.count("ActivityScheduled") == 3 and types.count("ActivityFailed") == 1
    assert run(service)[:4] == printed, "it can be run again"


def define(service, *options):
    return subprocess.run([sys.executable, str(TEMPLATES / "define.py"), str(TEMPLATES / "order.template.json"), "--endpoint",
                           service.endpoint, *options], capture_output=True, text=True, timeout=120)


def test_cloudformation(service, client):
    refused = define(service)
    assert refused.returncode == 1 and "Give --set Charge=VALUE" in refused.stderr
    function = "arn:aws:lambda:us-east-1:000000000000:function:"
    for name in "charge", "charge-again":  # created, then updated
        done = define(service, "--set", f"Charge={function}{name}")
        assert done.returncode == 0, done.stderr
        made = client.describe_state_machine(stateMachineArn=done.stdout.strip())
        task = json.loads(made["definition"])["States"]["Charge"]
        assert task["Resource"] == "arn:aws:states:::lambda:invoke"
        assert task["Parameters"]["FunctionName"] == function + name
        assert made["roleArn"].startswith("arn:aws:iam::")
