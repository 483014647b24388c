"""Asks and replies of a conversation, in the upstream's own Responses API."""

from strictgate.core.surfaces.responses import native_upstream, response
from strictgate.core.surfaces.responses.events import ResponseEvents
from strictgate.core.surfaces.responses.native_upstream import NativeResponsesAdapter
from strictgate.core.wire.reply import parse_reply
from tests.core.surfaces.responses.test_response import SHELL

REQUEST = {"model": "m", "input": "hi", "tools": [{"type": "web_search"}], "stream": True}
MESSAGE = {
    "type": "message",
    "id": "msg_1",
    "status": "completed",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "{'a': 1}", "annotations": [{"type": "x"}]}],
}
SEARCH = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"}
RESPONSE = {
    "id": "resp_theirs",
    "object": "response",
    "created_at": 5,
    "model": "m-1",
    "status": "completed",
    "output": [SEARCH, MESSAGE, CALL],
    "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
}


def test_sent_as_it_was():
    """The caller's own request goes on, hosted tools included, under the upstream's model."""
    sent = NativeResponsesAdapter(REQUEST, 1).sent(
        {"model": "theirs", "messages": [{"role": "user"}]}
    )

    assert sent == {"model": "theirs", "input": "hi", "tools": REQUEST["tools"]}


def test_feedback_as_items():
    """What the conversation adds follows as items."""
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    added = [
        {"role": "assistant", "content": "bad"},
        {"role": "user", "content": "again"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "Error"},
    ]
    sent = NativeResponsesAdapter(REQUEST, 1).sent(
        {"model": "m", "messages": [{"role": "user"}, *added]}
    )

    assert sent["input"] == [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "bad"},
        {"role": "user", "content": "again"},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "Error"},
    ]


def test_received():
    """A response is a completion to be judged."""
    read = parse_reply(NativeResponsesAdapter(REQUEST, 1).received(RESPONSE))
    (choice,) = read.choices

    assert (choice.text, choice.arguments, len(choice.calls)) == ("{'a': 1}", "{}", 1)
    assert choice.finish_reason == "tool_calls"
    assert read.usage["completion_tokens"] == 2


def test_received_otherwise():
    """Cut, refused and failed answers are what they are; what is no response is left alone."""
    wire = NativeResponsesAdapter(REQUEST, 1)
    cut = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    refusal = MESSAGE | {"content": [{"type": "refusal", "refusal": "no"}]}
    failed = {"status": "failed", "error": {"message": "m"}}

    assert wire.received(RESPONSE | cut)["choices"][0]["finish_reason"] == "length"
    refused = wire.received(RESPONSE | {"output": [refusal]})["choices"][0]["message"]
    assert (refused["content"], refused["refusal"]) == (None, "no")
    assert wire.received(RESPONSE | failed) == {"error": {"message": "m"}}
    assert wire.received({"x": 1}) == {"x": 1}


def test_kept():
    """Items of hosted tools come through; texts and arguments are as judged."""
    completion = NativeResponsesAdapter(REQUEST, 1).received(RESPONSE)
    completion["choices"][0]["message"]["content"] = '{"a": 1}'
    output = response.finished_response(SHELL, completion)["output"]

    assert [item["type"] for item in output] == ["web_search_call", "message", "function_call"]
    assert output[1]["content"][0]["text"] == '{"a": 1}'
    assert (output[1]["id"], output[2]["id"]) == ("msg_1", "fc_1")


def test_unchanged_text_keeps_its_annotations():
    """What was not mended stays as the upstream gave it."""
    completion = NativeResponsesAdapter(REQUEST, 1).received(RESPONSE)

    assert response.finished_response(SHELL, completion)["output"][1] == MESSAGE
    assert native_upstream.kept([SEARCH], []) == [SEARCH]


def test_events():
    """A stream of it has every item, and ends with the whole."""
    completion = NativeResponsesAdapter(REQUEST, 1).received(RESPONSE)
    made = list(ResponseEvents(SHELL).rest(completion))
    kinds = [event["type"].removeprefix("response.") for event in made]

    assert kinds[:2] == ["created", "in_progress"]
    assert kinds.count("output_item.done") == 3
    assert made[-1]["response"]["output"] == response.finished_response(SHELL, completion)["output"]
    assert [event["sequence_number"] for event in made] == list(range(len(made)))
