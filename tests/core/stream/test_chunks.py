"""A completion as a stream: what OpenAI's SDK reads back is the completion."""

from app.core.jsontext import write
from app.core.stream.chunks import chunks
from app.core.stream.delta import Collector
from app.core.stream.sse import Event

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


def collected(completion, **options):
    collector = Collector()
    for part in chunks(completion, **options):
        collector.feed(Event(write(part)))
    return collector.completion()


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
    read = collected(with_choice(message=message), include_usage=False)["choices"][0]["message"]

    assert (read["refusal"], read["reasoning_content"]) == ("no", "hm")
    assert read["tool_calls"][0]["function"] == call["function"]


def test_logprobs_go_with_their_tokens():
    """Content is cut at its tokens where they are known, and each delta has its own."""
    tokens = [{"token": text, "logprob": -1.0} for text in ('{"a":', "1", "}")]
    choice = with_choice(
        message={"role": "assistant", "content": '{"a":1}'}, logprobs={"content": tokens}
    )
    parts = [part["choices"][0] for part in chunks(choice, include_usage=False)][1:-1]

    assert [part["delta"]["content"] for part in parts] == ['{"a":', "1", "}"]
    assert [part["logprobs"]["content"] for part in parts] == [[token] for token in tokens]
