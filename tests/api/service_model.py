"""botocore's model of the service: operations, shapes, errors. What pawl is held to."""
import gzip
import json
import pathlib

import botocore

FOLDER = pathlib.Path(botocore.__file__).parent / "data/stepfunctions/2016-11-23"
# AWS has these for every operation of every service, and no model names them.
COMMON_ERRORS = {"ValidationException", "SerializationException", "UnknownOperationException"}


def load():
    path = next(FOLDER.glob("service-2.json*"))
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return json.loads(text)


MODEL = load()
SHAPES = MODEL["shapes"]
OPERATIONS = MODEL["operations"]


def input_of(operation):
    return OPERATIONS[operation]["input"]["shape"]


def output_of(operation):
    return OPERATIONS[operation]["output"]["shape"]


def errors_of(operation):
    return {error["shape"] for error in OPERATIONS[operation].get("errors", [])}


def item_of(shape):
    """The shape of a list's items."""
    return SHAPES[shape]["member"]["shape"]


def members_of(shape):
    return {name: member["shape"] for name, member in SHAPES[shape].get("members", {}).items()}


def structures_below(shape):
    """The structures that a value of the shape may have, itself included."""
    found, left = set(), [shape]
    while left:
        name = left.pop()
        if SHAPES[name]["type"] == "structure" and name not in found:
            found.add(name)
            left += members_of(name).values()
        elif SHAPES[name]["type"] == "list":
            left.append(item_of(name))
        elif SHAPES[name]["type"] == "map":
            left.append(SHAPES[name]["value"]["shape"])
    return found
