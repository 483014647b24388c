"""A tiny ASGI client: one request in, what was sent out. No sockets, no server."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

THREAD_SCHEMA = {
    "type": "object",
    "properties": {"choice": {"type": "string", "enum": ["angry"]}},
    "required": ["choice"],
    "additionalProperties": False,
}
REVIEW_SCHEMA = {
    "type": "object",
    "properties": {
        "product_name": {"type": "string"},
        "rating": {"type": "number"},
        "sentiment": {"type": "string", "enum": ["positive", "negative", "neutral"]},
        "key_features": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["product_name", "rating", "sentiment", "key_features"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Answer:
    """What an application sent."""

    status: int
    headers: dict[str, str]
    chunks: list[bytes]

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The `data:` of a stream; `[DONE]` as it stands."""
        frames = self.body.decode().replace("\r\n", "\n").split("\n\n")
        data = [frame.partition("data: ")[2] for frame in frames if frame]
        return [each if each == "[DONE]" else json.loads(each) for each in data]


def call(app: Any, method: str, path: str, body: Any = None) -> Answer:
    """Send one request; `body` as JSON unless it is bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body else b""
    path, _, query = path.partition("?")
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode()}
    return asyncio.run(_call(app, scope | {"headers": [(b"x-test", b"1")]}, raw))


async def _call(app: Any, scope: dict[str, Any], raw: bytes) -> Answer:
    sent: list[dict[str, Any]] = []
    arriving = [{"type": "http.request", "body": raw, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not arriving:
            await asyncio.Event().wait()  # this client never leaves
        return arriving.pop()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    headers = {name.decode(): text.decode() for name, text in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, [each["body"] for each in sent[1:]])


def chat_body(model: str, schema: Any = None, **more: Any) -> dict[str, Any]:
    """Return the body of a chat request, with `schema` as its native format."""
    body = {"model": f"demo/{model}", "messages": [{"role": "user", "content": "Well, JSON?"}]}
    if schema is not None:
        native = {"name": "answer", "strict": True, "schema": schema}
        body["response_format"] = {"type": "json_schema", "json_schema": native}
    return body | more
