"""A stream read by runs says what it says event by event, however it is cut."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.wire.chunk_stream import ChunkStream
from strictgate.core.wire.collector import Collector, CollectorState
from strictgate.core.wire.delta_joining import joined_deltas
from strictgate.core.wire.secret import Secret
from strictgate.core.wire.sse import BadEvent, Splitter

TEXTS = ["a", "", '{"n": 1, ', '\\"', "Zürich ", "\n", "[[{{", "}", "\U0001f600", '"content":"x"']


def event(content="", *, ascii_only=True, reason=None, behind=b"\n\n", **more):
    choice = {"index": 0, "delta": {"content": content} | more, "finish_reason": reason}
    data = json.dumps({"id": "c", "choices": [choice]}, ensure_ascii=ascii_only)
    return b"data: " + data.encode("utf-8", "surrogatepass") + behind


EVENTS = st.one_of(
    st.builds(event, st.sampled_from(TEXTS)),
    st.builds(event, st.sampled_from(TEXTS), ascii_only=st.just(False)),
    st.sampled_from(
        [
            event(role="assistant"),
            event("x", behind=b"\r\n\r\n"),
            event("\ud83d"),  # half a pair
            event("\ude00"),
            event("x", reasoning_content="hm"),
            event(reason="stop"),
            event("x").replace(b'"c"', b'"d"'),
            event("x").replace(b'"index": 0', b'"index": 1'),
            b": a comment\n\n",
            b"event: ping\ndata: {}\n\n",
            b'data: {"id": "c", "choices": []}\n\n',
        ]
    ),
)
ENDS = st.sampled_from(
    [
        b"data: [DONE]\n\n",
        b"",
        event("cut off")[:-4],
        event("Z\u00fc", ascii_only=False).replace("ü".encode(), b"\xc3") + event("x"),
        event("x").replace(b'"x"', b'"x\\q"') + event("x"),
        event("x").replace(b'"x"', b'"x"y"') + event("x"),
        event("x").replace(b'"x"', b'"x\ny"') + event("x"),
        b'data: {"error": "boom"}\n\n' + event("x"),
        b"data: [DONE]\n\n" + event("x"),
    ]
)


def deltas_of(feeds):
    """All that is fed as deltas, and whether it ended in a BadEvent."""
    deltas = []
    try:
        for feed in feeds:
            deltas += feed()
    except BadEvent:
        return deltas, True
    return deltas, False


def told(deltas):
    """The deltas as if they had come in one; the number of chunks with nothing to say is left."""
    return joined_deltas(deltas)


def long_way(pieces):
    splitter, collector = Splitter(), Collector()

    def read(events):
        return [delta for each in events for delta in collector.feed(each)]

    feeds = [lambda piece=piece: read(splitter.feed(piece)) for piece in pieces]
    deltas, is_bad = deltas_of([*feeds, lambda: read(splitter.flush())])
    return told(deltas), is_bad, collector.state, collector.completion(), collector.error


def by_runs(pieces, **options):
    stream = ChunkStream(**options)
    feeds = [lambda piece=piece: stream.feed(piece) for piece in pieces]
    deltas, is_bad = deltas_of([*feeds, stream.flush])
    collector = stream.collector
    return told(deltas), is_bad, collector.state, collector.completion(), collector.error


def cut(data, places):
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(st.lists(EVENTS, max_size=14), ENDS, st.lists(st.integers(0, 5000), max_size=6))
def test_both_ways_come_to_the_same(events, end, places):
    """What is added, the completion, the state, and what is malformed."""
    data = b"".join(events) + end
    expected = long_way([data])
    assert by_runs(cut(data, places)) == expected
    assert by_runs([*events, end]) == expected


@pytest.mark.parametrize("end", range(1, 260, 7))
def test_every_cut(end):
    """A run that is cut anywhere goes on behind the event that is cut."""
    data = event(role="assistant") + b"".join(map(event, TEXTS)) + b"data: [DONE]\n\n"
    assert by_runs([data[:end], data[end:]]) == long_way([data])


def test_a_run_is_one_delta():
    """It counts the chunks that had text, and none of them is parsed alone."""
    events = [event(role="assistant"), event("a"), event("b"), event(""), event("c")]
    stream = ChunkStream()
    stream.feed(b"".join(events[:2]))
    (delta,) = stream.feed(b"".join(events[2:]))
    assert (delta.content, delta.chunks) == ("bc", 2)


@pytest.mark.parametrize(
    "changed",
    [
        (b'"x"', b'"x", "logprobs": null'),
        (b'"id": "c"', b'"id": "c", "content": "x"'),
        (b'"finish_reason": null', b'"finish_reason": null, "message": {"content": "x"}'),
        (b'{"content"', b'{"content": "y", "content"'),
        (b'"index": 0', b'"index": "x"'),
    ],
)
def test_where_the_text_stands_is_not_guessed(changed):
    """Another field of the same name, or the same text elsewhere, changes nothing."""
    data = b"".join(event(f"x{at}" if at else "x").replace(*changed) for at in range(6))
    assert by_runs([data]) == long_way([data])


def test_new_in_each_chunk():
    """A server that has something new in each chunk is read all the same."""
    events = [event("x").replace(b'"c"', b'"%d"' % at) for at in range(40)]
    assert by_runs(events) == long_way([b"".join(events)])


def test_what_is_to_be_cleaned_is_no_run():
    """Events that hold the secret go through `clean`; others are left alone."""
    asked = []

    def clean(events):
        asked.extend(events)
        return events

    pieces = [event("a"), event("b"), event("my key-1"), event("c")]
    deltas, *_, completion, _ = by_runs(pieces, clean=clean, secret=Secret("key-1"))
    assert [each.content for each in deltas] == ["abmy key-1c"]
    assert completion["choices"][0]["message"]["content"] == "abmy key-1c"
    assert any("key-1" in each.data for each in asked)
    assert not any('"c"}' in each.data for each in asked)


def test_an_event_over_the_limit_is_one_in_a_run_too():
    """The limit is that of an event, not of a piece."""
    pieces = [event("a"), event("b"), event("c" * 200)]
    assert by_runs(pieces, limit=150)[1]
    assert by_runs([b"".join(pieces[:2] * 9)], limit=150)[:3] == (
        *long_way(pieces[:2] * 9)[:2],
        CollectorState.OPEN,
    )
