#!/usr/bin/env python3
"""Proves from the topics alone that nothing was lost and nothing done twice.

    checker.py [--bootstrap ADDRESS | --dump FILE --partitions P] [--prefix pawl] [--dead-letters N] [--running] [--stats]

Prints each thing that must not be, with topic, partition and offset, and exits 1 when there is one. --dead-letters: how many
of them are expected (0). --running: pawl still works, so what is not finished yet is not wrong. Executions of `order` and the like
are compared with what the order model (tests/order/model.py) says must come of their input.

A rule is a function from Check to findings; its docstring says what it proves."""
import argparse
import collections
import dataclasses
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "order"))
import log as logs  # noqa: E402
import model  # noqa: E402

END_EVENTS = {"ExecutionSucceeded": "SUCCEEDED", "ExecutionFailed": "FAILED", "ExecutionAborted": "ABORTED",
              "ExecutionTimedOut": "TIMED_OUT"}
TASK_KINDS = ("LambdaFunction", "Task", "Activity")
TASK_ENDS = {kind + end: end for kind in TASK_KINDS for end in ("Succeeded", "Failed", "TimedOut")}
SCHEDULED = {kind + "Scheduled" for kind in TASK_KINDS}
STARTED = {kind + "Started" for kind in TASK_KINDS}
# Its route refused the request: nobody was asked.
UNSENT = {"LambdaFunctionScheduleFailed", "ActivityScheduleFailed", "TaskSubmitFailed"}
# The events that may name none: AWS's first two, and those that end an execution from outside.
ROOTLESS = {"ExecutionStarted", "ExecutionAborted", "ExecutionTimedOut"}
OVERDUE_MS = 30_000
FINDINGS_SHOWN_MAX = 100


@dataclasses.dataclass
class Finding:
    rule: str
    place: str
    text: str

    def __str__(self):
        return f"{self.place}: {self.rule}: {self.text}"


@dataclasses.dataclass
class Task:
    """One attempt, as the history has it."""
    scheduled: object  # record of …Scheduled
    state: str
    entered: int  # id of the state's …Entered
    attempt: int
    started: object = None
    end: object = None
    request: object = None  # record of the TaskRequest


class Execution:
    """All events of one (ARN, incarnation), and what else names it."""

    def __init__(self, arn, incarnation):
        self.arn = arn
        self.incarnation = incarnation
        self.events = []
        self.by_id = {}
        self.statuses = []
        self.requests = []
        self.tasks = []

    @property
    def machine(self):
        return self.arn.split(":")[6]

    @property
    def name(self):
        return self.arn.split(":")[7]

    @property
    def end(self):
        last = self.events[-1] if self.events else None
        return last if last and last.data["type"] in END_EVENTS else None

    @property
    def status(self):
        return END_EVENTS[self.end.data["type"]] if self.end else "RUNNING"


class Check:
    """The log, indexed."""

    def __init__(self, log, dead_letters=0, running=False):
        self.log = log
        self.dead_letters = dead_letters
        self.running = running
        self.executions = {}
        for record in log.of("history"):
            if record.data:
                execution = self.execution(record.data["executionArn"], record.data["incarnation"])
                execution.events.append(record)
                execution.by_id.setdefault(record.data["id"], record)
        for record in log.of("executions"):
            if record.data:
                self.execution(record.data["executionArn"], record.data["incarnation"]).statuses.append(record)
        for record in log.tasks():
            if record.data:
                self.execution(record.data["executionArn"], record.data["incarnation"]).requests.append(record)
        self.by_arn = collections.defaultdict(list)
        self.by_express = collections.defaultdict(list)  # ARN without the UUID at its end
        for execution in self.executions.values():
            self.by_arn[execution.arn].append(execution)
            if ":express:" in execution.arn:
                self.by_express[execution.arn.rpartition(":")[0]].append(execution)
            execution.tasks = read_tasks(execution)
            assign_requests(execution)
        self.letters = {}  # (topic, partition, offset) of the input: its dead letters
        for record in log.of("dead-letters"):
            self.letters.setdefault(letter_source(record, log.prefix), []).append(record)
        self.forwarded = {}  # where it came from: records
        for topic in ("commands", "results"):
            for record in log.of(topic):
                source = record.header("pawl-forwarded")
                if source is not None:
                    self.forwarded.setdefault(source.decode().removeprefix(log.prefix + "."), []).append(record)
        self.replies = collections.defaultdict(list)
        for record in log.of("replies"):
            if record.data:
                self.replies[record.data["correlationId"]].append(record)
        self.rows = fold(log)

    def execution(self, arn, incarnation):
        found = self.executions.get((arn, incarnation))
        if found is None:
            found = self.executions[arn, incarnation] = Execution(arn, incarnation)
        return found


def letter_source(record, prefix):
    """Where a dead letter came from, by its headers."""
    topic, partition, offset = (record.header("__connect.errors." + name) for name in ("topic", "partition", "offset"))
    if topic is None or partition is None or offset is None:
        return None
    return topic.decode().removeprefix(prefix + "."), int(partition), int(offset)


def fold(log):
    """{(partition, key): record} of the state rows that are there now."""
    rows = {}
    for record in log.of("state"):
        if record.value is None:
            rows.pop((record.partition, record.key), None)
        else:
            rows[record.partition, record.key] = record
    return rows


def cause_of(execution, event):
    return execution.by_id.get(event.data["previousEventId"])


def state_entered(execution, event):
    """The …StateEntered that led to a …Scheduled, back along the causes."""
    seen = 0
    while event is not None and seen <= len(execution.events):
        if event.data["type"].endswith("StateEntered"):
            return event
        event = cause_of(execution, event)
        seen += 1
    return None


def read_tasks(execution):
    """Every attempt that somebody was asked to do, with the events that name it."""
    by_event = {}
    counts = collections.Counter()
    tasks = []
    for event in execution.events:
        kind = event.data["type"]
        if kind in SCHEDULED:
            entered = state_entered(execution, event)
            entered_id = entered.data["id"] if entered else 0
            if is_redriven(execution, event):
                counts[entered_id] = 0  # its attempts count from none
            tasks.append(Task(event, entered.data["name"] if entered else "?", entered_id, counts[entered_id]))
            counts[entered_id] += 1
            by_event[event.data["id"]] = tasks[-1]
        elif kind in STARTED or kind in TASK_ENDS or kind == "TaskSubmitted":
            task = by_event.get(event.data["previousEventId"])
            if task is not None:
                by_event[event.data["id"]] = task
                if kind in STARTED:
                    task.started = task.started or event
                elif kind in TASK_ENDS:
                    task.end = task.end or event
        elif kind in UNSENT:
            tasks = [task for task in tasks if task.scheduled.data["id"] != event.data["previousEventId"]]
    return tasks


def assign_requests(execution):
    """The i-th …Scheduled of a state belongs to the i-th request of that state: both are written in one order."""
    queues = collections.defaultdict(collections.deque)
    for request in execution.requests:
        queues[request.data["stateName"]].append(request)
    for task in execution.tasks:
        if queues[task.state]:
            task.request = queues[task.state].popleft()


def same_json(a, b):
    if a is None or b is None:
        return a is b
    return a == b or json.loads(a) == json.loads(b)


def shorten(value, characters=300):
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= characters else text[:characters] + "…"


# ---- The rules ----


def rule_readable(check):
    """Everything that pawl writes can be read, by the schemas alone."""
    for topic, records in check.log.topics.items():
        if topic in ("commands", "results"):
            continue
        for record in records:
            if record.problem:
                yield record.place, record.problem


def rule_partition(check):
    """Whatever is about an execution is on the partition murmur2(ARN) mod P, with the ARN as its key."""
    for record in check.log.of("history") + check.log.of("executions") + check.log.tasks():
        if record.key is None:
            yield record.place, "has no key"
            continue
        expected = logs.partition_of(record.key, check.log.partition_count)
        if record.partition != expected:
            yield record.place, f"belongs to partition {expected}"
        if record.data and record.data["executionArn"].encode() != record.key:
            yield record.place, f"key {record.key!r} is not the execution {record.data['executionArn']}"


def rule_history(check):
    """Event ids of an incarnation run 1, 2, 3 … without gap, in the order of the partition; the first starts it, one ends it,
    as the last; each names an earlier one; time never goes back."""
    for execution in check.executions.values():
        if not execution.events:
            place = (execution.statuses + execution.requests)[0].place
            yield place, f"{execution.arn} has no history"
        time_before = 0
        for number, event in enumerate(execution.events, 1):
            data = event.data
            if data["id"] != number:
                yield event.place, f"{execution.arn}: event id {data['id']} where {number} is due ({data['type']})"
                break
            if (number == 1) != (data["type"] == "ExecutionStarted"):
                yield event.place, f"{execution.arn}: event 1 starts the execution, and only it; {number} is {data['type']}"
            if not 0 <= data["previousEventId"] < number or (
                    data["previousEventId"] == 0 and number > 2 and data["type"] not in ROOTLESS):
                yield event.place, f"{execution.arn}: event {number} ({data['type']}) names event {data['previousEventId']}"
            if data["timestamp"] < time_before:
                yield event.place, f"{execution.arn}: event {number} is earlier than the one before"
            if data["type"] in END_EVENTS and number < len(execution.events) and (
                    execution.events[number].data["type"] != "ExecutionRedriven"):
                yield execution.events[number].place, f"{execution.arn}: goes on after {data['type']}"
            time_before = data["timestamp"]


def rule_incarnation(check):
    """A name is used once, as long as the retention lasts: longer than any test."""
    for arn, executions in check.by_arn.items():
        started = [execution for execution in executions if execution.events]
        if len(started) > 1:
            latest = max(started, key=lambda one: one.incarnation)
            yield latest.events[0].place, f"{arn} was started {len(started)} times"


def rule_task_end(check):
    """An attempt is scheduled, started at most once, and ends at most once: no result is acted on twice."""
    for execution in check.executions.values():
        followers = collections.Counter()
        for event in execution.events:
            kind = event.data["type"]
            if kind in STARTED or kind in TASK_ENDS:
                cause = cause_of(execution, event)
                what = "start" if kind in STARTED else "end"
                followers[event.data["previousEventId"], what] += 1
                if followers[event.data["previousEventId"], what] > 1:
                    yield event.place, f"{execution.arn}: {kind} for the second time after event {event.data['previousEventId']}"
                if cause is None or not (cause.data["type"] in SCHEDULED or cause.data["type"] in STARTED or
                                         cause.data["type"] == "TaskSubmitted"):
                    yield event.place, f"{execution.arn}: {kind} follows {cause.data['type'] if cause else 'nothing'}"


def rule_task_request(check):
    """Each attempt's request is visible exactly once, with a token of its own that names the attempt."""
    tokens, attempts = {}, {}
    for record in check.log.tasks():
        if record.data is None:
            continue
        data = record.data
        other = tokens.setdefault(data["taskToken"], record)
        if other is not record:
            yield record.place, f"the same token as {other.place}"
        try:
            token = logs.token_of(data["taskToken"])
        except (ValueError, TypeError):
            yield record.place, "the token can't be read"
            continue
        if token.execution != logs.execution_id(data["executionArn"], data["incarnation"]):
            yield record.place, "the token names another execution"
        if token.murmur2 != logs.murmur2(data["executionArn"].encode()):
            yield record.place, "the token would be routed elsewhere"
        if token.attempt != data["attempt"]:
            yield record.place, f"the token names attempt {token.attempt}, the request {data['attempt']}"
        # Loops and redrives are left out: the same frame may enter a state again, or begin it anew.
        execution = check.executions[data["executionArn"], data["incarnation"]]
        entries = sum(1 for event in execution.events
                      if event.data["type"] == "TaskStateEntered" and event.data["name"] == data["stateName"])
        key = (data["executionArn"], data["incarnation"], token.frame, data["stateName"], data["attempt"])
        other = attempts.setdefault(key, record)
        redriven = any(event.data["type"] == "ExecutionRedriven" for event in execution.events)
        if other is not record and entries == 1 and not redriven:
            yield record.place, f"the same attempt as {other.place}"
    for execution in check.executions.values():
        asked = collections.Counter(request.data["stateName"] for request in execution.requests)
        scheduled = collections.Counter(task.state for task in execution.tasks)
        for state in sorted(set(asked) | set(scheduled)):
            if asked[state] != scheduled[state]:
                place = (execution.requests or execution.events)[0].place
                yield place, f"{execution.arn}: {state} was scheduled {scheduled[state]} times and asked for {asked[state]} times"
        for task in execution.tasks:
            if task.request is None:
                continue
            request, event = task.request.data, task.scheduled.data
            if request["attempt"] != task.attempt:
                yield task.request.place, f"attempt {request['attempt']}; by the history it is {task.attempt}"
            wanted = event["parameters"] if event["type"] == "TaskScheduled" else event["input"]
            if not same_json(request["parameters"], wanted):
                yield task.request.place, f"parameters differ from those of event {event['id']} ({task.scheduled.place})"


def own_results(check):
    """{token: the results that say how it ended, in order}, where they count: on the partition of the execution."""
    found = collections.defaultdict(list)
    for record in check.log.of("results"):
        if record.data is None or record.data["record"] not in ("TaskSucceeded", "TaskFailed"):
            continue
        try:
            token = logs.token_of(record.data["taskToken"])
        except (ValueError, TypeError):
            continue
        if (token.murmur2 & 0x7FFFFFFF) % check.log.partition_count == record.partition:
            found[record.data["taskToken"]].append(record)
    return found


def rule_result(check):
    """The first answer to an attempt is the one that counts, unless the time was over; none is lost."""
    results = own_results(check)
    last_read = last_positions(check.log)
    for execution in check.executions.values():
        for task in execution.tasks:
            if task.request is None:
                continue
            answers = results.get(task.request.data["taskToken"], [])
            first = answers[0] if answers else None
            kind = TASK_ENDS[task.end.data["type"]] if task.end else None
            if kind == "TimedOut":
                continue
            if kind is None:
                read = first is not None and first.offset < last_read.get(("results", first.partition), 0)
                if read and execution.end is None and not aborted_state(execution, task):
                    yield first.place, f"{execution.arn}: the answer to event {task.scheduled.data['id']} was lost"
                continue
            if first is None:
                yield task.end.place, f"{execution.arn}: {task.end.data['type']}, and nobody answered"
                continue
            said = first.data
            if kind == "Succeeded":
                fits = said["record"] == "TaskSucceeded" and same_json(said["output"], task.end.data["output"])
            else:
                limited = task.end.data["error"] == "States.DataLimitExceeded"
                fits = limited or (said["record"] == "TaskFailed" and said["error"] == task.end.data["error"] and
                                   said["cause"] == task.end.data["cause"])
            if not fits:
                yield task.end.place, f"{execution.arn}: {task.end.data['type']} is not what the first answer ({first.place}) says"


def aborted_state(execution, task):
    """Whether what is around the task failed or ended while it ran: then its answer changes nothing."""
    last = task.scheduled.data["id"]
    return any(event.data["id"] > last and (event.data["type"].endswith(("StateAborted", "IterationAborted")) or
                                            event.data["type"] in ("MapStateFailed", "ParallelStateFailed"))
               for event in execution.events)


def is_redriven(execution, event):
    """Whether a redrive came between the event and its cause, or is it."""
    cause = event.data["previousEventId"]
    return any(cause <= other.data["id"] < event.data["id"] for other in execution.events
               if other.data["type"] == "ExecutionRedriven")


def count_transitions(execution):
    entered = sum(1 for event in execution.events if event.data["type"].endswith("StateEntered"))
    retried = sum(1 for task in execution.tasks if task.attempt > 0 or is_redriven(execution, task.scheduled))
    again = collections.Counter()
    for event in execution.events:  # a Parallel or Map that starts again was retried
        if event.data["type"] in ("ParallelStateStarted", "MapStateStarted"):
            again[state_entered(execution, event).data["id"]] += 1
    return entered + retried + sum(count - 1 for count in again.values())


def rule_status(check):
    """The table of executions says what the history's last event says."""
    for execution in check.executions.values():
        if not execution.events:
            continue
        if not execution.statuses:
            yield execution.events[0].place, f"{execution.arn} is not in the table of executions"
            continue
        last = execution.statuses[-1]
        data = last.data
        if data["status"] != execution.status:
            yield last.place, f"{execution.arn}: {data['status']}; by the history it is {execution.status}"
            continue
        for earlier, later in zip(execution.statuses, execution.statuses[1:]):
            redriven = later.data["redriveCount"] == earlier.data["redriveCount"] + 1 and later.data["status"] == "RUNNING"
            if earlier.data["status"] in END_EVENTS.values() and not redriven:
                yield earlier.place, f"{execution.arn}: {earlier.data['status']} is followed by {later.data['status']}"
        if data["version"] > len(execution.events):
            yield last.place, f"{execution.arn}: version {data['version']}, but {len(execution.events)} events"
        if data["name"] != execution.name or data["stateMachineArn"] != execution.events[0].data["stateMachineArn"]:
            yield last.place, f"{execution.arn}: name or state machine is another's"
        if not same_json(data["input"], execution.events[0].data["input"]):
            yield last.place, f"{execution.arn}: the input is another"
        if execution.end is None:
            continue
        end = execution.end.data
        if data["version"] != end["id"]:
            yield last.place, f"{execution.arn}: version {data['version']}; the last event is {end['id']}"
        if data["error"] != end["error"] or data["cause"] != end["cause"] or not same_json(data["output"], end["output"]):
            yield last.place, f"{execution.arn}: output, error or cause differ from those of {end['type']}"
        if data["stopDate"] != end["timestamp"]:
            yield last.place, f"{execution.arn}: stopDate is not the time of {end['type']}"
        transitions = count_transitions(execution)
        # A retry that is waited for when the end comes from outside was counted or not.
        from_outside = execution.status in ("ABORTED", "TIMED_OUT")
        if data["transitions"] != transitions and not from_outside:
            yield last.place, f"{execution.arn}: {data['transitions']} transitions; by the history {transitions}"


def last_commits(log):
    """{partition: record of its last commit row}"""
    return {record.partition: record for record in log.of("state") if record.key == b"c" and record.data}


def last_positions(log):
    """{(input topic, partition): the next offset to be read, as the last commit row says}"""
    found = {}
    for partition, record in last_commits(log).items():
        found["commands", partition] = record.data["commandsOffset"]
        found["results", partition] = record.data["resultsOffset"]
    return found


def rule_commit(check):
    """The changelog proves itself: commit rows run 1, 2, 3 …, each counts the rows of its transaction, positions never go
    back, and nothing lies behind the last one."""
    state = {}
    for record in check.log.of("state"):
        rows, before = state.get(record.partition, (0, None))
        rows += 1
        if record.key == b"c" and record.data:
            data = record.data
            if before is None:
                if record.offset <= rows and data["sequence"] != 1:
                    yield record.place, f"the first commit row has sequence {data['sequence']}"
            else:
                if data["sequence"] != before.data["sequence"] + 1:
                    yield record.place, f"sequence {data['sequence']} after {before.data['sequence']} ({before.place})"
                if data["rowCount"] != rows:
                    yield record.place, f"counts {data['rowCount']} rows, {rows} there are since {before.place}"
                for name in ("commandsOffset", "resultsOffset"):
                    if data[name] < before.data[name]:
                        yield record.place, f"{name} goes back from {before.data[name]} to {data[name]}"
            rows, before = 0, record
        state[record.partition] = (rows, before)
    for partition, (rows, before) in state.items():
        if rows:
            yield f"state-{partition}", f"{rows} rows lie behind the last commit row ({before.place if before else 'none'})"


def rule_position(check):
    """What the last commit row says was read was there, is what the group has committed, and everything was read."""
    positions = last_positions(check.log)
    for (topic, partition), position in sorted(positions.items()):
        end = check.log.ends.get((topic, partition))
        if end is not None and position > end:
            yield f"{topic}-{partition}@{position}", f"is past the end, {end}"
        if check.log.positions is not None:
            committed = check.log.positions.get((topic, partition))
            if committed != position and not check.running:
                yield f"{topic}-{partition}@{position}", f"the group has committed {committed}"
    if check.running:
        return
    for topic in ("commands", "results"):
        for record in check.log.of(topic):
            if record.offset >= positions.get((topic, record.partition), 0):
                yield record.place, "was never read"


def rule_input(check):
    """Every command and result has an effect, once: what came to the wrong partition was forwarded once; of a start comes an
    execution, a refusal or a dead letter."""
    positions = last_positions(check.log)
    nameless = collections.Counter()
    for topic in ("commands", "results"):
        for record in check.log.of(topic):
            if record.offset >= positions.get((topic, record.partition), 0):
                continue
            source = (topic, record.partition, record.offset)
            letters = check.letters.get(source, [])
            passed_on = check.forwarded.get(record.place, [])
            if len(passed_on) > 1:
                yield record.place, f"was forwarded {len(passed_on)} times"
            if len(letters) > 1:
                yield record.place, f"has {len(letters)} dead letters"
            if letters and (letters[0].value != record.value or letters[0].key != record.key):
                if letters[0].header("pawl-value-sha256") is None:
                    yield letters[0].place, f"is not what came ({record.place})"
            if letters and passed_on:
                yield record.place, "was forwarded and is a dead letter"
            if record.data is None and not letters:
                yield record.place, f"can't be read ({record.problem}), and is no dead letter"
            if letters or passed_on or record.data is None:
                continue
            if record.data["record"] == "StartExecution":
                yield from start_effect(check, record, nameless)
    yield from nameless_starts(check, nameless)


def start_effect(check, record, nameless):
    data = record.data
    reply = check.replies.get(data["correlationId"], [None])[0] if data["replyTopic"] else None
    if data["replyTopic"] and reply is None:
        return  # rule_reply says so
    refused = reply is not None and reply.data["error"] is not None
    if data["name"] is None:
        if not refused:
            nameless[data["stateMachineArn"], record.partition] += 1
        return
    arn = data["stateMachineArn"].replace(":stateMachine:", ":execution:") + ":" + data["name"]
    express = data["stateMachineArn"].replace(":stateMachine:", ":express:") + ":" + data["name"]
    runs = [execution for execution in check.by_arn.get(arn, []) + check.by_express[express] if execution.events]
    if not refused and not runs:
        yield record.place, f"{arn} never began"
    if not refused and runs and not same_json(runs[0].events[0].data["input"], data["input"] or "{}"):
        yield record.place, f"{arn} began with another input"
    if refused and runs and reply.data["error"] != "ExecutionAlreadyExists":
        yield runs[0].events[0].place, f"{arn} began, though {record.place} was refused with {reply.data['error']}"


def nameless_starts(check, nameless):
    """As many executions with names of pawl's as there were starts without one."""
    named = {(record.data["stateMachineArn"], record.data["name"]) for record in check.log.of("commands")
             if record.data and record.data["record"] == "StartExecution"}
    begun = collections.Counter()
    for execution in check.executions.values():
        if execution.events:
            first = execution.events[0]
            if (first.data["stateMachineArn"], execution.name) not in named:
                begun[first.data["stateMachineArn"], first.partition] += 1
    for place in sorted(set(nameless) | set(begun)):
        if nameless[place] != begun[place]:
            yield f"commands-{place[1]}", f"{nameless[place]} starts of {place[0]} without a name, {begun[place]} executions of them"


def rule_reply(check):
    """Who asked for a reply got one, once."""
    positions = last_positions(check.log)
    asked = collections.Counter()
    for topic in ("commands", "results"):
        for record in check.log.of(topic):
            if record.data is None or record.header("pawl-forwarded") is not None or not record.data.get("replyTopic"):
                continue
            if record.offset >= positions.get((topic, record.partition), 0) and check.running:
                continue
            asked[record.data["correlationId"]] += 1
            if not check.replies.get(record.data["correlationId"]):
                yield record.place, f"got no reply ({record.data['record']} {record.data['correlationId']})"
    for correlation, records in check.replies.items():
        if len(records) != asked[correlation]:
            yield records[-1].place, f"{len(records)} replies to {correlation}, {asked[correlation]} were asked for"


def rule_dead_letters(check):
    """Dead letters are those that were expected."""
    letters = check.log.of("dead-letters")
    if check.dead_letters is not None and len(letters) != check.dead_letters:
        for letter in letters[:5]:
            reason = letter.header("__connect.errors.exception.message")
            yield letter.place, f"a dead letter: {reason.decode() if reason else 'no reason'}"
        yield "dead-letters", f"{len(letters)}, where {check.dead_letters} are expected"
    for letter in letters:
        stage = letter.header("__connect.errors.stage")
        if letter_source(letter, check.log.prefix) is None and stage != b"TIMER":
            yield letter.place, "does not say where it came from"


def transitions_of(execution):
    """What is billed. Where the end came from outside, the last retry was counted or not: the table knows."""
    last = execution.statuses[-1].data if execution.statuses else None
    return last["transitions"] if last and execution.status in ("ABORTED", "TIMED_OUT") else count_transitions(execution)


def rule_usage(check):
    """Transitions and starts add up: what is published and what is not yet make what the history has."""
    metered = collections.Counter()
    for record in check.log.of("usage"):
        if record.data:
            metered[record.data["stateMachineArn"], "transitions"] += record.data["transitions"]
            metered[record.data["stateMachineArn"], "starts"] += record.data["executionsStarted"]
    for (_, key), record in check.rows.items():
        if key[:1] == b"u" and record.data:
            metered[record.data["stateMachineArn"], "transitions"] += record.data["transitions"]
            metered[record.data["stateMachineArn"], "starts"] += record.data["executionsStarted"]
    happened = collections.Counter()
    for execution in check.executions.values():
        if execution.events:
            machine = execution.events[0].data["stateMachineArn"]
            happened[machine, "transitions"] += transitions_of(execution)
            happened[machine, "starts"] += 1
    for key in sorted(set(metered) | set(happened)):
        if metered[key] != happened[key]:
            yield "usage", f"{key[0]}: {metered[key]} {key[1]} metered, {happened[key]} happened"


def rule_rows(check):
    """What runs has its row and waits for something: a task, or a time that is still to come. What ended waits for nothing."""
    now_ms = check.log.now_ms
    rows = {(partition, key): record for (partition, key), record in check.rows.items()}
    timers = collections.defaultdict(list)
    names = {logs.execution_id(execution.arn, execution.incarnation): execution for execution in check.executions.values()}
    for (partition, key), record in rows.items():
        if key[:1] == b"t":
            due_ms, execution, frame = logs.timer_of(key)
            timers[execution].append((due_ms, frame, record))
            if now_ms is not None and due_ms < now_ms - OVERDUE_MS and not check.running:
                whose = names[execution].arn + " " + names[execution].status if execution in names else "nobody"
                yield record.place, f"a timer is overdue by {(now_ms - due_ms) / 1000:.1f} s: of {whose}, frame {frame}"
    if not check.log.of("state"):
        return
    for execution in check.executions.values():
        if not execution.events or ":express:" in execution.arn:
            continue
        first = execution.events[0]
        identity = logs.execution_id(execution.arn, execution.incarnation)
        row = rows.get((first.partition, b"e" + identity))
        if row is None:
            yield first.place, f"{execution.arn} has no row"
            continue
        if row.data["lastEventId"] != len(execution.events):
            yield row.place, f"{execution.arn}: last event {row.data['lastEventId']} in the row, {len(execution.events)} in the history"
        if row.data["parked"] is not None:
            yield row.place, f"{execution.arn} is parked: {row.data['parked']}"
        if execution.end is None and not check.running:
            waits = any(frame >= 0 for _, frame, _ in timers[identity])
            asked = any(task.end is None and task.request is not None for task in execution.tasks)
            if not waits and not asked:
                yield execution.events[-1].place, f"{execution.arn} runs, and waits for nothing"


def rule_left(check):
    """Nothing is left of an execution that succeeded but its row and its name."""
    if check.running:
        return
    done = {logs.execution_id(execution.arn, execution.incarnation): execution.arn
            for execution in check.executions.values() if execution.status == "SUCCEEDED"}
    for (_, key), record in check.rows.items():
        if key[:1] in (b"f", b"p") and key[1:17] in done:
            yield record.place, f"{done[key[1:17]]} succeeded, and a row of it is left"


def rule_stop(check):
    """Who was stopped and was told so is ABORTED."""
    for record in check.log.of("commands"):
        if record.data is None or record.data["record"] != "StopExecution" or record.header("pawl-forwarded") is not None:
            continue
        reply = check.replies.get(record.data["correlationId"], [None])[0] if record.data["replyTopic"] else None
        if reply is None or reply.data["error"] is not None:
            continue
        runs = check.by_arn.get(record.data["executionArn"], [])
        if not runs or runs[-1].end is None:
            yield record.place, f"{record.data['executionArn']} was stopped, and still runs"


def rule_outcome(check):
    """An order ends as the model says, after as many attempts."""
    stopped = {record.data["executionArn"] for record in check.log.of("commands")
               if record.data and record.data["record"] == "StopExecution"}
    for execution in check.executions.values():
        expected_of = model.OUTCOMES.get(execution.machine)
        if expected_of is None or not execution.events or execution.events[0].data["id"] != 1:
            continue
        if execution.arn in stopped and execution.status == "ABORTED":
            continue
        expected = expected_of(json.loads(execution.events[0].data["input"]))
        place = execution.events[-1].place
        if execution.status == "RUNNING" and expected.status != "RUNNING":
            if not check.running:
                yield place, f"{execution.arn} did not end; {expected.status} is expected"
            continue
        end = execution.events[-1].data
        if execution.status != expected.status:
            yield place, f"{execution.arn}: {execution.status} ({end['error']}: {end['cause']}); {expected.status} is expected"
            continue
        if expected.status == "SUCCEEDED" and json.loads(end["output"]) != expected.output:
            yield place, f"{execution.arn}: output {shorten(end['output'])}; expected {shorten(expected.output)}"
        if expected.status in ("FAILED", "TIMED_OUT") and (end["error"], end["cause"]) != (expected.error, expected.cause):
            yield place, f"{execution.arn}: {end['error']}: {end['cause']}; expected {expected.error}: {expected.cause}"
        counts = collections.Counter(task.state for task in execution.tasks)
        for state in sorted(set(counts) | set(expected.attempts)):
            least, most = expected.attempts.get(state, (0, 0))
            if not least <= counts[state] <= most:
                yield place, f"{execution.arn}: {counts[state]} attempts of {state}; {least} to {most} are expected"
        least, most = expected.transitions
        if not least <= count_transitions(execution) <= most:
            yield place, f"{execution.arn}: {count_transitions(execution)} transitions; {least} to {most} are expected"


RULES = [value for name, value in list(globals().items()) if name.startswith("rule_")]


def findings(check):
    for rule in RULES:
        name = rule.__name__.removeprefix("rule_")
        for place, text in rule(check):
            yield Finding(name, place, text)


def stats(check):
    """What there is, for people."""
    lines = ["records: " + ", ".join(f"{topic} {len(records)}" for topic, records in sorted(check.log.topics.items()))]
    statuses = collections.Counter(execution.status for execution in check.executions.values())
    lines.append("executions: " + ", ".join(f"{status} {count}" for status, count in sorted(statuses.items())))
    attempts = collections.Counter(task.attempt for execution in check.executions.values() for task in execution.tasks)
    lines.append("attempts: " + ", ".join(f"{attempt} × {count}" for attempt, count in sorted(attempts.items())))
    results = own_results(check)
    ends = sum(1 for execution in check.executions.values() for task in execution.tasks if task.end)
    answered = sum(len(records) for records in results.values())
    lines.append(f"results: {answered}, of which {answered - len(results)} doubled; tasks ended: {ends}")
    commits = [record.data for record in check.log.of("state") if record.key == b"c" and record.data]
    if commits:
        lines.append(f"commits: {len(commits)}, {sum(one['rowCount'] for one in commits) / len(commits):.1f} rows each")
    lines.append(f"forwarded: {sum(map(len, check.forwarded.values()))}; dead letters: {len(check.log.of('dead-letters'))}")
    return lines


def run(log, dead_letters=0, running=False, show_stats=False, out=None):
    """Checks and prints. True: nothing was found."""
    begin = time.monotonic()
    check = Check(log, dead_letters, running)
    found = list(findings(check))
    for finding in found[:FINDINGS_SHOWN_MAX]:
        print(finding, file=out)
    if len(found) > FINDINGS_SHOWN_MAX:
        print(f"… and {len(found) - FINDINGS_SHOWN_MAX} more", file=out)
    if show_stats:
        print("\n".join(stats(check)), file=out)
    events = len(log.of("history"))
    print(f"checker: {len(check.executions)} executions, {events} events, {len(found)} findings, {len(RULES)} rules, "
          f"{time.monotonic() - begin:.1f} s", file=out, flush=True)
    return not found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bootstrap", default=os.environ.get("PAWL_TEST_BOOTSTRAP"))
    parser.add_argument("--dump", type=argparse.FileType("r"))
    parser.add_argument("--partitions", type=int)
    parser.add_argument("--prefix", default="pawl")
    parser.add_argument("--dead-letters", type=int, default=0)
    parser.add_argument("--running", action="store_true")
    parser.add_argument("--stats", action="store_true")
    arguments = parser.parse_args()
    if arguments.dump:
        if not arguments.partitions:
            parser.error("--dump needs --partitions")
        log = logs.read_dump(arguments.dump, arguments.partitions, arguments.prefix, int(time.time() * 1000))
    elif arguments.bootstrap:
        log = logs.read_kafka(arguments.bootstrap, arguments.prefix)
    else:
        parser.error("--bootstrap or --dump is needed")
    sys.exit(0 if run(log, arguments.dead_letters, arguments.running, arguments.stats) else 1)


if __name__ == "__main__":
    main()
