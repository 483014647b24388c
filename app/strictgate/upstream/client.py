"""The HTTP client: one ask → one reply or a stream, or an open response to be relayed.

What it must never do: follow a redirect (keys would go to another host), read proxies or
credentials from the environment, keep cookies, or read more than it was allowed to.
"""

import asyncio
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from strictgate import __version__
from strictgate.core.errors import UpstreamUnavailable
from strictgate.core.jsontext.reader import json_bytes
from strictgate.core.plan.plan import Body
from strictgate.core.surfaces.surface import UpstreamAdapter
from strictgate.core.value_type import value_type
from strictgate.core.wire.reply import Failure, Reply
from strictgate.observe.events import Observer, ignore
from strictgate.settings.tables import LimitSettings
from strictgate.upstream import response_reading
from strictgate.upstream.body import ResponseBody
from strictgate.upstream.breathing import breathe
from strictgate.upstream.error_mapping import Translated
from strictgate.upstream.health import UpstreamHealth
from strictgate.upstream.http.faults import ConnectionFault, UnsendableRequest
from strictgate.upstream.http.pool import ConnectionPool
from strictgate.upstream.http.request import (
    Address,
    UpstreamRequest,
    destination_of,
    encoded_head,
    parsed_url,
)
from strictgate.upstream.http.response import HttpResponse
from strictgate.upstream.routing import Endpoint
from strictgate.upstream.stream import UpstreamStream

Headers = Mapping[str, str]

_CHAT = "/chat/completions"
STALE = 0.25  # seconds within which a closed connection shows to be one
USER_AGENT = f"strictgate/{__version__}"
UNSENT = "Nothing was sent."
"""A note on what ended a request before there was a connection for it."""


@value_type
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
        self._pool: ConnectionPool

    async def __aenter__(self) -> "Client":
        self._pool = ConnectionPool()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close()

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
        body: Body | bytes,
        headers: Headers,
        query: str = "",
        base: str = "",
        *,
        adapter: UpstreamAdapter | None = None,
        is_repetition: bool = False,
    ) -> Reply | Failure | UpstreamStream:
        """POST `body` as a chat completion; give the answer whole, or as a stream to be read.

        Args:
            body: as an object, or as JSON where it has been written already.
            base: see `address`.
            adapter: how it is asked in another API; None: as it is.
            is_repetition: the same has failed just now.

        Raises:
            UpstreamUnreachable, UpstreamTimeout, UpstreamBadResponse
        """
        sent = {**headers, "content-type": "application/json", "accept-encoding": "identity"}
        sent.setdefault("user-agent", USER_AGENT)
        path, asked = _CHAT, body
        if adapter is not None:
            whole = json.loads(body) if isinstance(body, bytes) else body
            path, asked = adapter.path, dict(adapter.sent(whole))
        data = asked if isinstance(asked, bytes) else json_bytes(asked)
        await breathe(len(data))
        url = address(endpoint, path, query, base)
        request = UpstreamRequest("POST", url, [*sent.items()], data)
        with Translated(endpoint.name, endpoint.base_url):
            response = await self.send(endpoint, request, is_repetition=is_repetition)
            stream = None
            try:
                response_reading.check_status(response, endpoint)
                kind = response.content_type
                if 200 <= response.status < 300 and kind == "text/event-stream":
                    stream = UpstreamStream(response, endpoint, self._limits, sent)
                    return stream
                raw = await self.whole_body(response, endpoint)
                reply = await response_reading.read_response(response, raw, endpoint, adapter)
                return response_reading.without_sent_keys(reply, sent)
            finally:
                if stream is None:
                    response.release()

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
        sent = {"accept-encoding": "identity", **headers}
        request = UpstreamRequest("GET", address(endpoint, path), [*sent.items()])
        with Translated(endpoint.name, endpoint.base_url):
            response = await self.send(endpoint, request)
            try:
                raw = await self.whole_body(response, endpoint)
                lines = [f"{name}: {value}".lower() for name, value in response.headers]
                return Fetched(response.status, tuple(lines), raw)
            finally:
                response.release()

    # --- the wire --------------------------------------------------------------------------------

    async def send(
        self,
        endpoint: Endpoint,
        request: UpstreamRequest,
        *,
        due: float = math.inf,
        is_repetition: bool = False,
    ) -> HttpResponse:
        """Send a request; return the response, once its head is there, for who is to release it.

        Args:
            due: when to give up at the latest, by the event loop's clock.
        """
        health = self.health(endpoint)
        probe = health.begin()
        try:
            response = await self._sent(endpoint, request, due)
        except BaseException as why:
            health.unanswered(why, probe, is_repetition=is_repetition)
            raise
        health.answered(response.status, is_repetition=is_repetition)
        return response

    async def _sent(self, endpoint: Endpoint, request: UpstreamRequest, due: float) -> HttpResponse:
        """Send `request` on a kept connection, or on a new one.

        Where a kept connection turns out to have been closed, or to have been given up by the
        server (408), a new one is taken, once. That shows at once: what fails later may have been
        read, and is not sent again. What could not be sent again at all, as its body comes in
        pieces, or must not be, goes out on a new connection.
        """
        settings, loop = endpoint.settings, asyncio.get_running_loop()
        proxy = None if settings.proxy is None else settings.proxy.get_secret_value()
        destination = destination_of(endpoint.base_url, proxy)
        head = encoded_head(request, destination.proxy)
        began = loop.time()
        until = min(began + settings.first_byte_timeout, due)
        kept = self._pool.kept(destination) if request.is_repeatable else None
        if kept is not None:
            try:
                response = await kept.send(request, head, until)
            except ConnectionFault:
                if kept.has_answered or loop.time() - began >= STALE:
                    raise
            else:  # a server says 408 to a connection that was idle for too long (RFC 9110 §15.5.9)
                if response.status != 408 or loop.time() - began >= STALE:
                    return response
                response.close()
        try:
            async with asyncio.timeout_at(until):
                fresh = await self._pool.connect(destination, settings.connect_timeout)
        except BaseException as why:
            why.add_note(UNSENT)
            raise
        return await fresh.send(request, head, until)

    async def whole_body(self, response: HttpResponse, endpoint: Endpoint) -> bytes:
        """Return the decoded body; it is cut at the size limit and at silence.

        Raises:
            UpstreamTimeout, UpstreamBadResponse
        """
        return await ResponseBody(response, endpoint, self._limits.upstream_bytes).all()


def was_sent(why: BaseException) -> bool:
    """Whether a request that ended with `why` has gone out, and was not dropped unanswered."""
    fault = why.__cause__ or why
    if isinstance(why, UpstreamUnavailable) or isinstance(
        fault, UnsendableRequest | ConnectionFault | ConnectionError
    ):
        return False
    return UNSENT not in getattr(fault, "__notes__", ())


def address(endpoint: Endpoint, path: str, query: str = "", base: str = "") -> Address:
    """Return the address of `path` below the API's root; nothing of it is encoded anew.

    Args:
        base: a path that takes the place of the root's own; "": that stays.
    """
    server, root = parsed_url(endpoint.base_url)
    return Address(server, (base or root) + path + (f"?{query}" if query else ""))
