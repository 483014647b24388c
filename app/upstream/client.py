"""The HTTP client: one ask → one reply, or an open response to be relayed.

What it must never do: follow a redirect (keys would go to another host), read proxies or
credentials from the environment, keep cookies, or read more than it was allowed to.
"""

import asyncio
import time
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any

import aiohttp
from yarl import URL

from app import __version__
from app.core import jsontext
from app.core.errors import UpstreamBadResponse, UpstreamTimeout
from app.core.exchange import Header
from app.core.plan import Body
from app.core.reply import Failure, Reply
from app.core.stream.delta import Collector, State
from app.core.stream.sse import BadEvent, Splitter
from app.settings import LimitSettings
from app.upstream import answers
from app.upstream.faults import translated
from app.upstream.routing import Endpoint

Headers = Mapping[str, str]

DRAIN = 0.25  # seconds for what may follow the end of a stream
STALE = 0.25  # seconds within which a closed connection shows to be one
USER_AGENT = f"strictgate/{__version__}"
_CODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""Content codings → zlib's window bits."""


class Client:
    """One per process; use as an async context manager."""

    def __init__(self, limits: LimitSettings) -> None:
        self._limits = limits
        self._session: aiohttp.ClientSession
        self._fresh: aiohttp.ClientSession

    async def __aenter__(self) -> "Client":
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_note_reuse)
        kept = aiohttp.TCPConnector(limit=0, keepalive_timeout=15)
        self._session = _session(kept, trace_configs=[trace])
        self._fresh = _session(aiohttp.TCPConnector(limit=0, force_close=True))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._fresh.close()

    # --- asking ----------------------------------------------------------------------------------

    async def ask(
        self, endpoint: Endpoint, body: Body, headers: Headers, query: str = ""
    ) -> Reply | Failure:
        """POST `body` as a chat completion; collect the answer, streamed or not.

        Raises:
            UpstreamUnreachable, UpstreamTimeout, UpstreamBadResponse
        """
        sent = {**headers, "content-type": "application/json", "accept-encoding": "identity"}
        sent.setdefault("user-agent", USER_AGENT)
        data = jsontext.write(body).encode()
        url = address(endpoint, "/chat/completions", query)
        with translated(endpoint.name):
            async with self.open(endpoint, "POST", url, sent, data) as response:
                answers.check_not_redirect(response, endpoint)
                kind = response.content_type
                if 200 <= response.status < 300 and kind == "text/event-stream":
                    return await self._collect(response, endpoint)
                raw = b"".join([chunk async for chunk in self.pieces(response, endpoint)])
                return answers.whole(response, raw, endpoint)

    async def get(self, endpoint: Endpoint, path: str, headers: Headers) -> Any:
        """GET a JSON document; None where the upstream does not give one.

        Raises:
            UpstreamUnreachable, UpstreamTimeout, UpstreamBadResponse
        """
        url = address(endpoint, path)
        sent = {"accept-encoding": "identity", **headers}
        with translated(endpoint.name):
            async with self.open(endpoint, "GET", url, sent, None) as response:
                raw = b"".join([chunk async for chunk in self.pieces(response, endpoint)])
                return answers.json_or_text(raw) if response.status == 200 else None

    async def _collect(
        self, response: aiohttp.ClientResponse, endpoint: Endpoint
    ) -> Reply | Failure:
        splitter, collector = Splitter(self._limits.event_bytes), Collector()
        try:
            async for chunk in self.pieces(response, endpoint):
                for event in splitter.feed(chunk):
                    collector.feed(event)
                if collector.state is not State.OPEN:
                    await _drain(response)
                    break
            else:
                for event in splitter.flush():
                    collector.feed(event)
        except BadEvent as error:
            raise UpstreamBadResponse(
                f"The upstream '{endpoint.name}' sent a malformed stream: {error}."
            ) from error
        return answers.collected(collector, endpoint)

    # --- the wire --------------------------------------------------------------------------------

    @asynccontextmanager
    async def open(
        self, endpoint: Endpoint, method: str, url: URL, headers: Headers | list[Header], data: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request; give the response once its headers are there.

        Where a kept-alive connection turns out to have been closed, a new one is taken, once. That
        shows at once: what fails later may have been read, and is not sent again.
        """
        response = await self._send(endpoint, method, url, headers, data)
        try:
            yield response
        finally:
            # Released where it was read to its end, cut where not: this cancels the upstream.
            response.close() if not response.content.at_eof() else response.release()

    async def _send(
        self, endpoint: Endpoint, method: str, url: URL, headers: Headers | list[Header], data: Any
    ) -> aiohttp.ClientResponse:
        settings = endpoint.settings
        seen = SimpleNamespace(reused=False)
        options: dict[str, Any] = {
            "headers": headers,
            "data": data,
            "allow_redirects": False,
            "proxy": settings.proxy,
            "timeout": aiohttp.ClientTimeout(total=None, connect=settings.connect_timeout),
            "trace_request_ctx": seen,
            "skip_auto_headers": ("User-Agent", "Accept-Encoding", "Accept", "Content-Type"),
        }
        async with asyncio.timeout(settings.first_byte_timeout):
            began = time.monotonic()
            try:
                return await self._session.request(method, url, **options)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                was_stale = seen.reused and time.monotonic() - began < STALE
                if not was_stale or not isinstance(data, bytes | None):
                    raise
            return await self._fresh.request(method, url, **options)

    async def pieces(
        self, response: aiohttp.ClientResponse, endpoint: Endpoint
    ) -> AsyncIterator[bytes]:
        """Yield the decoded body; cut it at the size limit and at silence."""
        decode = _decoder(response, endpoint, self._limits.upstream_bytes)
        size = 0
        async for chunk in self.raw_pieces(response, endpoint):
            piece = decode(chunk)
            size += len(piece)
            if size > self._limits.upstream_bytes:
                raise UpstreamBadResponse(
                    f"The upstream '{endpoint.name}' sent more than "
                    f"{self._limits.upstream_bytes} bytes."
                )
            yield piece

    async def raw_pieces(
        self, response: aiohttp.ClientResponse, endpoint: Endpoint
    ) -> AsyncIterator[bytes]:
        """Yield the body as it comes; end at silence."""
        idle = endpoint.settings.idle_timeout
        content = response.content
        while not content.at_eof():
            chunk = content.read_nowait()
            if not chunk:  # only waiting needs a clock
                try:
                    async with asyncio.timeout(idle):
                        chunk = await content.readany()
                except TimeoutError as error:
                    raise UpstreamTimeout(
                        f"The upstream '{endpoint.name}' fell silent for {idle:g} seconds."
                    ) from error
            if chunk:
                yield chunk


def address(endpoint: Endpoint, path: str, query: str = "") -> URL:
    """Return the URL of `path` below the API's root; nothing of it is encoded anew."""
    return URL(endpoint.base_url + path + (f"?{query}" if query else ""), encoded=True)


def _session(connector: aiohttp.TCPConnector, **options: Any) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        auto_decompress=False,
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None, sock_read=None),
        trust_env=False,
        **options,
    )


async def _note_reuse(_: Any, context: Any, __: Any) -> None:
    context.trace_request_ctx.reused = True


def _decoder(
    response: aiohttp.ClientResponse, endpoint: Endpoint, limit: int
) -> Callable[[bytes], bytes]:
    """Return what undoes the content coding; no piece of it grows past `limit`, a bomb's aim."""
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding in ("identity", ""):
        return lambda chunk: chunk
    if coding not in _CODINGS:
        raise UpstreamBadResponse(
            f"The upstream '{endpoint.name}' used the content coding '{coding[:40]}', "
            "which was not asked for."
        )
    inflater = zlib.decompressobj(_CODINGS[coding])

    def decode(chunk: bytes) -> bytes:
        try:
            return inflater.decompress(chunk, limit + 1)
        except zlib.error as error:
            raise UpstreamBadResponse(
                f"The upstream '{endpoint.name}' sent a body that does not inflate."
            ) from error

    return decode


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read what follows the end of a stream, so that its connection can serve the next request."""
    with suppress(TimeoutError, aiohttp.ClientError, ConnectionError):  # its end was there already
        async with asyncio.timeout(DRAIN):
            while await response.content.readany():
                pass
