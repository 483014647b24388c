"""What an upstream's answer says, once its body is there: a reply, or a failure.

Strictgate's own key is taken out of whatever is read here, should the upstream quote it: out of an
error in any case; out of what the model wrote if it looks like a key at all. Local servers get
words such as `none` for one, and these stand in documents too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from strictgate.core.errors import UpstreamBadResponse
from strictgate.core.jsontext.reader import json_bytes, parse_leniently, write_json
from strictgate.core.jsontext.value_count import has_more_values
from strictgate.core.surfaces.surface import UpstreamAdapter
from strictgate.core.wire.collector import Collector
from strictgate.core.wire.error_body import error_of
from strictgate.core.wire.hidden_error import hidden_error, meant_status
from strictgate.core.wire.passthrough import Header
from strictgate.core.wire.reply import Failure, Reply, parse_reply
from strictgate.core.wire.secret import BLOT, Secret
from strictgate.core.wire.sse import SseEvent
from strictgate.upstream.breathing import breathe
from strictgate.upstream.headers import KEYS
from strictgate.upstream.http.response import HttpResponse
from strictgate.upstream.routing import Endpoint

_SHORTEST_KEY = 8
MOST_VALUES = 1_000_000
"""In an answer; one of 8,000 tokens with 20 alternatives for each has as many."""


def check_status(response: HttpResponse, endpoint: Endpoint) -> None:
    """Refuse a response whose status cannot be answered with.

    Raises:
        UpstreamBadResponse: a redirect, for keys would follow it to another host; or a status that
            HTTP does not have (RFC 9110 §15: three digits, the first of them 1 to 5).
    """
    if 300 <= response.status < 400 and response.status != 304:
        raise UpstreamBadResponse(
            f"The upstream '{endpoint.name}' answered with a redirect, which is not followed. "
            "Set its base_url to where it leads."
        )
    if not 200 <= response.status < 600:
        raise UpstreamBadResponse(
            f"The upstream '{endpoint.name}' answered with the status {response.status}, "
            "which HTTP does not have."
        )


async def read_response(
    response: HttpResponse,
    raw: bytes,
    endpoint: Endpoint,
    adapter: UpstreamAdapter | None = None,
) -> Reply | Failure:
    """Read a body that came in one; `adapter`: in which other API. A large one in several steps, so
    that others run in between.

    Raises:
        UpstreamBadResponse: it is no chat.completion, and no error either, or has so many values
            that to parse it would keep everybody waiting.
    """
    if has_more_values(raw, MOST_VALUES):
        raise UpstreamBadResponse(
            f"The upstream '{endpoint.name}' answered with more than {MOST_VALUES} JSON values."
        )
    await breathe(len(raw))
    body = json_or_text(raw)
    await breathe(len(raw))
    if response.status >= 400:
        headers = without_key(response.headers, endpoint)
        return Failure(response.status, read_error(response.status, body, endpoint), headers)
    if not isinstance(body, dict):
        raise UpstreamBadResponse(f"The upstream '{endpoint.name}' answered with no JSON object.")
    body, came = (body, raw) if adapter is None else (adapter.received(body), b"")
    if hidden_error(body):
        return _error_in_success(body, endpoint)
    secret = secret_in_text(endpoint)
    if secret is not None and secret.is_in(raw):
        body, came = secret.blotted(body), b""
    await breathe(len(raw))
    return parse_reply(body, came)


def read_stream(collector: Collector, endpoint: Endpoint) -> Reply | Failure:
    """Read a stream that was put together; one without its end says nothing.

    Raises:
        UpstreamBadResponse: it broke off, or was no stream of chunks.
    """
    if collector.error is not None:
        return _error_in_success(_with_text(collector.error, collector), endpoint)
    if collector.malformed is not None:
        raise UpstreamBadResponse(f"The upstream '{endpoint.name}' sent a malformed stream.")
    if not collector.is_complete:
        raise UpstreamBadResponse(
            f"The upstream '{endpoint.name}' broke off in the middle of its stream."
        )
    return read_beginning(collector, endpoint)


def read_beginning(collector: Collector, endpoint: Endpoint) -> Reply:
    """Read a stream as far as it has come.

    Raises:
        UpstreamBadResponse: no choice has come.
    """
    completion, secret = collector.completion(), secret_in_text(endpoint)
    return parse_reply(completion if secret is None else _scrubbed(completion, secret))


def clean(events: list[SseEvent], secret: Secret) -> list[SseEvent]:
    """Return events of a stream without the key."""
    return [_clean(each, secret) if secret.is_in(each.data.encode()) else each for each in events]


def _clean(event: SseEvent, secret: Secret) -> SseEvent:
    body = secret.blotted(json_or_text(event.data.encode()))
    return replace(event, data=body if isinstance(body, str) else write_json(body))


def _error_in_success(body: Mapping[str, Any], endpoint: Endpoint) -> Failure:
    """An error in a 200 is an error."""
    status = meant_status(body.get("error") or body)
    return Failure(status, read_error(status, dict(body), endpoint), {})


def read_error(status: int, body: Any, endpoint: Endpoint) -> Any:
    """Return an error's body without the key; where the page was not found, with what may be why.

    Most servers have their API below /v1, and say no more than "Not Found" elsewhere. What speaks
    of a model found the page.
    """
    body = scrubbed(body, endpoint)
    text = (body if isinstance(body, str) else write_json(body)).lower()
    is_missing = status in (404, 405) or "unexpected endpoint" in text  # LM Studio's, with 200
    is_bare = endpoint.settings.base_url is not None and not urlsplit(endpoint.base_url).path
    if not (is_missing and is_bare) or "model" in text:
        return body
    error = error_of(status, body)
    hint = f"upstreams.{endpoint.name}.base_url has no path: most APIs are below /v1"
    return {"error": error | {"message": f"{error['message']} ({hint}.)"}}


def _with_text(body: dict[str, Any], collector: Collector) -> dict[str, Any]:
    """Groq leaves `failed_generation` empty where the text has been streamed already."""
    error = body.get("error")
    choices = collector.completion().get("choices")
    if not choices or not isinstance(error, dict) or error.get("failed_generation") != "":
        return body
    text = parse_reply({"choices": choices}).choices[0].text
    return {**body, "error": error | {"failed_generation": text}}


def json_or_text(raw: bytes) -> Any:
    """Return the body as JSON, or as text where it is none."""
    try:
        return parse_leniently(raw)
    except (ValueError, RecursionError):
        return raw.decode("utf-8", "replace")


def scrubbed(body: Any, endpoint: Endpoint) -> Any:
    """Return `body` with Strictgate's own key blotted out of every string."""
    return _scrubbed(body, _secret(endpoint.secret)) if endpoint.secret else body


def _scrubbed(body: Any, secret: Secret) -> Any:
    is_held = secret.is_in(json_bytes(body))
    return secret.blotted(body) if is_held else body


def secret_in_text(endpoint: Endpoint) -> Secret | None:
    """Return Strictgate's own key, if it is to be taken out of what a model has written."""
    key = endpoint.secret
    return _secret(key) if is_secret(key) else None


@lru_cache(maxsize=64)
def _secret(key: str) -> Secret:
    """Return the key of an upstream, ready to be looked for."""
    return Secret(key)


def is_secret(key: str) -> bool:
    """Whether `key` looks like one at all; `none`, as local servers want it, does not."""
    return len(key) >= _SHORTEST_KEY and any(character.isdigit() for character in key)


def without_sent_keys(answer: Reply | Failure, sent: Mapping[str, str]) -> Reply | Failure:
    """Return a failure without the keys that its request was sent with, which are the client's own
    where Strictgate has none: an upstream may quote them, and its words are kept and told on.

    Args:
        sent: the request's headers, names in lower case.
    """
    if not isinstance(answer, Failure):
        return answer
    values = (sent.get(name, "").rpartition(" ")[2] for name in ("authorization", *KEYS))
    for key in filter(is_secret, values):
        headers = {name: value.replace(key, BLOT) for name, value in answer.headers.items()}
        answer = replace(answer, body=Secret(key).blotted(answer.body), headers=headers)
    return answer


def without_key(headers: Iterable[Header], endpoint: Endpoint) -> dict[str, str]:
    """Return headers without Strictgate's own key."""
    key = endpoint.secret
    return {name: value.replace(key, BLOT) if key else value for name, value in headers}
