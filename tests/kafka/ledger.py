"""The checker for runs that are longer than what topics keep: reads as pawl works, checks each execution by the rules of
checker.py once it is over, and forgets it. Of what was proven only a number is left; a record that comes for it later is a
finding. What is not over, or does not pass yet, stays until the end.

    topics ──► Follower ──► Ledger.add ──► Bundle: all records about one execution ──► Ledger.prove: over? rules ──► forgotten
                                └──► commit rows, usage: checked as they come

What is read of one partition may be ahead of another; so a bundle that does not pass is tried again, and only what does not
pass at the end counts."""
import collections
import json
import threading
import time

import confluent_kafka as kafka
from confluent_kafka import admin

import checker
import log as logs

SETTLE_SECONDS = 10.0  # an execution is over for so long before it is looked at: late answers, clean-up
AGAIN_SECONDS = 15.0
PROVE_SECONDS = 2.0
# What these say of all records together is kept here as they come, or checked once, at the end.
OF_ALL = {"rule_commit", "rule_usage", "rule_dead_letters"}
RULES = [rule for rule in checker.RULES if rule.__name__ not in OF_ALL]


class Bundle:
    """The records about one execution ARN, and those that asked for it."""

    def __init__(self, name):
        self.name = name
        self.records = []
        self.identities = set()
        self.last_event = None
        self.last_status = None
        self.asked = set()
        self.answered = set()
        self.touched = 0.0
        self.tried = 0.0
        self.found = []

    def add(self, record):
        self.records.append(record)
        self.touched = time.monotonic()

    @property
    def over(self):
        """As far as its own records tell."""
        if not self.asked <= self.answered:
            return False
        if self.last_event is None:
            return bool(self.asked) and self.last_status is None  # refused
        return self.last_event in checker.END_EVENTS and self.last_status in checker.END_EVENTS.values()


class Changelog:
    """pawl.state as it comes: its proof of itself, and the rows that are there."""

    def __init__(self):
        self.since = {}  # partition: rows since its last commit row, and that
        self.rows = collections.defaultdict(dict)  # execution id, or the kind of row: {(partition, key): record}
        self.found = []

    @property
    def commits(self):
        return [before for _, before in self.since.values() if before is not None]

    def add(self, record, schemas):
        kind = record.key[:1]
        if kind == b"c":
            logs.decode(record, schemas)
        self.prove(record)
        if kind in (b"e", b"f", b"p"):
            self.fold(record.key[1:17], record)
        elif kind == b"t":
            self.fold(record.key[9:25], record)
        elif kind == b"u":
            self.fold("usage", record)

    def fold(self, owner, record):
        if record.value is None:
            self.rows[owner].pop((record.partition, record.key), None)
        else:
            self.rows[owner][record.partition, record.key] = record

    def prove(self, record):
        """As checker.rule_commit, a row at a time."""
        rows, before = self.since.get(record.partition, (0, None))
        rows += 1
        if record.key == b"c" and record.data:
            pair = [one for one in (before, record) if one is not None]
            if before is not None and record.data["rowCount"] != rows:
                self.tell(record, f"counts {record.data['rowCount']} rows, {rows} there are since {before.place}")
            for earlier, later in zip(pair, pair[1:]):
                if later.data["sequence"] != earlier.data["sequence"] + 1:
                    self.tell(later, f"sequence {later.data['sequence']} after {earlier.data['sequence']} ({earlier.place})")
                for name in ("commandsOffset", "resultsOffset"):
                    if later.data[name] < earlier.data[name]:
                        self.tell(later, f"{name} goes back from {earlier.data[name]} to {later.data[name]}")
            rows, before = 0, record
        self.since[record.partition] = (rows, before)

    def tell(self, record, text):
        self.found.append(checker.Finding("commit", record.place, text))


class Ledger:
    def __init__(self, partition_count, prefix, schemas):
        self.partition_count = partition_count
        self.prefix = prefix
        self.schemas = schemas
        self.lock = threading.RLock()
        self.bundles = {}  # execution ARN, or the correlation id of a start that has no name yet
        self.by_identity = {}
        self.by_correlation = {}
        self.strays = collections.defaultdict(list)  # execution id: results that came before its history
        self.replies = {}  # correlation id: replies that came before their command
        self.changelog = Changelog()
        self.rest = []
        self.metered = collections.Counter()
        self.happened = collections.Counter()
        self.proven = set()  # hashes of names and execution ids
        self.counts = collections.Counter()
        self.journal = set()  # acknowledged and not read, or read and not acknowledged
        self.found = []

    # ---- Records ----

    def add(self, record):
        with self.lock:
            self.counts["records"] += 1
            if record.topic == "state":
                self.changelog.add(record, self.schemas)
                return
            logs.decode(record, self.schemas)
            if record.problem and record.topic not in ("commands", "results"):
                self.tell("readable", record.place, record.problem)
            add = getattr(self, "add_" + record.topic.partition(".")[0].replace("-", "_"), None)
            if record.data is None or add is None:
                self.rest.append(record)
            else:
                add(record)
                if record.topic != "commands":
                    record.value = None

    def tell(self, rule, place, text):
        self.found.append(checker.Finding(rule, place, text))

    def bundle(self, name):
        if name not in self.bundles:
            self.bundles[name] = Bundle(name)
        return self.bundles[name]

    def of_execution(self, record):
        """The bundle of a record that pawl wrote about an execution; None when that is over."""
        data = record.data
        if hash(data["executionArn"]) in self.proven:
            self.tell("over", record.place, f"{data['executionArn']} was over, and this came")
            return None
        bundle = self.bundle(data["executionArn"])
        identity = logs.execution_id(data["executionArn"], data["incarnation"])
        if identity not in bundle.identities:
            bundle.identities.add(identity)
            self.by_identity[identity] = bundle
            for stray in self.strays.pop(identity, ()):
                bundle.add(stray)
        bundle.add(record)
        return bundle

    def add_history(self, record):
        bundle = self.of_execution(record)
        if bundle is not None:
            bundle.last_event = record.data["type"]

    def add_executions(self, record):
        bundle = self.of_execution(record)
        if bundle is not None:
            bundle.last_status = record.data["status"]

    def add_tasks(self, record):
        self.of_execution(record)

    def add_results(self, record):
        try:
            identity = logs.token_of(record.data["taskToken"]).execution
        except (ValueError, TypeError):
            self.rest.append(record)
            return
        if identity in self.by_identity:
            self.by_identity[identity].add(record)
        elif hash(identity) in self.proven:
            self.counts["late results"] += 1
        else:
            self.strays[identity].append(record)

    def add_commands(self, record):
        data = record.data
        correlation = data.get("correlationId")
        forwarded = record.header("pawl-forwarded") is not None
        if data["record"] == "StopExecution":
            name = data["executionArn"]
        elif data["record"] != "StartExecution":
            self.rest.append(record)
            return
        elif data["name"] is not None:
            name = data["stateMachineArn"].replace(":stateMachine:", ":execution:") + ":" + data["name"]
        else:
            name = correlation
        if correlation and not forwarded:
            self.journal ^= {correlation}
        if hash(name) in self.proven:
            self.counts["late commands"] += 1
            return
        bundle = self.bundle(name)
        bundle.add(record)
        if correlation and not forwarded:
            bundle.asked.add(correlation)
            self.by_correlation[correlation] = bundle
            for reply in self.replies.pop(correlation, ()):
                self.add_replies(reply)

    def add_replies(self, record):
        correlation = record.data["correlationId"]
        bundle = self.by_correlation.get(correlation)
        if bundle is None:
            self.replies.setdefault(correlation, []).append(record)
            return
        data = json.loads(record.data["data"]) if record.data["data"] else {}
        if bundle.name == correlation and data.get("executionArn"):
            bundle = self.merge(bundle, data["executionArn"])
        bundle.add(record)
        bundle.answered.add(correlation)

    def merge(self, nameless, arn):
        """A start without a name belongs to the execution that its reply names."""
        bundle = self.bundle(arn)
        for record in nameless.records:
            bundle.add(record)
        bundle.asked |= nameless.asked
        for correlation in nameless.asked:
            self.by_correlation[correlation] = bundle
        del self.bundles[nameless.name]
        return bundle

    def add_usage(self, record):
        for name, field in (("transitions", "transitions"), ("starts", "executionsStarted")):
            self.metered[record.data["stateMachineArn"], name] += record.data[field]

    def acknowledge(self, correlation):
        with self.lock:
            self.journal ^= {correlation}

    # ---- Proofs ----

    def rows_of(self, bundle):
        return [record for identity in bundle.identities for record in self.changelog.rows.get(identity, {}).values()]

    def ripe(self, bundle, now):
        if not bundle.over or now - bundle.touched < SETTLE_SECONDS or now - bundle.tried < AGAIN_SECONDS:
            return False
        cleaned = bundle.last_status != "SUCCEEDED" or all(row.key[:1] not in (b"f", b"p") for row in self.rows_of(bundle))
        return cleaned or bundle.last_event is None

    def view(self, bundles, more=(), rows=None, **about):
        records = [record for bundle in bundles for record in bundle.records] + list(more)
        rows = [row for bundle in bundles for row in self.rows_of(bundle)] if rows is None else rows
        return logs.Log(records + rows + self.changelog.commits, self.partition_count, self.prefix, schemas=self.schemas, **about)

    def findings(self, check):
        return [checker.Finding(rule.__name__.removeprefix("rule_"), place, text) for rule in RULES for place, text in rule(check)]

    def prove(self):
        """Looks at what is over, and forgets what passes."""
        with self.lock:
            now = time.monotonic()
            bundles = [bundle for bundle in self.bundles.values() if self.ripe(bundle, now)]
            if not bundles:
                return
            check = checker.Check(self.view(bundles))
            if not self.findings(check):
                self.forget(bundles, check)
                return
            for bundle in bundles:
                check = checker.Check(self.view([bundle]))
                bundle.found = self.findings(check)
                bundle.tried = now
                if not bundle.found:
                    self.forget([bundle], check)

    def forget(self, bundles, check):
        self.happened.update(usage_of(check))
        for execution in check.executions.values():
            self.counts[execution.machine + " " + execution.status] += 1
            self.counts["executions"] += 1
            self.counts["events"] += len(execution.events)
        for bundle in bundles:
            self.proven.add(hash(bundle.name))
            for identity in bundle.identities:
                self.proven.add(hash(identity))
                del self.by_identity[identity]
                self.changelog.rows.pop(identity, None)
            for correlation in bundle.asked:
                self.by_correlation.pop(correlation, None)
            del self.bundles[bundle.name]

    def open_names(self):
        with self.lock:
            return [name for name, bundle in self.bundles.items() if bundle.asked or bundle.identities]

    def describe(self, name):
        """Where one stands, for people."""
        with self.lock:
            bundle = self.bundles.get(name)
            return name if bundle is None else (
                f"{name}: {len(bundle.records)} records, the last event {bundle.last_event}, status {bundle.last_status}, "
                f"{len(bundle.asked - bundle.answered)} unanswered, {', '.join(map(str, bundle.found[:2])) or 'nothing found'}")

    def usage_findings(self):
        metered = self.metered + collections.Counter()
        for row in self.changelog.rows["usage"].values():
            logs.decode(row, self.schemas)
            for name, field in (("transitions", "transitions"), ("starts", "executionsStarted")):
                metered[row.data["stateMachineArn"], name] += row.data[field]
        for key in sorted(set(metered) | set(self.happened)):
            if metered[key] != self.happened[key]:
                yield checker.Finding("usage", "usage", f"{key[0]}: {metered[key]} {key[1]} metered, {self.happened[key]} happened")

    def finish(self, **about):
        """All findings, once everything is read and nothing more comes."""
        with self.lock:
            for bundle in self.bundles.values():
                bundle.tried = bundle.touched = float("-inf")
            self.prove()
            left = list(self.bundles.values())
            late = [record for records in self.strays.values() for record in records]
            rows = [row for owner, rows in self.changelog.rows.items() if owner != "usage" and hash(owner) not in self.proven
                    for row in rows.values()]
            replies = [reply for replies in self.replies.values() for reply in replies]
            check = checker.Check(self.view(left, self.rest + late + replies, rows, **about))
            self.happened.update(usage_of(check))
            found = self.found + self.changelog.found + self.findings(check) + list(self.usage_findings())
            found += [checker.Finding("dead_letters", place, text) for place, text in checker.rule_dead_letters(check)]
            found += [checker.Finding("journal", "commands", f"{one} was acknowledged and is not there") for one in self.journal]
            self.counts["left open"] = len(check.executions)
            return found


def usage_of(check):
    """Counter of what the histories say was used."""
    happened = collections.Counter()
    for execution in check.executions.values():
        if execution.events:
            machine = execution.events[0].data["stateMachineArn"]
            happened[machine, "transitions"] += checker.transitions_of(execution)
            happened[machine, "starts"] += 1
    return happened


class Follower:
    """Reads all topics into a ledger, in a thread of its own, from their beginning on."""

    def __init__(self, bootstrap, prefix, ledger):
        self.prefix = prefix
        self.ledger = ledger
        self.bootstrap = bootstrap
        self.positions = {}
        self.problem = None
        self.ends = False
        self.consumer = kafka.Consumer({
            "bootstrap.servers": bootstrap, "group.id": f"{prefix}-ledger", "enable.auto.commit": False, "log_level": 2,
            "isolation.level": "read_committed", "enable.partition.eof": True, "auto.offset.reset": "error",
            "fetch.wait.max.ms": 200, "queued.max.messages.kbytes": 65536})
        known = self.consumer.list_topics(timeout=60).topics
        self.places = [kafka.TopicPartition(name, partition) for name in known if name.startswith(prefix + ".")
                       for partition in known[name].partitions]
        self.consumer.assign([kafka.TopicPartition(place.topic, place.partition, 0) for place in self.places])
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        due = 0.0
        try:
            while not self.ends:
                for message in self.consumer.consume(1000, 0.2):
                    self.take(message)
                if time.monotonic() >= due:
                    self.ledger.prove()
                    due = time.monotonic() + PROVE_SECONDS
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            self.problem = error

    def take(self, message):
        place = (message.topic(), message.partition())
        if message.error():
            if message.error().code() == kafka.KafkaError._PARTITION_EOF:
                self.positions[place] = message.offset()
            elif message.error().code() in (kafka.KafkaError.OFFSET_OUT_OF_RANGE, kafka.KafkaError._AUTO_OFFSET_RESET):
                raise kafka.KafkaException(message.error())
            return
        self.positions[place] = message.offset() + 1
        self.ledger.add(logs.Record(message.topic()[len(self.prefix) + 1:], message.partition(), message.offset(), message.key(),
                                    message.value(), message.headers() or [], message.timestamp()[1]))

    def watermarks(self, seconds=30):
        """{(topic, partition): its end}, asked by a client that knows nothing from before."""
        client = admin.AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 2})
        asked = {place: admin.OffsetSpec.latest() for place in self.places}
        answers = client.list_offsets(asked, request_timeout=seconds)
        return {(place.topic, place.partition): answer.result().offset for place, answer in answers.items()}

    def read_all(self, seconds=120):
        """Until everything is read that is there now; {(topic, partition): end}."""
        ends = self.watermarks()
        deadline = time.monotonic() + seconds
        while any(self.positions.get(place, 0) < end for place, end in ends.items()):
            if self.problem is not None:
                raise self.problem
            if time.monotonic() > deadline:
                left = {place: (self.positions.get(place), end) for place, end in ends.items() if self.positions.get(place, 0) < end}
                raise TimeoutError(f"ends that are not reached (an open transaction?): {left}")
            time.sleep(0.2)
        return {(topic[len(self.prefix) + 1:], partition): end for (topic, partition), end in ends.items()}

    def stop(self):
        self.ends = True
        self.thread.join(30)
        self.consumer.close()
