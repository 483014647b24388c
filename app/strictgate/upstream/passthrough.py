"""A request sent on as it is, and its answer given back as it comes.

Bodies are not read, but for an error's, which is given in the shape of the client's API, whatever
the upstream makes of it; and Strictgate's own key is blotted out, should the upstream quote it.
Headers that belong to one connection stay on it (RFC 9110 §7.6.1).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from strictgate.core.errors import UpstreamBadResponse, UpstreamError
from strictgate.core.jsontext.reader import write_json
from strictgate.core.surfaces.surface import Surface
from strictgate.core.wire.error_body import error_of
from strictgate.core.wire.passthrough import Header, RawAnswer, RawRequest
from strictgate.core.wire.request_body import RequestBody
from strictgate.core.wire.stream_end import StreamEnd
from strictgate.upstream.client import Client, address
from strictgate.upstream.error_mapping import translated
from strictgate.upstream.headers import KEYS, OURS, THEIRS, passed_on
from strictgate.upstream.http.request import UpstreamRequest
from strictgate.upstream.http.response import HttpResponse
from strictgate.upstream.key_filter import KeyFilter
from strictgate.upstream.response_reading import (
    check_status,
    is_secret,
    json_or_text,
    read_error,
)
from strictgate.upstream.routing import Endpoint

_COMPLETIONS = frozenset({"/chat/completions", "/completions"})


@asynccontextmanager
async def relay(
    client: Client,
    endpoint: Endpoint,
    request: RawRequest,
    credentials: Mapping[str, str],
    surface: Surface,
) -> AsyncIterator[RawAnswer]:
    """Send `request` to `endpoint`.

    Args:
        surface: in whose shape an error is told.

    Raises:
        UpstreamUnreachable, UpstreamTimeout, UpstreamBadResponse: also while the pieces are read.
    """
    url = address(endpoint, request.path, request.query)
    body = request.body.raw if isinstance(request.body, RequestBody) else request.body
    counted = {"content-length"} if isinstance(body, bytes) else set()
    unwanted = OURS | counted | (KEYS if endpoint.secret else set())
    headers = [*passed_on(request.headers, unwanted), *credentials.items()]
    sent = UpstreamRequest(request.method, url, headers, body or None)
    with translated(endpoint.name, endpoint.base_url):
        async with (
            asyncio.timeout(endpoint.settings.timeout),
            client.open(endpoint, sent) as response,
        ):
            check_status(response, endpoint)
            kept = passed_on(_headers(response, endpoint), THEIRS)
            if response.status >= 400 and request.method != "HEAD":
                raw = b"".join([piece async for piece in client.pieces(response, endpoint)])
                error = read_error(response.status, json_or_text(raw), endpoint)
                yield _error(response.status, kept, error, surface)
            else:
                pieces = client.raw_pieces(response, endpoint)
                if is_secret(endpoint.secret) and "content-encoding" not in dict(kept):
                    pieces = _without_key(pieces, endpoint.secret)
                if _is_completion_stream(request, kept):
                    pieces = _to_its_end(pieces, endpoint)
                yield RawAnswer(response.status, kept, pieces)


def _error(status: int, headers: list[Header], body: Any, surface: Surface) -> RawAnswer:
    beside = {key: body[key] for key in body if key != "error"} if _is_shaped(body) else {}
    told = surface.error(UpstreamError(status, error_of(status, body), {}))
    data = write_json({**told.body, **beside}).encode()
    replaced = {"content-type", "content-length", "content-encoding"}
    fresh = [("content-type", "application/json"), ("content-length", str(len(data)))]
    kept = passed_on(headers, replaced)
    return RawAnswer(told.status, [*kept, *fresh], _once(data), body)


def _is_shaped(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("error"), dict)


def _headers(response: HttpResponse, endpoint: Endpoint) -> list[Header]:
    """The upstream's headers; its request id under another name than ours."""
    renamed = {"x-request-id": "x-upstream-request-id"}
    key = endpoint.secret
    return [
        (renamed.get(name, name), value.replace(key, "***") if key else value)
        for name, value in response.headers
    ]


def _is_completion_stream(request: RawRequest, headers: list[Header]) -> bool:
    """Whether OpenAI's rules say how the stream ends, and it can be read."""
    told = dict(headers)
    is_stream = told.get("content-type", "").startswith("text/event-stream")
    return is_stream and request.path in _COMPLETIONS and "content-encoding" not in told


async def _to_its_end(pieces: AsyncIterator[bytes], endpoint: Endpoint) -> AsyncIterator[bytes]:
    """Pass on the pieces, and raise where they stop before the stream has said that it is over."""
    ending = StreamEnd()
    async for piece in pieces:
        ending.feed(piece)
        yield piece
    if not ending.is_reached:
        raise UpstreamBadResponse(
            f"The upstream '{endpoint.name}' broke off in the middle of its stream."
        )


async def _without_key(pieces: AsyncIterator[bytes], key: str) -> AsyncIterator[bytes]:
    """Pass on the pieces with `key` blotted out; what may be its beginning waits for the rest."""
    keys = KeyFilter(key)
    async for piece in pieces:
        if clean := keys.feed(piece):
            yield clean
    if rest := keys.flush():
        yield rest


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
