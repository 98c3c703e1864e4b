"""Several gateways beside processors of their own, on Kafka: each builds its own view, any of them serves any client, and a
task of an activity goes to one poller, whichever gateway he polls."""
import collections
import concurrent.futures
import json
import os
import shutil
import threading
import time
import uuid

import botocore.exceptions
import pytest

import service as s

pytestmark = pytest.mark.skipif("PAWL_TEST_BOOTSTRAP" not in os.environ, reason="needs Kafka (PAWL_TEST_BOOTSTRAP)")
SEEN_SECONDS_MAX = 10
POLLERS = 15  # of each gateway
TASKS = 300
ECHO = s.machine({"A": {"Type": "Pass", "End": True}})


class Part(s.Service):
    """One process of a cluster, in one role."""

    def __init__(self, folder, role, prefix):
        folder.mkdir()
        super().__init__(folder, role=role)
        del self.settings["role"]
        self.role = role
        self.settings["topics.prefix"] = prefix
        if role == "processor":
            self.settings["processor.listen"] = self.settings["gateway.listen"]

    def command(self):
        return [str(s.PAWL), "serve", f"--role={self.role}", *self.sets()]


class Cluster:
    def __init__(self, folder):
        prefix = f"gateways-{uuid.uuid4().hex[:8]}"
        self.processors = [Part(folder / f"processor-{at}", "processor", prefix) for at in range(2)]
        self.gateways = [Part(folder / f"gateway-{at}", "gateway", prefix) for at in range(2)]
        for part in self.processors + self.gateways:
            part.start()

    def stop(self):
        return [part.stop() for part in self.gateways + self.processors]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("gateways"))
    yield made
    assert made.stop() == [0] * 4


@pytest.fixture
def clients(cluster):
    return [gateway.client(max_pool_connections=2 * POLLERS) for gateway in cluster.gateways]


def eventually(ask, is_right, what):
    """The answer, once it is right. What another gateway's client did is seen some milliseconds later."""
    begin = time.monotonic()
    while True:
        try:
            answer = ask()
            if is_right(answer):
                return answer
        except Exception:  # noqa: BLE001 - not there yet
            answer = None
        assert time.monotonic() - begin < SEEN_SECONDS_MAX, f"{what}: {answer}"
        time.sleep(0.01)


def test_one_sees_what_the_other_did(clients):
    a, b = clients
    machine = a.create_state_machine(name="seen", definition=ECHO, roleArn=s.ROLE)["stateMachineArn"]
    eventually(lambda: b.describe_state_machine(stateMachineArn=machine), lambda answer: answer["definition"] == ECHO, "a machine")
    for number in range(20):
        one, other = (a, b) if number % 2 else (b, a)
        execution = one.start_execution(stateMachineArn=machine, name=f"e{number}", input=str(number))["executionArn"]
        ended = eventually(lambda: other.describe_execution(executionArn=execution),
                           lambda answer: answer["status"] == "SUCCEEDED", execution)
        assert ended["output"] == str(number)
        assert other.get_execution_history(executionArn=execution)["events"][-1]["type"] == "ExecutionSucceeded"
        assert other.start_execution(stateMachineArn=machine, name=f"w{number}")["executionArn"].endswith(f":w{number}")
    a.update_state_machine(stateMachineArn=machine, definition=s.FAIL)
    eventually(lambda: b.describe_state_machine(stateMachineArn=machine), lambda answer: answer["definition"] == s.FAIL, "an update")


def test_answers_go_to_who_asked(cluster, clients):
    """Hundreds of commands at once through both: the gateways may share a partition of pawl.replies, and each takes its own."""
    machine = clients[0].create_state_machine(name="asked", definition=s.WAIT, roleArn=s.ROLE)["stateMachineArn"]
    eventually(lambda: clients[1].describe_state_machine(stateMachineArn=machine), bool, "a machine")

    def ask(number):
        client = clients[number % 2]
        arn = client.start_execution(stateMachineArn=machine, name=f"e{number}")["executionArn"]
        assert client.describe_execution(executionArn=arn)["status"] == "RUNNING"  # its own gateway shows it at once
        client.stop_execution(executionArn=arn, error=f"E{number}")
        return client.describe_execution(executionArn=arn)["error"] == f"E{number}" and arn.endswith(f":e{number}")

    with concurrent.futures.ThreadPoolExecutor(2 * POLLERS) as pool:
        assert all(pool.map(ask, range(200)))


def test_a_lost_view_is_made_anew(cluster, clients):
    machine = clients[0].create_state_machine(name="lost", definition=ECHO, roleArn=s.ROLE)["stateMachineArn"]
    executions = [clients[0].start_execution(stateMachineArn=machine, name=f"e{number}")["executionArn"] for number in range(50)]
    gateway = cluster.gateways[1]
    gateway.kill()
    shutil.rmtree(gateway.folder / "state/view")
    gateway.start()
    client = gateway.client()
    found = eventually(lambda: client.list_executions(stateMachineArn=machine, maxResults=100)["executions"],
                       lambda items: len(items) == 50, "a list")
    assert {item["executionArn"] for item in found} == set(executions)
    for arn in executions[::10]:
        assert client.get_execution_history(executionArn=arn)["events"] == \
            clients[0].get_execution_history(executionArn=arn)["events"]


class Worker(threading.Thread):
    """One who polls, does and reports, until nothing has come for a while or he is told to go."""

    def __init__(self, client, activity, name, ends):
        super().__init__()
        self.client, self.activity, self.worker_name, self.ends = client, activity, name, ends
        self.inputs = []
        self.start()

    def run(self):
        while not self.ends.is_set():
            answer = self.client.get_activity_task(activityArn=self.activity, workerName=self.worker_name)
            if answer.get("taskToken"):
                self.inputs.append(json.loads(answer["input"]))
                self.client.send_task_success(taskToken=answer["taskToken"], output=json.dumps(self.worker_name))


def test_tasks_are_shared(cluster):
    """Each task goes to one of all pollers, nobody is left out for long, and the history names who had it."""
    clients = [gateway.client(max_pool_connections=2 * POLLERS) for gateway in cluster.gateways]
    activity = clients[0].create_activity(name="shared")["activityArn"]
    machine = clients[0].create_state_machine(name="shared", definition=s.task(activity), roleArn=s.ROLE)["stateMachineArn"]
    for client in clients:
        eventually(lambda: client.describe_activity(activityArn=activity), bool, "an activity")
        eventually(lambda: client.describe_state_machine(stateMachineArn=machine), bool, "a machine")
    ends = threading.Event()
    workers = [Worker(client, activity, f"g{at}-{number}", ends) for at, client in enumerate(clients) for number in range(POLLERS)]
    executions = [clients[number % 2].start_execution(stateMachineArn=machine, name=f"t{number}", input=str(number))["executionArn"]
                  for number in range(TASKS)]
    done_by = {}
    for arn in executions:
        ended = eventually(lambda: clients[0].describe_execution(executionArn=arn),
                           lambda answer: answer["status"] == "SUCCEEDED", arn)
        done_by[arn] = json.loads(ended["output"])
    ends.set()
    for _ in range(len(workers)):  # to wake those who wait
        clients[0].start_execution(stateMachineArn=machine, input="-1")
    for worker in workers:
        worker.join(70)
    handed_out = collections.Counter(given for worker in workers for given in worker.inputs if given >= 0)
    assert handed_out == {number: 1 for number in range(TASKS)}
    shares = collections.Counter(name.split("-")[0] for name in done_by.values())
    print(f"tasks by gateway: {dict(shares)}; by worker: {min(len(w.inputs) for w in workers)} to {max(len(w.inputs) for w in workers)}")
    assert min(shares["g0"], shares["g1"]) > TASKS / 10
    for arn in executions[::20]:
        events = clients[1].get_execution_history(executionArn=arn)["events"]
        started = [event for event in events if event["type"] == "ActivityStarted"]
        assert [event["activityStartedEventDetails"]["workerName"] for event in started] == [done_by[arn]]


def test_workers_of_one_name(clients):
    """Each task once, also where all workers have the same name and poll different gateways."""
    activity = clients[0].create_activity(name="namesakes")["activityArn"]
    machine = clients[0].create_state_machine(name="namesakes", definition=s.task(activity), roleArn=s.ROLE)["stateMachineArn"]
    for client in clients:
        eventually(lambda: client.describe_activity(activityArn=activity), bool, "an activity")
    for number in range(20):
        clients[0].start_execution(stateMachineArn=machine, input=str(number))
    given = [clients[number % 2].get_activity_task(activityArn=activity, workerName="w")["input"] for number in range(20)]
    assert sorted(given, key=int) == [str(number) for number in range(20)]


def test_a_gateway_dies_with_claims(cluster):
    """Its pollers are gone, and with them what they had claimed: those tasks time out, and Retry gives them to others."""
    clients = [gateway.client(max_pool_connections=2 * POLLERS) for gateway in cluster.gateways]
    activity = clients[0].create_activity(name="claims")["activityArn"]
    retry = [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 5}]
    machine = clients[0].create_state_machine(
        name="claims", definition=s.task(activity, HeartbeatSeconds=2, TimeoutSeconds=60, Retry=retry), roleArn=s.ROLE)["stateMachineArn"]
    for client in clients:
        eventually(lambda: client.describe_activity(activityArn=activity), bool, "an activity")

    def poll():
        try:
            return clients[1].get_activity_task(activityArn=activity)
        except Exception:  # noqa: BLE001 - the gateway has died
            return None
    with concurrent.futures.ThreadPoolExecutor(POLLERS) as pool:
        for _ in range(POLLERS):
            pool.submit(poll)
        time.sleep(0.5)
        executions = [clients[0].start_execution(stateMachineArn=machine, name=f"c{number}")["executionArn"] for number in range(POLLERS)]
        cluster.gateways[1].kill()
    cluster.gateways[1].start()
    ends = threading.Event()
    workers = [Worker(clients[0], activity, f"after-{number}", ends) for number in range(4)]
    deadline = time.monotonic() + 60
    for arn in executions:
        while clients[0].describe_execution(executionArn=arn)["status"] == "RUNNING":
            assert time.monotonic() < deadline, arn
            time.sleep(0.05)
        assert clients[0].describe_execution(executionArn=arn)["status"] == "SUCCEEDED"
    ends.set()
    for _ in workers:
        clients[0].start_execution(stateMachineArn=machine)
    for worker in workers:
        worker.join(70)


class Caller(threading.Thread):
    """One who starts and describes through both gateways, and tries again where he can't connect or is told that a gateway which
    restarts can't serve him now. `restarting`: the gateways that may say so."""

    NOT_CONNECTED = (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError)

    def __init__(self, number, clients, machine, restarting, ends):
        super().__init__()
        self.number, self.clients, self.machine, self.restarting, self.ends = number, clients, machine, restarting, ends
        self.acknowledged = {}  # name: its start
        self.retried = 0
        self.problem = None
        self.start()

    def run(self):
        try:
            while not self.ends.is_set():
                self.start_and_describe(f"r{self.number}-{len(self.acknowledged)}")
        except Exception as problem:  # noqa: BLE001 - the test tells it
            self.problem = problem

    def ask(self, operation, tolerates=(), **members):
        """By either gateway, until one answers."""
        deadline = time.monotonic() + 30
        at = (self.number + len(self.acknowledged)) % len(self.clients)
        while True:
            told = self.restarting[at]
            try:
                return getattr(self.clients[at], operation)(**members)
            except self.NOT_CONNECTED:
                assert told or self.restarting[at], f"gateway {at} runs, and has hung up"
            except botocore.exceptions.ClientError as error:
                unavailable = error.response["ResponseMetadata"]["HTTPStatusCode"] == 503 and (told or self.restarting[at])
                if not unavailable and error.response["Error"]["Code"] not in tolerates:
                    raise
            assert time.monotonic() < deadline, f"{operation}{members}"
            self.retried += 1
            at = (at + 1) % len(self.clients)
            time.sleep(0.02)

    def start_and_describe(self, name):
        members = {"stateMachineArn": self.machine, "name": name, "input": json.dumps(name)}
        started = self.ask("start_execution", **members)
        self.acknowledged[name] = started["startDate"]
        again = self.ask("start_execution", **members)
        assert (again["executionArn"], again["startDate"]) == (started["executionArn"], started["startDate"])
        # Another gateway may have answered, or this one have begun anew: it is seen in time.
        shown = self.ask("describe_execution", ("ExecutionDoesNotExist",), executionArn=started["executionArn"])
        assert (shown["startDate"], shown["input"], shown["status"]) == (started["startDate"], json.dumps(name), "RUNNING")


def test_restarts_under_load(cluster):
    """Each gateway in turn, asked to stop and killed, at the same address; what was acknowledged is there, once."""
    for gateway in cluster.gateways:
        gateway.settings["gateway.listen"] = gateway.endpoint.rpartition("/")[2]
    config = {"retries": {"total_max_attempts": 1, "mode": "standard"}, "read_timeout": 20}
    clients = [gateway.client(**config) for gateway in cluster.gateways]
    machine = clients[0].create_state_machine(name="restarts", definition=s.WAIT, roleArn=s.ROLE)["stateMachineArn"]
    eventually(lambda: clients[1].describe_state_machine(stateMachineArn=machine), bool, "a machine")
    restarting, ends = [False] * len(clients), threading.Event()
    callers = [Caller(number, clients, machine, restarting, ends) for number in range(4)]
    for end in (Part.stop, Part.kill):
        for at, gateway in enumerate(cluster.gateways):
            time.sleep(0.3)
            restarting[at] = True
            assert end(gateway) in (0, None)
            gateway.start()
            restarting[at] = False
    time.sleep(0.3)
    ends.set()
    for caller in callers:
        caller.join(60)
        assert caller.problem is None, caller.problem
    acknowledged = {name: date for caller in callers for name, date in caller.acknowledged.items()}
    print(f"{len(acknowledged)} started, {sum(caller.retried for caller in callers)} retries")
    for client in clients:
        def listed():
            pages = client.get_paginator("list_executions").paginate(stateMachineArn=machine, PaginationConfig={"PageSize": 1000})
            return [(item["name"], item["startDate"]) for page in pages for item in page["executions"]]
        eventually(lambda: sorted(listed()), lambda found: found == sorted(acknowledged.items()), "all of them, once")
    for name in list(acknowledged)[::20]:
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        histories = [client.get_execution_history(executionArn=arn)["events"] for client in clients]
        assert histories[0] == histories[1] and [event["type"] for event in histories[0]] == ["ExecutionStarted", "WaitStateEntered"]
