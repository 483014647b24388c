"""Answers as values."""

import orjson
import pytest

from strictgate.demo.reply import (
    JSON,
    DemoReply,
    groq_error,
    json_reply,
    openai_error,
    reply_with_body,
)


@pytest.mark.parametrize(
    "reply", [reply_with_body(200, b"x"), json_reply([1]), openai_error(400, "m"), groq_error("m")]
)
def test_a_body_has_its_length(reply: DemoReply):
    """In a header beside its type."""
    (body,) = reply.parts
    assert isinstance(body, bytes)
    assert (b"content-length", b"%d" % len(body)) in reply.headers
    assert JSON[0] in reply.headers


def test_errors_have_the_shapes_of_their_hosts():
    """OpenAI's has all four keys; Groq's has no empty ones, and ends in a newline."""
    (openai,) = openai_error(404, "m", code="c", headers=((b"retry-after", b"3"),)).parts
    (groqs,) = groq_error("m", failed_generation="f").parts
    assert orjson.loads(openai) == {
        "error": {"message": "m", "type": "invalid_request_error", "param": None, "code": "c"}
    }
    assert groqs.endswith(b'"failed_generation":"f"}}\n')
    assert b"null" not in groqs
