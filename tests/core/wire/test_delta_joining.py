"""Joined deltas say the same, in the same order, and count as many chunks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.wire.collector import Delta
from strictgate.core.wire.delta_joining import joined_deltas

WORDS = st.sampled_from(["", "a", "bc"])
DELTAS = st.builds(
    Delta,
    index=st.integers(0, 1),
    content=WORDS,
    reasoning=WORDS,
    refusal=st.sampled_from(["", "", "", "no"]),
    arguments=st.sampled_from([(), (), ((0, "x"),), ((1, "y"),), ((0, "x"), (1, "y"))]),
    finish_reason=st.sampled_from([None, None, None, "stop"]),
    logprobs=st.sampled_from([(), (), ({"token": "a"},)]),
    reasoning_name=st.sampled_from(["reasoning", "reasoning_content"]),
    names=st.sampled_from([("f",), ("f", "g")]),
)


def said(deltas):
    """All that they say, character by character, each with what it belongs to."""
    for each in deltas:
        yield from (("content", each.index, char) for char in each.content)
        name = each.reasoning_name
        yield from (("reasoning", each.index, name, char) for char in each.reasoning)
        yield from (("refusal", each.index, char) for char in each.refusal)
        for call, text in each.arguments:
            yield from (("call", each.index, call, each.names, char) for char in text)
        if each.logprobs:  # they belong to all of its text
            yield ("logprobs", each.index, each.content, each.logprobs)
        if each.finish_reason:
            yield ("end", each.index, each.finish_reason)


@given(st.lists(DELTAS, max_size=12))
def test_they_say_the_same(deltas):
    """Nothing is lost, moved or counted twice."""
    joined = joined_deltas(deltas)
    assert [*said(joined)] == [*said(deltas)]
    assert sum(each.chunks for each in joined) == len(deltas)
    assert joined_deltas(joined) == joined


@pytest.mark.parametrize(
    ("deltas", "joined"),
    [
        ([Delta(0, "a"), Delta(0, "b")], [Delta(0, "ab", chunks=2)]),
        ([Delta(0, "a"), Delta(1, "b")], [Delta(0, "a"), Delta(1, "b")]),
        (
            [Delta(0, reasoning="a"), Delta(0, reasoning="b"), Delta(0, "c"), Delta(0, "d")],
            [Delta(0, reasoning="ab", chunks=2), Delta(0, "cd", chunks=2)],
        ),
        (
            [Delta(0, arguments=((0, "a"),)), Delta(0, arguments=((0, "b"),))],
            [Delta(0, arguments=((0, "ab"),), chunks=2)],
        ),
        (
            [Delta(0, "a"), Delta(0, "b", logprobs=({},))],
            [Delta(0, "a"), Delta(0, "b", logprobs=({},))],
        ),
    ],
)
def test_what_is_one(deltas, joined):
    """Text of the same kind and choice; what has anything else stays alone."""
    assert joined_deltas(deltas) == tuple(joined)
