"""The splitter: the standard, where OpenAI's SDKs differ from it, and every way to cut a stream."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.wire.sse import (
    DONE,
    PIECE,
    BadEvent,
    Splitter,
    SseEvent,
    encode_event,
    joined_frames,
)
from tests.corpora import rows

BOM = b"\xef\xbb\xbf"


def split(*chunks: bytes, limit: int = 1 << 20) -> list[tuple[str | None, str]]:
    splitter = Splitter(limit)
    events = [event for chunk in chunks for event in splitter.feed(chunk)]
    return [(event.event, event.data) for event in events + splitter.flush()]


def outcome(*chunks: bytes) -> list[tuple[str | None, str]] | None:
    """What `split` gives, or None where it refuses; a low limit, so that it often does."""
    try:
        return split(*chunks, limit=30)
    except BadEvent:
        return None


CASES = [
    (b"data: a\n\n", [(None, "a")]),
    (b"data:a\n\n", [(None, "a")]),
    (b"data:  a\n\n", [(None, " a")]),
    (b"data: a\r\rdata: b\r\n\r\ndata: c\n\n", [(None, "a"), (None, "b"), (None, "c")]),
    (b"data: a\rdata: b\n\n", [(None, "a\nb")]),
    (b"data: a\ndata\ndata: b\n\n", [(None, "a\n\nb")]),
    (b": comment\n\ndata: a\n\n:\n\n", [(None, "a")]),
    (b"event: error\ndata: a\n\ndata: b\n\n", [("error", "a"), (None, "b")]),
    (b"id: 1\n\nsomething: else\n\n", []),
    (b"event: ping\n\n", [("ping", "")]),
    (b"retry: 10\n\nretry: soon\n\n", [(None, "")]),
    (BOM + b"data: a\n\n" + BOM + b"data: b\n\n", [(None, "a")]),
    (BOM[:2] + b"data: a\n\ndata: b\n\n", [(None, "b")]),
    ("data: \u2028\x85\x0b\x0c\x1c\n\n".encode(), [(None, "\u2028\x85\x0b\x0c\x1c")]),
    (b": \xff\n\xfe: 1\ndata: a\n\n", [(None, "a")]),
    (b"\n\n\r\r", []),
    (b"", []),
]


@pytest.mark.parametrize(("stream", "events"), CASES)
def test_events(stream: bytes, events: list[tuple[str | None, str]]):
    """Each stream gives its events, whole and one byte at a time."""
    assert split(stream) == events
    assert split(*(stream[i : i + 1] for i in range(len(stream)))) == events


@pytest.mark.parametrize(
    ("end", "events"),
    [
        (b"data: [DONE]", [(None, "[DONE]")]),
        (b"data: [DONE]\n", [(None, "[DONE]")]),
        (b'event: error\ndata: {"error":\ndata: 1}\r', [("error", '{"error":\n1}')]),
        (b'data: {"a"', []),
        (b"data: text\n", []),
        (b"data:\n", []),
        (b"event: ping\n", []),
        (BOM[:1], []),
    ],
)
def test_end_of_the_stream(end: bytes, events: list[tuple[str | None, str]]):
    """An event without its blank line is given if its data is whole in itself, else dropped."""
    assert split(end) == events
    assert split(b"data: first\n\n" + end)[1:] == events


@pytest.mark.parametrize(
    "stream", [b"data: \xff\n\n", b"event: \xff\n\n", b"data: \xed\xa0\x80\n\n"]
)
def test_bytes_that_are_not_utf8(stream: bytes):
    """Nothing is replaced: an event that is not UTF-8 is refused."""
    with pytest.raises(BadEvent, match="UTF-8"):
        split(stream)


@pytest.mark.parametrize(
    ("stream", "size"),
    [(b"data: 12345\n\n", 11), (b":12345678901", 12), (b"data: 1\ndata: 2345\n\n", 12)],
)
def test_limit(stream: bytes, size: int):
    """What is over the limit is refused, be it data, a comment or a line without an end."""
    split(stream, limit=size)
    with pytest.raises(BadEvent, match=f"larger than {size - 1} bytes"):
        split(stream, limit=size - 1)


def test_limit_is_for_each_event():
    """Many events that are each under the limit are no matter."""
    assert len(split(b"data: 12345\n\n" * 100, b"data: 12345\r\n\r\n" * 100, limit=11)) == 200


PIECES = st.sampled_from(
    [
        *(b"data: ", b"data:", b"data", b"event: e", b"retry: 1", b":c", b"\n", b"\r", b"\r\n"),
        *(b"\n\n", b"{}", b"[DONE]", b"x", b"\xff", BOM, b"data: {}\n\n", b"\xc3", b"\xe2\x80\xa8"),
    ]
)


@given(st.lists(PIECES, max_size=12), st.lists(st.integers(0, 60)))
def test_chunks_make_no_difference(pieces: list[bytes], cuts: list[int]):
    """However a stream is cut, the events are the same, and so is a refusal."""
    stream = b"".join(pieces)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    chunks = [stream[start:end] for start, end in pairwise(edges)]
    whole = outcome(stream)
    assert outcome(*chunks) == whole
    assert outcome(*(stream[i : i + 1] for i in range(len(stream)))) == whole


@given(st.lists(st.binary(max_size=40)))
def test_garbage_raises_nothing_else(chunks: list[bytes]):
    """Any bytes give events or BadEvent."""
    outcome(*chunks)


@given(st.lists(st.text().filter(lambda text: not {"\n", "\r"} & set(text))))
def test_round_trip(texts: list[str]):
    """What `encode` writes, the splitter reads."""
    assert split(b"".join(encode_event(text) for text in texts)) == [(None, text) for text in texts]


def test_done():
    """The end mark is an event like others."""
    assert Splitter().feed(DONE) == [SseEvent("[DONE]")]


def test_framing():
    """Every stream of the parsers' own test suites gives the events of the standard."""
    for row in rows("sse/framing.jsonl"):
        chunks = [chunk.encode("latin-1") for chunk in row["chunks_latin1"]]
        wanted = [
            (None if event.get("event") in (None, "message") else event["event"], event["data"])
            for event in row["whatwg_events"]
        ]
        stream = b"".join(chunks)
        for cut in (chunks, [stream], [stream[i : i + 1] for i in range(len(stream))]):
            found = [(None if name == "message" else name, data) for name, data in split(*cut)]
            assert found == wanted, row["id"]


def test_what_is_good_comes_before_what_is_bad():
    """Events in front of a bad one are given, in one chunk as in several; then it is raised."""
    good, bad = b"data: 1\n\n", b"data: \xff\n\n"
    splitter = Splitter()
    assert [event.data for event in splitter.feed(good + bad)] == ["1"]
    with pytest.raises(BadEvent):
        splitter.feed(b"data: 2\n\n")
    with pytest.raises(BadEvent):
        splitter.flush()


def test_frames_are_made_when_it_is_their_turn():
    """A piece of PIECE bytes is there before the frame behind it is made."""
    made = []

    def frames():
        for at in range(5):
            made.append(at)
            yield bytes([at]) * (PIECE // 2)

    pieces = joined_frames(frames())
    assert len(next(pieces)) == PIECE
    assert made == [0, 1]
    assert b"".join(pieces) == b"".join(bytes([at]) * (PIECE // 2) for at in (2, 3, 4))


def test_no_frames_are_no_piece():
    """Nothing is sent for nothing."""
    assert list(joined_frames([])) == []
