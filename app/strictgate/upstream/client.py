"""The HTTP client: one ask → one reply or a stream, or an open response to be relayed.

What it must never do: follow a redirect (keys would go to another host), read proxies or
credentials from the environment, keep cookies, or read more than it was allowed to.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from yarl import URL

from strictgate import __version__
from strictgate.core.jsontext.reader import write_json
from strictgate.core.plan.plan import Body
from strictgate.core.surfaces.surface import UpstreamAdapter
from strictgate.core.wire.passthrough import Header
from strictgate.core.wire.reply import Failure, Reply
from strictgate.observe.events import Observer, ignore
from strictgate.settings.tables import LimitSettings
from strictgate.upstream import response_reading
from strictgate.upstream.body import ResponseBody, raw_piece
from strictgate.upstream.breathing import breathe
from strictgate.upstream.connections import CleanConnector, has_unasked_input
from strictgate.upstream.error_mapping import translated
from strictgate.upstream.health import UpstreamHealth
from strictgate.upstream.routing import Endpoint
from strictgate.upstream.stream import UpstreamStream, release_or_abort

Headers = Mapping[str, str]

_CHAT = "/chat/completions"
STALE = 0.25  # seconds within which a closed connection shows to be one
USER_AGENT = f"strictgate/{__version__}"


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to a GET."""

    status: int
    headers: tuple[str, ...]
    """`name: value`, in small letters."""
    body: bytes

    def json(self) -> Any:
        """Return the document, or the text where it is none."""
        return response_reading.json_or_text(self.body)


class Client:
    """One per process; use as an async context manager."""

    def __init__(self, limits: LimitSettings, observe: Observer = ignore) -> None:
        self._limits = limits
        self._observe = observe
        self._health: dict[str, UpstreamHealth] = {}
        self._session: aiohttp.ClientSession
        self._fresh: aiohttp.ClientSession

    async def __aenter__(self) -> "Client":
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_note_reuse)
        trace.on_request_headers_sent.append(_note_unasked)  # called before a byte is written
        trace.on_request_chunk_sent.append(_note_first_chunk)
        kept = CleanConnector(limit=0, keepalive_timeout=15)
        self._session = _session(kept, trace_configs=[trace])
        self._fresh = _session(aiohttp.TCPConnector(limit=0, force_close=True))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._fresh.close()

    def health(self, endpoint: Endpoint) -> UpstreamHealth:
        """Return how an upstream is."""
        found = self._health.get(endpoint.name)
        if found is None:
            found = self._health[endpoint.name] = UpstreamHealth(endpoint, self._observe)
        return found

    def forget(self, upstreams: Iterable[str]) -> None:
        """Begin anew to see how these are: their settings have changed."""
        for name in upstreams:
            self._health.pop(name, None)

    # --- asking ----------------------------------------------------------------------------------

    async def ask(  # noqa: PLR0913 what one request is made of
        self,
        endpoint: Endpoint,
        body: Body,
        headers: Headers,
        query: str = "",
        base: str = "",
        *,
        adapter: UpstreamAdapter | None = None,
        is_repetition: bool = False,
    ) -> Reply | Failure | UpstreamStream:
        """POST `body` as a chat completion; give the answer whole, or as a stream to be read.

        Args:
            base: see `address`.
            adapter: how it is asked in another API; None: as it is.
            is_repetition: the same has failed just now.

        Raises:
            UpstreamUnreachable, UpstreamTimeout, UpstreamBadResponse
        """
        sent = {**headers, "content-type": "application/json", "accept-encoding": "identity"}
        sent.setdefault("user-agent", USER_AGENT)
        path, asked = (_CHAT, body) if adapter is None else (adapter.path, adapter.sent(body))
        url, data = address(endpoint, path, query, base), write_json(asked).encode()
        await breathe(len(data))
        with translated(endpoint.name, endpoint.base_url):
            response = await self._send(
                endpoint, "POST", url, sent, data, is_repetition=is_repetition
            )
            stream = None
            try:
                response_reading.check_status(response, endpoint)
                kind = response.content_type
                if 200 <= response.status < 300 and kind == "text/event-stream":
                    stream = UpstreamStream(response, endpoint, self._limits, sent)
                    return stream
                raw = await self._all(response, endpoint)
                reply = await response_reading.read_response(response, raw, endpoint, adapter)
                return response_reading.without_sent_keys(reply, sent)
            finally:
                if stream is None:
                    release_or_abort(response)

    async def get(self, endpoint: Endpoint, path: str, headers: Headers) -> Any:
        """GET a JSON document; None where the upstream does not give one.

        Raises:
            UpstreamUnreachable, UpstreamTimeout, UpstreamBadResponse
        """
        fetched = await self.fetch(endpoint, path, headers)
        return fetched.json() if fetched.status == 200 else None

    async def fetch(self, endpoint: Endpoint, path: str, headers: Headers) -> "Fetched":
        """GET what is at `path`, whole.

        Raises:
            UpstreamUnreachable, UpstreamTimeout, UpstreamBadResponse
        """
        url = address(endpoint, path)
        sent = {"accept-encoding": "identity", **headers}
        with translated(endpoint.name, endpoint.base_url):
            async with self.open(endpoint, "GET", url, sent, None) as response:
                raw = await self._all(response, endpoint)
                lines = [f"{name}: {value}".lower() for name, value in response.headers.items()]
                return Fetched(response.status, tuple(lines), raw)

    async def _all(self, response: aiohttp.ClientResponse, endpoint: Endpoint) -> bytes:
        return await ResponseBody(response, endpoint, self._limits.upstream_bytes).all()

    # --- the wire --------------------------------------------------------------------------------

    @asynccontextmanager
    async def open(
        self, endpoint: Endpoint, method: str, url: URL, headers: Headers | list[Header], data: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request; give the response once its headers are there.

        Where a kept-alive connection turns out to have been closed, or to have been given up by the
        server (408), a new one is taken, once. That shows at once: what fails later may have been
        read, and is not sent again.
        """
        response = await self._send(endpoint, method, url, headers, data)
        try:
            yield response
        finally:
            release_or_abort(response)

    async def _send(
        self,
        endpoint: Endpoint,
        method: str,
        url: URL,
        headers: Headers | list[Header],
        data: Any,
        *,
        is_repetition: bool = False,
    ) -> aiohttp.ClientResponse:
        with self.health(endpoint).asked(is_repetition=is_repetition) as note:
            response = await self._sent(endpoint, method, url, headers, data)
            note(response.status)
            return response

    async def _sent(
        self, endpoint: Endpoint, method: str, url: URL, headers: Headers | list[Header], data: Any
    ) -> aiohttp.ClientResponse:
        settings = endpoint.settings
        seen = SimpleNamespace(reused=False, has_begun=False, is_unasked=False)
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
            may_repeat = isinstance(data, bytes | None)
            try:
                response = await self._session.request(method, url, **options)
            except aiohttp.ClientError as error:
                is_lost = isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)
                was_stale = is_lost and seen.reused and time.monotonic() - began < STALE
                if not (was_stale or seen.is_unasked) or not may_repeat:
                    raise
            else:
                # A server says 408 to a connection that was idle for too long (RFC 9110 §15.5.9).
                was_idle = response.status == 408 and seen.reused and may_repeat
                if not was_idle and not seen.is_unasked:
                    return response
                response.close()
                if not may_repeat:
                    raise aiohttp.ServerDisconnectedError
            return await self._fresh.request(method, url, **options)

    async def pieces(
        self, response: aiohttp.ClientResponse, endpoint: Endpoint
    ) -> AsyncIterator[bytes]:
        """Yield the decoded body; cut it at the size limit and at silence."""
        pieces = ResponseBody(response, endpoint, self._limits.upstream_bytes)
        while (piece := await pieces.next()) is not None:
            yield piece

    async def raw_pieces(
        self, response: aiohttp.ClientResponse, endpoint: Endpoint
    ) -> AsyncIterator[bytes]:
        """Yield the body as it comes; end at silence."""
        while piece := await raw_piece(response, endpoint):
            yield piece


def address(endpoint: Endpoint, path: str, query: str = "", base: str = "") -> URL:
    """Return the URL of `path` below the API's root; nothing of it is encoded anew.

    Args:
        base: a path that takes the place of the root's own; "": that stays.
    """
    root = endpoint.base_url
    if base:
        root = urlunsplit((*urlsplit(root)[:2], base, "", ""))
    return URL(root + path + (f"?{query}" if query else ""), encoded=True)


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


async def _note_unasked(_: Any, context: Any, __: Any) -> None:
    """Look whether something is there to be taken for the answer before anything was asked."""
    seen = context.trace_request_ctx
    seen.is_unasked |= seen.reused and has_unasked_input()


async def _note_first_chunk(session: Any, context: Any, params: Any) -> None:
    """Of the body; the headers go out with it. See aiohttp's `StreamWriter.write`."""
    if not context.trace_request_ctx.has_begun:
        context.trace_request_ctx.has_begun = True
        await _note_unasked(session, context, params)
