"""A completion as a stream: what OpenAI's SDK reads back is the completion."""

import pytest

from strictgate.core.jsontext.reader import write_json
from strictgate.core.surfaces.chat.chunks import Chunks
from strictgate.core.wire.choice_delta import CallPiece
from strictgate.core.wire.collector import Collector
from strictgate.core.wire.sse import SseEvent

COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "system_fingerprint": "fp",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": '{"a":"' + "x" * 60 + '"}'},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"total_tokens": 3},
    "x_strictgate": {"mode": "native"},
}


HEAD = {"id": "chatcmpl-1", "created": 1, "model": "m"}


def chunks(completion, *, include_usage):
    """Everything at once, as where nothing has been sent yet."""
    return Chunks(include_usage=include_usage).rest(completion, {})


def read(parts):
    """What a client makes of the chunks."""
    collector = Collector()
    for part in parts:
        collector.feed(SseEvent(write_json(part)))
    return collector.completion()


def collected(completion, **options):
    return read(chunks(completion, **options))


def with_choice(**changes):
    return COMPLETION | {"choices": [COMPLETION["choices"][0] | changes]}


def test_content_comes_in_several_deltas():
    """The deltas make up the content; role first, finish_reason last, nothing between."""
    parts = list(chunks(COMPLETION, include_usage=False))
    deltas = [part["choices"][0]["delta"] for part in parts]

    assert deltas[0] == {"role": "assistant", "content": ""}
    assert deltas[-1] == {}
    assert len(deltas) > 4
    assert (
        "".join(each["content"] for each in deltas[:-1])
        == (COMPLETION["choices"][0]["message"]["content"])
    )
    assert [part["choices"][0]["finish_reason"] for part in parts[-2:]] == [None, "stop"]


def test_usage_only_if_asked_for():
    """With include_usage a last chunk without choices tells it, and the others say null."""
    without = list(chunks(COMPLETION, include_usage=False))
    parts = list(chunks(COMPLETION, include_usage=True))

    assert not any("usage" in part for part in without)
    assert parts[-1]["choices"] == []
    assert parts[-1]["usage"] == {"total_tokens": 3}
    assert all(part["usage"] is None for part in parts[:-1])


def test_extra_fields_stand_in_the_last_choice_chunk():
    """Fields that OpenAI does not know are sent once."""
    parts = list(chunks(COMPLETION, include_usage=True))

    assert [index for index, part in enumerate(parts) if "x_strictgate" in part] == [len(parts) - 2]


def test_several_choices_keep_their_index():
    """Every choice is whole."""
    first = COMPLETION["choices"][0]
    second = first | {"index": 1, "message": {"role": "assistant", "content": "{}"}}
    both = collected(COMPLETION | {"choices": [first, second]}, include_usage=False)

    assert [(each["index"], each["message"]["content"]) for each in both["choices"]] == [
        (0, first["message"]["content"]),
        (1, "{}"),
    ]


def test_refusal_reasoning_and_tool_calls():
    """What else a message holds comes as deltas of its own."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {
        "role": "assistant",
        "content": None,
        "refusal": "no",
        "reasoning_content": "hm",
        "tool_calls": [call],
    }
    told = collected(with_choice(message=message), include_usage=False)["choices"][0]["message"]

    assert (told["refusal"], told["reasoning_content"]) == ("no", "hm")
    assert told["tool_calls"][0]["function"] == call["function"]


def test_logprobs_go_with_their_tokens():
    """Content is cut at its tokens where they are known, and each delta has its own."""
    tokens = [{"token": text, "logprob": -1.0} for text in ('{"a":', "1", "}")]
    choice = with_choice(
        message={"role": "assistant", "content": '{"a":1}'}, logprobs={"content": tokens}
    )
    parts = [part["choices"][0] for part in chunks(choice, include_usage=False)][1:-1]

    assert [part["delta"]["content"] for part in parts] == ['{"a":', "1", "}"]
    assert [part["logprobs"]["content"] for part in parts] == [[token] for token in tokens]


def test_news_and_the_rest():
    """What has been sent is not sent again; role first, one head for all."""
    stream, content = Chunks(include_usage=False), COMPLETION["choices"][0]["message"]["content"]
    parts = list(stream.news(HEAD, 0, {"content": content[:4]}))
    parts += stream.news(HEAD, 0, {"content": content[4:30]})
    parts += stream.rest(COMPLETION | {"id": "other"}, {0: {"content": 30}})

    assert read(parts)["choices"] == COMPLETION["choices"]
    assert {part["id"] for part in parts} == {"chatcmpl-1"}
    deltas = [part["choices"][0]["delta"] for part in parts]
    assert deltas[:2] == [{"role": "assistant", "content": ""}, {"content": content[:4]}]
    assert [each.get("role") for each in deltas].count("assistant") == 1


def test_news_of_reasoning():
    """Other texts than the content are counted by themselves."""
    stream = Chunks(include_usage=False)
    message = {"role": "assistant", "content": "{}", "reasoning_content": "well, then"}
    parts = list(stream.news(HEAD, 0, {"reasoning_content": "well,"}))
    parts += stream.rest(with_choice(message=message), {0: {"reasoning_content": 5}})

    assert read(parts)["choices"][0]["message"] == message


def test_news_of_one_of_several():
    """Choices that nothing was sent of come whole."""
    stream, first = Chunks(include_usage=True), COMPLETION["choices"][0]
    second = first | {"index": 1, "message": {"role": "assistant", "content": "[1]"}}
    parts = list(stream.news(HEAD, 1, {"content": "[1]"}))
    parts += stream.rest(COMPLETION | {"choices": [first, second]}, {1: {"content": 3}})

    assert read(parts)["choices"] == [first, second]
    assert read(parts)["usage"] == {"total_tokens": 3}


@pytest.mark.parametrize("sent", range(8))
@pytest.mark.parametrize("entries", range(4))
def test_logprobs_behind_what_was_sent(sent, entries):
    """Each character and each entry comes once, wherever the caller had got to."""
    tokens = [{"token": text, "logprob": -1.0} for text in ('{"a":', "1", "}")]
    content = '{"a":1}'
    choice = with_choice(
        message={"role": "assistant", "content": content}, logprobs={"content": tokens}
    )
    stream = Chunks(include_usage=False)
    parts = list(stream.news(HEAD, 0, {"content": content[:sent]}, tokens[:entries]))
    parts += stream.rest(choice, {0: {"content": sent}})

    assert read(parts)["choices"] == choice["choices"]


def test_odd_logprobs():
    """Entries that are none leave the content whole."""
    choice = with_choice(logprobs={"content": [None, {"token": 1}]})

    assert (
        collected(choice, include_usage=False)["choices"][0]["message"]
        == (COMPLETION["choices"][0]["message"])
    )


def test_calls_come_as_openai_sends_them():
    """First the name with empty arguments, then those piece by piece; each with its index."""
    calls = [
        {"id": f"c{at}", "type": "function", "function": {"name": "f", "arguments": "x" * 60}}
        for at in range(2)
    ]
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    parts = list(chunks(with_choice(message=message), include_usage=False))
    deltas = [part["choices"][0]["delta"] for part in parts]
    told = [each["tool_calls"][0] for each in deltas if "tool_calls" in each]

    begun = {**calls[0], "index": 0, "function": {"name": "f", "arguments": ""}}
    assert told[0] == begun
    assert set(told[1]) == {"index", "function"}
    assert [each["index"] for each in told] == [0] * 4 + [1] * 4
    assert read(parts)["choices"][0]["message"]["tool_calls"] == calls


def test_calls_of_other_kinds_come_whole():
    """A call that is of no function is in one delta, as it is."""
    custom = {"id": "c", "type": "custom", "custom": {"name": "shell", "input": "ls"}}
    message = {"role": "assistant", "content": None, "tool_calls": [custom]}
    parts = list(chunks(with_choice(message=message), include_usage=False))

    assert parts[1]["choices"][0]["delta"] == {"tool_calls": [{"index": 0, **custom}]}


@pytest.mark.parametrize("given", [0, 2, 9])
def test_the_input_of_a_custom_tool_comes_as_it_is_written(given):
    """What the caller has of it is not said again; its name stands in the first piece alone."""
    text = "*** patch" + "+" * 60
    custom = {"id": "c", "type": "custom", "custom": {"name": "patch", "input": text}}
    completion = with_choice(message={"role": "assistant", "content": None, "tool_calls": [custom]})
    stream = Chunks(include_usage=False)
    parts = list(stream.news(HEAD, 0, {}, call=CallPiece("c", "patch", text[:given])))
    parts += stream.rest(completion, {0: {"input": given}})
    told = [call for each in parts for call in each["choices"][0]["delta"].get("tool_calls") or ()]

    assert [each["id"] for each in told if "id" in each] == ["c"]
    assert [each["custom"]["name"] for each in told if "name" in each["custom"]] == ["patch"]
    assert "".join(each["custom"]["input"] for each in told) == text
