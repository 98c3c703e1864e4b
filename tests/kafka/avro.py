"""Avro's single-object encoding, read and written by hand from schemas/avro/*.avsc: nothing here is pawl's own code.

    schemas = Schemas()                      # all of schemas/avro
    schemas.decode(value)                    # → (schema's name, record's name, {field: value}); JSON values too
    schemas.encode("Command", "StartExecution", {…})

Times are microseconds since 1970 and JSON texts stay texts, whichever the encoding was."""
import datetime
import json
import pathlib
import struct

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "schemas/avro"
PRIMITIVES = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}
EMPTY = 0xC15D213AA4D7A795


class Malformed(Exception):
    pass


def crc_table():
    table = []
    for index in range(256):
        value = index
        for _ in range(8):
            value = (value >> 1) ^ (EMPTY if value & 1 else 0)
        table.append(value)
    return table


TABLE = crc_table()


def fingerprint(data):
    """CRC-64-AVRO (Avro specification, "Schema Fingerprints")."""
    value = EMPTY
    for byte in data:
        value = (value >> 8) ^ TABLE[(value ^ byte) & 0xFF]
    return value


def full_name(name, namespace):
    return name if "." in name or not namespace else f"{namespace}.{name}"


def canonical(schema, namespace=None):
    """Parsing Canonical Form (Avro specification)."""
    if isinstance(schema, str):
        return json.dumps(schema if schema in PRIMITIVES else full_name(schema, namespace))
    if isinstance(schema, list):
        return "[" + ",".join(canonical(one, namespace) for one in schema) + "]"
    kind = schema["type"]
    if kind in PRIMITIVES:
        return json.dumps(kind)
    if kind == "array":
        return '{"type":"array","items":' + canonical(schema["items"], namespace) + "}"
    assert kind == "record", kind
    name = full_name(schema["name"], schema.get("namespace", namespace))
    inner = name.rpartition(".")[0]
    fields = ",".join('{"name":' + json.dumps(field["name"]) + ',"type":' + canonical(field["type"], inner) + "}"
                      for field in schema["fields"])
    return '{"name":' + json.dumps(name) + ',"type":"record","fields":[' + fields + "]}"


class Reader:
    """A position in bytes."""

    def __init__(self, data, at=0):
        self.data = data
        self.at = at

    def long(self):
        value = shift = 0
        while True:
            try:
                byte = self.data[self.at]
            except IndexError:
                raise Malformed("ends in a number") from None
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)
            shift += 7
            if shift > 63:
                raise Malformed("a number of more than ten bytes")

    def bytes(self):
        length = self.long()
        if length < 0 or length > len(self.data) - self.at:
            raise Malformed("a text longer than the record")
        self.at += length
        return self.data[self.at - length:self.at]


def compile_reader(schema, names, namespace=None):
    """A function from Reader to value."""
    if isinstance(schema, str) and schema not in PRIMITIVES:
        name = full_name(schema, namespace)
        return lambda reader: names[name](reader)
    if isinstance(schema, list):
        branches = [compile_reader(one, names, namespace) for one in schema]

        def union(reader):
            index = reader.long()
            if not 0 <= index < len(branches):
                raise Malformed("a branch that the union does not have")
            return branches[index](reader)
        return union
    kind = schema if isinstance(schema, str) else schema["type"]
    if kind == "null":
        return lambda reader: None
    if kind in ("int", "long"):
        return Reader.long
    if kind == "string":
        return lambda reader: reader.bytes().decode()
    if kind == "bytes":
        return Reader.bytes
    if kind == "boolean":
        return lambda reader: reader.long() != 0  # one byte, 0 or 1: as a number 0 or -1
    if kind == "array":
        item = compile_reader(schema["items"], names, namespace)

        def array(reader):
            items = []
            count = reader.long()
            while count:
                if count < 0:
                    reader.long()
                    count = -count
                items.extend(item(reader) for _ in range(count))
                count = reader.long()
            return items
        return array
    name = full_name(schema["name"], schema.get("namespace", namespace))
    inner = name.rpartition(".")[0]
    fields = [(field["name"], compile_reader(field["type"], names, inner)) for field in schema["fields"]]
    short = name.rpartition(".")[2]

    def record(reader):
        value = {"record": short}
        for field, read in fields:
            value[field] = read(reader)
        return value
    names[name] = record
    return record


def write_long(out, value):
    value = (value << 1) ^ (value >> 63)
    while value & ~0x7F:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)


def write(out, schema, value):
    if isinstance(schema, list):  # ["null", X]
        write_long(out, 0 if value is None else 1)
        if value is not None:
            write(out, schema[1], value)
        return
    kind = schema if isinstance(schema, str) else schema["type"]
    if kind in ("int", "long"):
        write_long(out, value)
    elif kind == "boolean":
        out.append(1 if value else 0)
    elif kind in ("string", "bytes"):
        data = value.encode() if isinstance(value, str) else value
        write_long(out, len(data))
        out.extend(data)
    elif kind == "array":
        if value:
            write_long(out, len(value))
            for one in value:
                write(out, schema["items"], one)
        write_long(out, 0)
    elif kind == "record":
        for field in schema["fields"]:
            write(out, field["type"], value.get(field["name"]))
    else:
        raise AssertionError(kind)


def is_time(kind):
    branches = kind if isinstance(kind, list) else [kind]
    return any(isinstance(one, dict) and one.get("logicalType") == "timestamp-micros" for one in branches)


def read_time(text):
    if isinstance(text, int):
        return text
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round((moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) / datetime.timedelta(microseconds=1))


class Schemas:
    def __init__(self, folder=FOLDER):
        self.schemas = {}
        self.readers = {}  # fingerprint: (name, reader)
        self.heads = {}
        for path in sorted(pathlib.Path(folder).glob("*.avsc")):
            schema = json.loads(path.read_text())
            names = {}
            read = compile_reader(schema, names)
            mark = struct.pack("<Q", fingerprint(canonical(schema).encode()))
            self.schemas[path.stem] = schema
            self.readers[mark] = (path.stem, read)
            self.heads[path.stem] = b"\xc3\x01" + mark

    def records(self, name):
        """The schemas of the records that a topic may have, in the order of the union; one that is named only was defined
        inside another."""
        schema = self.schemas[name]
        branches = schema if isinstance(schema, list) else [schema]
        return [one if isinstance(one, dict) else {"name": one.rpartition(".")[2], "fields": []} for one in branches]

    def decode(self, value, expected):
        """The record as a dict, its name under "record"."""
        if value[:1] == b"{":
            return self.decode_json(value, expected)
        if value[:2] != b"\xc3\x01" or value[2:10] not in self.readers:
            raise Malformed("neither JSON nor of a known schema")
        name, read = self.readers[value[2:10]]
        if name != expected:
            raise Malformed(f"is a {name}")
        reader = Reader(value, 10)
        record = read(reader)
        if reader.at != len(value):
            raise Malformed(f"{len(value) - reader.at} bytes too many")
        return record

    def decode_json(self, value, expected):
        try:
            members = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise Malformed(str(error)) from None
        records = self.records(expected)
        kind = members.pop("operation", None) or (members.get("type") if expected == "TaskResult" else None)
        schema = records[0] if kind is None else next((one for one in records if one["name"] == kind), None)
        if schema is None:
            raise Malformed(f"no record is called {kind}")
        record = {"record": schema["name"]}
        for field in schema["fields"]:
            member = members.get(field["name"])
            if member is not None and is_time(field["type"]):
                member = read_time(member)
            if field["name"] in members and field.get("doc", "").startswith("JSON text"):
                # A definition may be written as a text, too.
                if not (field["name"] == "definition" and isinstance(member, str)):
                    member = json.dumps(member)
            record[field["name"]] = member
        return record

    def encode(self, name, record, values):
        records = self.records(name)
        out = bytearray(self.heads[name])
        if isinstance(self.schemas[name], list):
            write_long(out, [one["name"] for one in records].index(record))
        schema = next(one for one in records if one["name"] == record)
        unknown = set(values) - {field["name"] for field in schema["fields"]} - {"record"}
        assert not unknown, unknown
        write(out, schema, values)
        return bytes(out)
