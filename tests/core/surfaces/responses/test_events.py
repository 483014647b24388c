"""A response in events."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from strictgate.core.surfaces.responses import response
from strictgate.core.surfaces.responses.events import (
    ResponseEvents,
    encode_response_event,
    replayed_events,
)
from strictgate.core.surfaces.responses.items import opened
from strictgate.core.surfaces.responses.tools import read_tool_table
from strictgate.core.wire.choice_delta import CallPiece
from tests.core.surfaces.responses.test_response import CALL, SHELL, completion

EVENT = TypeAdapter(ResponseStreamEvent)


def events(message, *news, finish_reason="stop", **more):
    """The events of an answer of which `news` has been given out; each is one of OpenAI's."""
    stream, whole = ResponseEvents(SHELL), completion(message, finish_reason, **more)
    made = [event for delta in news for event in stream.news(delta)] + [*stream.rest(whole)]
    for event in made:
        EVENT.validate_python(event)
    assert [event["sequence_number"] for event in made] == list(range(len(made)))
    expected = response.finished_response(SHELL, whole)
    assert made[-1]["response"] == expected
    return made


def kinds(made):
    """The kinds of the events, in order, deltas of one text once."""
    names = [event["type"].removeprefix("response.") for event in made]
    return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]


TEXT = [
    "created",
    "in_progress",
    "output_item.added",
    "content_part.added",
    "output_text.delta",
    "output_text.done",
    "content_part.done",
    "output_item.done",
    "completed",
]


def test_text():
    """The order is OpenAI's."""
    made = events({"content": "x" * 60})

    assert kinds(made) == TEXT
    assert "".join(event.get("delta", "") for event in made) == "x" * 60
    assert made[0]["response"]["status"] == "in_progress"


@given(st.text(), st.lists(st.integers(0, 30)))
def test_any_split(text, cuts):
    """However the text was cut, the events say the same in the end."""
    places = sorted({min(cut, len(text)) for cut in cuts} | {0})
    pieces = [text[a:b] for a, b in pairwise(places)]
    made = events({"content": text}, *({"content": piece} for piece in pieces))

    assert "".join(event.get("delta", "") for event in made) == text


def test_thinking_calls_and_text():
    """Each item is done before the next is added, and has its place."""
    message = {"content": "I look.", "reasoning_content": "hm", "tool_calls": [CALL]}
    made = events(
        message, {"reasoning_content": "hm"}, {"content": "I l"}, finish_reason="tool_calls"
    )
    added = [event for event in made if event["type"] == "response.output_item.added"]

    assert [event["item"]["type"] for event in added] == ["reasoning", "message", "function_call"]
    assert [event["output_index"] for event in added] == [0, 1, 2]
    calls = [event["type"] for event in made if "function_call" in event["type"]]
    assert calls == [
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
    ]


def test_late_thoughts():
    """Thinking that comes when the answer has begun is an item of its own; the text goes on."""
    stream = ResponseEvents(SHELL)
    news = [{"reasoning_content": "h"}, {"content": "a"}, {"reasoning_content": "m"}]
    made = [event for delta in news for event in stream.news(delta)]
    made += stream.rest(completion({"content": "ab", "reasoning_content": "hm"}))

    output = made[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["reasoning", "message"] * 2
    assert [item["content"][0]["text"] for item in output] == ["h", "a", "m", "b"]
    assert len({item["id"] for item in output}) == 4
    assert [event["item"] for event in made if event["type"].endswith("item.done")] == output


def test_late_thoughts_beside_a_document():
    """A document stays one text, and what was thought meanwhile comes behind it."""
    wanted = {"text": {"format": {"type": "json_object"}}}
    stream = ResponseEvents(replace(SHELL, request=wanted))
    news = [{"reasoning_content": "h"}, {"content": "[1"}, {"reasoning_content": "m"}]
    made = [event for delta in news for event in stream.news(delta)]
    made += stream.news({"content": ",2", "reasoning_content": "!"})
    made += stream.rest(completion({"content": "[1,2]", "reasoning_content": "hm!"}))

    output = made[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["reasoning", "message", "reasoning"]
    assert [item["content"][0]["text"] for item in output] == ["h", "[1,2]", "m!"]
    assert [event["item"] for event in made if event["type"].endswith("item.done")] == output


def test_refusal():
    """A refusal has events of its own."""
    assert "refusal.done" in kinds(events({"content": None, "refusal": "no"}))


def test_incomplete():
    """A cut answer ends as incomplete."""
    made = events({"content": "hel"}, {"content": "he"}, finish_reason="length")

    assert made[-1]["type"] == "response.incomplete"
    assert made[-2]["item"]["status"] == "incomplete"


def test_empty():
    """An empty answer is a message without text."""
    assert kinds(events({"content": ""})) == [each for each in TEXT if each != "output_text.delta"]


@pytest.mark.parametrize("news", [(), ({"content": "{"},)], ids=["at once", "later"])
def test_failed(news):
    """A failure ends the stream; its error keeps its own fields."""
    stream = ResponseEvents(SHELL)
    made = [event for delta in news for event in stream.news(delta)]
    made += stream.failed(
        {"message": "m", "code": "json_validate_failed", "failed_generation": "{"}
    )

    assert made[0]["type"] == "response.created"
    assert made[-1]["type"] == "response.failed"
    assert made[-1]["response"]["error"]["failed_generation"] == "{"


def test_encode():
    """On the wire an event has its name, and there is no [DONE]."""
    raw = encode_response_event({"type": "response.created", "sequence_number": 0})

    assert raw.startswith(b"event: response.created\ndata: {")
    assert json.loads(raw.split(b"data: ")[1])["sequence_number"] == 0


def test_refusal_after_text():
    """A refusal that comes when text has gone out is an item with an id of its own."""
    stream = ResponseEvents(SHELL)
    made = [*stream.news({"content": "I would"})]
    made += stream.rest(completion({"content": "I would", "refusal": "no"}))
    first, second = made[-1]["response"]["output"]

    assert first["id"] != second["id"]
    assert (first["content"][0]["text"], second["content"][0]["refusal"]) == ("I would", "no")


def test_odd_messages():
    """Content in parts is text, a call without an id gets one, tokens have their lists."""
    call = {"type": "function", "function": {"name": "f", "arguments": {"a": 1}}}
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "a"}]
    tokens = {"content": [{"token": "a", "bytes": None, "logprob": -1.0}]}
    message = {"content": parts, "tool_calls": [call]}
    whole = completion(message, "tool_calls")
    whole["choices"][0]["logprobs"] = tokens
    made = [*ResponseEvents(SHELL).rest(whole)]

    for event in made:
        EVENT.validate_python(event)
    text, made_call = made[-1]["response"]["output"]
    assert text["content"][0]["text"] == "a"
    assert (len(made_call["call_id"]), made_call["arguments"]) == (9, '{"a":1}')
    assert made[-1]["response"] == response.finished_response(SHELL, whole)


def test_cut_in_a_call():
    """Where the answer was cut, the last item says so."""
    made = events({"content": None, "tool_calls": [CALL]}, finish_reason="length")

    assert made[-1]["response"]["output"][-1]["status"] == "incomplete"


CITED = {
    "type": "url_citation",
    "url_citation": {"url": "u", "title": "t", "start_index": 1, "end_index": 3},
}


@pytest.mark.parametrize("sent", [0, 2, 5])
def test_citations(sent):
    """They are added before the text is done, wherever it was cut."""
    message = {"content": "hello", "annotations": [CITED]}
    made = events(message, *[{"content": each} for each in "hello"[:sent]])
    kinds_of = [event["type"] for event in made]
    added = kinds_of.index("response.output_text.annotation.added")

    assert added < kinds_of.index("response.output_text.done")
    assert made[added]["annotation"] == {"type": "url_citation", **CITED["url_citation"]}


def test_citations_of_a_text_in_two():
    """Their places are those in the item that they are of."""
    stream = ResponseEvents(SHELL)
    news = [{"content": "h"}, {"reasoning_content": "m"}]
    made = [event for delta in news for event in stream.news(delta)]
    made += stream.rest(
        completion({"content": "hello", "reasoning_content": "m", "annotations": [CITED]})
    )
    [citation] = made[-1]["response"]["output"][-1]["content"][0]["annotations"]

    assert (citation["start_index"], citation["end_index"]) == (0, 2)


def test_logprobs():
    """Each delta has its tokens' entries, and the text all of them."""
    tokens = [{"token": each, "logprob": -0.1, "bytes": None} for each in ("Hel", "lo", "!")]
    stream = ResponseEvents(SHELL)
    made = [*stream.news({"content": "Hel"}, tokens[:1])]
    whole = completion({"content": "Hello!"})
    whole["choices"][0]["logprobs"] = {"content": tokens}
    made += stream.rest(whole)
    deltas = [event for event in made if event["type"] == "response.output_text.delta"]

    for event in made:
        EVENT.validate_python(event)
    assert [event["logprobs"][0]["token"] for event in deltas] == ["Hel", "lo", "!"]
    assert made[-1]["response"] == response.finished_response(SHELL, whole)


SEALING = replace(SHELL, request={"include": ["reasoning.encrypted_content"]})


@pytest.mark.parametrize(
    "news", [(), ({"content": "H"},), ({"reasoning_content": "h"},), ({"reasoning_content": "hm"},)]
)
def test_encrypted_reasoning(news):
    """What only the upstream can read is an item, or part of one, where it is asked for."""
    stream = ResponseEvents(SEALING)
    made = [event for delta in news for event in stream.news(delta)]
    details = [{"type": "reasoning.encrypted", "data": "x"}]
    message = {"content": "Hi", "reasoning_content": "hm", "reasoning_details": details}
    made += stream.rest(completion(message))
    output = made[-1]["response"]["output"]
    found = [item["encrypted_content"] for item in output if "encrypted_content" in item]

    sealed = {"reasoning_content": "hm", "reasoning_details": details}
    assert [opened(each) for each in found] == [sealed]
    texts = [item["content"][0]["text"] for item in output if item["content"]]
    assert "".join(texts) in ("hmHi", "HhmI", "Hhmi")


def test_replay():
    """A response that is over is told again, event by event, as it is."""
    message = {"content": "I look.", "reasoning_content": "hm", "tool_calls": [CALL]}
    whole = response.finished_response(SHELL, completion(message, "tool_calls"))
    made = [*replayed_events(whole)]

    for event in made:
        EVENT.validate_python(event)
    assert [event["sequence_number"] for event in made] == list(range(len(made)))
    assert (made[0]["response"]["status"], made[0]["response"]["output"]) == ("in_progress", [])
    assert made[-1]["type"] == "response.completed"
    assert made[-1]["response"] == whole
    assert [*replayed_events(whole, 3)] == made[4:]


@pytest.mark.parametrize("given", [0, 3, 9])
def test_the_input_of_a_custom_tool_comes_as_it_is_written(given):
    """Its item is begun with the first piece, behind the text; what came is not said again."""
    text = "*** patch" + "+" * 60
    shell = replace(SHELL, tools=read_tool_table({"tools": [{"type": "custom", "name": "patch"}]}))
    call = {"id": "c", "type": "custom", "custom": {"name": "patch", "input": text}}
    whole = completion({"content": "So:", "tool_calls": [call]}, "tool_calls")
    stream = ResponseEvents(shell)
    made = [*stream.news({"content": "So:"})]
    made += stream.news({}, call=CallPiece("c", "patch", text[:given]))
    made += stream.rest(whole)
    for event in made:
        EVENT.validate_python(event)
    pieces = [each["delta"] for each in made if each["type"].endswith("call_input.delta")]
    (done,) = [each for each in made if each["type"].endswith("call_input.done")]

    assert "".join(pieces) == done["input"] == text
    assert kinds(made)[-4:] == [
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
        "completed",
    ]
    assert [item["type"] for item in made[-1]["response"]["output"]] == [
        "message",
        "custom_tool_call",
    ]
