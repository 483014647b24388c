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


def test_the_same_text_is_explained_once():
    """Each mend that is tried at the end closes the document again, which explains it anew."""
    work = Work()
    validator = PartialValidator(admit({"items": {"type": "string"}}, name="s"), work)
    first = validator.of_root([1, 2], b"[1,2]")
    spent = work.spent
    assert validator.of_root([1, 2], b"[1,2]") is first
    assert work.spent == spent
    assert validator.of_root(["a", 2], b'["a",2]') != first
