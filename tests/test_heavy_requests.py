"""What is heavy beside what is healthy: the gateway's event loop turns while a worker computes.

The gateway runs in the test's own loop, so that its turns can be counted; the upstream is another
thread's. Workers are real processes.
"""

import asyncio
import json
import os
from contextlib import asynccontextmanager

import pytest

from strictgate.api.app import create_app
from strictgate.gateway import worker_pool
from strictgate.settings.loading import Settings
from tests.servers import serving

ROW = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "size": {"enum": ["small", "large"]}},
    "required": ["name", "size"],
    "additionalProperties": False,
}
ROWS = {"type": "object", "properties": {"rows": {"type": "array", "items": ROW}}}
LARGE = {"anyOf": [{"properties": {f"p{n}": {"pattern": f"^a{{1,{n + 1}}}$"}}} for n in range(200)]}
HEALTHY = '{"rows":[{"name":"a","size":"small"}]}'
KIB = 1024
TURNS = 20


def rows(size, row):
    return '{"rows":[' + ",".join([row] * (size * KIB // len(row))) + "]}"


ANSWERS = {
    "healthy": HEALTHY,
    "misspelt": rows(12, '{"name":"somebody","size":"SMALL"}'),
    "wrong": rows(12, '{"name":"somebody","size":"medium"}'),
    "cut": rows(12, '{"name":"somebody","size":"small"}')[:-9],
    "wrong, long": rows(128, '{"name":"somebody","size":"medium"}'),
    "valid": rows(24, '{"name":"somebody","size":"small"}'),
}


async def upstream(scope, receive, send):
    """Answers with the text that the model's name stands for; a stream in pieces of 16 KiB."""
    raw, more = b"", True
    while more:
        message = await receive()
        raw, more = raw + message.get("body", b""), message.get("more_body", False)
    body = json.loads(raw)
    text = ANSWERS[body["model"]]
    if body.get("stream"):
        kind, pieces = b"text/event-stream", list(events(text))
    else:
        choice = {"message": {"content": text}, "finish_reason": "stop"}
        kind, pieces = b"application/json", [json.dumps({"choices": [choice]})]
    head = [(b"content-type", kind)]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece.encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def events(text):
    for at in range(0, len(text), 16 * KIB):
        choice = {"index": 0, "delta": {"content": text[at : at + 16 * KIB]}}
        yield f"data: {json.dumps({'id': 'c', 'choices': [choice]})}\n\n"
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    yield f"data: {json.dumps({'id': 'c', 'choices': [end]})}\n\ndata: [DONE]\n\n"


class Client:
    """Asks the application as a server does, without one."""

    def __init__(self, app):
        self.app = app

    async def ask(self, model, schema=ROWS, *, leaves=None, **more):
        """Return the status and the body. `leaves`: an event, at which the client goes."""
        wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
        messages = [{"role": "user", "content": "json"}]
        body = {"model": model, "messages": messages, "response_format": wanted, **more}
        status, pieces = 0, []
        given = iter([{"type": "http.request", "body": json.dumps(body).encode()}])

        async def receive():
            for message in given:
                return message
            await (leaves or asyncio.Event()).wait()
            return {"type": "http.disconnect"}

        async def send(message):
            nonlocal status
            status = message.get("status", status)
            pieces.append(message.get("body", b""))

        path = "/v1/chat/completions"
        headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
        about = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode()}
        about |= {"headers": headers, "query_string": b"", "http_version": "1.1"}
        about |= {"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "scheme": "http"}
        await self.app(about, receive, send)
        return status, b"".join(pieces).decode()


@asynccontextmanager
async def running(url, **limits):
    """The application, between its start and its end."""
    settings = Settings(
        default_upstream="x",
        upstreams={"x": {"base_url": f"{url}/v1"}},
        limits=limits,
        enforcement={"max_attempts": 1},
    )
    app = create_app(settings, os.environ)
    messages = asyncio.Queue()
    started, stopped = asyncio.Event(), asyncio.Event()

    async def send(message):
        (started if message["type"] == "lifespan.startup.complete" else stopped).set()

    async with asyncio.TaskGroup() as group:
        group.create_task(app({"type": "lifespan", "state": {}}, messages.get, send))
        messages.put_nowait({"type": "lifespan.startup"})
        await started.wait()
        try:
            yield Client(app)
        finally:
            messages.put_nowait({"type": "lifespan.shutdown"})
            await stopped.wait()


def with_gateway(use, **limits):
    async def run(url):
        async with running(url, **limits) as client:
            return await use(client)

    with serving(upstream) as url:
        return asyncio.run(run(url))


async def beside(client, heavy):
    """Await `heavy`; return its result, how often the loop turned, and the healthy statuses."""
    turns, statuses, is_over = 0, [], asyncio.Event()

    async def others():
        nonlocal turns
        while not is_over.is_set():
            await asyncio.sleep(0.001)
            turns += 1
            if turns % 5 == 0:
                statuses.append((await client.ask("healthy"))[0])

    async with asyncio.TaskGroup() as group:
        group.create_task(others())
        result = await heavy
        is_over.set()
    return result, turns, statuses


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("model", "status"), [("misspelt", 200), ("wrong", 400), ("cut", 400)])
def test_others_are_served(model, status, stream):
    """While an answer is judged, mended or refused, the loop turns, and others get theirs."""

    async def use(client):
        return await beside(client, client.ask(model, stream=stream))

    (got, body), turns, statuses = with_gateway(use)
    assert got == status, body[:500]
    assert turns > TURNS
    assert statuses
    assert set(statuses) == {200}


def test_a_large_schema():
    """It is compiled, and judged by, elsewhere: twice the same, and what is refused too."""

    async def use(client):
        schema = LARGE | {"required": ["rows"]}
        first = await beside(client, client.ask("healthy", schema))
        return (
            first,
            await client.ask("healthy", schema),
            await client.ask("healthy", LARGE | {"type": 7}),
        )

    ((status, body), turns, statuses), again, refused = with_gateway(use)
    assert status == 200, body
    assert again[0] == 200
    assert set(statuses) == {200}
    assert turns > TURNS
    assert refused[0] == 400
    assert json.loads(refused[1])["error"]["code"] is None
    assert "Invalid schema for response_format 'x'" in refused[1]


def test_what_is_valid_needs_no_worker():
    """However long it is, within reason: no process is started."""

    async def use(client):
        return await client.ask("valid"), await client.ask("healthy", stream=True)

    assert [status for status, _ in with_gateway(use, worker_seconds=0.001)] == [200, 200]


@pytest.mark.parametrize("stream", [False, True])
def test_over_the_limit(stream):
    """An error that names the limit, with the model's text; a stream ends in it."""

    async def use(client):
        return await client.ask("wrong", stream=stream)

    status, body = with_gateway(use, worker_seconds=0.001)
    assert status == 500
    assert json.loads(body)["error"]["code"] == "not_judged"
    assert "limits.worker_seconds" in body


def test_a_client_that_leaves(monkeypatch):
    """Its worker is free soon, and serves the next."""
    monkeypatch.setattr(worker_pool, "GRACE", 0.01)

    async def use(client):
        leaves = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(client.ask("wrong, long", leaves=leaves))
            await asyncio.sleep(0.2)
            leaves.set()
        return task.result(), await client.ask("misspelt")

    left, following = with_gateway(use, workers=1)
    assert left[0] == 0
    assert following[0] == 200


def test_only_so_many_wait():
    """More are told to come back; those that wait get their answers."""

    async def use(client):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(client.ask("misspelt")) for _ in range(5)]
        return [task.result() for task in tasks]

    answers = with_gateway(use, workers=1, worker_queue=2)
    assert sorted(status for status, _ in answers) == [200, 200, 503, 503, 503]
    errors = [json.loads(body)["error"] for status, body in answers if status == 503]
    assert {error["code"] for error in errors} == {"overloaded"}
    assert all(error["failed_generation"] for error in errors)  # it was paid for
