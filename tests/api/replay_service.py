"""Runs conformance cases against a pawl of their own: what tests/api/replay and test_replay.py share."""
import json
import os
import pathlib
import subprocess
import sys

import service

HERE = pathlib.Path(__file__).resolve().parent
ROUTES = ",".join(f"{pattern}=conformance" for pattern in ("arn:aws:states:::*", "arn:aws:lambda:*"))


def run(state, folder, cases, options, **run_options):
    """replay.py of `folder` on the cases (files and folders), with its options. The result of subprocess.run."""
    made = service.Service(state, **{"tasks.routes": ROUTES, "encoding.tasks": "json", "topics.partitions": "1"})
    made.start()
    try:
        client = made.client()
        first = client.create_state_machine(name="first", roleArn=service.ROLE,  # makes the topic of tasks
                                            definition=service.task("arn:aws:lambda:us-east-1:000000000000:function:first"))
        client.delete_state_machine(stateMachineArn=first["stateMachineArn"])
        folders = sorted({str(path if os.path.isdir(path) else pathlib.Path(path).parent) for path in cases})
        told = {"sets": made.sets(), "environment": made.environment, "prefix": made.settings.get("topics.prefix", "pawl"),
                "folder": str(folder), "cases": folders}
        return subprocess.run([sys.executable, str(HERE / "replayer.py"), str(folder), "--endpoint", made.endpoint, *options,
                               *map(str, cases)], env={**os.environ, "PAWL_REPLAY": json.dumps(told)}, **run_options)
    finally:
        made.stop()
