"""A chat completion, as a response."""

from dataclasses import replace

import pytest
from openai.types.responses import Response

from strictgate.core.surfaces.responses.response import (
    ResponseEnvelope,
    failed_response,
    finished_response,
)
from strictgate.core.surfaces.responses.response import usage as usage_of
from strictgate.core.surfaces.responses.tools import read_tool_table

SHELL = ResponseEnvelope(
    "resp_1", 1, {"model": "m", "input": "hi", "instructions": "Be brief."}, "m"
)
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def completion(message, finish_reason="stop", **more):
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return {"id": "x", "object": "chat.completion", "model": "m", "choices": [choice], **more}


def response(message, finish_reason="stop", **more):
    made = finished_response(SHELL, completion(message, finish_reason, **more))
    return made, Response.model_validate(made, strict=False)


def test_text():
    """Text is a message; the request is repeated, and unknown fields stay."""
    usage = {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
    made, read = response({"content": "hello"}, usage=usage, x_strictgate={"mode": "native"})

    assert read.output_text == "hello"
    assert (read.status, read.instructions, read.usage.total_tokens) == (
        "completed",
        "Be brief.",
        5,
    )
    assert made["x_strictgate"] == {"mode": "native"}
    assert "system_fingerprint" not in made


@pytest.mark.parametrize("odd", [[], ["reasoning_tokens"], "x", 1, True, {"reasoning_tokens": []}])
def test_odd_usage(odd):
    """What is no number counts as none."""
    told = usage_of({"prompt_tokens": odd, "completion_tokens_details": odd})
    assert told is not None
    assert told["output_tokens_details"] == {"reasoning_tokens": 0}


def test_usage_details():
    """Details of the usage have other names here."""
    usage = {
        "prompt_tokens": 2,
        "completion_tokens": 3,
        "total_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 1},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }

    assert usage_of(usage) == {
        "input_tokens": 2,
        "input_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 0},
        "output_tokens": 3,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 5,
    }
    assert usage_of(None) is None


def test_calls_and_thoughts():
    """Thinking, text and calls are items, in that order."""
    message = {"content": "I look.", "reasoning_content": "hm", "tool_calls": [CALL, CALL]}
    _, read = response(message, "tool_calls")

    kinds = [item.type for item in read.output]
    assert kinds == ["reasoning", "message", "function_call", "function_call"]
    assert (read.output[2].call_id, read.output[2].name) == ("c1", "f")
    assert len({item.id for item in read.output}) == 4


def test_no_text_beside_calls():
    """An empty text beside a call is none; alone it is an empty message."""
    assert [item.type for item in response({"content": "", "tool_calls": [CALL]})[1].output] == [
        "function_call"
    ]
    assert response({"content": ""})[1].output_text == ""


def test_refusal():
    """A refusal is a part of its own."""
    _, read = response({"content": None, "refusal": "no"})

    assert read.output[0].content[0].refusal == "no"


def test_incomplete():
    """A cut answer is incomplete, and says why."""
    _, read = response({"content": "hel"}, "length")

    assert (read.status, read.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert read.output[0].status == "incomplete"
    assert response({"content": ""}, "content_filter")[1].incomplete_details.reason == (
        "content_filter"
    )


def test_failed():
    """A failure keeps the error's own fields."""
    error = {"message": "m", "code": "json_validate_failed", "failed_generation": "{"}
    made = failed_response(SHELL, error)

    assert made["status"] == "failed"
    assert made["error"]["failed_generation"] == "{"
    assert failed_response(SHELL, {"message": "m", "code": None})["error"]["code"] == "server_error"


TOOLS = [
    {"type": "custom", "name": "patch"},
    {"type": "shell"},
    {"type": "namespace", "name": "crm", "tools": [{"type": "function", "name": "find"}]},
]


def called(name, arguments):
    """The item of a call of the function that stands for a tool."""
    shell = replace(SHELL, tools=read_tool_table({"tools": TOOLS}))
    function = {"name": name, "arguments": arguments}
    call = {"id": "c", "type": "function", "function": function}
    made = finished_response(shell, completion({"content": None, "tool_calls": [call]}))
    Response.model_validate(made, strict=False)
    return made["output"][0]


def test_custom_calls():
    """The input is the string's own, byte for byte."""
    made = called("patch", '{ "input": "*** \\"\\u00fc\\n" }')

    assert (made["type"], made["name"], made["call_id"]) == ("custom_tool_call", "patch", "c")
    assert made["input"] == '*** "\u00fc\n'
    assert made["id"].startswith("ctc_")
    assert called("patch", "*** no JSON")["input"] == "*** no JSON"


def test_namespaces():
    """A call has the tool's own name, and its namespace."""
    made = called("crm__find", "{}")

    assert (made["type"], made["namespace"], made["name"]) == ("function_call", "crm", "find")
    assert made["arguments"] == "{}"


def test_shells():
    """A call of a tool of this API is of that tool's kind."""
    made = called("shell", '{"commands":["ls"],"timeout_ms":null,"max_output_length":null}')

    assert (made["type"], made["action"]["commands"]) == ("shell_call", ["ls"])


STRICT = {"type": "object", "properties": {}, "additionalProperties": False}


@pytest.mark.parametrize(
    ("tool", "strict"),
    [
        ({"strict": True}, True),
        ({"strict": False, "parameters": STRICT}, False),
        ({"parameters": STRICT}, True),
        ({"parameters": {"type": "object"}}, False),
        ({"parameters": None}, False),
        ({}, False),
    ],
    ids=str,
)
def test_echoed_tools(tool, strict):
    """Every function says whether it is strict, in namespaces as well."""
    function = {"type": "function", "name": "f", **tool}
    space = {"type": "namespace", "name": "n", "tools": [function]}
    made = replace(SHELL, request={"tools": [function, space, {"type": "mcp"}]}).response("x")

    assert made["tools"][0] == function | {"strict": strict}
    assert made["tools"][1]["tools"][0]["strict"] is strict
    assert made["tools"][2] == {"type": "mcp"}


def test_left_out():
    """What of the request was left out is told, beside what else was."""
    shell = replace(SHELL, dropped=("tools[0] (web_search)",))
    told = {"mode": "native", "dropped": ["user"]}
    made = finished_response(shell, completion({"content": "x"}, x_strictgate=told))

    assert made["x_strictgate"]["dropped"] == ["user", "tools[0] (web_search)"]
    assert "x_strictgate" not in finished_response(shell, completion({"content": "x"}))


def test_citations():
    """They are flat here."""
    inner = {"url": "u", "title": "t", "start_index": 0, "end_index": 3}
    message = {"content": "See", "annotations": [{"type": "url_citation", "url_citation": inner}]}
    made, read = response(message)

    assert made["output"][0]["content"][0]["annotations"] == [{"type": "url_citation", **inner}]
    assert read.output[0].content[0].annotations[0].url == "u"


@pytest.mark.parametrize(
    ("more", "cached"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 3}}, 3),
        ({"prompt_cache_hit_tokens": 3}, 3),
        ({"cached_tokens": 3}, 3),
        ({"prompt_tokens_details": None, "completion_tokens_details": [1]}, 0),
        ({"prompt_tokens_details": {"cached_tokens": "3"}, "prompt_tokens": None}, 0),
    ],
    ids=str,
)
def test_cached_tokens(more, cached):
    """Hosts say in different places what came from the cache; what is odd counts nothing."""
    assert usage_of({"prompt_tokens": 5, **more})["input_tokens_details"]["cached_tokens"] == cached
