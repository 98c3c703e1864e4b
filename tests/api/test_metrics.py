"""/metrics, read by Prometheus' own parser, and held to what was done."""
import concurrent.futures
import json
import time
import urllib.error
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

import service as s


def fetch(service, path="/metrics"):
    with urllib.request.urlopen(f"{service.endpoint}{path}", timeout=30) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return answer.read().decode()


def read(service):
    """Samples by name and labels; the page holds to the rules that the parser does not ask for."""
    text = fetch(service)
    samples, families = {}, set()
    for family in text_string_to_metric_families(text):
        assert family.name not in families and family.documentation and family.type in ("counter", "gauge", "histogram")
        families.add(family.name)
        assert family.samples, family.name
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in samples, key
            samples[key] = sample.value
    assert text.count("# TYPE ") == len(families)
    return samples


def value(samples, name, **labels):
    return samples.get((name, tuple(sorted(labels.items()))))


def wait_for(service, name, wanted, **labels):
    """What a commit counts is there a moment after its effects are seen."""
    deadline = time.monotonic() + 20
    while True:
        samples = read(service)
        if value(samples, name, **labels) == wanted:
            return samples
        assert time.monotonic() < deadline, (name, labels, value(samples, name, **labels), wanted)
        time.sleep(0.1)


def test_executions(own):
    """CloudWatch's figures of each machine; those past metrics.machines together."""
    own.settings["metrics.machines"] = 3
    client = own.start().client()
    arns = {name: client.create_state_machine(name=name, definition=text, roleArn=s.ROLE)["stateMachineArn"]
            for name, text in {"good": s.PASS, "bad": s.FAIL, "long": s.WAIT,
                               "late": s.machine({"A": {"Type": "Wait", "Seconds": 60, "End": True}}, TimeoutSeconds=1)}.items()}
    for _ in range(5):
        client.start_execution(stateMachineArn=arns["good"])
    for _ in range(3):
        client.start_execution(stateMachineArn=arns["bad"])
    for _ in range(2):
        client.stop_execution(executionArn=client.start_execution(stateMachineArn=arns["long"])["executionArn"])
    client.start_execution(stateMachineArn=arns["late"])
    wait_for(own, "pawl_executions_timed_out_total", 1, state_machine="other")
    samples = wait_for(own, "pawl_executions_succeeded_total", 5, state_machine=arns["good"])

    def of(what, machine):
        return value(samples, f"pawl_{what}", state_machine=arns.get(machine, machine))
    assert [of("executions_started_total", name) for name in ("good", "bad", "long", "other")] == [5, 3, 2, 1]
    assert of("executions_failed_total", "bad") == 3 and of("executions_failed_total", "good") == 0
    assert of("executions_aborted_total", "long") == 2
    assert of("executions_started_total", "late") is None
    assert of("state_transitions_total", "good") == value(samples, "pawl_state_transitions_total", state_machine=arns["good"]) >= 5
    assert of("execution_time_seconds_count", "good") == 5 and of("execution_time_seconds_count", "other") == 1
    assert 1 <= of("execution_time_seconds_sum", "other") < 10
    assert value(samples, "pawl_execution_time_seconds_bucket", state_machine="other", le="0.1") == 0
    assert value(samples, "pawl_processor_executions_started_total") == 11
    assert value(samples, "pawl_timer_lateness_seconds_count") >= 1
    assert value(samples, "pawl_transaction_time_seconds_count") == value(samples, "pawl_processor_commits_total") > 0


def test_many_machines(own):
    """The largest page that a limit allows is whole."""
    own.settings["metrics.machines"] = 1000
    client = own.start().client(max_pool_connections=20)

    def run(number):
        arn = client.create_state_machine(name=f"{'m' * 70}{number:04}", definition=s.PASS, roleArn=s.ROLE)["stateMachineArn"]
        client.start_execution(stateMachineArn=arn)
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        list(pool.map(run, range(1010)))
    samples = wait_for(own, "pawl_executions_started_total", 10, state_machine="other")
    assert len([name for name, _ in samples if name == "pawl_executions_started_total"]) == 1001


def test_tasks(own):
    client = own.start().client()
    activity = client.create_activity(name="work")["activityArn"]
    machine = client.create_state_machine(name="asks", definition=s.task(activity), roleArn=s.ROLE)["stateMachineArn"]
    client.start_execution(stateMachineArn=machine)
    client.start_execution(stateMachineArn=machine)
    client.send_task_success(taskToken=client.get_activity_task(activityArn=activity)["taskToken"], output="1")
    client.send_task_failure(taskToken=client.get_activity_task(activityArn=activity)["taskToken"], error="No")
    samples = wait_for(own, "pawl_processor_activities_failed_total", 1)
    for what, count in {"scheduled": 2, "started": 2, "succeeded": 1, "failed": 1, "timed_out": 0}.items():
        assert value(samples, f"pawl_processor_activities_{what}_total") == count, what
    assert value(samples, "pawl_processor_service_integrations_scheduled_total") == 0
    whole, schedule, run = (value(samples, f"pawl_activity_{part}_seconds_sum") for part in ("time", "schedule_time", "run_time"))
    assert whole == pytest.approx(schedule + run) and 0 < run < whole < 60
    for part in ("time", "schedule_time", "run_time"):
        assert value(samples, f"pawl_activity_{part}_seconds_count") == 2
        assert value(samples, f"pawl_lambda_function_{part}_seconds_count") == 0
        assert value(samples, f"pawl_service_integration_{part}_seconds_count") == 0


def test_api(own):
    """Calls and their times by operation, exceptions by name."""
    client = own.start().client()
    for _ in range(4):
        client.list_state_machines()
    for _ in range(2):
        with pytest.raises(client.exceptions.StateMachineDoesNotExist):
            client.describe_state_machine(stateMachineArn="arn:aws:states:us-east-1:000000000000:stateMachine:none")
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(urllib.request.Request(own.endpoint, b"{}", {
            "X-Amz-Target": "AWSStepFunctions.Nothing", "Content-Type": "application/x-amz-json-1.0"}))
    samples = read(own)
    assert value(samples, "pawl_api_calls_total", operation="ListStateMachines") == 4
    assert value(samples, "pawl_api_time_seconds_count", operation="ListStateMachines") == 4
    assert 0 < value(samples, "pawl_api_time_seconds_sum", operation="ListStateMachines") < 10
    assert value(samples, "pawl_api_errors_total", operation="DescribeStateMachine", exception="StateMachineDoesNotExist") == 2
    assert value(samples, "pawl_api_errors_total", operation="none", exception="UnknownOperationException") == 1
    assert value(samples, "pawl_api_calls_total", operation="StartExecution") == 0
    assert value(read(own), "pawl_api_calls_total", operation="none") == 1  # /metrics is no call


def test_process(own):
    samples = read(own.start())
    with open(f"/proc/{own.process.pid}/statm") as file:
        resident = int(file.read().split()[1]) * 4096
    assert 0.5 < value(samples, "process_resident_memory_bytes") / resident < 2
    assert abs(value(samples, "process_start_time_seconds") - time.time()) < 60
    assert 10 < value(samples, "process_open_fds") < value(samples, "process_max_fds")
    assert 0 < value(samples, "process_cpu_seconds_total") < 60
    assert [labels for (name, labels), one in samples.items() if name == "pawl_build_info" and one == 1]
    for store in ("state", "view"):
        assert value(samples, "pawl_store_writes_stopped", store=store) == 0
        assert value(samples, "pawl_store_block_cache_bytes", store=store) >= 0
    assert value(samples, "pawl_processor_ready") == value(samples, "pawl_gateway_ready") == 1
    assert value(samples, "pawl_processor_partitions_active") == 4
    for partition in range(4):
        assert value(samples, "pawl_restore_lag_rows", partition=str(partition)) == 0


def test_dead_letters(own):
    """A result that can't be read is counted by its reason."""
    own.start()
    if own.kafka:
        from confluent_kafka import Producer
        producer = Producer({"bootstrap.servers": own.kafka})
        producer.produce(f"{own.settings['topics.prefix']}.results", b"nonsense")
        producer.flush(10)
        wait_for(own, "pawl_dead_letters_total", 1, reason="InvalidRecord")
    samples = read(own)
    assert value(samples, "pawl_dead_letters_total", reason="InternalError") == 0


def test_lag(own):
    """It is known of every partition on both inputs, and comes down."""
    client = own.start().client()
    machine = client.create_state_machine(name="m", definition=s.PASS, roleArn=s.ROLE)["stateMachineArn"]
    for number in range(20):
        client.start_execution(stateMachineArn=machine, input=json.dumps(number))
    deadline = time.monotonic() + 20
    while True:
        lags = {labels: one for (name, labels), one in read(own).items() if name == "pawl_consumer_lag_records"}
        # Kafka's end may count the marker of a transaction behind the last record.
        if len(lags) == 8 and all(lag <= (1 if own.kafka else 0) for lag in lags.values()):
            break
        assert time.monotonic() < deadline, lags
        time.sleep(0.2)


def test_kafka_clients(own):
    """What librdkafka tells, of consumers and producers, also of producers that have nothing to do; `pawl dev` has none."""
    if own.kafka:
        own.settings["kafka.statistics.interval.ms"] = 100
    client = own.start().client()
    arn = client.create_state_machine(name="m", definition=s.PASS, roleArn=s.ROLE)["stateMachineArn"]
    if not own.kafka:
        assert not [name for name, _ in read(own) if name.startswith("pawl_kafka_")]
        return
    before = read(own)
    for _ in range(50):
        client.start_execution(stateMachineArn=arn)
    deadline = time.monotonic() + 20
    for name, kind in (("requests_total", "consumer"), ("requests_total", "producer"), ("sent_records_total", "producer"),
                       ("received_bytes_total", "consumer")):
        while value(read(own), f"pawl_kafka_{name}", client=kind) <= (value(before, f"pawl_kafka_{name}", client=kind) or 0):
            assert time.monotonic() < deadline, (name, kind)
            time.sleep(0.1)
    samples = read(own)
    assert value(samples, "pawl_kafka_rebalances_total", client="consumer") >= 1
    assert 0 < value(samples, "pawl_kafka_round_trip_seconds", client="producer") < 60
    # Nothing piles up in an idle process, where 40 texts a second are told.
    time.sleep(3)
    resident = value(read(own), "process_resident_memory_bytes")
    time.sleep(8)
    assert value(read(own), "process_resident_memory_bytes") < resident + 4 * 1024 * 1024
