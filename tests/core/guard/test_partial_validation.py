"""A value in its place."""

import pytest

from strictgate.core.guard import final_errors
from strictgate.core.guard.partial_validation import PartialValidator, PartialValue
from strictgate.core.schema.schema import admit
from strictgate.core.work import Work


def judge(schema):
    return PartialValidator(admit(schema, name="x"))


def test_an_item_far_behind():
    """It is judged without those before it, and told with its own index."""
    items = list(range(100))
    found = judge({"items": {"maximum": 98}}).of(PartialValue([items], (99,), 99, None, 300))
    assert [each.path for each in found] == [(99,)]


@pytest.mark.parametrize(("number", "is_refused"), [(5, True), (200, False)])
def test_an_item_that_was_there_before(number, is_refused):
    """Then all of them are looked at."""
    items = [*range(100), number]
    found = judge({"uniqueItems": True}).of(PartialValue([items], (100,), number, None, 300))
    assert bool(found) is is_refused


def test_one_item_too_many():
    """As many as some limit are there: all of them are looked at."""
    look = PartialValue([[1, 2]], (2,), "", final_errors.BEGUN, 6)
    assert [each.keyword for each in judge({"maxItems": 2}).of(look)] == ["maxItems"]
    assert judge({"maxItems": 3}).of(look) == ()


def test_what_is_missing():
    """Of the object looked at, not of those around it."""
    schema = {"required": ["z"], "properties": {"a": {"required": ["c", "b", "d"]}}}
    look = PartialValue([{"a": {"b": 1}}], ("a",), {"b": 1}, final_errors.ENTERED, 9)
    assert judge(schema).missing(look) == ("c", "d")


REQUIRED = {
    "required": ["z", "y"],
    "properties": {"a": {"type": "integer"}, "b": {"minItems": 2}, "c": {"required": ["x"]}},
    "additionalProperties": False,
}
UNDECIDED = [
    REQUIRED,
    {"not": {"required": ["a"]}, "properties": {"a": {"type": "integer"}}},
    {"if": {"required": ["a"]}, "then": {"properties": {"a": {"type": "integer"}}}},
    {"if": {"required": ["q"]}, "else": {"properties": {"a": {"type": "integer"}}}},
    {"oneOf": [{"required": ["a"]}, {"required": ["b"]}, {"properties": {"a": {"type": "null"}}}]},
    {"anyOf": [REQUIRED, {"minProperties": 9, "properties": {"a": {"const": "x"}}}]},
    {"dependentRequired": {"a": ["q"]}, "propertyNames": {"enum": ["b"]}},
    {"unevaluatedProperties": False, "anyOf": [{"required": ["a"], "properties": {"a": {}}}]},
]
LOOKS = [
    PartialValue([{"b": 1}], (name,), leaf, kinds, 20)
    for name in ("a", "b", "c", "d")
    for leaf, kinds in [
        *((leaf, None) for leaf in ("x", 1, None, [], {}, {"x": 1})),
        *((leaf, final_errors.BEGUN) for leaf in ("", 0)),
        *((leaf, final_errors.ENTERED) for leaf in ([], {})),
        (None, final_errors.NAMED),
    ]
]


def told(schema):
    """What is said of each look, but for what is wrong in the branches of unions."""
    return [[(each.kind, each.path) for each in judge(schema).of(look)] for look in LOOKS]


@pytest.mark.parametrize("schema", UNDECIDED)
def test_what_is_not_there_yet_decides_nothing(schema, monkeypatch):
    """To judge what is open without it gives the same as to judge it with it, and to leave out what
    is not final."""
    found = told(schema)
    monkeypatch.setattr(PartialValidator, "_of_open", property(lambda self: self.schema.validator))
    assert found == told(schema)


def test_many_missing_names_cost_nothing():
    """They are not listed anew for each value."""
    names = [f"n{at}" for at in range(2_000)]
    schema = {"required": names, "properties": {"n0": {"type": "integer"}}}
    work = Work()
    validator = PartialValidator(admit(schema, name="x"), work)
    found = validator.of(PartialValue([{}], ("n0",), "x", None, 20))
    assert [each.kind for each in found] == ["Type"]
    assert work.spent < 100


def test_closed_containers_are_explained_for_a_while():
    """Each is told with all that is missing around it; the root tells of them again."""
    names = [f"n{at}" for at in range(2_000)]
    schema = {"required": names, "additionalProperties": {"required": ["a"]}}
    validator = PartialValidator(admit(schema, name="x"), work := Work())
    look = PartialValue([{}], ("b",), {}, None, 20)
    found = [bool(validator.of(look)) for _ in range(1_000)]
    assert found == sorted(found, reverse=True)
    assert (found[0], found[-1]) == (True, False)
    assert work.spent < 1_100_000


def test_the_same_text_is_explained_once():
    """Each mend that is tried at the end closes the document again, which explains it anew."""
    work = Work()
    validator = PartialValidator(admit({"items": {"type": "string"}}, name="s"), work)
    first = validator.of_root([1, 2], b"[1,2]")
    spent = work.spent
    assert validator.of_root([1, 2], b"[1,2]") is first
    assert work.spent == spent
    assert validator.of_root(["a", 2], b'["a",2]') != first
