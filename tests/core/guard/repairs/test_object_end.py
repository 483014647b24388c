"""What shows only once an object is whole; the table guard_mends.json has the cases."""

from typing import Any

import pytest

from strictgate.core.guard.guard import Guard
from strictgate.core.guard.repairs import object_end
from strictgate.core.guard.repairs.violation import NeedsMoreText, Proposal, Violation
from strictgate.core.repair_steps import LenientRepair, LosslessRepair, Step
from strictgate.core.schema.schema import admit

OPEN = {"type": "object", "required": ["name", "id"]}
UNEVALUATED = {"properties": {"o": {"properties": {"a": {}}, "unevaluatedProperties": False}}}
CONDITION = {"if": {"required": ["k"]}, "then": {"properties": {"v": {"type": "integer"}}}}


def violation(schema: Any, text: str) -> Violation:
    guard = Guard(admit(schema, name="x"), None)
    raw = text.encode()
    return Violation(guard, raw[guard.consume(raw) :], final=True, floor=0)


def proposed(schema: Any, text: str, *, leniently: bool = False) -> list[tuple[str, list[Step]]]:
    """What is proposed for the object or array at whose end `text` breaks off, and the steps."""
    found = (object_end.lenient if leniently else object_end.lossless)(violation(schema, text))
    assert not isinstance(found, NeedsMoreText)
    return [(each.data.decode(), list(each.steps)) for each in found]


def test_all_that_is_missing_is_renamed():
    """In the object that is closed, whatever else stands in it."""
    (found,) = object_end.lossless(violation({"items": OPEN}, '[{"x": 1, "ID": 2, "Name": 3}]'))
    steps = (Step(LosslessRepair.NAME, "/0/id"), Step(LosslessRepair.NAME, "/0/name"))
    assert found == Proposal(1, 1, b'{"x": 1, "id": 2, "name": 3}', steps, is_nested=True)


@pytest.mark.parametrize(
    "text",
    [
        '{"Name": 3}',
        '{"Name": 3, "NAME": 4, "ID": 5}',
        '{"Name": 3, "ID": 5',
        '{"Name": 3, "ID": 5]',
        "{}",
    ],
)
def test_where_one_is_really_missing_nothing_is_renamed(text: str):
    """Nor where two names could be meant, nor before the end, nor at another bracket."""
    assert proposed(OPEN, text) == []


def test_values_whose_type_shows_at_the_end():
    """At the bracket that closes all that decides on it."""
    step = Step(LosslessRepair.STRING_TO_NUMBER, "/v")
    assert proposed(CONDITION, '{"v": "5", "k": 1}') == [('{"v": 5, "k": 1}', [step])]
    assert proposed(CONDITION, '{"v": "x", "k": 1}') == []


def test_lone_values_are_put_in_an_array_leniently():
    """Where there is no reading of another type."""
    wants = {"properties": {"v": {"type": "array"}, "w": {"type": "integer"}}}
    text = '{"v": 5, "w": "6", "k": 1}'
    wrapped, read = Step(LenientRepair.WRAPPED, "/v"), Step(LosslessRepair.STRING_TO_NUMBER, "/w")
    schema = CONDITION | {"then": wants}
    assert proposed(schema, text) == [('{"v": 5, "w": 6, "k": 1}', [read])]
    assert proposed(schema, text, leniently=True) == [
        ('{"v": [5], "w": 6, "k": 1}', [wrapped, read])
    ]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('{"o": {"x": 1, "a": 2, "y": 3}}', '{"a": 2}'),
        ('{"o": {\n"a": 2,\n"x": 1\n}}', '{\n"a": 2\n}'),
        ('{"o": {"A": 1, "x": 2}}', '{"a": 1}'),
        ('{"o": {"x": 1}}', None),
        ('{"o": {"a": 1, "A": 2}}', None),
    ],
)
def test_members_that_nothing_has_evaluated(text: str, left: str | None):
    """They go where others stay, but for one that may be another one in another case."""
    assert [data for data, _ in proposed(UNEVALUATED, text, leniently=True)] == (
        [] if left is None else [left]
    )


def test_branches_of_a_union_are_ways():
    """Each for itself, if all that is wrong with it can be solved."""
    branches = [
        {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
        {"properties": {"b": {"type": "boolean"}}, "required": ["b"]},
        {"required": ["c"]},
    ]
    found = violation({"anyOf": branches}, '{"A": "1", "B": true}')
    assert {each.data for each in object_end.lossless(found)} == {
        b'{"a": "1", "B": true}',
        b'{"A": "1", "b": true}',
    }
    assert not any(each.is_nested for each in object_end.lossless(found))


def test_too_many_ways_are_none():
    """Each would cost reading all of it."""
    either = {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
    schema = {"if": {"minItems": 4}, "then": {"items": either}}
    assert len(proposed(schema, str(['{"A": 1, "B": 2}'] * 4).replace("'", ""))) == 16
    assert proposed(schema, str(['{"A": 1, "B": 2}'] * 5).replace("'", "")) == []
