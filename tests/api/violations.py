"""Every way in which a request can break the model: for each constraint of each member of each operation, one request that
is right but for it, with AWS's words for what is wrong."""
import dataclasses
import json

import service_model as m

PATTERN_BREAKERS = {  # a text that no other constraint minds
    r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$": "12345",
    "[!-~]+": "a b",
    r"\p{ASCII}*": "é",
}
WRONG = {  # a value of another JSON type, and what a parser says that wanted the first
    "string": (7, "NUMBER_VALUE can not be converted to a String"),
    "integer": ("7", "STRING_VALUE can not be converted to an Integer"),
    "float": ("7", "STRING_VALUE can not be converted to a Float"),
    "boolean": ("true", "STRING_VALUE can not be converted to a Boolean"),
    "list": ({}, "Start of structure or map found where not expected"),
    "structure": ([], "Start of list found where not expected"),
}


@dataclasses.dataclass
class Violation:
    operation: str
    place: str
    constraint: str
    request: dict
    exception: str
    message: str

    def __str__(self):
        return f"{self.operation}-{self.place}-{self.constraint}"


def right(shape):
    """The least that the shape lets pass."""
    model = m.SHAPES[shape]
    if "enum" in model:
        return model["enum"][0]
    if model["type"] == "string":
        return "a" * max(model.get("min", 1), 1)
    if model["type"] in ("integer", "long"):
        return max(model.get("min", 0), 1) if model.get("max", 1) >= 1 else 0
    if model["type"] == "float":
        return 1.5
    if model["type"] == "boolean":
        return True
    if model["type"] == "list":
        return [right(m.item_of(shape))]
    return {name: right(inner) for name, inner in m.members_of(shape).items() if name in model.get("required", [])}


def is_secret(shape):
    return m.SHAPES[shape].get("sensitive", False)


def shown(shape, value):
    """A value as Java prints it."""
    model = m.SHAPES[shape]
    if value is None:
        return "null"
    if model["type"] == "list":
        return "[" + ", ".join(shown(m.item_of(shape), item) for item in value) + "]"
    if model["type"] == "structure":
        inner = (f"{name}={shown(of, value.get(name))}" for name, of in m.members_of(shape).items())
        return f"{shape}({', '.join(inner)})"
    if model["type"] == "string":
        return "***" if is_secret(shape) else value
    return json.dumps(value)


def problem(shape, place, value, constraint):
    if value is None:
        quoted = " null"
    else:
        quoted = "" if is_secret(shape) else f" '{shown(shape, value)}'"
    return f"Value{quoted} at '{place}' failed to satisfy constraint: Member must {constraint}"


def told(problems):
    return f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: {'; '.join(problems)}"


def wrong_values(shape):
    """(name of the constraint, value, exception, constraint's words) of each constraint of the shape itself."""
    model = m.SHAPES[shape]
    kind = {"long": "integer"}.get(model["type"], model["type"])
    value, message = WRONG[kind]
    yield "type", value, "SerializationException", message
    if "enum" in model:
        yield "enum", "none of them", "ValidationException", "satisfy enum value set: "
        return
    least, most = model.get("min", 0), model.get("max")
    if kind == "string":
        if least > 0 and "pattern" not in model:
            yield "min", "a" * (least - 1), "ValidationException", f"have length greater than or equal to {least}"
        if most is not None:
            yield "max", "a" * (most + 1), "ValidationException", f"have length less than or equal to {most}"
        if "pattern" in model:
            yield ("pattern", PATTERN_BREAKERS[model["pattern"]], "ValidationException",
                   f"satisfy regular expression pattern: {model['pattern']}")
    elif kind in ("integer", "float"):
        if "min" in model:
            yield "min", least - 1, "ValidationException", f"have value greater than or equal to {least}"
        if most is not None:
            yield "max", most + 1, "ValidationException", f"have value less than or equal to {most}"
    elif kind == "list":
        if least > 0:
            yield "min", [], "ValidationException", f"have length greater than or equal to {least}"
        if most is not None:
            yield ("max", [right(m.item_of(shape))] * (most + 1), "ValidationException",
                   f"have length less than or equal to {most}")


def inside(shape, place):
    """The same, of the shape and of all that lies in it: (place, constraint, value of `shape`, exception, message)."""
    model = m.SHAPES[shape]
    for name, value, exception, words in wrong_values(shape):
        message = words if exception == "SerializationException" else told([problem(shape, place, value, words)])
        yield place, name, value, exception, message
    if model["type"] == "list":
        for at, name, value, exception, message in inside(m.item_of(shape), f"{place}.1.member"):
            yield at, name, [value], exception, message
    if model["type"] == "structure":
        whole = right(shape)
        for member, inner in m.members_of(shape).items():
            for at, name, value, exception, message in inside(inner, f"{place}.{member}"):
                yield at, name, {**whole, member: value}, exception, message
        for member in model.get("required", []):
            without = {name: value for name, value in whole.items() if name != member}
            message = told([problem(m.members_of(shape)[member], f"{place}.{member}", None, "not be null")])
            yield f"{place}.{member}", "required", without, "ValidationException", message


def of_operation(operation):
    shape = m.input_of(operation)
    whole = right(shape)
    for member, inner in m.members_of(shape).items():
        for place, name, value, exception, message in inside(inner, member):
            yield Violation(operation, place, name, {**whole, member: value}, exception, message)
    for member in m.SHAPES[shape].get("required", []):
        without = {name: value for name, value in whole.items() if name != member}
        message = told([problem(m.members_of(shape)[member], member, None, "not be null")])
        yield Violation(operation, member, "required", without, "ValidationException", message)


def all_violations():
    return [violation for operation in m.OPERATIONS for violation in of_operation(operation)]
