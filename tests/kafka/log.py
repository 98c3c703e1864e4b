"""Everything that lies in pawl's topics, decoded, from Kafka or from a dump; and what of pawl's formats an onlooker needs."""
import base64
import collections
import dataclasses
import hashlib
import json
import struct

import avro

SCHEMAS = {"commands": "Command", "results": "TaskResult", "history": "HistoryEvent", "executions": "ExecutionStatus",
           "state": "StateRow", "definitions": "Definition", "replies": "Reply", "usage": "Usage"}
READ_SECONDS_MAX = 400


@dataclasses.dataclass
class Record:
    topic: str  # without the prefix
    partition: int
    offset: int
    key: bytes = None
    value: bytes = None
    headers: list = dataclasses.field(default_factory=list)
    timestamp: int = 0
    data: dict = None  # decoded; None: a tombstone, or malformed
    problem: str = None

    def header(self, name):
        return next((value for found, value in self.headers if found == name), None)

    @property
    def place(self):
        return f"{self.topic}-{self.partition}@{self.offset}"


def schema_of(topic):
    return "TaskRequest" if topic.startswith("tasks.") else SCHEMAS.get(topic)


def decode(record, schemas):
    name = schema_of(record.topic)
    if name is None or record.value is None:
        return
    try:
        record.data = schemas.decode(record.value, name)
    except (avro.Malformed, UnicodeDecodeError) as error:
        record.problem = str(error)


class Log:
    """Records by topic, in the order of partition and offset."""

    def __init__(self, records, partition_count, prefix="pawl", now_ms=None, positions=None, ends=None,
                 schemas=None):
        self.topics = collections.defaultdict(list)
        self.partition_count = partition_count
        self.prefix = prefix
        self.now_ms = now_ms  # when the reading began
        self.positions = positions  # {(topic, partition): the group's committed offset}; None: not known
        self.ends = ends or {}  # {(topic, partition): end offset, markers included}
        schemas = schemas or avro.Schemas()
        for record in sorted(records, key=lambda one: (one.topic, one.partition, one.offset)):
            if record.data is None and record.problem is None:
                decode(record, schemas)
            self.topics[record.topic].append(record)

    def of(self, topic):
        return self.topics.get(topic, [])

    def tasks(self):
        return [record for topic in sorted(self.topics) if topic.startswith("tasks.") for record in self.topics[topic]]


def read_kafka(bootstrap, prefix="pawl", now_ms=None):
    """All topics of the prefix, read_committed, to their end as it was at the beginning of the reading."""
    import time

    import confluent_kafka as kafka
    import confluent_kafka.admin
    now_ms = now_ms or int(time.time() * 1000)
    settings = {"bootstrap.servers": bootstrap, "group.id": f"{prefix}-checker", "enable.auto.commit": False,
                "isolation.level": "read_committed", "enable.partition.eof": True, "auto.offset.reset": "error",
                "fetch.wait.max.ms": 50}
    consumer = kafka.Consumer(settings)
    topics = {name: topic for name, topic in consumer.list_topics(timeout=60).topics.items() if name.startswith(prefix + ".")}
    places = [kafka.TopicPartition(name, partition) for name, topic in topics.items() for partition in topic.partitions]
    ends = {}
    for place in places:
        place.offset, end = consumer.get_watermark_offsets(place, timeout=60)
        ends[place.topic, place.partition] = end
    consumer.assign(places)
    open_places = {(place.topic, place.partition) for place in places}
    records = []
    deadline = time.monotonic() + READ_SECONDS_MAX
    while open_places:
        if time.monotonic() > deadline:
            raise TimeoutError(f"no end is reached of {sorted(open_places)}: an open transaction?")
        for message in consumer.consume(5000, 0.5):
            if message.error():
                if message.error().code() != kafka.KafkaError._PARTITION_EOF:
                    raise kafka.KafkaException(message.error())
                place = (message.topic(), message.partition())
                if message.offset() >= ends[place]:
                    open_places.discard(place)
                continue
            records.append(Record(message.topic()[len(prefix) + 1:], message.partition(), message.offset(), message.key(),
                                  message.value(), message.headers() or [], message.timestamp()[1]))
    consumer.close()
    count = len(topics[f"{prefix}.history"].partitions)
    shorter = {(topic[len(prefix) + 1:], partition): end for (topic, partition), end in ends.items()}
    return Log(records, count, prefix, now_ms, read_positions(bootstrap, prefix, count), shorter)


def read_positions(bootstrap, prefix, partition_count, seconds=60):
    """The processors' group offsets."""
    import confluent_kafka as kafka
    consumer = kafka.Consumer({"bootstrap.servers": bootstrap, "group.id": f"{prefix}-processor", "enable.auto.commit": False})
    places = [kafka.TopicPartition(f"{prefix}.{topic}", partition) for topic in ("commands", "results")
              for partition in range(partition_count)]
    try:
        found = consumer.committed(places, timeout=seconds)
    finally:
        consumer.close()
    return {(place.topic[len(prefix) + 1:], place.partition): place.offset for place in found if place.offset >= 0}


def read_dump(lines, partition_count, prefix="pawl", now_ms=None):
    """A dump's lines of JSON: {"topic","partition","offset","timestamp","key","value","headers":[[name,value]…]}, with key,
    value and headers' values as base64url, absent or null where there is none."""
    records = []
    for line in lines:
        one = json.loads(line)
        records.append(Record(one["topic"][len(prefix) + 1:], one["partition"], one["offset"], unbase64(one.get("key")),
                              unbase64(one.get("value")), [(name, unbase64(value)) for name, value in one.get("headers", [])],
                              one.get("timestamp", 0)))
    return Log(records, partition_count, prefix, now_ms)


def unbase64(text):
    return None if text is None else base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# ---- pawl's formats (docs/records.md, design sections 2, 4, 6) ----


def murmur2(data):
    """As org.apache.kafka.common.utils.Utils.murmur2, unsigned."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    value = 0x9747B28C ^ len(data)
    for at in range(0, len(data) - len(data) % 4, 4):
        k = int.from_bytes(data[at:at + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        value = (value * m & mask) ^ k
    rest = data[len(data) - len(data) % 4:]
    if rest:
        value = (value ^ int.from_bytes(rest, "little")) * m & mask
    value = (value ^ value >> 13) * m & mask
    return value ^ value >> 15


def partition_of(key, count):
    key = key.encode() if isinstance(key, str) else key
    return (murmur2(key) & 0x7FFFFFFF) % count


def execution_id(arn, incarnation):
    return hashlib.sha256(arn.encode() + struct.pack(">q", incarnation)).digest()[:16]


@dataclasses.dataclass
class Token:
    murmur2: int
    execution: bytes
    frame: int
    attempt: int
    bits: bytes


def token_of(text):
    data = unbase64(text)
    if len(data) != 49 or data[0] != 1:
        raise ValueError("no token")
    hashed, execution, frame, attempt, bits = struct.unpack(">I16sqI16s", data[1:])
    return Token(hashed, execution, frame, attempt, bits)


def timer_of(key):
    """(due in ms, execution id, frame) of a timer row's published key."""
    due, execution, frame = struct.unpack(">Q16sQ", key[1:])
    return due - (1 << 63), execution, frame - (1 << 63)
