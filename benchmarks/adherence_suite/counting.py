"""Count at the upstream what it had to do: a reverse proxy that observes the requests.

Every strategy is asked through it. It changes nothing, cancels upstream what is cancelled
downstream, and knows of each request how many tokens came: the upstream's own number where it
tells one, else the pieces of the stream that held text, one for each token. A stream that was
cancelled counts with what had come by then.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

_SETTLING = 60.0  # seconds that the upstream gets to notice a cancelled request
_FORWARDED = ("Content-Type", "Authorization")
_BODY = 64 << 20


@dataclass
class Exchange:
    """One request, and what came of it."""

    messages: int = 0
    prefill: str | None = None
    """The beginning of the answer, where the request gave it."""
    last: str = ""
    """The last message that is not a beginning of the answer."""
    response_format: str | None = None
    status: int = 0
    text: str = ""
    finish: str | None = None
    pieces: int = 0
    usage: dict[str, Any] = field(default_factory=dict)
    is_whole: bool = False
    """Whether the answer was read to its end; else it was cancelled, or broke off."""
    error: str = ""
    fingerprint: str = ""
    seconds: float = 0.0

    @property
    def tokens(self) -> int:
        """How many tokens the upstream made."""
        told = self.usage.get("completion_tokens")
        return told if isinstance(told, int) else self.pieces

    def asked(self, body: bytes) -> None:
        """Note what is asked for."""
        request = json.loads(body or b"{}")
        messages = request.get("messages") or [{}]
        is_prefilled = messages[-1].get("role") == "assistant"
        self.messages = len(messages)
        self.prefill = messages[-1].get("content") if is_prefilled else None
        self.last = str(messages[-2 if is_prefilled else -1].get("content", ""))[-2000:]
        self.response_format = (request.get("response_format") or {}).get("type")

    def answered(self, text: bytes) -> None:
        """Take in one line of an event stream, or a whole answer."""
        try:
            part = json.loads(text.removeprefix(b"data:"))
        except ValueError:
            return  # a blank line, `[DONE]`, a page of HTML
        self.usage |= part.get("usage") or {}
        self.usage.setdefault("completion_tokens", (part.get("timings") or {}).get("predicted_n"))
        self.fingerprint = part.get("system_fingerprint") or self.fingerprint
        self.error = json.dumps(part["error"])[:500] if "error" in part else self.error
        for choice in part.get("choices") or ():
            said = choice.get("delta") or choice.get("message") or {}
            content = said.get("content") or ""
            self.text += content
            self.pieces += bool(content or said.get("tool_calls"))
            self.finish = choice.get("finish_reason") or self.finish


class Counter:
    """The proxy's memory: the exchanges since they were last taken."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._exchanges: list[Exchange] = []
        self._open = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.fingerprint = ""

    async def take(self) -> list[Exchange]:
        """Return the exchanges since the last time, once none is under way."""
        async with asyncio.timeout(_SETTLING):
            await self._idle.wait()
        taken, self._exchanges = self._exchanges, []
        self.fingerprint = next(
            (each.fingerprint for each in taken if each.fingerprint), self.fingerprint
        )
        return taken

    @asynccontextmanager
    async def _noted(self, exchange: Exchange) -> AsyncIterator[None]:
        self._exchanges.append(exchange)
        self._open += 1
        self._idle.clear()
        began = time.monotonic()
        try:
            yield
        finally:
            exchange.seconds = time.monotonic() - began
            self._open -= 1
            if not self._open:
                self._idle.set()

    async def forward(self, request: web.Request) -> web.StreamResponse:
        """Pass one request on, and its answer back, piece by piece."""
        body, exchange = await request.read(), Exchange()
        exchange.asked(body)
        headers = {name: request.headers[name] for name in _FORWARDED if name in request.headers}
        url = self._upstream + request.path_qs
        session = request.app[_SESSION]
        async with (
            self._noted(exchange),
            session.request(request.method, url, data=body or None, headers=headers) as answer,
        ):
            exchange.status = answer.status
            kept = {"Content-Type": answer.headers.get("Content-Type", "application/json")}
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            rest, end = b"", b"\n" if "event-stream" in kept["Content-Type"] else None
            async for piece in answer.content.iter_any():
                *lines, rest = (rest + piece).split(end) if end else (rest + piece,)
                for line in lines:
                    exchange.answered(line)
                await response.write(piece)
            exchange.answered(rest)
            await response.write_eof()
            exchange.is_whole = True
            return response


_SESSION = web.AppKey("session", aiohttp.ClientSession)


@asynccontextmanager
async def counting(upstream: str, port: int) -> AsyncIterator[Counter]:
    """Stand on `port` before `upstream`, which is a URL without a path."""
    counter = Counter(upstream)
    app = web.Application(client_max_size=_BODY)
    app.router.add_route("*", "/{path:.*}", counter.forward)
    # A connection for each request: one that is reused may just be closed at the other end.
    connector = aiohttp.TCPConnector(force_close=True)
    forever = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=forever) as session:
        app[_SESSION] = session
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield counter
        finally:
            await runner.cleanup()
