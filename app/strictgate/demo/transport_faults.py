"""What goes wrong on the way to the client: functions from a reply to a reply.

A reply that seems endless ends by itself after LIMIT bytes.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain, islice, repeat, takewhile
from typing import Any

import orjson

from strictgate.demo.render import DONE
from strictgate.demo.reply import Cut, DemoReply, Headers, Part, Pause

TransportFault = Callable[[DemoReply], DemoReply]

LIMIT = 200 * 1000 * 1000
_CHUNK = 1 << 16
_MAX_PARTS = 100_000
"""Parts of an endless reply that a fault looks at."""
_TRICKLE = 0.005  # seconds
_CONTENT = b'"content":"'
_FINISH = b'"finish_reason":"'


def slow(reply: DemoReply) -> DemoReply:
    """Wait 0.2 seconds first."""
    return replace(reply, before_head=(*reply.before_head, Pause(0.2)))


def stalls(reply: DemoReply) -> DemoReply:
    """Send nothing until the client goes away."""
    return replace(reply, before_head=(*reply.before_head, Pause(None)))


def stalls_midway(reply: DemoReply) -> DemoReply:
    """Stop sending after the first text of a stream, or after half of a body."""
    if reply.is_streamed:
        return replace(reply, parts=[*islice(reply.parts, 2), Pause(None)])
    return replace(reply, parts=[*_half(reply), Pause(None)])


def drops(reply: DemoReply) -> DemoReply:
    """Reset the connection after half of the reply."""
    return replace(reply, parts=[*_half(reply), Cut()])


def drops_early(reply: DemoReply) -> DemoReply:
    """Reset the connection before the head is sent."""
    return replace(reply, before_head=(*reply.before_head, Cut()))


def _half(reply: DemoReply) -> list[Part]:
    parts = _listed(reply.parts)
    if len(parts) == 1 and isinstance(parts[0], bytes):
        return [parts[0][: len(parts[0]) // 2]]
    return parts[: len(parts) // 2]


def _listed(parts: Iterable[Part]) -> list[Part]:
    """Return the parts as a list; of an endless reply, the first ones."""
    return list(islice(parts, _MAX_PARTS))


def endless(reply: DemoReply) -> DemoReply:
    """Send text without end."""
    return _without_end(reply, "x")


def whitespace(reply: DemoReply) -> DemoReply:
    """Send blanks without end."""
    return _without_end(reply, " ")


def _without_end(reply: DemoReply, filler: str) -> DemoReply:
    """Begin the document, then repeat `filler`."""
    if reply.is_streamed:
        first = list(islice(reply.parts, 2))
        again = _with_content(first[-1], filler * 8)
        return replace(reply, parts=chain(first, _up_to_limit(again)))
    body = b"".join(part for part in islice(reply.parts, 1) if isinstance(part, bytes))
    start = body.find(_CONTENT) + len(_CONTENT) + 1 if _CONTENT in body else len(body) // 2
    parts = chain([body[:start]], _up_to_limit(filler.encode() * _CHUNK))
    return replace(reply, headers=_without_length(reply.headers), parts=parts)


def _up_to_limit(chunk: bytes) -> Iterable[bytes]:
    return repeat(chunk, LIMIT // len(chunk))


def _without_length(headers: Headers) -> Headers:
    return tuple(header for header in headers if header[0] != b"content-length")


def _with_content(event: Part, text: str) -> bytes:
    """Return a chunk of a completion with other content; any other event stays as it is."""
    if not isinstance(event, bytes) or not event.startswith(b"data: {"):
        return event if isinstance(event, bytes) else DONE
    chunk: dict[str, Any] = orjson.loads(event.removeprefix(b"data: "))
    for choice in chunk.get("choices", ()):
        choice["delta"] = {"content": text}
    return b"data: %b\n\n" % orjson.dumps(chunk)


# --- streams -----------------------------------------------------------------------------------

_ERROR = {
    "message": "Failed to validate JSON. Please adjust your prompt. See 'failed_generation' for "
    "more details.",
    "type": "invalid_request_error",
    "code": "json_validate_failed",
    "failed_generation": "",
    "status_code": 400,
}


def _of_streams(change: Callable[[Iterable[Part]], Iterable[Part]]) -> TransportFault:
    """Return a fault that changes the events of a stream, and no other reply."""
    return lambda reply: replace(reply, parts=change(reply.parts)) if reply.is_streamed else reply


def _first_half(parts: Iterable[Part]) -> list[Part]:
    listed = _listed(parts)
    return listed[: len(listed) // 2]


def _with_error(parts: Iterable[Part]) -> list[Part]:
    """Break the stream as Groq does: with an event called `error`, and without [DONE]."""
    error = orjson.dumps({"error": _ERROR})
    return [*_first_half(parts), b"event: error\ndata: %b\n\n" % error]


def _with_inline_error(parts: Iterable[Part]) -> list[Part]:
    """Break the stream as OpenRouter does: with an error beside the choices, and [DONE]."""
    error = {"code": 502, "message": "Provider disconnected"}
    chunk = {"object": "chat.completion.chunk", "choices": [], "error": error}
    return [*_first_half(parts), b"data: %b\n\n" % orjson.dumps(chunk), DONE]


def _before_finish(parts: Iterable[Part]) -> Iterable[Part]:
    return takewhile(lambda part: not (isinstance(part, bytes) and _FINISH in part), parts)


def _with_crlf(parts: Iterable[Part]) -> Iterable[Part]:
    for part in parts:
        yield part.replace(b"\n", b"\r\n") if isinstance(part, bytes) else part


def _bytewise(parts: Iterable[Part]) -> Iterable[Part]:
    for part in parts:
        if isinstance(part, bytes):
            yield from (part[index : index + 1] for index in range(len(part)))
        else:
            yield part


def _with_pauses(parts: Iterable[Part]) -> Iterable[Part]:
    for part in parts:
        yield part
        yield Pause(_TRICKLE)


trickles = _of_streams(_with_pauses)
stream_error = _of_streams(_with_error)
stream_error_inline = _of_streams(_with_inline_error)
no_done = _of_streams(lambda parts: (part for part in parts if part != DONE))
no_end = _of_streams(_before_finish)
crlf = _of_streams(_with_crlf)
split = _of_streams(_bytewise)
