"""Who may come in, and what everybody gets on the way out."""

import asyncio
import json

import pytest

from strictgate.api.access import AccessRules
from strictgate.api.middleware import GatewayMiddleware
from strictgate.api.request import ClientLeft
from strictgate.core.errors import BadRequest
from strictgate.gateway.client_keys import digest
from strictgate.observe.events import RequestFinished, ignore
from strictgate.observe.process_events import Crashed
from strictgate.upstream.headers import VIA
from tests.gates import gate


def visit(inner, rules=None, *, draining=False, path="/v1/x", door=None, **headers):
    """Send one request through a door; return status, body and events."""
    events, sent = [], []
    door = door or GatewayMiddleware(inner, rules or AccessRules(), events.append, lambda: draining)
    raw = {"host": "127.0.0.1:8080"} | {name.replace("_", "-"): v for name, v in headers.items()}
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode("utf-8")) for name, value in raw.items()],
    }

    async def send(message):
        sent.append(message)

    asyncio.run(door(scope, None, send))
    status = sent[0]["status"] if sent else None
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return status, body, events


async def welcome(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"in"})


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8080", 200),
        ("app.localhost", 200),
        ("127.0.0.1:1", 200),
        ("192.168.1.7", 200),
        ("[::1]:8080", 200),
        ("strictgate:8080", 200),
        ("strictgate.prod.svc", 200),
        ("strictgate.prod.svc.cluster.local:8080", 200),
        ("host.docker.internal", 200),
        ("gate.example", 200),
        ("evil.example", 421),
        ("evil.example:8080", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("svc.cluster.local.evil.example", 421),
        ("prod.svc.", 421),
        ("x/?", 200),
        ("", 421),
    ],
)
def test_host(host, status):
    """Names that public DNS could point here are refused; addresses and local names are not."""
    rules = AccessRules(hosts=frozenset({"gate.example"}))

    assert visit(welcome, rules, host=host)[0] == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("strictgate.prod", 200),
        ("strictgate.prod:8080", 200),
        ("strictgate.prod.svc.k8s.corp", 200),
        ("strictgate.test", 421),
        ("prod", 200),
        ("evil.example", 421),
        ("strictgate.prod.evil.example", 421),
    ],
)
def test_host_in_a_cluster(host, status):
    """A pod's services may be called by the short names that its resolver completes."""
    rules = AccessRules(host_suffixes=(".prod", ".svc.k8s.corp"))

    assert visit(welcome, rules, host=host)[0] == status


def test_health_has_any_host():
    """What asks whether the process lives may call it by any name: the answer tells nothing."""
    assert visit(welcome, path="/healthz", host="node-7.corp.example")[0] == 200


def test_any_host():
    """A star takes the guard off."""
    assert visit(welcome, AccessRules(hosts=frozenset("*")), host="evil.example")[0] == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://app.example", 200), ("https://evil.example", 403), ("null", 403)],
)
def test_origin(origin, status):
    """Web pages may call from allowed origins only."""
    rules = AccessRules(origins=frozenset({"https://app.example"}))

    assert visit(welcome, rules, origin=origin)[0] == status


def test_preflight():
    """A browser asks first, without a key, and is told; the answer itself names the origin."""
    sent = []

    async def send(message):
        sent.append(message)

    rules = AccessRules(origins=frozenset({"https://app.example"}), key_digests=(digest("k"),))
    headers = [(b"host", b"localhost"), (b"origin", b"https://app.example")]
    scope = {"type": "http", "method": "OPTIONS", "path": "/v1/x", "query_string": b""}
    door = GatewayMiddleware(welcome, rules, lambda event: None)
    asyncio.run(door({**scope, "headers": headers}, None, send))

    told = dict(sent[0]["headers"])
    assert sent[0]["status"] == 204
    assert told[b"access-control-allow-origin"] == b"https://app.example"
    assert b"authorization" in told[b"access-control-allow-headers"]


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer key-1", 200),
        ("bearer key-2", 200),
        ("Bearer key-3", 401),
        ("Bearer ", 401),
        ("Basic key-1", 401),
        ("key-1", 401),
        ("Bearer schlüssel", 401),
        ("Bearer " + "x" * 100_000, 401),
        ("Bearer größe", 200),
    ],
)
def test_keys(authorization, status):
    """One of the keys, as a bearer token, and nothing else."""
    rules = AccessRules(key_digests=(digest("key-1"), digest("key-2"), digest("größe"), digest("")))

    assert visit(welcome, rules, authorization=authorization)[0] == status


def test_no_key():
    """Everything needs a key, but the health checks."""
    rules = AccessRules(key_digests=(digest("key-1"),))

    assert visit(welcome, rules)[0] == 401
    assert visit(welcome, rules, x_api_key="key-1")[0] == 401
    assert visit(welcome, rules, path="/healthz")[0] == 200


def test_draining():
    """On the way down nothing new is taken in."""
    status, body, _ = visit(welcome, draining=True)

    assert (status, json.loads(body)["error"]["code"]) == (503, "shutting_down")
    assert visit(welcome, draining=True, path="/readyz")[0] == 200


def test_overload():
    """What is over the limit is refused at once."""
    status, body, _ = visit(welcome, AccessRules(connections=0))

    assert (status, json.loads(body)["error"]["code"]) == (503, "overloaded")


def test_errors_are_rendered():
    """A GatewayError becomes its body, with a request id that the log has too."""

    async def refuse(scope, receive, send):
        raise BadRequest("no", code="c")

    status, body, events = visit(refuse)
    assert (status, json.loads(body)["error"]["code"]) == (400, "c")
    assert [type(event) for event in events] == [RequestFinished]
    assert (events[0].status, events[0].error) == (400, "c")


def test_a_bug_is_one_shaped_500():
    """A bug tells the client nothing but an id; the log has it all."""

    async def bug(scope, receive, send):
        raise ZeroDivisionError("secret detail")

    status, body, events = visit(bug)
    crashed = next(event for event in events if isinstance(event, Crashed))
    assert status == 500
    assert b"secret detail" not in body
    assert crashed.request_id in json.loads(body)["error"]["message"]
    assert "secret detail" in crashed.traceback


@pytest.mark.parametrize(
    ("kind", "tail"),
    [
        (b"text/event-stream", b"data: 1\n\n"),
        (b"text/event-stream", b"data: 1"),
    ],
)
def test_a_stream_that_has_begun_ends_in_a_frame(kind, tail):
    """The error's frame stands alone, whatever came before it."""

    async def broken(scope, receive, send):
        headers = [(b"content-type", kind)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": tail, "more_body": True})
        raise BadRequest("no")

    _, body, _ = visit(broken)
    frames = body.split(b"\n\n")
    assert frames[0] == b"data: 1"
    assert json.loads(frames[1].removeprefix(b"data: "))["error"]["message"] == "no"
    assert frames[2] == b"data: [DONE]"


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"content-type", b"text/event-stream"), (b"content-encoding", b"gzip")],
        [(b"content-type", b"text/event-stream"), (b"content-length", b"9")],
    ],
)
def test_any_other_answer_is_left_unfinished(headers):
    """Half a body is never finished, so that nobody takes it for whole."""

    async def broken(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise BadRequest("no")

    assert visit(broken)[1] == b"half"


def test_a_client_that_left():
    """There is nobody to answer; the log says why."""

    async def left(scope, receive, send):
        raise ClientLeft

    status, _, events = visit(left)
    assert status is None
    assert events[0].client_left


def test_keys_over_the_wire(demo):
    """The whole server refuses what the door refuses."""
    with gate(demo, server={"api_keys": ["key-1"]}) as guarded:
        assert guarded.chat("clean").status == 401
        assert guarded.get("/healthz").status == 200
        ok = guarded.get("/v1/models", authorization="Bearer key-1")
        assert ok.status == 200


def test_a_request_that_comes_back_is_refused():
    """A gateway marks what it sends on, and knows its own mark: it is no upstream of its own."""
    seen = []

    async def note(scope, receive, send):
        seen.append(dict(scope["caller"].headers)[VIA])
        await welcome(scope, receive, send)

    door = GatewayMiddleware(note, AccessRules(), ignore)
    assert visit(note, door=door, x_strictgate_via="another")[0] == 200
    (via,) = seen
    assert via.startswith("another, ")
    assert visit(note, x_strictgate_via=via)[0] == 200
    status, body, _ = visit(note, door=door, x_strictgate_via=via)

    assert status == 508
    assert json.loads(body)["error"]["code"] == "upstream_loop"


def test_a_client_key_stays_here(demo):
    """What a client shows Strictgate is not shown the upstream, in whichever header it stands."""
    with gate(demo, server={"api_keys": ["key-1"]}) as running:
        told = running.get("/v1/echo", authorization="Bearer key-1", x_api_key="key-1").json
    with gate(demo) as running:
        passed = running.get("/v1/echo", authorization="Bearer key-1", x_api_key="key-2").json

    assert "key-1" not in json.dumps(told)
    assert ["x-api-key", "key-2"] in passed["headers"]


ECHO = {"model": "demo/clean", "messages": [{"role": "user", "content": "hi"}]}


def test_a_request_id(demo):
    """The client's own is given back, sent upstream, and in every event."""
    with gate(demo) as running:
        answer = running.post(ECHO, "/v1/echo", **{"x-request-id": "abc-1:2"})
        enforced = running.chat("clean")
        events = [each.request_id for each in running.events if hasattr(each, "request_id")]

    assert answer.headers["x-request-id"] == "abc-1:2"
    assert dict(answer.json["headers"])["x-request-id"] == "abc-1:2"
    assert enforced.headers["x-request-id"].startswith("req_")
    assert set(events) == {"abc-1:2", enforced.headers["x-request-id"]}


@pytest.mark.parametrize("given", ["", "a b", "a\x1b[31m", "x" * 129, "abc-my-secret-key", "\xe9"])
def test_an_odd_request_id(given):
    """What could break a line or a header, or has the key in it, is not taken over."""
    rules = AccessRules(key_digests=(digest("my-secret-key"),))
    _, _, events = visit(welcome, rules, authorization="Bearer my-secret-key", x_request_id=given)

    assert events[-1].request_id.startswith("req_")


def test_no_two_requests_at_once_have_one_id():
    """Whoever comes while it is in use gets another; later it is free again."""
    ids = []

    async def one(scope, receive, send):
        scope["meeting"][0].set()
        ids.append(scope["caller"].request_id)
        await scope["meeting"][1].wait()

    async def both():
        door = GatewayMiddleware(one, AccessRules(), ignore)
        begun, over = asyncio.Event(), asyncio.Event()
        about = {"type": "http", "method": "GET", "path": "/v1/x", "query_string": b""}
        scope = about | {"headers": [(b"x-request-id", b"same")], "meeting": (begun, over)}
        async with asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(door(scope, None, None))
                await begun.wait()
                begun.clear()
            over.set()
        await door(scope, None, None)

    asyncio.run(both())

    assert (ids[0], ids[2]) == ("same", "same")
    assert ids[1].startswith("req_")


@pytest.mark.parametrize(
    ("path", "kind", "sandboxed"),
    [
        ("/v1/files/x/content", "text/html", True),
        ("/v1/files/x/content", "image/svg+xml", True),
        ("/v1/files/x/content", None, True),  # a browser would guess
        ("/v1/chat/completions", "application/json", False),
        ("/v1/chat/completions", "text/event-stream", False),
        ("/inspector", "text/html", False),
    ],
)
def test_pages_of_upstreams_are_in_a_sandbox(path, kind, sandboxed):
    """Else what an upstream sends would have the origin of this gateway's own pages."""
    heads = []

    async def page(scope, receive, send):
        headers = [(b"content-type", kind.encode())] if kind else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"<script>"})

    async def send(message):
        heads.append(dict(message.get("headers", ())))

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    asyncio.run(GatewayMiddleware(page, AccessRules(), ignore)(scope, None, send))

    assert (heads[0].get(b"content-security-policy") == b"sandbox") is sandboxed
