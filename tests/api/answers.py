"""Whether an answer is what the model says: types, required members, values of enums, bounds, no member that it does not
have, no exception that the operation does not declare. It reads the JSON itself, since botocore's parser drops what it does
not know. Every client of service.py has its answers checked."""
import json
import re

import service_model as m


class Answers:
    """Checks answers, and remembers which members it has seen: {(structure, member)}."""

    def __init__(self, payload_characters=None):
        self.payload_characters = payload_characters  # a service's own limit of payloads; None: the model's
        self.seen = set()
        self.operations = set()
        self.errors = set()  # (operation, exception)

    def watch(self, client):
        client.meta.events.register("response-received.sfn.*", self.on_response)
        return client

    def on_response(self, response_dict, event_name, **_):
        if response_dict is not None:
            self.check(event_name.rpartition(".")[2], response_dict["status_code"], response_dict["body"])

    def check(self, operation, status, body):
        answer = json.loads(body, parse_constant=refuse_constant, object_pairs_hook=object_of)
        if status == 200:
            self.operations.add(operation)
            self.check_value(m.output_of(operation), answer, operation)
        elif status < 500:
            self.check_error(operation, status, answer)
        return answer

    def check_error(self, operation, status, error):
        namespace, _, name = error["__type"].partition("#")
        reasons = m.SHAPES["ValidationExceptionReason"]["enum"] if name == "ValidationException" else ()
        assert set(error) <= {"__type", "message", "reason"}, error
        assert "reason" not in error or error["reason"] in reasons, error
        assert isinstance(error.get("message", ""), str), error
        assert name in m.errors_of(operation) | m.COMMON_ERRORS, f"{operation} does not declare {name}"
        assert status == 400, error
        if name in m.SHAPES:
            assert namespace == "com.amazonaws.swf.service.v2.model" or name == "ValidationException", namespace
        self.errors.add((operation, name))

    def check_value(self, name, value, where):
        shape = m.SHAPES[name]
        checks = {"structure": self.check_structure, "list": self.check_list, "map": self.check_map, "string": self.check_string}
        wanted = {"boolean": bool, "integer": int, "long": int, "float": (int, float), "timestamp": (int, float)}
        if shape["type"] in checks:
            checks[shape["type"]](name, value, where)
            return
        assert isinstance(value, wanted[shape["type"]]), f"{where}: {value!r} is no {shape['type']}"
        assert shape["type"] == "boolean" or not isinstance(value, bool), f"{where}: {value!r} is no {shape['type']}"
        assert shape["type"] in ("boolean", "timestamp") or shape.get("min", value) <= value <= shape.get("max", value), where

    def check_structure(self, name, value, where):
        assert isinstance(value, dict), f"{where}: {value!r} is no structure"
        members = m.members_of(name)
        assert not set(value) - set(members), f"{where}: {set(value) - set(members)} are no members of {name}"
        missing = set(m.SHAPES[name].get("required", [])) - set(value)
        assert not missing, f"{where}: {missing} are missing"
        for member, inner in value.items():
            self.seen.add((name, member))
            self.check_value(members[member], inner, f"{where}.{member}")

    def check_list(self, name, value, where):
        shape = m.SHAPES[name]
        assert isinstance(value, list), f"{where}: {value!r} is no list"
        assert shape.get("min", 0) <= len(value) <= shape.get("max", len(value)), f"{where} has {len(value)} items"
        for number, item in enumerate(value):
            self.check_value(m.item_of(name), item, f"{where}[{number}]")

    def check_map(self, name, value, where):
        shape = m.SHAPES[name]
        assert isinstance(value, dict), f"{where}: {value!r} is no map"
        for key, inner in value.items():
            self.check_value(shape["key"]["shape"], key, f"{where} key")
            self.check_value(shape["value"]["shape"], inner, f"{where}[{key}]")

    def check_string(self, name, value, where):
        shape = m.SHAPES[name]
        most = self.payload_characters if name == "SensitiveData" and self.payload_characters else shape.get("max", len(value))
        assert isinstance(value, str), f"{where}: {value!r} is no text"
        assert "enum" not in shape or value in shape["enum"], f"{where}: {value} is none of {shape['enum']}"
        assert shape.get("min", 0) <= len(value) <= most, f"{where} has {len(value)} characters"
        if "pattern" in shape:
            assert re.fullmatch(shape["pattern"].replace(r"\p{ASCII}", r"[\x00-\x7f]"), value), f"{where}: {value!r}"


def refuse_constant(text):
    raise AssertionError(f"{text} is no JSON")


def object_of(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a member comes twice: {names}"
    return dict(pairs)
