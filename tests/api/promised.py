"""What AWS promises of its API, in plain Python: state machines with versions, aliases and tags, activities, and executions of
a few definitions whose every event is known. It answers each call with what a client must see, by name where it is refused."""
import dataclasses
import json

import service as s

RESOURCE = "arn:aws:states:us-east-1:000000000000:"
PASS, FAIL, WAIT, TASK = "pass", "fail", "wait", "task"
STARTED = {
    PASS: ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"],
    FAIL: ["ExecutionStarted", "FailStateEntered", "ExecutionFailed"],
    WAIT: ["ExecutionStarted", "WaitStateEntered"],
    TASK: ["ExecutionStarted", "TaskStateEntered", "ActivityScheduled"],
}
REDRIVEN = {
    FAIL: ["ExecutionRedriven", "FailStateEntered", "ExecutionFailed"],
    WAIT: ["ExecutionRedriven"],
    TASK: ["ExecutionRedriven", "ActivityScheduled"],
}
STATUS_AT_ONCE = {PASS: "SUCCEEDED", FAIL: "FAILED", WAIT: "RUNNING", TASK: "RUNNING"}
OUTCOME = {"SUCCEEDED": "ExecutionSucceeded", "FAILED": "ExecutionFailed", "ABORTED": "ExecutionAborted"}


class Refused(Exception):
    """Any of these names is what the client must be told."""

    def __init__(self, *names):
        super().__init__(*names)
        self.names = set(names)


@dataclasses.dataclass
class Execution:
    name: str
    qualified_arn: str  # as it was started
    input: str
    kind: str
    definition: str
    began: int  # the call's number; with `ended` it gives the order of lists
    qualifiers: tuple = (None, None)  # its version and its alias
    ended: int = 0
    status: str = "RUNNING"
    events: list = dataclasses.field(default_factory=list)
    output: str = None
    error: str = None
    cause: str = None
    redrives: int = 0
    start_date: object = None
    stop_date: object = None
    task: str = None  # "scheduled", "taken", None
    token: str = None  # of the task that was taken last

    def latest(self):
        return self.began if self.status == "RUNNING" else self.ended

    def end(self, number, status, **members):
        self.status, self.ended, self.task = status, number, None
        self.output, self.error, self.cause = (members.get(name) for name in ("output", "error", "cause"))


@dataclasses.dataclass
class Machine:
    arn: str
    kind: str
    definition: str
    publishes: bool  # as it was created
    created: object = None
    revision: int = 1
    last_version: int = 0
    versions: dict = dataclasses.field(default_factory=dict)  # number: (revision, kind, definition)
    aliases: dict = dataclasses.field(default_factory=dict)  # name: {number of version: weight}
    tags: dict = dataclasses.field(default_factory=dict)
    executions: dict = dataclasses.field(default_factory=dict)
    first: tuple = None  # kind and definition of its creation
    is_deleted: bool = False

    def publish(self):
        """The number of the present revision's version."""
        latest = self.versions.get(self.last_version)
        if latest is None or latest[0] != self.revision:
            self.last_version += 1
            self.versions[self.last_version] = (self.revision, self.kind, self.definition)
        return self.last_version


class Promised:
    def __init__(self, prefix):
        self.prefix = prefix
        self.machines = {}
        self.activities = {}  # name: its tags
        self.number = 0  # of the call

    # ---- Names ----

    def arn(self, kind, name):
        return f"{RESOURCE}{kind}:{self.prefix}{name}"

    def definition(self, kind):
        texts = {PASS: s.PASS, FAIL: s.FAIL, WAIT: s.WAIT, TASK: s.task(self.arn("activity", "work"))}
        return texts[kind]

    def machine(self, name, *missing):
        """One that can be changed."""
        machine = self.machines.get(name)
        if machine is None:
            raise Refused(*(missing or ("StateMachineDoesNotExist",)))
        if machine.is_deleted:
            raise Refused("StateMachineDeleting", *(missing or ("StateMachineDoesNotExist",)))
        return machine

    def execution(self, machine_name, name):
        machine = self.machines.get(machine_name)
        if machine is None or name not in machine.executions:
            raise Refused("ExecutionDoesNotExist")
        return machine.executions[name]

    # ---- State machines ----

    def create_machine(self, name, kind, publish):
        machine = self.machines.get(name)
        if machine is None:
            machine = Machine(self.arn("stateMachine", name), kind, self.definition(kind), publish)
            self.machines[name] = machine
            return machine, machine.publish() if publish else None
        if machine.is_deleted:
            raise Refused("StateMachineDeleting")
        if machine.kind != kind:
            raise Refused("StateMachineAlreadyExists")
        if publish:  # what was changed since makes it another request, or the same: no promise
            raise Refused("StateMachineAlreadyExists", None)
        return machine, None

    def update_machine(self, name, kind, publish):
        machine = self.machine(name)
        if kind != machine.kind:
            machine.revision += 1
            machine.kind, machine.definition = kind, self.definition(kind)
        return machine, machine.publish() if publish else None

    def delete_machine(self, name):
        machine = self.machines.get(name)
        if machine is not None:
            machine.is_deleted = True
            machine.versions, machine.aliases = {}, {}

    def delete_version(self, name, version):
        machine = self.machines.get(name)
        if machine is None or machine.is_deleted:
            return
        if any(version in routing for routing in machine.aliases.values()):
            raise Refused("ConflictException")
        machine.versions.pop(version, None)

    # ---- Aliases ----

    def put_alias(self, name, alias, routing, creates):
        machine = self.machine(name, "ResourceNotFound")
        if any(version not in machine.versions for version in routing):
            raise Refused("ResourceNotFound")
        if creates and machine.aliases.get(alias, routing) != routing:
            raise Refused("ConflictException")
        if not creates and alias not in machine.aliases:
            raise Refused("ResourceNotFound")
        machine.aliases[alias] = routing

    def alias(self, name, alias):
        machine = self.machines.get(name)
        if machine is None or alias not in machine.aliases:
            raise Refused("ResourceNotFound")
        return machine.aliases[alias]

    # ---- Tags ----

    def tags(self, kind, name):
        if kind == "activity" and name in self.activities:
            return self.activities[name]
        machine = self.machines.get(name) if kind == "stateMachine" else None
        if machine is None:
            raise Refused("ResourceNotFound")
        if machine.is_deleted:
            raise Refused("ResourceNotFound", None)
        return machine.tags

    # ---- Executions ----

    def chosen(self, name, qualifier):
        """What a start runs: [(version, kind, definition)], of which one is taken."""
        machine = self.machine(name)
        if qualifier is None:
            return [(None, machine.kind, machine.definition)]
        if isinstance(qualifier, int):
            if qualifier not in machine.versions:
                raise Refused("StateMachineDoesNotExist")
            return [(qualifier, *machine.versions[qualifier][1:])]
        if qualifier not in machine.aliases:
            raise Refused("StateMachineDoesNotExist", "ResourceNotFound")
        return [(version, *machine.versions[version][1:]) for version, weight in machine.aliases[qualifier].items() if weight]

    def start(self, machine_name, name, qualified_arn, input):
        """The one that is there already, or None: a new one may begin."""
        machine = self.machines.get(machine_name)
        present = machine and machine.executions.get(name)
        if not present:
            return None
        if present.status != "RUNNING" or present.input != input:
            raise Refused("ExecutionAlreadyExists")
        if present.qualified_arn != qualified_arn:
            raise Refused("ExecutionAlreadyExists", None)
        return present

    def began(self, machine_name, execution):
        """It runs as far as it gets by itself."""
        self.machines[machine_name].executions[execution.name] = execution
        execution.events = list(STARTED[execution.kind])
        self.go_on(execution)

    def go_on(self, execution):
        status = STATUS_AT_ONCE[execution.kind]
        if status == "RUNNING":
            execution.status, execution.task = status, "scheduled" if execution.kind == TASK else None
            execution.output = execution.error = execution.cause = execution.stop_date = None
        elif status == "SUCCEEDED":
            execution.end(self.number, status, output=execution.input)
        else:
            execution.end(self.number, status, error="Nope", cause="because")

    def stop(self, execution, error, cause):
        if execution.status == "RUNNING":
            execution.end(self.number, "ABORTED", error=error, cause=cause)
            execution.events.append("ExecutionAborted")

    def redrive(self, machine_name, execution):
        if execution.status in ("RUNNING", "SUCCEEDED") or self.machines[machine_name].is_deleted:
            raise Refused("ExecutionNotRedrivable")
        execution.redrives += 1
        execution.events += REDRIVEN[execution.kind]
        self.go_on(execution)

    # ---- Tasks ----

    def waiting(self):
        """Executions whose task a poller may get."""
        return [execution for machine in self.machines.values() for execution in machine.executions.values()
                if execution.task == "scheduled"]

    def took(self, token, input):
        execution = next(execution for execution in self.waiting() if json.loads(execution.input) == json.loads(input))
        execution.task, execution.token = "taken", token
        execution.events.append("ActivityStarted")

    def in_hand(self, execution, token):
        if execution.task != "taken" or execution.token != token:
            raise Refused("TaskTimedOut")

    def succeed(self, execution, token, output):
        self.in_hand(execution, token)
        execution.end(self.number, "SUCCEEDED", output=output)
        execution.events += ["ActivitySucceeded", "TaskStateExited", "ExecutionSucceeded"]

    def fail(self, execution, token, error, cause):
        self.in_hand(execution, token)
        execution.end(self.number, "FAILED", error=error, cause=cause)
        execution.events += ["ActivityFailed", "ExecutionFailed"]
