"""The demonstration upstream: a small OpenAI-compatible server whose models behave as named.

It is for trying the gateway without a key, for the tests, and for the benchmarks. It is a fake and
no more: with records (`GET /_requests`), it shows every request with its headers, API keys
included, to anyone who asks. So it must not face users then.

It is a raw ASGI application, because a framework would cost time in the benchmarks and would stand
between the faults and the connection. This module finds the reply to a request; exchange.py sends
it.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import orjson

from strictgate.demo import endpoints
from strictgate.demo.chat import chat
from strictgate.demo.endpoints import Endpoint, HttpRequest
from strictgate.demo.exchange import ExchangeRecord, Receive, Scope, Send, deliver
from strictgate.demo.reply import DemoReply, json_reply, openai_error

App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_RECORDS = 100
_CHAT = "/v1/chat/completions"
_BETA = "/beta/chat/completions"
_ROUTES: dict[tuple[str, str], Endpoint] = {
    ("POST", _CHAT): lambda request: chat(request.body),
    ("POST", _BETA): lambda request: chat(request.body, is_beta=True),
    ("GET", "/v1/models"): endpoints.list_models,
    ("POST", "/v1/embeddings"): endpoints.embed,
    ("POST", "/v1/audio/transcriptions"): endpoints.transcribe,
}
_PATHS = {path for _, path in _ROUTES}


def create_demo(*, record: bool = True) -> App:
    """Return the application.

    Args:
        record: whether it keeps the last requests, and shows them under `/_requests`.
    """
    records: deque[ExchangeRecord] | None = deque(maxlen=MAX_RECORDS) if record else None

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await _read_body(receive)
        if body is None:
            return
        path, kept = scope["path"], None
        if records is not None:
            if path == "/_requests":
                await deliver(_show_records(records, scope["method"]), receive, send)
                return
            if path in (_CHAT, _BETA):
                query = scope["query_string"].decode("latin-1")
                kept = ExchangeRecord(path, dict(_headers(scope)), _json_or_text(body), query=query)
                records.append(kept)
        await deliver(_reply(scope, body), receive, send, kept)

    return app


def _reply(scope: Scope, body: bytes) -> DemoReply:
    method, path = scope["method"], scope["path"]
    if path == _CHAT and method == "POST":
        return chat(body)
    endpoint = _ROUTES.get((method, path))
    if endpoint is None and method == "GET" and path.startswith("/v1/models/"):
        endpoint = endpoints.show_model
    if endpoint is None and (path == "/v1/echo" or path.startswith("/v1/echo/")):
        endpoint = endpoints.echo
    if endpoint is not None:
        query = scope.get("query_string", b"").decode("latin-1")
        return endpoint(HttpRequest(method, path, query, _headers(scope), body))
    if path in _PATHS:
        message = f"Not allowed to {method} on {path}."
        return openai_error(405, message, code="method_not_allowed")
    return openai_error(404, f"Invalid URL ({method} {path})")


def _show_records(records: deque[ExchangeRecord], method: str) -> DemoReply:
    """Return the records; with DELETE, remove them first."""
    if method == "DELETE":
        records.clear()
    return json_reply([asdict(each) for each in records])


def _headers(scope: Scope) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), text.decode("latin-1")) for name, text in scope["headers"]]


def _json_or_text(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw.decode(errors="replace")


async def _read_body(receive: Receive) -> bytes | None:
    """Return the body; None if the client left before its end."""
    message = await receive()
    if not message.get("more_body"):  # nearly always
        return message.get("body", b"") if message["type"] == "http.request" else None
    chunks = [message["body"]]
    while message.get("more_body"):
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunks.append(message.get("body", b""))
    return b"".join(chunks)
