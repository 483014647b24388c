"""Where the parts of a document stand."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given

from strictgate.core.jsontext.pointer import Path
from strictgate.core.jsontext.spans import (
    ContainerSpan,
    MemberSpan,
    Span,
    locate_containers,
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


def test_containers():
    """Each is found when it ends, with where each of its members does."""
    text = ' { "a\\u0062" : [{}, {"x":1}] , "c":2 }'
    assert list(locate_containers(text)) == [
        ContainerSpan(("ab", 0), (), (17,), 18),
        ContainerSpan(("ab", 1), ("x",), (21, 26), 27),
        ContainerSpan(("ab",), None, (16, 18, 27), 28),
        ContainerSpan((), ("ab", "c"), (2, 28, 36), 38),
    ]
    assert list(locate_containers("7")) == []


@given(values, dumps)
def test_every_container_is_found(value: Any, dump: Any):
    """As many members or items as it has, and where it ends."""
    text = dump(value)
    found = {each.path: each for each in locate_containers(text)}
    wanted = {path: inner for path, inner in paths(value) if isinstance(inner, dict | list)}
    assert found.keys() == wanted.keys()
    for path, inner in wanted.items():
        names = sorted(inner) if isinstance(inner, dict) else None
        assert (sorted(found[path].names) if found[path].names is not None else None) == names
        assert len(found[path].ends) == len(inner) + 1
        assert found[path].end == locate_values(text, [path])[path].span.end
