"""A request sent on as it is, and its answer given back as it comes.

Bodies are not read, but for an error's, which is given in the shape of the client's API, whatever
the upstream makes of it; and Strictgate's own key is blotted out, should the upstream quote it.
Headers that belong to one connection stay on it (RFC 9110 §7.6.1).
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from strictgate.core.errors import UpstreamBadResponse, UpstreamError
from strictgate.core.jsontext.reader import write_json
from strictgate.core.surfaces.surface import Surface
from strictgate.core.wire.error_body import error_of
from strictgate.core.wire.passthrough import Header, RawAnswer, RawAnswerSink, RawRequest
from strictgate.core.wire.request_body import RequestBody
from strictgate.core.wire.stream_end import StreamEnd
from strictgate.upstream.body import raw_piece
from strictgate.upstream.client import Client, address
from strictgate.upstream.error_mapping import Translated
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
_WITHOUT = {
    (is_counted, has_key): OURS
    | (frozenset({"content-length"}) if is_counted else frozenset())
    | (KEYS if has_key else frozenset())
    for is_counted in (False, True)
    for has_key in (False, True)
}
"""The headers of a client that do not go on, by whether the body's length is counted anew, and
whether Strictgate has a key of its own for the upstream."""


_NOT_IDEMPOTENT = frozenset({"POST", "PATCH"})
_MAKES_AN_ANSWER = frozenset(
    {"/chat/completions", "/completions", "/responses", "/embeddings", "/moderations", "/messages"}
)
"""What is posted here makes an answer, and nothing that stays: it may be sent again on a new
connection where a kept one turns out to be closed. Of anything else, as a batch, there would be
two."""


async def relay(
    client: Client,
    endpoint: Endpoint,
    request: RawRequest,
    credentials: Mapping[str, str],
    surface: Surface,
    sink: RawAnswerSink,
) -> None:
    """Send `request` to `endpoint`, and its answer to `sink`.

    Args:
        surface: in whose shape an error is told.

    Raises:
        UpstreamUnreachable, UpstreamTimeout, UpstreamBadResponse: also behind the first piece.
    """
    url = address(endpoint, request.path, request.query)
    body = request.body.raw if isinstance(request.body, RequestBody) else request.body
    unwanted = _WITHOUT[isinstance(body, bytes), bool(endpoint.secret)]
    headers = [*passed_on(request.headers, unwanted), *credentials.items()]
    is_for_once = request.method in _NOT_IDEMPOTENT and request.path not in _MAKES_AN_ANSWER
    sent = UpstreamRequest(request.method, url, headers, body or None, is_for_once)
    due = asyncio.get_running_loop().time() + endpoint.settings.timeout
    with Translated(endpoint.name, endpoint.base_url):
        response = await client.send(endpoint, sent, due=due)
        try:
            check_status(response, endpoint)
            kept = passed_on(_headers(response, endpoint), _not_kept(response.status))
            data = _short(response, endpoint, request, kept)
            if data is not None:  # nothing is left to wait for
                await sink.whole(RawAnswer(response.status, kept), data)
                return
            async with asyncio.timeout_at(due):
                if response.status >= 400 and request.method != "HEAD":
                    raw = await client.whole_body(response, endpoint)
                    error = read_error(response.status, json_or_text(raw), endpoint)
                    await sink.whole(*_error(response.status, kept, error, surface))
                else:
                    await sink.begin(RawAnswer(response.status, kept))
                    is_completion = _is_completion_stream(request, kept)
                    await _pass_on(response, endpoint, sink, is_completion=is_completion)
        finally:
            response.release()


def _short(
    response: HttpResponse, endpoint: Endpoint, request: RawRequest, headers: list[Header]
) -> bytes | None:
    """Return the body, with our key blotted out, where it came with its head, which says how long
    it is; None for all others, and for an error's."""
    told = dict(headers)
    is_other = request.method == "HEAD" or response.status >= 400 or _is_event_stream(told)
    data = None if is_other or "content-length" not in told else response.whole()
    if data is None:
        return None
    keys = _key_filter(response, endpoint)
    return data if keys is None else keys.feed(data) + keys.flush()


def _key_filter(response: HttpResponse, endpoint: Endpoint) -> KeyFilter | None:
    """Return what blots our key out of the body, where that can be read and the key be told."""
    is_readable = not response.header("content-encoding")
    return KeyFilter(endpoint.secret) if is_readable and is_secret(endpoint.secret) else None


async def _pass_on(
    response: HttpResponse, endpoint: Endpoint, sink: RawAnswerSink, *, is_completion: bool
) -> None:
    """Pass on the body: with our key blotted out, and, of a completion's stream, to its end."""
    keys, ending = _key_filter(response, endpoint), StreamEnd() if is_completion else None
    while piece := await raw_piece(response, endpoint):
        if ending is not None:
            ending.feed(piece)
        clean = piece if keys is None else keys.feed(piece)
        if clean:
            await sink.piece(clean)
    if keys is not None and (rest := keys.flush()):
        await sink.piece(rest)
    if ending is not None and not ending.is_reached:
        raise UpstreamBadResponse(
            f"The upstream '{endpoint.name}' broke off in the middle of its stream."
        )


def _not_kept(status: int) -> frozenset[str]:
    """Return the headers of an answer that do not go on: of one without a body its length, too,
    which a 304 may have for the body that it does not send (RFC 9110 §8.6)."""
    return THEIRS | {"content-length"} if status in (204, 304) else THEIRS


def _error(
    status: int, headers: list[Header], body: Any, surface: Surface
) -> tuple[RawAnswer, bytes]:
    beside = {key: body[key] for key in body if key != "error"} if _is_shaped(body) else {}
    told = surface.error(UpstreamError(status, error_of(status, body), {}))
    data = write_json({**told.body, **beside}).encode()
    replaced = {"content-type", "content-length", "content-encoding"}
    fresh = [("content-type", "application/json"), ("content-length", str(len(data)))]
    kept = passed_on(headers, replaced)
    return RawAnswer(told.status, [*kept, *fresh], body), data


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
    is_stream = _is_event_stream(told)
    return is_stream and request.path in _COMPLETIONS and "content-encoding" not in told


def _is_event_stream(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").startswith("text/event-stream")
