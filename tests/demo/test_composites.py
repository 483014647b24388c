"""Candidates for objects and arrays."""

from typing import Any

import pytest

from strictgate.demo.composites import ValuePlace, array_candidates, object_candidates
from strictgate.demo.partial_json import CompleteValue, OpenArray, OpenObject, OpenString


def attempt(schema: Any, place: ValuePlace) -> list[Any]:
    """Give a value that tells its place; none for `False`."""
    return [] if schema is False else [place.name + str(place.variant or "")]


def first(schema: dict[str, Any], place: ValuePlace | None = None) -> Any:
    return next(object_candidates(schema, place or ValuePlace(), attempt), None)


AB = {"properties": {"a": {}, "b": {}}, "required": ["a"]}


def test_the_fullest_comes_first():
    """Then each with an optional one less, then what is required alone, then with one more."""
    found = list(object_candidates(AB, ValuePlace(), attempt))
    assert found == [
        {"a": "a", "b": "b"},
        {"a": "a"},
        {"a": "a"},
        {"a": "a", "b": "b"},
    ]
    assert first(AB, ValuePlace(minimal=True)) == {"a": "a"}


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        ({"required": ["x"]}, {"x": "x"}),
        ({"properties": {"a": False, "b": {}}}, {"b": "b"}),
        ({"required": ["a"], "dependentRequired": {"a": ["b"]}}, {"a": "a", "b": "b"}),
        ({"required": ["a"], "dependencies": {"a": ["b"]}}, {"a": "a", "b": "b"}),
        ({"minProperties": 2}, {"key1": "key1", "key2": "key2"}),
        ({"additionalProperties": {"type": "string"}}, {"key1": "key1"}),
        ({"minProperties": 1, "propertyNames": {"enum": ["z"]}}, {"z": "z"}),
        (AB | {"maxProperties": 1}, {"a": "a"}),
        ({}, {}),
    ],
)
def test_objects(schema: dict[str, Any], made: Any):
    """What is required and what depends on it, enough of them, and not too many."""
    assert first(schema) == made


def test_names_meet_the_patterns():
    """Of `patternProperties`, where an object would be empty."""
    schema = {"patternProperties": {"^x_": {}}, "minProperties": 2}
    made = first(schema)
    assert len(made) == 2
    assert all(name.startswith("x_") for name in made)


def test_a_required_property_that_cannot_be_had():
    """There is no object without it."""
    assert (
        list(
            object_candidates(
                {"required": ["a"], "properties": {"a": False}}, ValuePlace(), attempt
            )
        )
        == []
    )


@pytest.mark.parametrize(
    ("partial", "made"),
    [
        (OpenObject({"z": CompleteValue(1)}), {"z": "z", "a": "a", "b": "b"}),
        (OpenObject({}, name=OpenString("b")), {"b": "b", "a": "a"}),
        (OpenObject({"a": CompleteValue(1)}, comma=True), {"a": "a", "b": "b"}),
        (OpenObject({}, name=OpenString("q")), {"q": "q", "a": "a", "b": "b"}),
    ],
)
def test_what_stands_is_kept(partial: OpenObject, made: Any):
    """And a name that has begun goes on, as a known one if there is one."""
    found = first(AB, ValuePlace(partial=partial))
    assert found == made
    assert next(iter(found)) == next(iter(made))


def lists(schema: dict[str, Any], **place: Any) -> list[Any]:
    return list(array_candidates(schema, ValuePlace("tags", **place), attempt))


@pytest.mark.parametrize(
    ("schema", "place", "first"),
    [
        ({}, {}, ["tag", "tag1"]),
        ({}, {"depth": 3}, ["tag"]),
        ({}, {"minimal": True}, []),
        ({"minItems": 3}, {"minimal": True}, ["tag", "tag1", "tag2"]),
        ({"maxItems": 1}, {}, ["tag"]),
        ({"prefixItems": [{}, {}, {}]}, {}, ["tag", "tag1", "tag2"]),
        ({"prefixItems": [{}], "items": False}, {}, ["tag"]),
        (
            {},
            {"minimal": True, "partial": OpenArray((CompleteValue(1),), comma=True)},
            ["tag", "tag1"],
        ),
    ],
)
def test_arrays(schema: dict[str, Any], place: dict[str, Any], first: list[str]):
    """An item or two, as many as must be, or as many as stand; an item of tags is a tag."""
    found = lists(schema, **place)
    assert found[0] == first
    assert found[-1] == []


def test_items_differ_where_they_must():
    """Another is tried; if there is none, the array ends."""
    assert lists({"uniqueItems": True})[0] == ["tag", "tag1"]

    def same(schema: Any, place: ValuePlace) -> list[Any]:
        return [1]

    assert next(array_candidates({"uniqueItems": True, "maxItems": 5}, ValuePlace(), same)) == [1]


def test_places():
    """A member is one deeper, and a reference that comes again is kept short."""
    place = ValuePlace(partial=OpenObject({"a": CompleteValue(1)}))
    assert place.member("a") == ValuePlace("a", depth=1, partial=CompleteValue(1))
    assert place.member("b").partial is None
    again = place.through(["#"]).through(["#"])
    assert (place.through(["#"]).minimal, again.minimal, again.followed) == (
        False,
        True,
        ("#", "#"),
    )
    assert place.through([]) is place
