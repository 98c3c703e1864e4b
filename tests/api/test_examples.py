"""examples/python runs as its README says."""
import subprocess
import sys

import service as services

FOLDER = services.ROOT / "examples/python"


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
