"""What a healthy host says, as values and as bytes; the kinds of faults are made from it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

PIECE = 9
"""Characters of text in one event of a stream, or more in one that would have over `MOST` events:
the upstream shares its process with the clients."""
MOST = 500


class Act(Enum):
    """What the upstream does beside sending."""

    RESET = auto()
    """Cuts the connection with a TCP reset."""
    CLOSE = auto()
    """Closes it in order."""
    STALL = auto()
    """Sends nothing more, until the gateway goes."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A pause."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Unasked:
    """Bytes that are sent if no further request has arrived, as a proxy speaks to a connection that
    is idle. What crosses a request on the wire cannot be told from its answer, by anybody."""

    data: bytes


Step = bytes | Act | Wait | Unasked
Steps = Iterable[Step]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as the upstream sees it."""

    nonce: str
    text: str
    """The document that a healthy host would write; behind a prefix, the rest of it."""
    is_stream: bool
    place: float
    """Where in the answer a fault happens: 0 is the beginning, 1 the end."""
    key: str = ""
    """The one that came with it."""


def completion(text: str, **message: Any) -> dict[str, Any]:
    """Return a chat.completion with one choice."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, **message},
        "finish_reason": "stop",
    }
    return _base("chat.completion") | {"choices": [choice], "usage": USAGE}


USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


def _base(kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1_700_000_000, "model": "m"}


def chunk(finish_reason: str | None = None, **delta: Any) -> dict[str, Any]:
    """Return one chunk of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return _base("chat.completion.chunk") | {"choices": [choice]}


def chunks(text: str, finish_reason: str | None = "stop") -> list[dict[str, Any]]:
    """Return the chunks of a stream that says `text`."""
    size = max(PIECE, len(text) // MOST)
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    said = [chunk(content=piece) for piece in pieces]
    return [chunk(role="assistant", content=""), *said, chunk(finish_reason)]


def dumped(value: Any) -> bytes:
    """Return a value as JSON, in UTF-8."""
    return json.dumps(value, ensure_ascii=False).encode()


def event(value: Any) -> bytes:
    """Return one server-sent event."""
    return b"data: " + dumped(value) + b"\n\n"


DONE = b"data: [DONE]\n\n"


def events(text: str, finish_reason: str | None = "stop") -> list[bytes]:
    """Return the events of a stream that says `text`, without the last, `DONE`."""
    return [event(each) for each in chunks(text, finish_reason)]


def head(*lines: str, status: str = "200 OK", kind: str = "application/json") -> bytes:
    """Return a response's head; `lines` are more of its header fields."""
    fields = [f"HTTP/1.1 {status}", *([f"content-type: {kind}"] if kind else []), *lines]
    return "\r\n".join([*fields, "", ""]).encode("latin-1")


def sized(
    body: bytes, *lines: str, status: str = "200 OK", kind: str = "application/json"
) -> bytes:
    """Return a whole response with its Content-Length."""
    return head(f"content-length: {len(body)}", *lines, status=status, kind=kind) + body


def framed(piece: bytes) -> bytes:
    """Return one chunk of a body in chunked transfer coding."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


LAST_CHUNK = b"0\r\n\r\n"
EVENT_HEAD = head("transfer-encoding: chunked", kind="text/event-stream")


def streamed(pieces: Iterable[Step], *, is_ended: bool = True) -> Iterator[Step]:
    """Yield a stream of events; what is not bytes is done in its place."""
    yield EVENT_HEAD
    for piece in pieces:
        yield framed(piece) if isinstance(piece, bytes) else piece
    if is_ended:
        yield LAST_CHUNK


def said(asked: Asked, text: str, finish_reason: str | None = "stop") -> Iterator[Step]:
    """Yield an answer in which a model says `text`, as a stream where one was asked for."""
    if asked.is_stream:
        yield from streamed([*events(text, finish_reason), DONE])
        return
    body = completion(text)
    body["choices"][0]["finish_reason"] = finish_reason
    yield sized(dumped(body))


def healthy(asked: Asked) -> Iterator[Step]:
    """Yield what a healthy host answers."""
    return said(asked, asked.text)
