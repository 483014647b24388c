"""Asks and replies of a conversation, in the upstream's own Responses API."""

from strictgate.core.schema import root_wrapper
from strictgate.core.surfaces.responses import native_upstream, response
from strictgate.core.surfaces.responses.events import ResponseEvents
from strictgate.core.surfaces.responses.native_upstream import NativeResponsesAdapter
from strictgate.core.surfaces.responses.tools import read_tool_table
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


SPACED = {"type": "namespace", "name": "crm", "tools": [{"type": "function", "name": "f"}]}
CUSTOM = {"type": "custom_tool_call", "id": "ctc", "call_id": "c2", "name": "p", "input": "x"}


def test_namespaces():
    """A call is known by the function's name here, and goes back by both of its names."""
    wire = NativeResponsesAdapter(REQUEST, 0, read_tool_table({"tools": [SPACED]}))
    call = CALL | {"namespace": "crm"}
    message = wire.received(RESPONSE | {"output": [call]})["choices"][0]["message"]

    assert message["tool_calls"][0]["function"]["name"] == "crm__f"
    sent = wire.sent({"model": "m", "messages": [message]})["input"][-1]
    assert (sent["namespace"], sent["name"]) == ("crm", "f")


def test_calls_of_other_kinds():
    """They count as calls, so that a document is not missed, and come through as they are."""
    completion = NativeResponsesAdapter(REQUEST, 1).received(RESPONSE | {"output": [CUSTOM]})
    [choice] = completion["choices"]

    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"][0]["custom"] == {"name": "p", "input": "x"}
    assert response.finished_response(SHELL, completion)["output"] == [CUSTOM]


def test_several_messages():
    """A text in two messages stays in two, unless it was mended: then it is in the first."""
    parts = [{"type": "output_text", "text": "'b'}", "annotations": []}]
    other = MESSAGE | {"id": "msg_2", "content": parts}
    first = MESSAGE | {"content": [MESSAGE["content"][0] | {"text": "{'a': "}]}
    completion = NativeResponsesAdapter(REQUEST, 1).received(RESPONSE | {"output": [first, other]})
    as_it_was = response.finished_response(SHELL, completion)["output"]
    completion["choices"][0]["message"]["content"] = '{"a": "b"}'
    [mended] = response.finished_response(SHELL, completion)["output"]

    assert as_it_was == [first, other]
    assert (mended["id"], mended["content"][0]["text"]) == ("msg_1", '{"a": "b"}')


def test_failed_without_words():
    """A failure is one, whatever it says."""
    wire = NativeResponsesAdapter(REQUEST, 1)

    assert wire.received(RESPONSE | {"status": "failed", "error": None})["error"]["message"]


def test_a_schema_in_the_host_s_dialect():
    """It takes the place of the caller's own; what is only wrapped, or undeclared, does not."""
    own = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "array"}
    given = {"type": "json_schema", "name": "x", "schema": own}
    adapter = NativeResponsesAdapter(REQUEST | {"text": {"format": given, "verbosity": "low"}}, 1)

    def sent(schema):
        inner = {"name": "x", "schema": schema, "strict": True}
        chat = {
            "model": "m",
            "messages": [],
            "response_format": {"type": "json_schema", "json_schema": inner},
        }
        return adapter.sent(chat)["text"]

    compiled = {"type": "object", "properties": {}}
    assert sent(compiled) == {
        "format": given | {"schema": compiled, "strict": True},
        "verbosity": "low",
    }
    for same in (own, {"type": "array"}, root_wrapper.wrap_root({"type": "array"})):
        assert sent(same)["format"] == given
