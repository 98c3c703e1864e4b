"""The checker finds what it is there to find: a good log, made here by hand, passes, and each way of breaking it is seen."""
import copy
import json
import random
import struct
import sys

import pytest

import avro
import checker
import log as logs

PARTITIONS = 2
NOW_MS = 1_800_000_000_000
SCHEMAS = avro.Schemas()
ACCOUNT = "arn:aws:states:us-east-1:000000000000:"


def encode(topic, record, values):
    return SCHEMAS.encode(logs.schema_of(topic), record, values)


class Story:
    """Writes what pawl would write, transaction by transaction."""

    def __init__(self):
        self.records = []
        self.offsets = {}
        self.pending = {}  # partition: rows since the last commit row
        self.sequences = {}
        self.read = {}
        self.chance = random.Random(1)
        self.clock = NOW_MS - 3_600_000
        self.transitions = {}
        self.starts = {}

    def put(self, topic, partition, key, record, values, headers=()):
        offset = self.offsets.get((topic, partition), 0)
        self.offsets[topic, partition] = offset + 1
        value = None if values is None else encode(topic, record, values)
        made = logs.Record(topic, partition, offset, key.encode() if isinstance(key, str) else key, value,
                           [(name, text.encode()) for name, text in headers], self.clock)
        self.records.append(made)
        return made

    def row(self, partition, key, record, values):
        self.pending[partition] = self.pending.get(partition, 0) + 1
        return self.put("state", partition, key, record, values)

    def commit(self, partition):
        self.sequences[partition] = self.sequences.get(partition, 0) + 1
        rows = self.pending.pop(partition, 0) + 1
        self.put("state", partition, b"c", "CommitRow", {
            "sequence": self.sequences[partition], "rowCount": rows, "commandsOffset": self.offsets.get(("commands", partition), 0),
            "resultsOffset": self.offsets.get(("results", partition), 0), "time": self.clock * 1000})

    def begin(self, name, machine="tiny", given="{}", reply=None):
        run = Run(self, machine, name, given)
        values = {"stateMachineArn": run.machine_arn, "name": name, "input": given}
        if reply:
            values.update(replyTopic="pawl.replies", replyPartition=0, correlationId=reply)
        self.put("commands", run.partition, run.arn, "StartExecution", values)
        run.event("ExecutionStarted", 0, input=given)
        if reply:
            self.put("replies", 0, reply, "Reply", {"correlationId": reply, "data": json.dumps({"executionArn": run.arn}),
                                                    "incarnation": run.incarnation, "version": 1})
        run.status("RUNNING")
        return run


class Run:
    def __init__(self, story, machine, name, given):
        self.story = story
        self.machine_arn = f"{ACCOUNT}stateMachine:{machine}"
        self.arn = f"{ACCOUNT}execution:{machine}:{name}"
        self.partition = logs.partition_of(self.arn, PARTITIONS)
        story.clock += 10
        self.incarnation = story.clock * 1000
        self.input = given
        self.last = 0
        self.transitions = 0
        self.redrives = 0
        self.metered = 0
        self.frame = 0
        self.id = logs.execution_id(self.arn, self.incarnation)

    def event(self, kind, previous=None, **values):
        self.story.clock += 1
        before = self.last if previous is None else previous
        self.last += 1
        if kind.endswith("StateEntered"):
            self.transitions += 1
        self.story.put("history", self.partition, self.arn, "HistoryEvent", {
            "executionArn": self.arn, "incarnation": self.incarnation, "stateMachineArn": self.machine_arn, "id": self.last,
            "previousEventId": before, "timestamp": self.story.clock * 1000, "type": kind, **values})
        return self.last

    def ask(self, state, attempt, parameters="{}"):
        self.event("LambdaFunctionScheduled", input=parameters, resource="arn:aws:lambda:us-east-1:1:function:do")
        if attempt:
            self.transitions += 1
        bits = self.story.chance.randbytes(16)
        token = b"\x01" + struct.pack(">I16sqI16s", logs.murmur2(self.arn.encode()), self.id, self.frame, attempt, bits)
        text = logs.base64.urlsafe_b64encode(token).decode().rstrip("=")
        self.story.put("tasks.do", self.partition, self.arn, "TaskRequest", {
            "taskToken": text, "executionArn": self.arn, "incarnation": self.incarnation, "stateMachineArn": self.machine_arn,
            "stateName": state, "resource": "arn:aws:lambda:us-east-1:1:function:do", "parameters": parameters,
            "attempt": attempt, "scheduledTime": self.story.clock * 1000})
        return text

    def answer(self, token, error=None, output='{"done":true}', acted=True):
        if error:
            self.story.put("results", self.partition, self.arn, "TaskFailed", {"taskToken": token, "error": error, "cause": "c"})
        else:
            self.story.put("results", self.partition, self.arn, "TaskSucceeded", {"taskToken": token, "output": output})
        if acted:
            self.event("LambdaFunctionStarted")
            if error:
                self.event("LambdaFunctionFailed", error=error, cause="c")
            else:
                self.event("LambdaFunctionSucceeded", output=output)

    def status(self, status, **values):
        story = self.story
        stop = None if status == "RUNNING" else story.clock * 1000
        story.put("executions", self.partition, self.arn, "ExecutionStatus", {
            "executionArn": self.arn, "incarnation": self.incarnation, "version": self.last, "stateMachineArn": self.machine_arn,
            "revisionId": "r", "name": self.arn.split(":")[7], "type": "STANDARD", "status": status, "startDate": self.incarnation,
            "stopDate": stop, "input": self.input, "redriveCount": self.redrives, "transitions": self.transitions, **values})

    def end(self, status, **values):
        kind = {"SUCCEEDED": "ExecutionSucceeded", "FAILED": "ExecutionFailed", "ABORTED": "ExecutionAborted"}[status]
        self.event(kind, 0 if status == "ABORTED" else None, **values)
        self.status(status, **values)
        self.save()

    def redrive(self):
        self.redrives += 1
        self.event("ExecutionRedriven", redriveCount=self.redrives)
        self.transitions += 1  # of the state that it begins anew
        self.status("RUNNING")

    def save(self):
        frame = {"id": 0, "parent": -1, "group": -1, "index": 0, "machine": 0, "state": 0, "phase": 0}
        schema = avro.json.loads((avro.FOLDER / "StateRow.avsc").read_text())
        execution = next(one for one in schema if isinstance(one, dict) and one["name"] == "ExecutionRow")
        row = fill(execution, {"arn": self.arn, "incarnation": self.incarnation, "lastEventId": self.last, "root": frame})
        self.story.row(self.partition, b"e" + self.id, "ExecutionRow", row)
        self.story.row(self.partition, b"u" + struct.pack(">Q", 1 << 63) + self.machine_arn.encode(), "UsageRow", self.usage())
        self.story.commit(self.partition)

    def usage(self):
        key = (self.partition, self.machine_arn)
        self.story.transitions[key] = self.story.transitions.get(key, 0) + self.transitions - self.metered
        self.metered = self.transitions
        self.story.starts[key] = self.story.starts.get(key, 0) + (self.redrives == 0)
        return {"stateMachineArn": self.machine_arn, "minute": 0, "transitions": self.story.transitions[key],
                "executionsStarted": self.story.starts[key]}


def fill(schema, values):
    """All fields of a record: those not given are zero, empty or null."""
    row = {}
    for field in schema["fields"]:
        kind, name = field["type"], field["name"]
        if isinstance(kind, dict) and kind["type"] == "record":
            row[name] = fill(kind, values.get(name, {}))
        elif name in values:
            row[name] = values[name]
        elif isinstance(kind, list):
            row[name] = None
        else:
            plain = kind if isinstance(kind, str) else kind["type"]
            row[name] = {"string": "", "array": [], "boolean": False}.get(plain, 0)
    return row


def good_story():
    """tiny/a is done at the second attempt (answered twice), tiny/b at the first, order/empty fails, tiny/again fails and is
    redriven, tiny/r still waits for its
    task, tiny/s was stopped."""
    story = Story()
    run = story.begin("a", reply="ra")
    run.event("TaskStateEntered", 0, name="Do", input="{}")
    first = run.ask("Do", 0)
    run.answer(first, error="Busy")
    second = run.ask("Do", 1)
    run.answer(second)
    run.answer(second, acted=False)  # doubled
    run.answer(first, acted=False)  # late
    run.event("TaskStateExited", name="Do", output='{"done":true}')
    run.end("SUCCEEDED", output='{"done":true}')
    for name in ("b", "b2", "b3"):
        run = story.begin(name)
        run.event("TaskStateEntered", 0, name="Do", input="{}")
        run.answer(run.ask("Do", 0))
        run.event("TaskStateExited", name="Do", output='{"done":true}')
        run.end("SUCCEEDED", output='{"done":true}')
    run = story.begin("empty", "order", '{"lines":[],"total":0}')
    run.event("ChoiceStateEntered", 0, name="CheckOrder", input=run.input)
    run.event("ChoiceStateExited", name="CheckOrder", output=run.input)
    run.event("FailStateEntered", name="EmptyOrder", input=run.input)
    run.end("FAILED", error="EmptyOrder", cause="an order has at least one line, and a price")
    run = story.begin("again")
    run.event("TaskStateEntered", 0, name="Do", input="{}")
    run.answer(run.ask("Do", 0), error="Broken")
    run.end("FAILED", error="Broken", cause="c")
    run.redrive()
    run.answer(run.ask("Do", 0))
    run.event("TaskStateExited", name="Do", output='{"done":true}')
    run.end("SUCCEEDED", output='{"done":true}')
    run = story.begin("s", reply="rs")
    run.event("WaitStateEntered", 0, name="Hold", input="{}")
    story.put("commands", run.partition, run.arn, "StopExecution", {
        "executionArn": run.arn, "replyTopic": "pawl.replies", "replyPartition": 0, "correlationId": "stop"})
    run.end("ABORTED")
    story.put("replies", 0, "stop", "Reply", {"correlationId": "stop", "data": "{}"})
    run = story.begin("r")
    run.event("TaskStateEntered", 0, name="Do", input="{}")
    run.ask("Do", 0)
    due = struct.pack(">Q16sQ", NOW_MS + 1000 + (1 << 63), run.id, 1 << 63)
    story.row(run.partition, b"t" + due, "TimerRow", {"phaseCounter": 1})
    run.save()
    return story


def found_in(records, positions=None, **options):
    copies = [copy.copy(record) for record in records]
    for record in copies:
        record.data = record.problem = None
    log = logs.Log(copies, PARTITIONS, now_ms=NOW_MS, positions=positions)
    return list(checker.findings(checker.Check(log, **options)))


def test_good_log_passes():
    assert [str(finding) for finding in found_in(good_story().records)] == []


def test_stats_and_summary(capsys):
    log = logs.Log(good_story().records, PARTITIONS, now_ms=NOW_MS)
    assert checker.run(log, show_stats=True)
    out = capsys.readouterr().out
    assert "executions: ABORTED 1, FAILED 1, RUNNING 1, SUCCEEDED 5" in out
    assert "doubled" in out


# ---- Ways of breaking it: (name, rule that must see it, function of the records) ----


def events(records, name, kind=None):
    return [record for record in records if record.topic == "history" and record.key.decode().endswith(":" + name) and
            (kind is None or SCHEMAS.decode(record.value, "HistoryEvent")["type"] == kind)]


def change(record, **values):
    name = logs.schema_of(record.topic)
    data = SCHEMAS.decode(record.value, name)
    record.value = SCHEMAS.encode(name, data["record"], {**data, **values})


def remove(records, record):
    records.remove(record)


def insert_after(records, record, **values):
    """A copy of the record behind it; those behind move up."""
    for other in records:
        if (other.topic, other.partition) == (record.topic, record.partition) and other.offset > record.offset:
            other.offset += 1
    made = copy.copy(record)
    made.offset += 1
    if values:
        change(made, **values)
    records.append(made)


def of(records, topic, name=None):
    return [record for record in records if record.topic == topic and
            (name is None or record.key is not None and record.key.decode(errors="replace").endswith(":" + name))]


def commits(records, partition=0):
    return [record for record in of(records, "state") if record.key == b"c" and record.partition == partition]


def swap(records, first, second):
    first.offset, second.offset = second.offset, first.offset


def break_value(record):
    record.value = record.value[:-1]


def move(record):
    record.partition = 1 - record.partition
    record.offset += 1000


BAD = [
    ("event lost", "history", lambda r: remove(r, events(r, "a", "LambdaFunctionFailed")[0])),
    ("event doubled", "history", lambda r: insert_after(r, events(r, "b", "TaskStateExited")[0])),
    ("events swapped", "history", lambda r: swap(r, *events(r, "b")[2:4])),
    ("cause later", "history", lambda r: change(events(r, "b")[3], previousEventId=9)),
    ("no cause", "history", lambda r: change(events(r, "b")[3], previousEventId=0)),
    ("goes on after its end", "history", lambda r: insert_after(r, events(r, "b")[-1], id=8, type="TaskStateEntered")),
    ("time goes back", "history", lambda r: change(events(r, "b")[3], timestamp=1)),
    ("never started", "history", lambda r: [remove(r, event) for event in events(r, "b")]),
    ("torn record", "readable", lambda r: break_value(events(r, "b")[2])),
    ("wrong partition", "partition", lambda r: [move(record) for record in events(r, "b")]),
    ("wrong key", "partition", lambda r: setattr(of(r, "tasks.do", "b")[0], "key", of(r, "tasks.do", "a")[0].key)),
    ("started twice", "incarnation", lambda r: [insert_after(r, events(r, "r")[-1], incarnation=5, id=1, previousEventId=0,
                                                             type="ExecutionStarted")]),
    ("result acted on twice", "task_end", lambda r: insert_after(r, events(r, "b", "LambdaFunctionSucceeded")[0], id=6)),
    ("request lost", "task_request", lambda r: remove(r, of(r, "tasks.do", "b")[0])),
    ("request doubled", "task_request", lambda r: insert_after(r, of(r, "tasks.do", "b")[0])),
    ("attempt wrong", "task_request", lambda r: change(of(r, "tasks.do", "a")[1], attempt=2)),
    ("parameters differ", "task_request", lambda r: change(of(r, "tasks.do", "b")[0], parameters='{"x":1}')),
    ("token of another", "task_request",
     lambda r: change(of(r, "tasks.do", "b")[0],
                      taskToken=SCHEMAS.decode(of(r, "tasks.do", "a")[0].value, "TaskRequest")["taskToken"])),
    ("nobody answered", "result", lambda r: [remove(r, one) for one in of(r, "results", "b")]),
    ("another answer", "result", lambda r: change(of(r, "results", "b")[0], output='"other"')),
    ("answer lost", "result", lambda r: [remove(r, event) for event in events(r, "b3")[3:]]),
    ("status missing", "status", lambda r: [remove(r, one) for one in of(r, "executions", "b")]),
    ("status old", "status", lambda r: remove(r, of(r, "executions", "b")[1])),
    ("status without end", "status", lambda r: remove(r, events(r, "b")[-1])),
    ("status swapped", "status", lambda r: swap(r, *of(r, "executions", "b"))),
    ("output differs", "status", lambda r: change(of(r, "executions", "b")[1], output="1")),
    ("version differs", "status", lambda r: change(of(r, "executions", "b")[1], version=3)),
    ("stop date differs", "status", lambda r: change(of(r, "executions", "b")[1], stopDate=3)),
    ("transitions differ", "status", lambda r: change(of(r, "executions", "a")[1], transitions=7)),
    ("commit lost", "commit", lambda r: remove(r, commits(r)[1])),
    ("commit doubled", "commit", lambda r: insert_after(r, commits(r)[0])),
    ("row lost", "commit", lambda r: remove(r, [one for one in of(r, "state") if one.partition == 0 and
                                                one.key[:1] == b"u"][1])),
    ("rows behind", "commit", lambda r: remove(r, commits(r)[-1])),
    ("position goes back", "commit", lambda r: change(commits(r)[1], resultsOffset=-1)),
    ("first commit", "commit", lambda r: change(commits(r)[0], sequence=2)),
    ("not read", "position", lambda r: change(commits(r)[-1], commandsOffset=1)),
    ("start lost", "input", lambda r: [remove(r, one) for one in events(r, "b") + of(r, "executions", "b") +
                                       of(r, "tasks.do", "b")]),
    ("start from nowhere", "input", lambda r: remove(r, of(r, "commands", "b")[0])),
    ("input differs", "input", lambda r: change(of(r, "commands", "b")[0], input='{"y":1}')),
    ("bad command swallowed", "input", lambda r: break_value(of(r, "commands", "b")[0])),
    ("forwarded twice", "input", lambda r: [forward(r, of(r, "commands", "b")[0]) for _ in range(2)]),
    ("reply lost", "reply", lambda r: remove(r, of(r, "replies")[0])),
    ("reply doubled", "reply", lambda r: insert_after(r, of(r, "replies")[0])),
    ("refused, yet runs", "input", lambda r: change(of(r, "replies")[0], error="StateMachineDoesNotExist", data=None)),
    ("stopped, yet runs", "stop", lambda r: [remove(r, one) for one in (events(r, "s")[-1], of(r, "executions", "s")[-1])]),
    ("dead letter", "dead_letters", lambda r: letter(r, of(r, "commands", "b")[0])),
    ("usage differs", "usage", lambda r: change([one for one in of(r, "state") if one.key[:1] == b"u"][-1], transitions=99)),
    ("row missing", "rows", lambda r: [remove(r, one) for one in of(r, "state") if one.key[:1] == b"e"][:1]),
    ("row behind the history", "rows", lambda r: change([one for one in of(r, "state") if one.key[:1] == b"e"][-1], lastEventId=1)),
    ("parked", "rows", lambda r: change([one for one in of(r, "state") if one.key[:1] == b"e"][-1], parked="assertion")),
    ("waits for nothing", "rows", lambda r: [remove(r, one) for one in [one for one in of(r, "state") if one.key[:1] == b"t"] +
                                             of(r, "tasks.do", "r")]),
    ("timer overdue", "rows", lambda r: overdue([one for one in of(r, "state") if one.key[:1] == b"t"][0])),
    ("frame left", "left", lambda r: leave(r)),
    ("wrong outcome", "outcome", lambda r: change(events(r, "empty")[-1], error="Other")),
    ("wrong status", "outcome", lambda r: change(events(r, "empty")[-1], type="ExecutionSucceeded", output="{}")),
    ("order did not end", "outcome", lambda r: remove(r, events(r, "empty")[-1])),
    ("attempt too many", "outcome", lambda r: change(events(r, "empty")[1], type="LambdaFunctionScheduled")),
]


def forward(records, record):
    made = copy.copy(record)
    made.headers = [("pawl-forwarded", f"pawl.{record.place}".encode())]
    made.offset = 500 + len(records)
    records.append(made)


def letter(records, record):
    made = copy.copy(record)
    made.topic = "dead-letters"
    topic, partition, offset = "pawl." + record.topic, record.partition, record.offset
    made.headers = [("__connect.errors.topic", topic.encode()), ("__connect.errors.partition", str(partition).encode()),
                    ("__connect.errors.offset", str(offset).encode())]
    records.append(made)


def overdue(record):
    due, execution, frame = logs.timer_of(record.key)
    record.key = b"t" + struct.pack(">Q16sQ", due - 3_600_000 + (1 << 63), execution, frame + (1 << 63))


def leave(records):
    row = next(one for one in of(records, "state") if one.key[:1] == b"e")
    made = copy.copy(row)
    made.key = b"p" + row.key[1:] + bytes(17)
    made.value = SCHEMAS.encode("StateRow", "PayloadRow", {"text": "{}"})
    made.offset -= 1
    records.append(made)


@pytest.mark.parametrize("name,rule,breaks", BAD, ids=[row[0] for row in BAD])
def test_bad_log_is_found(name, rule, breaks):
    records = good_story().records
    breaks(records)
    findings = found_in(records)
    assert rule in {finding.rule for finding in findings}, [str(finding) for finding in findings]
    assert all(finding.place for finding in findings)


def test_group_offset_that_differs_is_found():
    records = good_story().records
    log = logs.Log(records, PARTITIONS, now_ms=NOW_MS)
    positions = logs_positions = checker.last_positions(log)
    assert found_in(records, positions=positions) == []
    one = next(iter(positions))
    assert {"position"} == {finding.rule for finding in found_in(records, positions={**logs_positions, one: 0})}


def test_expected_dead_letter_passes():
    records = good_story().records
    partition = of(records, "commands")[0].partition
    bad = logs.Record("commands", partition, -1, b"k", b"rubbish")
    records.append(bad)
    letter(records, bad)
    assert found_in(records, dead_letters=1) == []
    change_letter = records[-1]
    change_letter.value = b"rubbis"
    assert {"input"} == {finding.rule for finding in found_in(records, dead_letters=1)}


def test_a_task_that_could_not_be_sent_has_no_request():
    story = good_story()
    run = story.begin("u")
    run.event("TaskStateEntered", 0, name="Do", input="{}")
    run.event("LambdaFunctionScheduled", input="{}", resource="arn:aws:lambda:us-east-1:1:function:do")
    run.event("LambdaFunctionScheduleFailed", error="States.TaskFailed", cause="c")
    run.transitions += 1
    run.answer(run.ask("Do", 1))
    run.event("TaskStateExited", name="Do", output='{"done":true}')
    run.transitions -= 1  # the retry was counted twice: here and by ask
    run.end("SUCCEEDED", output='{"done":true}')
    assert found_in(story.records) == []
    remove(story.records, events(story.records, "u", "LambdaFunctionScheduleFailed")[0])
    assert "task_request" in {finding.rule for finding in found_in(story.records)}


def test_what_is_not_finished_is_no_fault_while_it_runs():
    records = good_story().records
    remove(records, events(records, "empty")[-1])
    remove(records, of(records, "executions", "empty")[-1])
    row = [one for one in of(records, "state") if one.key[:1] == b"e" and
           SCHEMAS.decode(one.value, "StateRow")["arn"].endswith(":empty")][0]
    change(row, lastEventId=4)
    assert {finding.rule for finding in found_in(records)} == {"outcome", "rows"}
    assert found_in(records, running=True) == []


# ---- Formats ----


def test_fingerprints_are_those_of_the_docs():
    docs = (avro.FOLDER.parents[1] / "docs/records.md").read_text()
    for name in ("Command", "TaskResult", "TaskRequest", "HistoryEvent", "Reply"):
        assert f"| [{name}](../schemas/avro/{name}.avsc) | `{SCHEMAS.heads[name].hex()}` |" in docs


@pytest.mark.parametrize("key,hashed", [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536),
                                        (b"a-little-bit-longer-string", -1486304829), (b"abc", 479470107)])
def test_murmur2_is_kafkas(key, hashed):
    assert logs.murmur2(key) == hashed & 0xFFFFFFFF


def test_json_and_avro_say_the_same():
    values = {"taskToken": "t", "output": '{"n":1.5}'}
    as_avro = SCHEMAS.decode(SCHEMAS.encode("TaskResult", "TaskSucceeded", values), "TaskResult")
    as_json = SCHEMAS.decode(b'{"type":"TaskSucceeded","taskToken":"t","output":{"n":1.5}}', "TaskResult")
    assert json.loads(as_json.pop("output")) == json.loads(as_avro.pop("output"))
    assert as_json == as_avro


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_torn_record_is_malformed(cut):
    value = SCHEMAS.encode("Command", "StartExecution", {"stateMachineArn": "arn", "name": "name", "input": "{}"})
    with pytest.raises((avro.Malformed, UnicodeDecodeError)):
        SCHEMAS.decode(value[:-cut], "Command")


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
