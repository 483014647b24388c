"""A reply as a value: the head, the parts of the body, and what happens between them.

So a fault is a function from one reply to another, and exchange.py alone does what they say.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

Headers = tuple[tuple[bytes, bytes], ...]

JSON: Headers = ((b"content-type", b"application/json"),)
EVENTS: Headers = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
)


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is sent for a while."""

    seconds: float | None
    """How long; None: until the client goes away."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection is reset."""


Part = bytes | Pause | Cut


@dataclass(frozen=True, slots=True)
class DemoReply:
    """A status, headers, and the parts of the body in order."""

    status: int
    headers: Headers
    parts: Iterable[Part]
    before_head: tuple[Pause | Cut, ...] = ()
    """What happens before the head is sent."""
    is_streamed: bool = False
    """Whether it is an event stream, whose parts are events."""


def reply_with_body(status: int, body: bytes, headers: Headers = JSON) -> DemoReply:
    """Return a reply with this body, and with its length in a header."""
    return DemoReply(status, (*headers, (b"content-length", b"%d" % len(body))), (body,))


def json_reply(value: Any, status: int = 200, headers: Headers = ()) -> DemoReply:
    """Return a reply whose body is `value` as JSON."""
    return reply_with_body(status, orjson.dumps(value), JSON + headers)


def openai_error(
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    param: str | None = None,
    code: str | None = None,
    headers: Headers = (),
) -> DemoReply:
    """Return an error in OpenAI's shape, where all four keys are always there."""
    error = {"message": message, "type": kind, "param": param, "code": code}
    return json_reply({"error": error}, status, headers)


def groq_error(message: str, **more: Any) -> DemoReply:
    """Return an error in Groq's shape: keys without a value are left out, a newline ends it."""
    error = {"message": message, "type": "invalid_request_error", **more}
    return reply_with_body(400, orjson.dumps({"error": error}, option=orjson.OPT_APPEND_NEWLINE))
