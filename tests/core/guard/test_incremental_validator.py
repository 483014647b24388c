"""The engine that asks the validator."""

import json
import random

import pytest

from strictgate.core.guard.incremental_validator import IncrementalValidator
from strictgate.core.schema.schema import admit
from tests.core.test_real_schemas import admitted, documents
from tests.tables import cases

REQUIRED = {
    "type": "object",
    "properties": {"x": {"anyOf": [{"$ref": "#/$defs/x"}, {"type": "null"}]}},
    "required": ["z", "x", "a"],
    "$defs": {"x": {"type": "object", "required": ["q", "p"]}},
}


def tracked(schema, data, size=None):
    """Feed `data`, in pieces of `size` bytes, up to what is refused."""
    tracker = IncrementalValidator(
        admit(schema, name="x") if isinstance(schema, dict | bool) else schema
    )
    size = size or len(data) or 1
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        if tracker.consume(piece) < len(piece):
            break
    return tracker


@pytest.mark.parametrize(("group", "case"), cases("guard_tracker"))
@pytest.mark.parametrize("size", [None, 1, 3])
def test_the_byte_that_is_refused(group, case, size):
    """However the text is cut; what is taken in to its end is accepted if it is whole."""
    data = case["text"].encode()
    tracker = tracked(group["schema"], data, size)
    refused = len(data) if case["refused"] is None else case["refused"]
    assert len(tracker.scanner) == refused
    if case["refused"] is not None:
        assert tracker.problems()


WRONG_IN_ARRAYS = [
    '{"rows":[[{"n":1}],[{"n":"x"}]]}',
    '{"rows":[[{"n":1}],[{}]]}',
    '{"rows":[[{"n":1}],[[]]]}',
    '{"rows":[[{"n":1}],7]}',
    '{"rows":[[{"n":1,"o":[1,[2]]}],[{"n":2,"p":1}]]}',
    '{"rows":[[],[{"n":1,"o":["a"]}]]}',
    '{"rows":[[],[{"n":1,"o":[1]}]]}',
]
PLAIN_ARRAYS = {
    "type": "object",
    "properties": {
        "rows": {"type": "array", "items": {"type": "array", "items": {"$ref": "#/$defs/row"}}}
    },
    "required": ["rows"],
    "$defs": {
        "row": {
            "type": "object",
            "properties": {
                "n": {"type": "integer"},
                "o": {"type": "array", "items": {"type": "integer"}},
            },
            "required": ["n"],
            "additionalProperties": False,
        }
    },
}


@pytest.mark.parametrize("text", WRONG_IN_ARRAYS)
def test_arrays_of_which_the_schema_says_nothing_are_not_looked_at_anew(text):
    """Where something is wrong in them, it shows at the same byte as in those that are."""
    looked_at = PLAIN_ARRAYS | {"$defs": PLAIN_ARRAYS["$defs"] | {"unused": {}}}
    looked_at["properties"] = looked_at["properties"] | {"other": {"minItems": 1}}
    plain, other = (tracked(each, text.encode()) for each in (PLAIN_ARRAYS, looked_at))
    assert (plain.features.has_whole_arrays, other.features.has_whole_arrays) == (False, True)
    assert len(plain.scanner) == len(other.scanner)
    assert plain.problems() == other.problems()


def shuffled(value, order):
    """Return `value` with the members of each object in another order."""
    if isinstance(value, dict):
        names = order.sample(sorted(value), len(value))
        return {name: shuffled(value[name], order) for name in names}
    return [shuffled(each, order) for each in value] if isinstance(value, list) else value


def spellings(value):
    other = shuffled(value, random.Random(7))
    yield json.dumps(value, separators=(",", ":")).encode()
    yield json.dumps(other).encode()
    yield json.dumps(other, indent=2, ensure_ascii=False).encode()


@pytest.mark.parametrize("name", ["maskbench/dev.jsonl", "schemastore/dev.jsonl"])
def test_real_documents(name):
    """No valid one is refused, however it is written; no invalid one is accepted."""
    for row, schema in admitted(name):
        for value, is_valid in documents(row):
            for data in spellings(value):
                tracker = tracked(schema, data, 20)
                is_whole = len(tracker.scanner) == len(data) and tracker.is_accepting()
                assert is_whole is is_valid, row["id"]


@pytest.mark.parametrize("is_checking", [True, False])
def test_the_root_is_always_judged(is_checking):
    """With or without looking at what is inside."""
    schema = admit({"properties": {"a": {"type": "integer"}}}, name="x")
    tracker = IncrementalValidator(schema, checking=is_checking)
    assert tracker.consume(b'{"a": "s"}') == (6 if is_checking else 9)
    assert tracker.problems()[0].path == ("a",)


def test_a_number_at_the_root():
    """It is accepted while it is valid, and refused by the blank behind it where it is not."""
    tracker = tracked({"minimum": 10}, b"1")
    assert not tracker.is_accepting()
    assert tracker.consume(b" ") == 0
    assert tracker.consume(b"2") == 1
    assert tracker.is_accepting()


def test_the_problem_is_told_in_the_document():
    """With the path that it has there, however far it is behind its siblings."""
    tracker = tracked({"items": {"minimum": 0}}, b"[" + b"1," * 50 + b"-1]")
    assert [(each.path, each.keyword) for each in tracker.problems()] == [((50,), "minimum")]


def test_what_is_no_json_is_no_problem():
    """The schema has nothing to do with it."""
    assert tracked(True, b"[01]").problems() == ()


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (b"", ()),
        (b"{", ("z", "x", "a")),
        (b'{"x": null, "a": 1', ("z",)),
        (b'{"x": {"p": 1', ("q",)),
        (b'{"x": {"y": {"z": 1}', ("q", "p")),
        (b'{"x": [', ("z", "a")),
        (b'{"y": [', ()),
        (b'{"a": [{', ()),
    ],
)
def test_missing_properties(text, missing):
    """Of the innermost open object, in the schema's order; one that is begun is not missing."""
    assert tracked(REQUIRED, text).missing() == missing


def test_back_and_forth():
    """Counting the characters of a long string is not put out by what is taken back."""
    tracker = tracked({"maxLength": 5}, '"ééé'.encode())
    tracker.rollback(4)
    assert tracker.consume(b"abcd") == 4
    assert tracker.consume(b"x") == 0
    assert tracker.consume(b'"') == 1
    assert tracker.is_accepting()


def test_a_fork_goes_its_own_way():
    """It judges on its own text."""
    tracker = tracked({"uniqueItems": True}, b"[1")
    twin = tracker.fork()
    assert (twin.consume(b",2]"), tracker.consume(b",1]")) == (3, 2)
    assert twin.is_accepting()
    assert not tracker.is_accepting()


def test_a_recursion_that_branches_does_not_stall():
    """What would take too long to explain is judged when the root closes."""
    branch = {"type": "object", "properties": {"a": {"$ref": "#"}}, "additionalProperties": False}
    schema = admit({"anyOf": [branch | {"required": [name]} for name in "abcd"]}, name="x")
    depth = 60
    tracker = tracked(schema, b'{"a":' * depth + b"1" + b"}" * depth)
    assert len(tracker.scanner) >= 5 * depth
    assert not tracker.is_accepting()


def test_the_tree_is_read_once():
    """A long array of small values costs a few validations of small trees, not of all before."""
    data = json.dumps([{"id": number, "name": "x"} for number in range(5000)]).encode()
    schema = {"items": {"required": ["id", "name"], "additionalProperties": False}}
    schema["items"]["properties"] = {"id": {"type": "integer"}, "name": {"maxLength": 5}}
    tracker = tracked(schema, data, 1000)
    assert tracker.is_accepting()
