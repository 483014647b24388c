"""Texts and tool calls that come in pieces."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.wire.fragments import MOST_NAMES, CallFragments, TextFragments, keep


def call(index: Any = None, identity: Any = None, name: Any = None, text: Any = None) -> Any:
    """One fragment of a tool call, with what is given."""
    function = {"name": name, "arguments": text}
    fragment = {"index": index, "id": identity, "function": function}
    return {key: value for key, value in fragment.items() if value is not None}


def calls_of(*deltas: list[Any]) -> list[tuple[Any, str, str]]:
    """The calls that the fragments make: id, name, arguments."""
    calls = CallFragments()
    for delta in deltas:
        calls.feed(delta)
    return [(c["id"], c["function"]["name"], c["function"]["arguments"]) for c in calls.whole()]


@given(st.text(alphabet=st.characters(codec="utf-8")), st.data())
def test_text_cut_in_utf16_units(text: str, data: st.DataObject):
    """However a text is cut, even between the halves of a surrogate pair, it comes out whole."""
    units = text.encode("utf-16-le")
    cut = 2 * data.draw(st.integers(0, len(units) // 2))
    pieces = [part.decode("utf-16-le", "surrogatepass") for part in (units[:cut], units[cut:])]
    collected = TextFragments()
    sent = [collected.feed(piece) for piece in pieces] + [collected.flush()]
    assert "".join(sent) == text
    assert collected.whole() == text


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        ([], None),
        ([None], None),
        ([""], ""),
        (["a", None, "b"], "ab"),
        (["\ud83d"], "\ud83d"),
        (["a\ud83d", "b"], "a\ud83db"),
        (["\ude00x"], "\ude00x"),
        (["\ud83d", "", "\ude00"], "😀"),
    ],
)
def test_text(pieces: list[str | None], whole: str | None):
    """Pieces are joined; half a pair without its other half stays as it is."""
    text = TextFragments()
    sent = [text.feed(piece) for piece in pieces]
    assert text.whole() == whole
    sent.append(text.flush())
    assert "".join(sent) == (whole or "")
    assert text.whole() == whole


@pytest.mark.parametrize(
    ("deltas", "calls"),
    [
        (
            [[call(0, "a", "f", "")], [call(0, None, None, "{")], [call(0, None, None, "}")]],
            [("a", "f", "{}")],
        ),
        (
            [[call(0, "a", "f", "1"), call(1, "b", "g", "2")], [call(1, None, None, "3")]],
            [("a", "f", "1"), ("b", "g", "23")],
        ),
        ([[call(0, "a", "f", "1")], [call(0, "b", "g", "2")]], [("a", "f", "1"), ("b", "g", "2")]),
        ([[call(0, "a", "f", "1")], [call(0, "b", None, "2")]], [("a", "f", "12")]),
        ([[call(0, "a", "f", "1")], [call(0, "a", "f", "2")]], [("a", "f", "12")]),
        (
            [[call(None, "a", "f", "1"), call(None, "b", "f", "2")]],
            [("a", "f", "1"), ("b", "f", "2")],
        ),
        (
            [[call(None, None, "f", "1"), call(None, None, "f", "2")]],
            [(None, "f", "1"), (None, "f", "2")],
        ),
        ([[call(None, "a", "f", "1")], [call(None, None, None, "2")]], [("a", "f", "12")]),
        ([[call(0, "a", "f", {"x": 1})]], [("a", "f", '{"x":1}')]),
        (
            [[call(0, "a", "get_", "")], [call(0, None, "wea", "")], [call(0, None, "ther", "{}")]],
            [("a", "get_weather", "{}")],
        ),
        ([[call(0, "a", "get_", "{")], [call(0, "a", "x", "}")]], [("a", "get_x", "{}")]),
        ([[call(0, "a", "bo", "")], [call(0, "a", "o", "{}")]], [("a", "boo", "{}")]),
        ([[call(0, "a", "f", '{"x"')], [call(0, "a", "f", ":1}")]], [("a", "f", '{"x":1}')]),
        ([[call(0, "a", "f", "{}")], [call(0, "a", "f", "")]], [("a", "f", "{}")]),
        (
            [[call(0, None, "f", "{}")], [call(0, None, "f", "{}")]],
            [(None, "f", "{}"), (None, "f", "{}")],
        ),
        (
            [[call(0, None, "f", "{}")], [call(0, None, "g", "")], [call(0, None, None, "[]")]],
            [(None, "f", "{}"), (None, "g", "[]")],
        ),
        (
            [[call(0, None, "f", "{}")], [call(0, None, "f", "")], [call(0, None, None, "{")]],
            [(None, "f", "{}"), (None, "f", "{")],
        ),
        ([[call(0, None, "f", "{}")], [call(0, None, "f", " \n")]], [(None, "f", "{} \n")]),
        ([[call(0, None, "f", "'x'")], [call(0, None, "f", "y")]], [(None, "f", "'x'y")]),
        (
            [
                [call(None, "a", "f", "")],
                [call(None, "b", "g", "")],
                [call(None, "a", None, "1")],
                [call(None, "b", None, "2")],
            ],
            [("a", "f", "1"), ("b", "g", "2")],
        ),
        (
            [
                [call(0, "a", "f", "")],
                [call(0, "b", "g", "")],
                [call(0, "a", None, "1")],
                [call(0, "b", None, "2")],
            ],
            [("a", "f", "1"), ("b", "g", "2")],
        ),
        (
            [[call(0, "a", "f", "1")], [call(1, "a", "f", "2")], [call(0, "a", None, "3")]],
            [("a", "f", "13"), ("a", "f", "2")],
        ),
        (
            [[call(None, "a", "f", "{}")], [call(None, "a", "f", '{"x":1}')]],
            [("a", "f", "{}"), ("a", "f", '{"x":1}')],
        ),
        ([[call("0", "a", "f", "1")], [call(0, None, None, "2")]], [("a", "f", "12")]),
        ([[call(0, None, "f", "{")], [call(0, "a", None, "}")]], [("a", "f", "{}")]),
        ([call(0, "a", "f", "{}")], [("a", "f", "{}")]),
        ([[call(7, "a", "f")]], [("a", "f", "")]),
        (
            [None, "x", [1, {}], [{"function": 3, "id": {}, "index": "0"}]],
            [(None, "", ""), (None, "", "")],
        ),
    ],
)
def test_calls(deltas: list[Any], calls: list[tuple[Any, str, str]]):
    """Fragments go to their calls, by index, by name and by id; odd ones do no harm."""
    assert calls_of(*deltas) == calls


def test_calls_say_what_was_added():
    """Each piece of arguments comes with the position of its call; nothing else does."""
    calls = CallFragments()
    assert calls.feed([call(4, "a", "f", ""), call(9, "b", "g", "x")]) == ((1, "x"),)
    assert calls.feed([call(4, None, None, "y\ud83d")]) == ((0, "y"),)
    assert calls.flush() == ((0, "\ud83d"),)


def test_names_of_many_calls():
    """Those of the first are told; all are kept."""
    calls = CallFragments()
    for number in range(MOST_NAMES + 9):
        calls.feed([call(None, f"c{number}", f"f{number}", "{}")])
    assert calls.names() == tuple(f"f{number}" for number in range(MOST_NAMES))
    assert len(calls.whole()) == MOST_NAMES + 9


def test_custom_calls():
    """Their input comes in pieces too, whatever it is, and they stay what they are."""
    calls = CallFragments()
    head = {"index": 0, "id": "a", "type": "custom"}
    assert calls.feed([head | {"custom": {"name": "patch", "input": "", "more": 1}}]) == ()
    assert calls.feed([{"index": 0, "custom": {"input": "{} "}}]) == ((0, "{} "),)
    assert calls.feed([{"index": 0, "custom": {"input": "x"}}]) == ((0, "x"),)
    assert calls.names() == ("patch",)
    custom = {"name": "patch", "input": "{} x", "more": 1}
    assert calls.whole() == [{"id": "a", "type": "custom", "custom": custom}]


def test_other_members_of_a_call_are_kept():
    """What a provider puts beside the function stays there."""
    calls = CallFragments()
    calls.feed([call(0, "a", "f", "{}") | {"type": "function", "extra_content": {"s": 1}}])
    assert calls.whole() == [
        {
            "id": "a",
            "type": "function",
            "function": {"name": "f", "arguments": "{}"},
            "extra_content": {"s": 1},
        }
    ]


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([1, 2], 2),
        (["a", ""], "a"),
        ([1, None], 1),
        ([None], None),
        ([{"a": 1}, {"b": 2}], {"a": 1, "b": 2}),
    ],
)
def test_keep(values: list[Any], kept: Any):
    """The last value stays, but nothing empty replaces anything, and objects are merged."""
    known: dict[str, Any] = {}
    for value in values:
        keep(known, "key", value)
    assert known == {"key": kept}


ARGUMENTS = st.text(st.sampled_from('{}":1a, '), max_size=12)
CALLS = st.lists(st.tuples(st.sampled_from(["f", "get_x"]), ARGUMENTS), min_size=1, max_size=4)


@pytest.mark.parametrize("has_index", [True, False], ids=["by index", "by id"])
@given(
    st.lists(st.tuples(st.sampled_from(["f", "get_x"]), ARGUMENTS), min_size=1, max_size=4),
    st.data(),
)
def test_interleaved_calls(has_index: bool, made: list[tuple[str, str]], data: st.DataObject):
    """Whatever the calls, their cuts and the order of their pieces: none is merged or lost."""
    waiting = []
    for place, (name, text) in enumerate(made):
        head = call(place if has_index else None, f"c{place}", name, "")
        cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=3)))
        edges = [0, *cuts, len(text)]
        pieces = [text[start:end] for start, end in pairwise(edges)]
        identity = None if has_index else f"c{place}"
        index = place if has_index else None
        waiting.append([head, *(call(index, identity, None, piece) for piece in pieces)])
    fragments = [queue.pop(0) for queue in waiting]  # in this order they begin
    while any(waiting):
        fragments.append(data.draw(st.sampled_from([each for each in waiting if each])).pop(0))
    found = calls_of(*([fragment] for fragment in fragments))
    assert found == [(f"c{place}", name, text) for place, (name, text) in enumerate(made)]


def test_many_pieces():
    """However many there are, the text is the same, and so is what stands behind any place."""
    text = TextFragments()
    for number in range(5000):
        text.feed(f"{number},")
    whole = text.whole()
    assert whole == "".join(f"{number}," for number in range(5000))
    for start in (0, 1, 4000, len(whole) - 7, len(whole), len(whole) + 1):
        assert text.since(start) == whole[start:]
