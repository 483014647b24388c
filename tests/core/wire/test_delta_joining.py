"""Joined deltas say the same, in the same order, and count as many chunks."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.wire.collector import Collector, Delta
from strictgate.core.wire.delta_joining import joined_deltas
from strictgate.core.wire.sse import Splitter

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


EVENTS = st.sampled_from(
    [
        b'data: {"id":"c","choices":[{"delta":{"content":"ab"},"finish_reason":null}]}\n\n',
        b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"\xc3\xa9"}}]}\n\n',
        b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"\\ud83d"}}]}\n\n',
        b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"\\ude00"}}]}\n\n',
        b'data: {"id":"c","choices":[{"index":0,"delta":{"reasoning":"r"}}]}\r\n\r\n',
        b'data: {"id":"d","choices":[{"index":1,"delta":{"content":"x"}}],"usage":{"n":1}}\n\n',
        b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"i","function":'
        b'{"name":"f","arguments":"{}"}}]}}]}\n\n',
        b": a comment\n\n",
    ]
)


@given(st.lists(EVENTS, max_size=8), st.lists(st.integers(0, 400), max_size=6))
def test_any_cut_of_the_bytes(events, cuts):
    """Whole, cut anywhere, or byte by byte: a stream says the same."""
    stream = b"".join(events) + b"data: [DONE]\n\n"
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    whole = read([stream])
    assert read([stream[start:end] for start, end in pairwise(edges)]) == whole
    assert read([stream[at : at + 1] for at in range(len(stream))]) == whole


def read(pieces):
    """What a stream says in these pieces, how many chunks had something, and what it came to."""
    splitter, collector = Splitter(), Collector()
    deltas = []
    for piece in pieces:
        events = splitter.feed(piece)
        deltas += joined_deltas(delta for event in events for delta in collector.feed(event))
    deltas += collector.flush()
    return [*said(deltas)], sum(each.chunks for each in deltas), collector.completion()
