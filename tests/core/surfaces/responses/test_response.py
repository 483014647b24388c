"""A chat completion, as a response."""

from openai.types.responses import Response

from strictgate.core.surfaces.responses.response import (
    ResponseEnvelope,
    failed_response,
    finished_response,
)
from strictgate.core.surfaces.responses.response import usage as usage_of

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
