"""A sequence of calls (sequences.py) against a service, each answer compared with what is promised (promised.py)."""
import json
import time

import botocore.exceptions

import promised as p
import sequences
import service as s

SEEN_SECONDS_MAX = 10


class Disagreement(AssertionError):
    pass


def same(what, seen, promised):
    if seen != promised:
        raise Disagreement(f"{what}: {seen!r}, but promised is {promised!r}")


class Run:
    """One sequence against one service. What it makes has names of its own. `views`: of each client, a number of the gateway
    whose view answers it; a client of another one waits until that has seen what was done before."""

    def __init__(self, clients, prefix, views=None):
        self.clients, self.model = clients, p.Promised(prefix)
        self.views = views or [0] * len(clients)
        self.client = clients[0]
        self.tokens = {}  # of tasks that were taken: (machine, execution): all, the latest last
        self.client.create_activity(name=f"{prefix}work")
        self.view = None

    def run(self, calls):
        for number, (client, operation, arguments) in enumerate(calls, 1):
            self.client = self.clients[client]
            try:
                self.turn_to(self.views[client])
                self.model.number = number
                getattr(self, operation)(*arguments)
            except Disagreement as problem:
                raise Disagreement(f"call {number} ({operation}{arguments} by client {client}): {problem}") from None

    def turn_to(self, view):
        if self.view == view:
            return
        self.view = view
        deadline = time.monotonic() + SEEN_SECONDS_MAX
        while True:
            try:
                self.look_at_all()
                return
            except Disagreement:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def look_at_all(self):
        arn = self.model.arn("activity", "work")
        try:
            self.client.describe_activity(activityArn=arn)
        except botocore.exceptions.ClientError as error:
            raise Disagreement(f"{arn}: {error}") from None
        for name, machine in self.model.machines.items():
            self.describe_machine(name, None)
            self.list_tags("stateMachine", name)
            if not machine.is_deleted:
                self.list_versions(name, 1000)
                self.list_aliases(name, None, 1000)
                for alias in machine.aliases:
                    self.describe_alias(name, alias)
            for execution in machine.executions:
                self.describe(name, execution)
                self.history(name, execution, False, 1000, True)
        for name in sequences.ACTIVITIES:
            self.describe_activity(name)
            self.list_tags("activity", name)

    def clean(self):
        """So that the next ones' lists are short."""
        for name, machine in self.model.machines.items():
            for execution in machine.executions.values():
                if execution.status == "RUNNING":
                    self.client.stop_execution(executionArn=self.execution_arn(name, execution.name))
            self.client.delete_state_machine(stateMachineArn=machine.arn)
        for name in ("work", *self.model.activities):
            self.client.delete_activity(activityArn=self.model.arn("activity", name))

    def ask(self, rule, operation, **members):
        """The answer, and what the rule gives; None, None when the call is refused as it must be. A rule is a function of the
        model that may raise Refused."""
        names, given = set(), None
        try:
            given = rule() if rule is not None else None
        except p.Refused as refused:
            names = refused.names
        try:
            answer = getattr(self.client, operation)(**{name: value for name, value in members.items() if value is not None})
        except botocore.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in names:
                raise Disagreement(f"{operation} says {error}, promised is {names or 'an answer'}") from None
            return None, None
        if names and None not in names:
            raise Disagreement(f"{operation} answers, promised is {names}")
        return answer, given

    def pages(self, operation, items, size, **members):
        """All items; no page but the last has fewer than it may."""
        found, token = [], None
        members = {name: value for name, value in members.items() if value is not None}
        while True:
            more = {} if token is None else {"nextToken": token}
            try:
                answer = getattr(self.client, operation)(**members, maxResults=size, **more)
            except botocore.exceptions.ClientError as error:
                raise Disagreement(f"{operation}{members} says {error}") from None
            token = answer.get("nextToken")
            if len(answer[items]) > size or (token and len(answer[items]) < size and "redriveFilter" not in members):
                raise Disagreement(f"{operation}: {len(answer[items])} items in a page of {size}")
            found += answer[items]
            if token is None:
                return found

    # ---- State machines ----

    def machine_arn(self, name, qualifier=None):
        return self.model.arn("stateMachine", name) + ("" if qualifier is None else f":{qualifier}")

    def create_machine(self, name, kind, publish):
        is_new = name not in self.model.machines
        answer, made = self.ask(lambda: self.model.create_machine(name, kind, publish), "create_state_machine",
                                name=self.model.prefix + name, definition=self.model.definition(kind), roleArn=s.ROLE,
                                publish=publish)
        if answer is None or made is None:
            return
        machine, version = made
        if is_new:
            machine.created = answer["creationDate"]
        same("creationDate", answer["creationDate"], machine.created)
        same("version", answer.get("stateMachineVersionArn"), version and self.machine_arn(name, version))

    def update_machine(self, name, kind, publish):
        answer, made = self.ask(lambda: self.model.update_machine(name, kind, publish), "update_state_machine",
                                stateMachineArn=self.machine_arn(name), definition=self.model.definition(kind), publish=publish)
        if answer is not None:
            same("version", answer.get("stateMachineVersionArn"), made[1] and self.machine_arn(name, made[1]))

    def publish(self, name):
        answer, version = self.ask(lambda: self.model.machine(name).publish(), "publish_state_machine_version",
                                   stateMachineArn=self.machine_arn(name))
        if answer is not None:
            same("version", answer["stateMachineVersionArn"], self.machine_arn(name, version))

    def delete_machine(self, name):
        self.ask(lambda: self.model.delete_machine(name), "delete_state_machine", stateMachineArn=self.machine_arn(name))

    def delete_version(self, name, version):
        self.ask(lambda: self.model.delete_version(name, version), "delete_state_machine_version",
                 stateMachineVersionArn=self.machine_arn(name, version))

    def describe_machine(self, name, version):
        machine = self.model.machines.get(name)

        def rule():
            if machine is None or (version and version not in machine.versions):
                raise p.Refused("StateMachineDoesNotExist")
            if machine.is_deleted:
                raise p.Refused("StateMachineDoesNotExist", None)
            return machine.versions[version][2] if version else machine.definition
        answer, definition = self.ask(rule, "describe_state_machine", stateMachineArn=self.machine_arn(name, version))
        if definition is not None:
            same("definition", answer["definition"], definition)
            same("status", answer["status"], "ACTIVE")
        elif answer is not None:
            same("status", answer["status"], "DELETING")

    def list_machines(self, size):
        found = [item["name"][len(self.model.prefix):] for item in self.pages("list_state_machines", "stateMachines", size)
                 if item["name"].startswith(self.model.prefix)]
        there = {name for name, machine in self.model.machines.items() if not machine.is_deleted}
        same("once each", len(found), len(set(found)))
        same("machines", set(found) & there, there)
        same("no others", set(found) <= set(self.model.machines), True)

    def list_versions(self, name, size):
        machine = self.model.machines.get(name)
        if machine is not None and not machine.is_deleted:
            found = self.pages("list_state_machine_versions", "stateMachineVersions", size, stateMachineArn=machine.arn)
            same("versions", [item["stateMachineVersionArn"] for item in found],
                 [f"{machine.arn}:{number}" for number in sorted(machine.versions, reverse=True)])

    # ---- Aliases ----

    def routing(self, name, routing):
        return [{"stateMachineVersionArn": self.machine_arn(name, version), "weight": weight} for version, weight in routing]

    def create_alias(self, name, alias, routing):
        answer, _ = self.ask(lambda: self.model.put_alias(name, alias, dict(routing), True), "create_state_machine_alias", name=alias,
                             routingConfiguration=self.routing(name, routing))
        if answer is not None:
            same("alias", answer["stateMachineAliasArn"], self.machine_arn(name, alias))

    def update_alias(self, name, alias, routing):
        self.ask(lambda: self.model.put_alias(name, alias, dict(routing), False), "update_state_machine_alias",
                 stateMachineAliasArn=self.machine_arn(name, alias), routingConfiguration=self.routing(name, routing))

    def delete_alias(self, name, alias):
        machine = self.model.machines.get(name)
        if machine is not None and not machine.is_deleted:
            self.ask(lambda: machine.aliases.pop(alias, None), "delete_state_machine_alias",
                     stateMachineAliasArn=self.machine_arn(name, alias))

    def describe_alias(self, name, alias):
        answer, routing = self.ask(lambda: self.model.alias(name, alias), "describe_state_machine_alias",
                                   stateMachineAliasArn=self.machine_arn(name, alias))
        if answer is not None:
            shown = {int(item["stateMachineVersionArn"].rpartition(":")[2]): item["weight"] for item in answer["routingConfiguration"]}
            same("routing", shown, routing)

    def list_aliases(self, name, version, size):
        machine = self.model.machines.get(name)
        if machine is None or machine.is_deleted or (version and version not in machine.versions):
            return
        found = self.pages("list_state_machine_aliases", "stateMachineAliases", size, stateMachineArn=self.machine_arn(name, version))
        same("aliases", sorted(item["stateMachineAliasArn"] for item in found),
             sorted(self.machine_arn(name, alias) for alias, routing in machine.aliases.items() if version is None or version in routing))

    # ---- Activities, tags ----

    def create_activity(self, name):
        self.model.activities.setdefault(name, {})
        self.ask(None, "create_activity", name=self.model.prefix + name)

    def delete_activity(self, name):
        self.model.activities.pop(name, None)
        self.ask(None, "delete_activity", activityArn=self.model.arn("activity", name))

    def describe_activity(self, name):
        def rule():
            if name not in self.model.activities:
                raise p.Refused("ActivityDoesNotExist")
        self.ask(rule, "describe_activity", activityArn=self.model.arn("activity", name))

    def list_activities(self, size):
        found = {item["name"][len(self.model.prefix):] for item in self.pages("list_activities", "activities", size)
                 if item["name"].startswith(self.model.prefix)}
        same("activities", found, {"work", *self.model.activities})

    def tag(self, kind, name, key, value):
        self.ask(lambda: self.model.tags(kind, name).__setitem__(key, value), "tag_resource",
                 resourceArn=self.model.arn(kind, name), tags=[{"key": key, "value": value}])

    def untag(self, kind, name, key):
        self.ask(lambda: self.model.tags(kind, name).pop(key, None), "untag_resource",
                 resourceArn=self.model.arn(kind, name), tagKeys=[key])

    def list_tags(self, kind, name):
        answer, tags = self.ask(lambda: self.model.tags(kind, name), "list_tags_for_resource",
                                resourceArn=self.model.arn(kind, name))
        if tags is not None:
            same("tags", {item["key"]: item["value"] for item in answer["tags"]}, tags)

    # ---- Executions ----

    def execution_arn(self, machine, name):
        return self.model.arn("execution", f"{machine}:{name}")

    def start(self, machine, name, qualifier, other):
        arn = self.machine_arn(machine, qualifier)
        text = json.dumps({"machine": machine, "name": name, "other": other})

        def rule():
            choices = self.model.chosen(machine, qualifier)
            return self.model.start(machine, name, arn, text), choices
        answer, given = self.ask(rule, "start_execution", stateMachineArn=arn, name=name, input=text)
        if given is None:
            return
        present, choices = given
        same("ARN", answer["executionArn"], self.execution_arn(machine, name))
        if present is not None:
            same("startDate", answer["startDate"], present.start_date)
            return
        shown = self.client.describe_execution(executionArn=answer["executionArn"])
        version = shown.get("stateMachineVersionArn", "").rpartition(":")[2]
        chosen = [choice for choice in choices if choice[0] == (int(version) if version else None)]
        if not chosen:
            raise Disagreement(f"version {version or None} was started, promised is one of {choices}")
        _, kind, definition = chosen[0]
        execution = p.Execution(name, arn, text, kind, definition, self.model.number, start_date=answer["startDate"])
        execution.qualifiers = chosen[0][0], qualifier if isinstance(qualifier, str) else None
        self.model.began(machine, execution)
        self.describe(machine, name)
        self.history(machine, name, False, 1000, True)

    def stop(self, machine, name, error, cause):
        answer, execution = self.ask(lambda: self.model.execution(machine, name), "stop_execution",
                                     executionArn=self.execution_arn(machine, name), error=error, cause=cause)
        if answer is not None:
            runs = execution.status == "RUNNING"
            self.model.stop(execution, error, cause)
            if not runs and execution.stop_date is not None:
                same("stopDate", answer["stopDate"], execution.stop_date)
            self.list(machine, None, execution.status, None, 100)

    def redrive(self, machine, name):
        def rule():
            execution = self.model.execution(machine, name)
            self.model.redrive(machine, execution)
            return execution
        answer, _ = self.ask(rule, "redrive_execution", executionArn=self.execution_arn(machine, name))
        if answer is not None:
            self.describe(machine, name)

    def describe(self, machine, name):
        answer, execution = self.ask(lambda: self.model.execution(machine, name), "describe_execution",
                                     executionArn=self.execution_arn(machine, name))
        if answer is None:
            return
        version, alias = execution.qualifiers
        same("execution", {member: answer.get(member) for member in (
            "status", "name", "input", "error", "cause", "redriveCount", "startDate", "stateMachineVersionArn", "stateMachineAliasArn",
            "stateMachineArn")}, {
                "status": execution.status, "name": name, "input": execution.input, "error": execution.error, "cause": execution.cause,
                "redriveCount": execution.redrives, "startDate": execution.start_date,
                "stateMachineVersionArn": version and self.machine_arn(machine, version),
                "stateMachineAliasArn": alias and self.machine_arn(machine, alias), "stateMachineArn": self.machine_arn(machine)})
        same("output", json.loads(answer.get("output", "null")), json.loads(execution.output or "null"))
        same("whether it has a stopDate", "stopDate" in answer, execution.status != "RUNNING")
        execution.stop_date = answer.get("stopDate")

    def describe_machine_of(self, machine, name):
        answer, execution = self.ask(lambda: self.model.execution(machine, name), "describe_state_machine_for_execution",
                                     executionArn=self.execution_arn(machine, name))
        if answer is not None:
            same("definition", answer["definition"], execution.definition)

    def history(self, machine, name, reverse, size, data):
        arn = self.execution_arn(machine, name)
        answer, execution = self.ask(lambda: self.model.execution(machine, name), "get_execution_history", executionArn=arn)
        if answer is None:
            return
        found = self.pages("get_execution_history", "events", size, executionArn=arn, reverseOrder=reverse, includeExecutionData=data)
        ids = list(range(1, len(execution.events) + 1))
        types = execution.events[::-1] if reverse else execution.events
        same("events", [event["type"] for event in found], types)
        same("ids", [event["id"] for event in found], ids[::-1] if reverse else ids)
        first = found[-1 if reverse else 0]["executionStartedEventDetails"]
        same("input of the first", first.get("input"), execution.input if data else None)

    def list(self, machine, qualifier, status, redrives, size):
        present = self.model.machines.get(machine)
        if present is None or present.is_deleted or (qualifier is not None and qualifier not in present.versions and
                                                     qualifier not in present.aliases):
            return
        found = self.pages("list_executions", "executions", size, stateMachineArn=self.machine_arn(machine, qualifier),
                           statusFilter=status, redriveFilter=redrives)
        promised = [execution for execution in present.executions.values()
                    if status in (None, execution.status) and (qualifier is None or qualifier in execution.qualifiers) and
                    redrives in (None, "REDRIVEN" if execution.redrives else "NOT_REDRIVEN")]
        promised.sort(key=p.Execution.latest, reverse=True)
        # Two may have been begun or ended within the same millisecond.
        dates = {item["name"]: item["startDate"] if item["status"] == "RUNNING" else item.get("stopDate") for item in found}
        if len(set(dates.values())) == len(dates):
            same("order", [item["name"] for item in found], [execution.name for execution in promised])
        same("listed", {item["name"]: (item["status"], item["redriveCount"], item["startDate"], "stopDate" in item) for item in found},
             {execution.name: (execution.status, execution.redrives, execution.start_date, execution.status != "RUNNING")
              for execution in promised})
        same("once each", len(found), len(promised))

    # ---- Tasks ----

    def take(self):
        """Only where there is one: otherwise it would wait for a minute."""
        waiting = self.model.waiting()
        if not waiting:
            return
        answer, _ = self.ask(None, "get_activity_task", activityArn=self.model.arn("activity", "work"), workerName="w")
        if "taskToken" not in answer:
            raise Disagreement(f"no task, promised is one of {[execution.input for execution in waiting]}")
        given = json.loads(answer["input"])
        if given not in [json.loads(execution.input) for execution in waiting]:
            raise Disagreement(f"the task of {given}, promised is one of {[execution.input for execution in waiting]}")
        self.model.took(answer["taskToken"], answer["input"])
        self.tokens.setdefault((given["machine"], given["name"]), []).append(answer["taskToken"])
        self.history(given["machine"], given["name"], False, 1000, True)

    def token(self, machine, name):
        """The latest, and its execution."""
        tokens = self.tokens.get((machine, name))
        return (tokens[-1], self.model.execution(machine, name)) if tokens else ("none", None)

    def answer_task(self, operation, rule, machine, name, **members):
        token, execution = self.token(machine, name)

        def checked():
            if execution is None:
                raise p.Refused("InvalidToken")
            rule(execution, token)
        answer, _ = self.ask(checked, operation, taskToken=token, **members)
        if answer is not None:
            self.describe(machine, name)
            self.history(machine, name, True, 1000, True)

    def succeed(self, machine, name, number):
        output = json.dumps(number)
        self.answer_task("send_task_success", lambda execution, token: self.model.succeed(execution, token, output), machine, name,
                         output=output)

    def fail(self, machine, name, error):
        self.answer_task("send_task_failure", lambda execution, token: self.model.fail(execution, token, error, "C"), machine, name,
                         error=error, cause="C")

    def heartbeat(self, machine, name):
        self.answer_task("send_task_heartbeat", self.model.in_hand, machine, name)
