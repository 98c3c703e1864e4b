#!/usr/bin/env python3
"""Runs every open case of ../shared/languages through `pawl eval --lines` and `pawl validate --lines`, as any other caller
would: asks by JSON lines and judges the answers.

    run_cases.py PAWL FOLDER [SET…]     sets: jsonpath resultpath intrinsics choice jsonata definitions

Prints each case that fails, then a line a set and `N passed, N failed`. Exit code 77 where the folder is absent.
"""
import json
import pathlib
import subprocess
import sys

OWN = pathlib.Path(__file__).resolve().parent.parent / "conformance"
DIFFER = OWN / "definitions-differ.txt"


def rows(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def ask(pawl, arguments, requests):
    """An answer a request. Surrogates alone go as escapes, as ASCII has them."""
    text = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run([pawl, *arguments, "--lines"], input=text.encode(), stdout=subprocess.PIPE, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != len(requests):
        raise SystemExit(f"{arguments}: {len(requests)} lines, but {len(answers)} answers")
    return answers


def same(left, right):
    """JSON's equality: true is not 1, but 1.0 is 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return left == right


def same_in_any_order(left, right):
    def key(item):
        return json.dumps(item, sort_keys=True)
    if not isinstance(left, list) or not isinstance(right, list):
        return same(left, right)
    return same(sorted(left, key=key), sorted(right, key=key))


def judge_outcome(case, answer):
    if "result" in case:
        compare = same_in_any_order if case.get("compare") == "set" else same
        return "result" in answer and compare(case["result"], answer["result"])
    if "matcher" in case:
        return "result" in answer
    return answer.get("error") in case["error"].split("|")


def jsonpath(pawl, folder):
    cases = rows(folder / "jsonpath/cases.jsonl")
    answers = ask(pawl, ["eval", "jsonpath"], [{"expr": case["expr"], "data": case["data"]} for case in cases])
    for case, answer in zip(cases, answers):
        good = judge_outcome(case, answer)
        if good and "message" in case and "error" in case and case["error"] != "invalid-path":
            good = case["message"] == answer["message"]
        yield case, answer, good


def resultpath(pawl, folder):
    cases = rows(folder / "jsonpath/resultpath.jsonl")
    requests = [{key: case[key] for key in ("input", "result", "result_path")} for case in cases]
    for case, answer in zip(cases, ask(pawl, ["eval", "resultpath"], requests)):
        wanted = {"result": case["output"]} if "output" in case else case
        yield case, answer, judge_outcome({**case, **wanted} if "output" in case else {"error": case["error"]}, answer)


def intrinsics(pawl, folder):
    cases = rows(folder / "intrinsics/cases.jsonl")
    names = {"expr": "expr", "input": "data", "variables": "bindings", "context": "context"}
    requests = [{to: case[name] for name, to in names.items() if name in case} for case in cases]
    for case, answer in zip(cases, ask(pawl, ["eval", "intrinsic"], requests)):
        yield case, answer, judge_outcome(case, answer)


def choice(pawl, folder):
    cases = rows(folder / "choice/cases.jsonl")
    requests = [{key: case[key] for key in ("operator", "variable", "operand") if key in case} for case in cases]
    for case, answer in zip(cases, ask(pawl, ["eval", "choice"], requests)):
        yield case, answer, judge_outcome(case, answer)


def applies(case, wanted):
    """docs/differences.md tells what does not."""
    if "string" in case or case.get("field") in ("Items", "Timestamp"):
        return False  # about a field, not the expression
    tags = case.get("tags", [])
    if "eval" in tags:
        return False  # AWS has no $eval
    if wanted is not case and ("hang" in wanted or wanted.get("error") == "internal"):
        return False  # the reference breaks
    return not ("differs-in-2.0.6" in tags and case.get("group", "").startswith("wildcards"))


def judge_jsonata(case, wanted, answer):
    if "error" in wanted:
        loose = wanted["error"] in ("States.QueryEvaluationError", "syntax")
        if loose:
            return "error" in answer or answer == {"undefined": True}
        return answer.get("error") == wanted["error"] and wanted.get("token", answer.get("token")) == answer.get("token")
    if wanted.get("result") in ("<NaN>", "<Infinity>"):
        return answer.get("error") == "D1001"
    if "matcher" in wanted:
        return "result" in answer
    if "result" not in wanted:
        return answer == {"undefined": True}
    compare = same_in_any_order if "unordered" in case.get("tags", []) else same
    return "result" in answer and compare(wanted["result"], answer["result"])


def jsonata(pawl, folder):
    folder = folder / "jsonata"
    datasets = json.loads((folder / "datasets.json").read_text(encoding="utf-8"))
    bindings = json.loads((folder / "extra-bindings.json").read_text(encoding="utf-8"))
    cases = [case for name in ("suite", "extra", "aws") for case in rows(folder / f"{name}.jsonl")]
    cases = [case for case in cases if applies(case, case.get("v206", case))]
    requests = []
    for case in cases:
        request = {key: case[key] for key in ("expr", "data", "bindings", "timelimit", "depth") if key in case}
        if "dataset" in case:
            request["data"] = datasets[case["dataset"]]
        if isinstance(request.get("bindings"), str):
            request["bindings"] = bindings[request["bindings"]]
        requests.append(request)
    for case, answer in zip(cases, ask(pawl, ["eval", "jsonata"], requests)):
        yield case, answer, judge_jsonata(case, case.get("v206", case), answer)


def definitions(pawl, folder):
    cases = rows(folder / "definitions/cases.jsonl")
    differ = {line.split(" ", 1)[0] for line in DIFFER.read_text(encoding="utf-8").splitlines()}
    cases = [case for case in cases if case["name"] not in differ]
    requests = [{key: case[key] for key in ("definition", "definition_text", "type") if key in case} for case in cases]
    for case, answer in zip(cases, ask(pawl, ["validate"], requests)):
        good = answer["result"] == ("OK" if case["valid"] else "FAIL")
        if case["authority"] == "aws-recorded" and not case["valid"]:
            for reason in case.get("reasons", []):
                good = good and any(
                    found["code"] == reason.get("code", found["code"]) and found["message"].startswith(reason["message"])
                    and reason.get("location", found.get("location")) == found.get("location")
                    for found in answer["diagnostics"])
        yield case, answer, good


SETS = {"jsonpath": jsonpath, "resultpath": resultpath, "intrinsics": intrinsics, "choice": choice, "jsonata": jsonata,
        "definitions": definitions}


def main():
    pawl, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if not folder.is_dir():
        print(f"skipped: {folder} is not there")
        return 77
    passed = failed = 0
    for name in sys.argv[3:] or SETS:
        good = bad = 0
        for case, answer, is_good in SETS[name](pawl, folder):
            good += is_good
            bad += not is_good
            if not is_good:
                print(f"{name}: {json.dumps(case)[:1000]}\n    got {json.dumps(answer)[:500]}")
        print(f"{name}: {good} passed, {bad} failed")
        passed += good
        failed += bad
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
