"""Streams put together, and where servers differ; recorded ones are in test_recorded_streams.py."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.wire.collector import Collector, CollectorState, Delta
from strictgate.core.wire.sse import SseEvent


def choice(index: int = 0, reason: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"index": index, "delta": delta, "finish_reason": reason}


def chunk(*choices: dict[str, Any], **top: Any) -> str:
    return json.dumps({"id": "c", "object": "chat.completion.chunk", "choices": choices, **top})


def collect(*data: str) -> tuple[Collector, list[Delta]]:
    """Feed events with these data; return the collector and all deltas."""
    collector = Collector()
    deltas = [delta for each in data for delta in collector.feed(SseEvent(each))]
    return collector, deltas + list(collector.flush())


def message(*data: str) -> dict[str, Any]:
    return dict(collect(*data)[0].completion()["choices"][0]["message"])


def test_completion():
    """A stream becomes the answer without stream, members in the usual order."""
    collector, _ = collect(
        chunk(choice(role="assistant", content=""), created=1, model="m", system_fingerprint=None),
        chunk(choice(content="Hi"), created=1, model="m", system_fingerprint="f"),
        chunk(choice(reason="stop"), model=""),
        chunk(usage={"total_tokens": 3}, service_tier="default"),
        "[DONE]",
    )
    assert json.dumps(collector.completion()) == json.dumps(
        {
            "id": "c",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "Hi"},
                    "logprobs": None,
                    "finish_reason": "stop",
                }
            ],
            "usage": {"total_tokens": 3},
            "system_fingerprint": "f",
            "service_tier": "default",
        }
    )


def test_deltas():
    """Each chunk says what it added to which choice, and nothing where it added nothing."""
    _, deltas = collect(
        chunk(choice(role="assistant", content="")),
        chunk(choice(1, content="b"), choice(0, content="a")),
        chunk(choice(reasoning_content="t", reasoning="t")),
        chunk(choice(refusal="no")),
        chunk(choice(tool_calls=[{"index": 0, "function": {"name": "f", "arguments": "{"}}])),
        chunk(choice(reason="stop")),
    )
    assert deltas == [
        Delta(1, content="b"),
        Delta(0, content="a"),
        Delta(0, reasoning="t"),
        Delta(0, refusal="no"),
        Delta(0, arguments=((0, "{"),), names=("f",)),
        Delta(0, finish_reason="stop"),
    ]


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], {"content": "ab"}),
        (
            [{"type": "thinking", "thinking": [{"type": "text", "text": "t"}]}],
            {"content": None, "reasoning_content": "t"},
        ),
        ({"a": 1}, {"content": '{"a":1}'}),
        ([{"type": "thinking", "thinking": "t"}], {"content": None, "reasoning_content": "t"}),
        ([{"type": "reference", "reference_ids": [1]}, 5, None, [[]]], {"content": None}),
    ],
)
def test_content_as_parts(parts: list[Any], wanted: dict[str, Any]):
    """Of parts the text is the content, the thinking is the reasoning."""
    assert message(chunk(choice(content=parts))) == {"role": "assistant", **wanted}


def test_the_deprecated_call():
    """Its arguments come in pieces, too; they are told like those of the first call."""
    pieces = [{"name": "f", "arguments": ""}, {"arguments": "{"}, {"arguments": "}"}]
    collector, deltas = collect(*(chunk(choice(function_call=each)) for each in pieces))
    answer = collector.completion()["choices"][0]["message"]
    called = {"name": "f", "arguments": "{}"}
    assert answer == {"role": "assistant", "content": None, "function_call": called}
    assert [(each.arguments, each.names) for each in deltas] == [
        (((0, "{"),), ("f",)),
        (((0, "}"),), ("f",)),
    ]


def test_integers_of_any_size():
    """Arguments that come as an object are exact; nothing else is slowed down for it."""
    call = {"index": 0, "function": {"name": "f", "arguments": {"id": 12345678901234567890123}}}
    found = message(chunk(choice(tool_calls=[call])))["tool_calls"][0]
    assert found["function"]["arguments"] == '{"id":12345678901234567890123}'


def test_what_else_a_delta_holds_is_kept():
    """Unknown members stay: lists grow, of others the last stands."""
    found = message(
        chunk(choice(content="x", annotations=[1], channel="a")),
        chunk(choice(annotations=[2], channel="b", audio=None)),
    )
    assert found["annotations"] == [1, 2]
    assert found["channel"] == "b"


def test_several_choices_in_any_order():
    """Choices are sorted by their index, and only seen ones are there."""
    collector, _ = collect(chunk(choice(2, content="c")), chunk(choice(0, content="a")))
    found = [
        (each["index"], each["message"]["content"]) for each in collector.completion()["choices"]
    ]
    assert found == [(0, "a"), (2, "c")]


def test_usage_of_groq():
    """Usage that comes in `x_groq` alone is the usage; what else is there is merged."""
    collector, _ = collect(
        chunk(choice(content="x"), x_groq={"id": "r", "seed": 1}),
        chunk(choice(reason="stop"), x_groq={"id": "r", "usage": {"total_tokens": 2}}),
    )
    completion = collector.completion()
    assert completion["usage"] == {"total_tokens": 2}
    assert completion["x_groq"]["seed"] == 1


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (SseEvent('{"error":{"message":"m"}}'), {"message": "m"}),
        (SseEvent('{"error":"boom"}'), "boom"),
        (SseEvent('{"choices":[],"error":{"code":400}}'), {"code": 400}),
        (SseEvent('{"choices":[],"x_groq":{"error":"stopped"}}'), "stopped"),
        (SseEvent('[{"error":{"code":400}}]'), {"code": 400}),
        (SseEvent('{"message":"flat"}', "error"), {"message": "flat"}),
        (SseEvent('{"success":false,"errors":[]}'), {"success": False, "errors": []}),
        (SseEvent("not json", "error"), "not json"),
        (SseEvent("", "error"), ""),
    ],
)
def test_errors(event: SseEvent, error: Any):
    """An error ends the stream as failed, in whatever form it comes; the end mark mends nothing."""
    collector, _ = collect(chunk(choice(content="x")))
    collector.feed(event)
    assert collector.feed(SseEvent(chunk(choice(content="y")))) == ()
    collector.feed(SseEvent("[DONE]"))
    assert collector.state is CollectorState.FAILED
    assert collector.error == {"error": error}
    assert not collector.is_complete
    assert "error" not in collector.completion()
    assert collector.completion()["choices"][0]["message"]["content"] == "x"


@pytest.mark.parametrize("data", ["{unparsable}", "null", "5", '"x"', "[]", '{"a":', "[" * 5000])
def test_malformed(data: str):
    """What is no object is a state with the text, not an exception."""
    collector, _ = collect(data, "[DONE]")
    assert (collector.state, collector.malformed) == (CollectorState.MALFORMED, data)
    assert not collector.is_complete


@pytest.mark.parametrize(
    ("data", "complete"),
    [
        ([], False),
        (["[DONE]"], True),
        ([chunk(choice(content="x"))], False),
        ([chunk(choice(content="x")), " [DONE] "], True),
        ([chunk(choice(reason="stop"))], True),
        ([chunk(choice(0, reason="stop"), choice(1, content="x"))], False),
        ([chunk(choice(0, reason="stop")), chunk(choice(1, reason="length"))], True),
    ],
)
def test_complete(data: list[str], complete: bool):
    """A stream is whole with its end mark, or when every choice has a reason to finish."""
    assert collect(*data)[0].is_complete is complete


def test_nothing_counts_after_the_end():
    """What comes after the end mark is not part of the answer."""
    collector, deltas = collect(chunk(choice(content="x")), "[DONE]", chunk(choice(content="y")))
    assert [delta.content for delta in deltas] == ["x"]
    assert collector.completion()["choices"][0]["message"]["content"] == "x"


def test_answer_in_one_chunk():
    """A `message` in place of deltas is taken, but not a second time after them."""
    whole = {"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}
    assert message(chunk(whole)) == {"role": "assistant", "content": "x"}
    assert message(chunk(choice(content="x")), chunk(whole))["content"] == "x"


def test_halves_of_a_pair():
    """A character cut between its UTF-16 halves is sent whole, with its second half."""
    pieces = [
        '{"choices":[{"index":0,"delta":{"content":"a\\ud83d"}}]}',
        '{"choices":[{"index":0,"delta":{"content":"\\ude00b"}}]}',
    ]
    _, deltas = collect(*pieces)
    assert [delta.content for delta in deltas] == ["a", "😀b"]


def test_logprobs():
    """A delta has the entries of its chunk for the content, also where no text came with them."""
    entries = {"content": [{"token": "a"}, {"token": "b"}], "refusal": [{"token": "c"}]}
    _, deltas = collect(
        chunk(choice(content="ab") | {"logprobs": entries}),
        chunk(choice(content="") | {"logprobs": {"content": [{"token": "d"}]}}),
        chunk(choice(content="e") | {"logprobs": {"content": None}}),
        chunk(choice(content="f") | {"logprobs": None}),
    )

    told = [(delta.content, delta.logprobs) for delta in deltas]
    assert told == [
        ("ab", ({"token": "a"}, {"token": "b"})),
        ("", ({"token": "d"},)),
        ("e", ()),
        ("f", ()),
    ]


def test_head():
    """What every chunk repeats is known from the first; nothing empty counts."""
    collector, _ = collect(chunk(choice(content="x"), model="", created=7, service_tier=None))

    assert collector.head() == {"id": "c", "created": 7}


def test_nan():
    """NaN among the logprobs, as some servers write it, does not spoil the chunk."""
    data = (
        '{"choices":[{"index":0,"delta":{"content":"x"},"logprobs":{"content":[{"logprob":NaN}]}}]}'
    )
    assert message(data)["content"] == "x"


def test_an_error_of_a_choice_is_kept():
    """It is one of the choice, with the text before it; the stream has come to its end."""
    collector, _ = collect(
        chunk(choice(content="Hel")),
        chunk(choice(reason="error") | {"error": {"message": "Provider gone"}}),
    )
    (found,) = collector.completion()["choices"]
    assert (found["message"]["content"], found["finish_reason"]) == ("Hel", "error")
    assert found["error"] == {"message": "Provider gone"}
    assert collector.is_complete


def test_pings_leave_no_trace():
    """Objects that are no chunks are passed over."""
    collector, deltas = collect('{"type":"ping"}', "{}", "")
    assert deltas == []
    assert collector.state is CollectorState.OPEN
    assert "type" not in collector.completion()


KEYS = ["choices", "index", "delta", "content", "tool_calls", "function", "logprobs", "text", "id"]
KEYS += ["finish_reason", "usage", "x_groq", "error", "message", "thinking", "arguments", "name"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.text(max_size=3) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=15,
)


@given(st.lists(VALUES.map(json.dumps) | st.text(max_size=9), max_size=5))
def test_odd_chunks_do_no_harm(data: list[str]):
    """Nothing that an event may hold raises, and what is made of it is a completion."""
    collector, _ = collect(*data)
    completion = collector.completion()
    assert completion["object"] == "chat.completion"
    json.dumps(completion)


PIECE = st.builds(
    lambda index, key, text: choice(index, **{key: text}),
    st.integers(0, 2),
    st.sampled_from(["content", "reasoning_content", "refusal"]),
    st.text(max_size=5),
)


@given(st.lists(PIECE, min_size=1, max_size=12))
def test_pieces_are_joined(pieces: list[dict[str, Any]]):
    """In one chunk or in many: each text of each choice is its pieces in order."""
    one, _ = collect(chunk(*pieces))
    many, _ = collect(*map(chunk, pieces))
    assert one.completion() == many.completion()
    for each in many.completion()["choices"]:
        for key in ("content", "reasoning_content", "refusal"):
            mine = [p["delta"].get(key, "") for p in pieces if p["index"] == each["index"]]
            assert (each["message"].get(key) or "") == "".join(mine)


@given(st.lists(st.sampled_from(["", "a", "é", "\ud83d", "\ude00", "\\", None]), max_size=6))
def test_mere_text_is_read_as_any(texts):
    """The shape that nearly every chunk has is read in a shorter way, to the same end."""
    choices = [
        {"index": 0, "delta": {"content": text}, "finish_reason": None, "logprobs": None}
        for text in texts
    ]
    short, long = Collector(), Collector()
    for choice in choices:
        deltas = short.feed(SseEvent(json.dumps({"id": "c", "choices": [choice]})))
        odd = {**choice, "odd": None}
        assert long.feed(SseEvent(json.dumps({"id": "c", "choices": [odd]}))) == deltas
    assert short.flush() == long.flush()
    read = long.completion()
    for choice in read["choices"]:
        assert choice.pop("odd") is None
    assert short.completion() == read


def test_an_error_that_is_the_chunk_is_whole():
    """Taking its choices in takes nothing from it."""
    chunk = {"code": 500, "message": "Oh", "choices": []}
    collector = Collector()
    collector.feed(SseEvent(json.dumps(chunk), "error"))
    assert collector.error == {"error": chunk}
