"""What becomes an exchange, and what is passed on."""

import asyncio
import json

import pytest

from strictgate.core.errors import BadRequest, NotFound
from strictgate.core.surfaces.chat.surface import CHAT
from strictgate.core.surfaces.responses.surface import RESPONSES
from strictgate.core.wire.request_body import RequestBody
from strictgate.gateway.caller import Caller
from strictgate.gateway.exchange import Exchange
from strictgate.gateway.gateway import Gateway
from strictgate.gateway.opening import open_exchange
from strictgate.gateway.responses import ResponsesExchange
from strictgate.observe.events import ignore
from strictgate.settings.loading import Settings
from strictgate.upstream.client import Client
from strictgate.upstream.routing import Router

MESSAGES = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
INPUT = {"model": "m", "input": "hi"}
FUNCTION = {"name": "f", "parameters": {"type": "object"}}
TOOLS = {"tools": [{"type": "function", "function": FUNCTION}]}
FORMAT = {"response_format": {"type": "json_object"}}


def said(value):
    """The name of a surface, and anything else as it is: ids are to be the same every time."""
    return getattr(value, "name", None) or str(value)


def opened(surface, body, enforcement=None, **upstream):
    """The exchange that is opened for a request to an upstream of this kind."""
    table = {"base_url": "http://127.0.0.1:9/v1", **upstream}
    settings = Settings(
        upstreams={"up": table},
        enforcement=enforcement or {},
    )
    gateway = Gateway(settings, Router(settings, {}), Client(settings.limits), ignore)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return asyncio.run(open_exchange(gateway, surface, RequestBody(raw), Caller("")))


@pytest.mark.parametrize(
    ("surface", "body", "settings", "kind"),
    [
        (CHAT, MESSAGES, {}, None),
        (CHAT, MESSAGES | FORMAT, {}, Exchange),
        (CHAT, MESSAGES | TOOLS, {}, None),
        (CHAT, MESSAGES | TOOLS, {"tools": False}, Exchange),
        (CHAT, MESSAGES | TOOLS, {"modes": ["prompt"]}, Exchange),
        (CHAT, MESSAGES | TOOLS, {"enforcement": {"tools": "all"}}, Exchange),
        (CHAT, MESSAGES | TOOLS | {"strictgate": {"tools": "all"}}, {}, Exchange),
        (CHAT, MESSAGES | TOOLS | {"strictgate": {"modes": ["prompt"]}}, {}, Exchange),
        (CHAT, MESSAGES | TOOLS | FORMAT, {}, Exchange),
        (RESPONSES, INPUT, {}, ResponsesExchange),
        (RESPONSES, INPUT, {"responses": True}, None),
        (RESPONSES, INPUT | {"text": {"format": {"type": "json_object"}}}, {}, ResponsesExchange),
    ],
    ids=said,
)
def test_opened(surface, body, settings, kind):
    """Something to enforce, or an API that the upstream has not, makes an exchange."""
    exchange = opened(surface, body, **settings)

    assert type(exchange) is (type(None) if kind is None else kind)


def test_odd_requests_pass():
    """What carries no schema may be odd, and is not ours to refuse."""
    assert opened(CHAT, b'{"model":"m","messages":7,"a":1,"a":2}') is None


@pytest.mark.parametrize(
    ("surface", "body"),
    [
        (CHAT, b'{"model":"m","response_format":{"type":"json_object"},"a":1,"a":2}'),
        (CHAT, MESSAGES | TOOLS | {"strictgate": {"tools": "some"}}),
        (CHAT, MESSAGES | FORMAT | {"n": 99}),
        (RESPONSES, b'{"model":"m","input":"hi","a":1,"a":2}'),
        (RESPONSES, {"model": "m"}),
        (RESPONSES, {"input": "hi"}),
    ],
    ids=said,
)
def test_refused(surface, body):
    """What is enforced or translated must be plain, and whole."""
    with pytest.raises(BadRequest):
        opened(surface, body)


def test_no_such_model():
    """A model that nothing serves is not found, whatever is asked of it."""
    settings = Settings(upstreams={"a": {"base_url": "http://x/v1"}, "b": {"base_url": "http://y"}})
    gateway = Gateway(settings, Router(settings, {}), Client(settings.limits), ignore)
    for body in (MESSAGES, MESSAGES | FORMAT):
        with pytest.raises(NotFound):
            asyncio.run(
                open_exchange(gateway, CHAT, RequestBody(json.dumps(body).encode()), Caller(""))
            )
