"""Streams put together: against OpenAI's own accumulator, and where servers differ from it."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk

from strictgate.core.wire.collector import Collector, CollectorState, Delta
from strictgate.core.wire.sse import Splitter, SseEvent
from tests.corpora import rows


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


def collect_bytes(chunks: Iterable[bytes]) -> tuple[Any, ...]:
    """Everything that can be seen of a stream of bytes, with the deltas' texts joined."""
    splitter, collector = Splitter(), Collector()
    events = [event for each in chunks for event in splitter.feed(each)] + splitter.flush()
    texts: dict[Any, str] = {}
    for delta in [*(d for event in events for d in collector.feed(event)), *collector.flush()]:
        for key in ("content", "reasoning", "refusal"):
            texts[delta.index, key] = texts.get((delta.index, key), "") + getattr(delta, key)
        for position, text in delta.arguments:
            texts[delta.index, position] = texts.get((delta.index, position), "") + text
    state = (collector.state, collector.is_complete, collector.error, collector.malformed)
    return collector.completion(), texts, *state


def recorded_streams() -> Iterable[tuple[str, bytes]]:
    """Every recorded stream as bytes, with its id."""
    for row in rows("sse/openai_python_recorded.jsonl"):
        if row["kind"] == "sse":
            yield row["id"], row["body"].encode()
    for row in rows("sse/aisdk_inline_streams.jsonl"):
        yield row["id"], "".join(row["chunks"]).encode()
    for row in rows("sse/aisdk_fixture_chunks.jsonl"):
        data = "".join(f"data: {json.dumps(each)}\n\n" for each in row.get("chunks", ()))
        yield row["id"], row.get("body", data).encode()


def test_recorded_streams_in_any_cut():
    """A recorded stream gives the same whole, cut in two at any place, and byte by byte."""
    for name, stream in recorded_streams():
        whole = collect_bytes([stream])
        for cut in range(0, len(stream), max(1, len(stream) // 40)):
            assert collect_bytes([stream[:cut], stream[cut:]]) == whole, name
        if len(stream) < 20_000:
            assert collect_bytes(stream[i : i + 1] for i in range(len(stream))) == whole, name


def test_recorded_texts():
    """The deltas of a recorded stream, joined, are the texts of its completion."""
    for name, stream in recorded_streams():
        completion, texts, *_ = collect_bytes([stream])
        for found in completion["choices"]:
            answer = found["message"]
            assert texts.get((found["index"], "content"), "") == (answer["content"] or ""), name
            for position, call in enumerate(answer.get("tool_calls", ())):
                text = texts.get((found["index"], position), "")
                assert text == call["function"]["arguments"], name


def test_recorded_ends():
    """Each recorded stream is complete, failed or malformed as its features say."""
    for row in rows("sse/aisdk_inline_streams.jsonl"):
        *_, state, complete, error, malformed = collect_bytes(["".join(row["chunks"]).encode()])
        features = row["features"]
        assert (
            (state is CollectorState.FAILED) == (error is not None) == ("error_chunk" in features)
        )
        assert (state is CollectorState.MALFORMED) == (malformed is not None)
        assert (state is CollectorState.MALFORMED) == ("non_json_data" in features)
        ended = "no_done" not in features and state not in (
            CollectorState.FAILED,
            CollectorState.MALFORMED,
        )
        assert complete == ended, row["id"]


def test_as_openai_has_it():
    """OpenAI's own accumulator makes the same completion of OpenAI's recorded streams."""
    for row in rows("sse/openai_python_recorded.jsonl"):
        if row["kind"] == "sse":
            oracle = ChatCompletionStreamState()
            for event in Splitter().feed(row["body"].encode()):
                if event.data != "[DONE]":
                    oracle.handle_chunk(ChatCompletionChunk.model_validate_json(event.data))
            wanted = oracle.current_completion_snapshot.model_dump()
            found = collect_bytes([row["body"].encode()])[0]
            assert (found["id"], found["model"]) == (wanted["id"], wanted["model"])
            assert found["usage"]["total_tokens"] == wanted["usage"]["total_tokens"]
            assert list(map(essence, found["choices"])) == list(map(essence, wanted["choices"]))


def essence(found: dict[str, Any]) -> Any:
    """What two accumulators must agree on; an empty text is none."""
    answer, calls = found["message"], found["message"].get("tool_calls") or ()
    functions = [(c["id"], c["function"]["name"], c["function"]["arguments"]) for c in calls]
    logprobs = [
        [(each["token"], each["logprob"]) for each in (found["logprobs"] or {}).get(key) or ()]
        for key in ("content", "refusal")
    ]
    texts = (answer["content"] or None, answer.get("refusal") or None)
    return found["index"], found["finish_reason"], texts, functions, logprobs


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
