"""Recorded streams put together, also against OpenAI's own accumulator."""

import json
from collections.abc import Iterable
from typing import Any

from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk

from strictgate.core.wire.collector import Collector, CollectorState
from strictgate.core.wire.sse import Splitter
from tests.corpora import rows


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
