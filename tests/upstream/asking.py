"""One request through the real client to an upstream that answers what a test wants."""

import asyncio

from strictgate.core.conversation.protocol import StreamPart
from strictgate.settings.loading import Settings
from strictgate.settings.tables import LimitSettings
from strictgate.upstream.client import Client
from strictgate.upstream.routing import Router
from strictgate.upstream.stream import UpstreamStream
from tests.core.talks import GOOD
from tests.servers import serving

COMPLETION = {"choices": [{"index": 0, "message": {"content": GOOD}, "finish_reason": "stop"}]}


def answering(body=b"", status=200, kind=b"application/json", pieces=None, **headers):
    """An upstream that answers just this."""

    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        raw = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
        head = [(b"content-type", kind), *raw]
        await send({"type": "http.response.start", "status": status, "headers": head})
        for piece in pieces or []:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if pieces is None or pieces[-1:] != [b"..."]:
            await send({"type": "http.response.body", "body": body})
        else:
            while (await receive())["type"] != "http.disconnect":
                pass

    return app


async def heard(answer):
    """What came as a whole, or a stream came to."""
    stream = answer
    try:
        while isinstance(answer, UpstreamStream | StreamPart):
            answer = await stream.next()
    finally:
        if isinstance(stream, UpstreamStream):
            await stream.close()
    return answer


def asked(app, key=None, limits=None, **upstream):
    """Ask `app` once."""

    async def ask(url):
        table = {"base_url": f"{url}/v1", **upstream} | ({"api_key_env": "KEY"} if key else {})
        router = Router(Settings(upstreams={"x": table}), {"KEY": key or ""})
        async with Client(limits or LimitSettings()) as client:
            return await heard(await client.ask(router.default(), {"messages": []}, {}))

    with serving(app) as url:
        return asyncio.run(ask(url))
