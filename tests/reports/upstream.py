"""All scripts behind one port: the first part of a path names the script."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from tests.reports.rendering import Sent
from tests.reports.script import Script

MISSING = Sent(404, "application/json", (b'{"error": {"message": "Not found."}}',))


class Upstream:
    """An ASGI application; `scripts` by name."""

    def __init__(self, scripts: Mapping[str, Script]) -> None:
        self.scripts = scripts

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        name = scope["path"].split("/")[1]
        body = await _body(receive)
        script = self.scripts.get(name)
        is_asked = script is not None and scope["method"] == "POST"
        answer = script.answer(json.loads(body)) if script and is_asked else MISSING
        headers = [(b"content-type", answer.kind.encode())]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        for piece in answer.pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(answer.pause)
        await send({"type": "http.response.body", "body": b""})


async def _live(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _body(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body
