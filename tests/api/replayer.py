"""replayer.py FOLDER [OPTIONS AND CASES OF replay.py…]: the conformance folder's own replay.py, with tests/api/transport.py
for a worker and tests/api/other_services.py where it would call another service of AWS."""
import sys

import other_services

folder, *options = sys.argv[1:]
sys.path.insert(0, folder)
import replay  # noqa: E402


def auxiliary(run, step):
    params = run.names.fill(step["params"])
    run.names.answers[step["step"]] = other_services.answer(step["service"], step["op"], params, run.names.region,
                                                            replay.ACCOUNTS["primary"])
    return []


replay.Run.auxiliary = auxiliary
sys.argv = [replay.__file__, "--transport", "transport:Transport", *options]
sys.exit(replay.main())
