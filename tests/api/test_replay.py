"""What AWS was recorded to answer (../shared/conformance), and cases of our own in that form (tests/conformance/api), asked of
pawl by the recordings' own replay.py.
replay-expected.txt lists the cases that differ, with the reason."""
import concurrent.futures
import json
import os
import pathlib

import pytest

import replay_service
import service as services

SHARED = pathlib.Path(os.environ.get("PAWL_SHARED", services.ROOT.parent / "shared")) / "conformance"
OWN = services.ROOT / "tests/conformance/api"
EXPECTED = pathlib.Path(__file__).with_name("replay-expected.txt")
SHARDS = 8  # they mostly wait
SECONDS_MAX = 10  # what a case is taken to last, to share them out
PATIENCE_SECONDS = 20  # for what does not come

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason=f"no recorded cases at {SHARED}")


def expected():
    lines = EXPECTED.read_text(encoding="utf-8").splitlines()
    return dict(line.split("  ", 1) for line in lines if line and not line.startswith("#"))


def selected(folder):
    """The cases that need nothing, or a worker: as replay.py --needs worker."""
    for path in sorted(folder.glob("*.json")):
        case = json.loads(path.read_text(encoding="utf-8"))
        if not [need for need in case["needs"] if need != "worker"]:
            yield path, case


def shares(cases):
    """The files in SHARDS lists that take about as long."""
    known = expected()
    times = {path: PATIENCE_SECONDS if case["id"] in known else min(case.get("seconds", 1), SECONDS_MAX) for path, case in cases}
    times.update({path: 0 for path, case in cases if known.get(case["id"]) == "Distributed Map"})  # refused at once
    lists = [[0.0, []] for _ in range(SHARDS)]
    for path in sorted(times, key=times.get, reverse=True):
        least = min(lists, key=lambda one: one[0])
        least[0] += 0.3 + times[path]
        least[1].append(path)
    return [files for _, files in lists if files]


def replay(folder, files, shard):
    state = folder / str(shard)
    state.mkdir()
    report = state / "report.json"
    done = replay_service.run(state, SHARED, files, ["--needs", "worker", "--patience", str(PATIENCE_SECONDS), "--report", str(report)],
                              capture_output=True, text=True)
    assert report.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads(report.read_text())


def replay_all(folder, cases):
    with concurrent.futures.ThreadPoolExecutor(SHARDS) as pool:
        reports = pool.map(lambda share: replay(folder, share[1], share[0]), enumerate(shares(cases)))
        return {result["id"]: result["problems"] for report in reports for result in report}


def test_recorded(tmp_path):
    problems = replay_all(tmp_path, list(selected(SHARED / "cases")))
    known = expected()
    worse = {name: lines[:5] for name, lines in problems.items() if lines and name not in known}
    better = [name for name, lines in problems.items() if not lines and name in known]
    print(f"{sum(not lines for lines in problems.values())} of {len(problems)} recorded cases pass")
    assert not worse, json.dumps(worse, indent=1, ensure_ascii=False)
    assert not better, f"they pass now, though {EXPECTED.name} lists them: {better}"
    assert set(known) <= set(problems), f"{EXPECTED.name} lists what is no case: {set(known) - set(problems)}"


def test_own(tmp_path):
    problems = replay_all(tmp_path, list(selected(OWN)))
    assert problems
    worse = {name: lines[:5] for name, lines in problems.items() if lines}
    assert not worse, json.dumps(worse, indent=1, ensure_ascii=False)
