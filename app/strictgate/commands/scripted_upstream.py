"""An upstream that says what it was told to, in order: over real HTTP, on a port of its own."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any

from strictgate.core.jsontext.reader import write_json
from strictgate.core.value_type import value_type

_MAX_HEAD = 64 << 10  # bytes
_PIECE = 24  # characters of a delta, where the tokens are not known


@value_type
class ScriptedAnswer:
    """What is said to one request."""

    status: int | None
    """None: nothing, the connection is cut."""
    body: Any
    """A JSON value, or a text; of a stream the completion that its chunks add up to."""
    is_stream: bool = False


class ScriptedUpstream:
    """Use it as an async context manager; `url` is its API's root then."""

    url: str

    def __init__(self, answers: Sequence[ScriptedAnswer]) -> None:
        self._answers = iter(answers)
        self._server: asyncio.Server

    async def __aenter__(self) -> "ScriptedUpstream":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_MAX_HEAD)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request; each has a connection of its own."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await _read_request(reader)
            answer = next(self._answers, None)
            if answer is None:
                answer = ScriptedAnswer(500, {"error": {"message": "There are no more answers."}})
            if answer.status is not None:
                writer.write(_head(answer))
                for piece in _pieces(answer):
                    writer.write(piece)
                    await writer.drain()
                if answer.is_stream and not _is_whole(answer.body):
                    await reader.read()  # it was stopped there: whoever asks will stop it again
        writer.close()


async def _read_request(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            await reader.readexactly(int(value))


def _head(answer: ScriptedAnswer) -> bytes:
    kind = "text/event-stream" if answer.is_stream else "application/json"
    lines = (f"HTTP/1.1 {answer.status} -", f"content-type: {kind}", "connection: close", "", "")
    return "\r\n".join(lines).encode()


def _pieces(answer: ScriptedAnswer) -> Iterator[bytes]:
    if not answer.is_stream:
        yield (answer.body if isinstance(answer.body, str) else write_json(answer.body)).encode()
        return
    for chunk in _chunks(answer.body):
        yield f"data: {write_json(chunk)}\n\n".encode()
    if _is_whole(answer.body):
        yield b"data: [DONE]\n\n"


def _is_whole(completion: Any) -> bool:
    """Whether every choice has ended by itself."""
    return all(each.get("finish_reason") for each in completion["choices"])


def _chunks(completion: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the chunks that add up to a completion."""
    about = {name: completion.get(name) for name in ("id", "created", "model")}
    head = {**about, "object": "chat.completion.chunk"}
    for choice in completion["choices"]:
        for delta, entries in _deltas(choice):
            told = {"index": choice.get("index", 0), "delta": delta, "finish_reason": None}
            yield head | {"choices": [told | ({"logprobs": entries} if entries else {})]}
        if choice.get("finish_reason"):
            end = {"index": choice.get("index", 0), "delta": {}}
            yield head | {"choices": [end | {"finish_reason": choice["finish_reason"]}]}
    if completion.get("usage"):
        yield head | {"choices": [], "usage": completion["usage"]}


def _deltas(choice: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield the deltas of a choice, by its tokens where they are known."""
    message = dict(choice.get("message") or {})
    content, calls = message.pop("content", None), message.pop("tool_calls", None)
    yield message, None
    if isinstance(content, str):
        entries = ((choice.get("logprobs") or {}).get("content")) or []
        tokens = [str(each.get("token")) for each in entries]
        if tokens and "".join(tokens) == content:
            for token, entry in zip(tokens, entries, strict=True):
                yield {"content": token}, {"content": [entry]}
        else:
            for at in range(0, len(content), _PIECE):
                yield {"content": content[at : at + _PIECE]}, None
    elif content is not None:
        yield {"content": content}, None
    for index, call in enumerate(calls or ()):
        yield {"tool_calls": [{"index": index, **call}]}, None
