"""gateway/operations.def and gateway/shapes.def say what the service model says that botocore ships."""
import gzip
import json
import pathlib
import re

import botocore
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = {"documentation", "sensitive", "box", "type", "locationName", "deprecated", "exception"}
PATTERNS = {
    None: "ANY",
    r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$": "ALIAS",
    "[!-~]+": "VISIBLE",
    r"\p{ASCII}*": "ASCII",
}
UNBOUNDED = "SHAPE_UNBOUNDED"


@pytest.fixture(scope="module")
def model():
    folder = pathlib.Path(botocore.__file__).parent / "data/stepfunctions/2016-11-23"
    path = next(folder.glob("service-2.json*"))
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return json.loads(text)


def rows(path, macro):
    """The arguments of each use of the macro."""
    for line in (ROOT / path).read_text().splitlines():
        match = re.match(r"\s*" + macro + r"\((.*)\)$", line)
        if match:
            yield [part.strip() for part in re.findall(r'\s*("[^"]*"|[^,]+)', match.group(1))]


def test_operations(model):
    ours = {row[0]: row[1] for row in rows("gateway/operations.def", "OPERATION")}
    assert sorted(ours) == sorted(model["operations"])
    for name, function in ours.items():
        snake = re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()
        assert function == f"op_{snake}", name
        assert (ROOT / f"gateway/{function}.c").exists(), function
        assert model["operations"][name]["input"]["shape"] == f"{name}Input"


def needed(model):
    """The shapes that requests are made of."""
    found, left = set(), [operation["input"]["shape"] for operation in model["operations"].values()]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            shape = model["shapes"][name]
            left += [member["shape"] for member in shape.get("members", {}).values()]
            left += [shape[part]["shape"] for part in ("member", "key", "value") if part in shape]
    return found


def read_shapes():
    """Ours, in the form of the model's."""
    ours = {}
    for name, least, most, pattern, secrecy in rows("gateway/shapes.def", "TEXT"):
        ours[name] = ("string", least, most, pattern, secrecy == "SECRET")
    for name, values in rows("gateway/shapes.def", "CHOICE"):
        ours[name] = ("choice", sorted(values.strip('"').split(", ")))
    for macro, kind in (("INTEGER", "integer"), ("FRACTION", "float")):
        for name, least, most in rows("gateway/shapes.def", macro):
            ours[name] = (kind, least, most)
    for (name,) in rows("gateway/shapes.def", "BOOLEAN"):
        ours[name] = ("boolean",)
    for name, item, least, most in rows("gateway/shapes.def", "LIST"):
        ours[name] = ("list", item, least, most)
    for (name,) in rows("gateway/shapes.def", "STRUCTURE"):
        ours[name] = ("structure", [tuple(row[1:]) for row in rows("gateway/shapes.def", "MEMBER") if row[0] == name])
    return ours


def wanted_shape(shape):
    least, most = str(shape.get("min", 0)), str(shape.get("max", UNBOUNDED))
    kind = {"long": "integer"}.get(shape["type"], shape["type"])
    if "enum" in shape:
        return ("choice", sorted(shape["enum"]))
    if kind == "string":
        return (kind, least, most, PATTERNS[shape.get("pattern")], shape.get("sensitive", False))
    if kind in ("integer", "float"):
        return (kind, least, most)
    if kind == "list":
        return (kind, shape["member"]["shape"], least, most)
    if kind == "structure":
        required = shape.get("required", [])
        return (kind, [(name, member["shape"], "REQUIRED" if name in required else "OPTIONAL")
                       for name, member in shape["members"].items()])
    return (kind,)


def test_shapes(model):
    ours = read_shapes()
    names = needed(model)
    assert sorted(ours) == sorted(names)
    for name in names:
        unknown = set(model["shapes"][name]) - SKIPPED - {"min", "max", "pattern", "enum", "member", "members", "required"}
        assert not unknown, f"{name} has {unknown}, which the table can't say"
        assert ours[name] == wanted_shape(model["shapes"][name]), name
