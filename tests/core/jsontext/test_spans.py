"""Where the parts of a document stand."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given

from strictgate.core.jsontext.pointer import Path
from strictgate.core.jsontext.spans import (
    MemberSpan,
    ObjectSpan,
    Span,
    locate_objects,
    locate_values,
)
from tests.core.guard.test_judge_text import dumps, values


def paths(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every path in `value`, with what is there."""
    yield path, value
    if isinstance(value, dict | list):
        steps = value.items() if isinstance(value, dict) else enumerate(value)
        for step, inner in steps:
            yield from paths(inner, (*path, step))


@given(values, dumps)
def test_every_value_is_found(value: Any, dump: Any):
    """The text at a place is that of the value there."""
    text = dump(value)
    places = locate_values(text, [path for path, _ in paths(value)])
    for path, inner in paths(value):
        span = places[path].span
        assert json.dumps(json.loads(text[span.start : span.end]), sort_keys=True) == json.dumps(
            inner, sort_keys=True
        )


@given(values, dumps)
def test_places_without_members(value: Any, dump: Any):
    """They are the same; nothing is told of what stands in them."""
    text = dump(value)
    wanted = [path for path, _ in paths(value)][::2]
    bare = locate_values(text, wanted, with_members=False)
    places = locate_values(text, wanted)
    assert {path: each.span for path, each in bare.items()} == {
        path: each.span for path, each in places.items()
    }
    assert not any(each.members for each in bare.values())


def test_members():
    """An object's members are found with their names and where those stand."""
    text = ' { "a\\u0062" : [1] , "c":2}'
    members = locate_values(text, [()])[()].members
    assert members == (
        MemberSpan("ab", Span(3, 12), Span(15, 18)),
        MemberSpan("c", Span(21, 24), Span(25, 26)),
    )


@pytest.mark.parametrize("path", [("x",), (0,), ("a", 0), ("l", 3)])
def test_what_is_not_there_is_not_found(path: Path):
    """A path that leads nowhere has no place."""
    assert path not in locate_values('{"a": {"x": 1}, "l": [1, 2]}', [path])


def test_objects():
    """Each is found when it ends, with where each of its members does."""
    text = ' { "a\\u0062" : [{}, {"x":1}] , "c":2 }'
    assert list(locate_objects(text)) == [
        ObjectSpan(("ab", 0), (), (17,), 18),
        ObjectSpan(("ab", 1), ("x",), (21, 26), 27),
        ObjectSpan((), ("ab", "c"), (2, 28, 36), 38),
    ]
    assert list(locate_objects('[1, "a"]')) == []


@given(values, dumps)
def test_every_object_is_found(value: Any, dump: Any):
    """As many members as it has, and where it ends."""
    text = dump(value)
    found = {each.path: each for each in locate_objects(text)}
    objects = {path: inner for path, inner in paths(value) if isinstance(inner, dict)}
    assert found.keys() == objects.keys()
    for path, inner in objects.items():
        assert sorted(found[path].names) == sorted(inner)
        assert found[path].end == locate_values(text, [path])[path].span.end
