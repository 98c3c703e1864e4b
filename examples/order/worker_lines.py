#!/usr/bin/env python3
"""The worker for `pawl worker --lines --request`: started once, one line in, one line out.

    pawl worker --task charge --lines --request --exec 'python3 worker_lines.py'

Which task it does, it reads from the request: one script serves all six."""
import json
import sys
import time

import work


def answer(request):
    name = request["resource"].rpartition(":")[2]
    try:
        return json.dumps(work.do(name, request["parameters"], request["attempt"]))
    except work.Failed as failed:
        return f"!{failed.error} {failed.cause}"
    except work.NoAnswer:
        time.sleep(3)  # longer than anybody waits
        return "!TooLate nobody listens any more"


for line in sys.stdin:
    print(answer(json.loads(line)), flush=True)
