"""Client commands at an endpoint of the API do and say what they do and say on the topics."""
import json
import subprocess
import time

import pytest

import service as s

LATER = s.machine({"A": {"Type": "Pass", "Result": {"b": 1}, "Assign": {"v": "x"}, "Next": "W"},
                   "W": {"Type": "Wait", "Seconds": 3600, "End": True}})
# What the API does not tell, and so the text of a description lacks.
UNTOLD = ("  so far", "  revision", "  updated")


def pawl(service, *arguments, text=None, endpoint=True, **environment):
    """(exit code, stdout, stderr)"""
    command = [str(s.PAWL), *arguments, *service.sets()]
    if endpoint:
        command.append(f"--endpoint={service.endpoint}")
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60,
                          env={**service.environment, **environment})
    return done.returncode, done.stdout, done.stderr


def define(service, tmp_path, name, definition, *more, **options):
    path = tmp_path / f"{name}.json"
    path.write_text(definition)
    return pawl(service, "define", str(path), *more, **options)


@pytest.fixture(scope="module")
def ready(service, tmp_path_factory):
    """Machines and executions made through the endpoint."""
    folder = tmp_path_factory.mktemp("endpoint")
    for name, definition in (("ep-pass", s.PASS), ("ep-fail", s.FAIL), ("ep-later", LATER)):
        code, out, _ = define(service, folder, name, definition)
        assert code == 0 and json.loads(out)["created"] is True
    code, out, _ = define(service, folder, "ep-express", s.PASS, "--type", "EXPRESS")
    assert code == 0
    for number in range(3):
        code, out, _ = pawl(service, "start", "ep-pass", "--name", f"e{number}", "--input", '{"n": [1, 2.50]}', "--wait")
        assert code == 0 and json.loads(out)["status"] == "SUCCEEDED"
    code, _, problem = pawl(service, "start", "ep-fail", "--name", "f", "--wait")
    assert code == 6 and "FAILED: Nope: because" in problem
    code, out, _ = pawl(service, "start", "ep-later", "--name", "w")
    assert code == 0 and json.loads(out)["executionArn"].endswith(":ep-later:w")
    return service


def without_untold(text):
    return [line for line in text.splitlines() if not line.startswith(UNTOLD)]


@pytest.mark.parametrize("form", ["--json", "--text"])
@pytest.mark.parametrize("arguments", [
    ["describe", "ep-pass/e1"], ["describe", "ep-fail/f"], ["describe", "ep-later/w"], ["describe", "ep-pass"],
    ["describe", "nobody"], ["describe", "ep-pass/nobody"], ["history", "ep-pass/e1"], ["history", "ep-fail/f"],
    ["history", "ep-later/w"], ["history", "ep-pass/e1", "--follow"], ["history", "ep-pass/nobody"], ["list", "ep-pass"],
    ["list", "ep-fail", "--status", "FAILED"], ["list", "ep-pass", "--max", "2"], ["list", "ep-pass", "--count"],
    ["list", "ep-later", "--status", "SUCCEEDED"],
], ids=" ".join)
def test_both_sides(ready, arguments, form):
    if ready.kafka is None:
        there = pawl(ready, *arguments, form)
        here = pawl(ready, *arguments, form, endpoint=False)
        assert there[0] == here[0] and there[2] == here[2]
        if arguments == ["list", "ep-pass", "--max", "2"] and form == "--text":
            assert without_untold(there[1])[:2] == without_untold(here[1])[:2] and "more" in there[1]
        else:
            assert without_untold(there[1]) == without_untold(here[1])
    else:
        assert pawl(ready, *arguments, form)[0] in (0, 4)


def test_list_of_all(ready):
    listed = json.loads(pawl(ready, "list", "--max", "0")[1])["executions"]
    arns = {one["executionArn"].split(":", 6)[6] for one in listed}
    assert {"ep-pass:e0", "ep-pass:e1", "ep-pass:e2", "ep-fail:f", "ep-later:w"} <= arns


def test_update(ready, tmp_path):
    code, out, _ = define(ready, tmp_path, "ep-update", s.PASS)
    assert code == 0 and json.loads(out)["created"]
    code, out, _ = define(ready, tmp_path, "ep-update", s.FAIL)
    told = json.loads(out)
    assert code == 0 and told["created"] is False and told["revisionId"]
    assert ready.client().describe_state_machine(stateMachineArn=told["stateMachineArn"])["definition"] == s.FAIL
    code, _, problem = define(ready, tmp_path, "ep-update", s.PASS, "--type", "EXPRESS")
    assert code == 4 and "StateMachineAlreadyExists" in problem


def test_stop_and_follow(ready):
    assert pawl(ready, "start", "ep-later", "--name", "s")[0] == 0
    follower = subprocess.Popen([str(s.PAWL), "history", "ep-later/s", "--follow", "--json", f"--endpoint={ready.endpoint}"],
                                stdout=subprocess.PIPE, text=True, env=ready.environment)
    assert json.loads(follower.stdout.readline())["type"] == "ExecutionStarted"
    code, out, _ = pawl(ready, "stop", "ep-later/s", "--error", "Enough", "--cause", "by hand")
    assert code == 0 and "stopDate" in json.loads(out)
    events = [json.loads(line) for line in follower.communicate(timeout=30)[0].splitlines()]
    assert events[-1]["executionAbortedEventDetails"] == {"error": "Enough", "cause": "by hand"}
    assert follower.returncode == 0


def test_redrive(ready):
    assert pawl(ready, "start", "ep-fail", "--name", "r", "--wait")[0] == 6
    code, out, _ = pawl(ready, "redrive", "ep-fail/r")
    assert code == 0 and "redriveDate" in json.loads(out)
    code, _, problem = pawl(ready, "redrive", "ep-pass/e1")
    assert code == 4 and "ExecutionNotRedrivable" in problem


def test_each(ready):
    """Many at once, over a few connections, each answered for its own line."""
    lines = "".join(f'{{"id":"n{number}"}}\n' for number in range(2000))
    begin = time.monotonic()
    code, out, problem = pawl(ready, "start", "ep-pass", "--each", "--name-by", "id", text=lines)
    print(f"{2000 / (time.monotonic() - begin):.0f} starts a second")
    assert code == 0, problem
    assert {json.loads(line)["executionArn"].rsplit(":", 1)[1] for line in out.splitlines()} == {f"n{n}" for n in range(2000)}
    code, _, problem = pawl(ready, "start", "ep-pass", "--each", "--name-by", "id", text='{"id":"n1","x":2}\n{"id":"n1"}\n')
    assert code == 4 and "line 1: ExecutionAlreadyExists" in problem


def test_express_is_told_apart(ready):
    code, _, problem = pawl(ready, "list", "ep-express")
    assert code == 4 and "StateMachineTypeNotSupported" in problem


def test_environment(ready):
    """client.endpoint stands for --endpoint; commands that have no such side go by the topics."""
    code, out, _ = pawl(ready, "describe", "ep-pass/e1", endpoint=False, PAWL_CLIENT_ENDPOINT=ready.endpoint,
                        PAWL_STATE_DIR="/nonexistent/pawl")
    assert code == 0 and json.loads(out)["name"] == "e1"


@pytest.mark.parametrize("endpoint,code,text", [
    ("http://127.0.0.1:1", 3, "can't be reached"), ("nonsense", 2, "no endpoint"), ("ftp://x", 2, "no endpoint"),
    ("http://", 2, "no endpoint"),
])
def test_bad_endpoints(ready, endpoint, code, text):
    done = subprocess.run([str(s.PAWL), "describe", "ep-pass/e1", "--endpoint", endpoint], capture_output=True, text=True,
                          timeout=60, env=ready.environment)
    assert done.returncode == code and text in done.stderr


@pytest.mark.parametrize("command", [["topics", "list"], ["verify"], ["worker", "--task", "x", "--exec", "cat"]],
                         ids=lambda command: command[0])
def test_commands_of_the_topics(ready, command):
    code, _, problem = pawl(ready, *command)
    assert code == 2 and "does not work at an --endpoint" in problem


def test_signed(ready):
    """With credentials in the environment requests are signed, as AWS itself wants them; the gateway takes them all."""
    code, out, _ = pawl(ready, "describe", "ep-pass/e1", AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="secret",
                        AWS_SESSION_TOKEN="token")
    assert code == 0 and json.loads(out)["name"] == "e1"


def test_gateway_ends(own):
    """One that waits is told that the gateway is gone."""
    own.start().client().create_state_machine(name="later", definition=LATER, roleArn=s.ROLE)
    waiter = subprocess.Popen([str(s.PAWL), "start", "later", "--wait", f"--endpoint={own.endpoint}"], stderr=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True, env=own.environment)
    time.sleep(0.5)
    assert own.stop() == 0
    _, problem = waiter.communicate(timeout=30)
    assert waiter.returncode in (3, 5) and own.endpoint in problem, problem
