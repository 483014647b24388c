"""What carries no schema passes through untouched, both ways."""

import hashlib
import http.client
import json
import re
import urllib.request
from contextlib import closing

import pytest

from strictgate.observe.events import UpstreamFailed
from tests.gates import gate
from tests.servers import serving

NUMBER = re.compile(rb"chatcmpl-demo-\d+")


def records(demo):
    with urllib.request.urlopen(f"{demo}/_requests") as answer:
        return json.load(answer)


def headers_of(echo):
    return dict(echo.json["headers"])


def test_body_is_untouched(strictgate):
    """The upstream gets the very bytes, odd as they are."""
    body = b'{ "model":"demo/clean",  "x":1e2, "y":123456789012345678901234567890, "z":"\\u0041" }'
    told = strictgate.request("POST", "/v1/echo", body, **{"content-type": "application/json"})

    assert told.json["sha256"] == hashlib.sha256(body).hexdigest()


def test_numbers_survive_another_name(demo):
    """Where the model is renamed, the rest says the same."""
    models = {"kimi": {"upstream": "demo", "model": "demo/clean"}}
    body = b'{"model":"kimi","seed":123456789012345678901234567890}'
    renamed = b'{"model":"demo/clean","seed":123456789012345678901234567890}'
    with gate(demo, models=models) as running:
        told = running.request("POST", "/v1/echo", body, **{"content-type": "application/json"})

    assert told.json["sha256"] == hashlib.sha256(renamed).hexdigest()


def test_knobs_are_removed(strictgate, demo):
    """Our own key never reaches an upstream that refuses what it does not know."""
    answer = strictgate.chat("rejects-unknown", None, strictgate={"max_attempts": 1})

    assert answer.status == 200
    assert b"strictgate" not in json.dumps(records(demo)[-1]["body"]).encode()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_methods_paths_queries(strictgate, method):
    """Method, path, query and body size are what the upstream sees."""
    data = None if method == "GET" else b"abc"
    answer = strictgate.request(
        method, "/v1/echo?a=%20b&c=d%2Fe", data, **{"content-type": "application/octet-stream"}
    )

    told = answer.json
    assert (told["method"], told["path"], told["query"]) == (method, "/v1/echo", "a=%20b&c=d%2Fe")
    assert told["size"] == len(data or b"")


def test_head(strictgate):
    """HEAD has no body, and that is no error."""
    assert strictgate.request("HEAD", "/v1/echo", None).raw == b""


def test_hop_by_hop_headers_stay(strictgate):
    """Headers of one connection, and those that it names, are not sent on; others are."""
    sent = {"connection": "close, x-private", "x-private": "1", "x-public": "2", "te": "trailers"}
    connection = http.client.HTTPConnection(strictgate.url.removeprefix("http://"))
    connection.request("GET", "/v1/echo", headers=sent)
    with closing(connection):
        told = dict(json.load(connection.getresponse())["headers"])

    assert not {"x-private", "te"} & set(told)
    assert told["x-public"] == "2"
    assert "127.0.0.1" in told["host"]


def test_large_upload(strictgate):
    """A body that is not JSON streams through, larger than what is read whole."""
    answer = strictgate.request(
        "POST", "/v1/echo", b"x" * (20 << 20), **{"content-type": "application/octet-stream"}
    )

    assert answer.json["size"] == 20 << 20


def test_embeddings(strictgate):
    """Other endpoints go to the upstream of the model that they name."""
    assert strictgate.post({"model": "demo/clean", "input": "x"}, "/v1/embeddings").json["data"]


def test_stream(strictgate):
    """A stream without a schema passes as it comes, its end and all."""
    answer = strictgate.chat("clean", None, stream=True)

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.raw.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("model", ["crlf", "no-done", "split", "stream-error"])
def test_odd_streams_pass_untouched(demo, strictgate, model):
    """How an upstream frames its stream is its own affair where nothing is enforced."""
    body = {"model": f"demo/{model}", "messages": [{"role": "user", "content": "x"}]}
    data, kind = json.dumps(body | {"stream": True}).encode(), {"content-type": "application/json"}
    direct = urllib.request.Request(f"{demo}/v1/chat/completions", data, kind)
    with urllib.request.urlopen(direct) as answer:
        expected = answer.read()

    passed = strictgate.request("POST", "/v1/chat/completions", data, **kind).raw
    assert NUMBER.sub(b"", passed) == NUMBER.sub(b"", expected)


def test_broken_stream_ends_in_an_error(strictgate):
    """A stream that breaks off is no success: one frame with the error, then the end."""
    raw = strictgate.chat("drops", None, stream=True).raw
    frames = [line for line in raw.split(b"\n\n") if line]

    assert frames[-1] == b"data: [DONE]"
    assert (
        json.loads(frames[-2].removeprefix(b"data: "))["error"]["code"] == "upstream_bad_response"
    )


def test_stream_that_merely_stops(strictgate):
    """Every byte passes, and then it is said that there should have been more."""
    raw = strictgate.chat("no-end", None, stream=True).raw

    assert raw.count(b"data: {") > 2
    assert b'"upstream_bad_response"' in raw
    assert raw.endswith(b"data: [DONE]\n\n")


def test_a_wrong_knob_is_a_mistake_here_too(strictgate):
    """Knobs are checked wherever they stand."""
    answer = strictgate.chat("clean", None, strictgate={"nope": 1})

    assert (answer.status, answer.error["param"]) == (400, "strictgate.nope")


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("html", 502, None),
        ("429", 429, "rate_limit_exceeded"),
        ("redirect", 502, "upstream_bad_response"),
        ("drops-early", 502, "upstream_unreachable"),
    ],
)
def test_errors(strictgate, model, status, code):
    """Errors have OpenAI's shape; a web page is never passed on."""
    answer = strictgate.chat(model, None)

    assert answer.status == status
    assert code in (None, answer.error["code"])
    assert b"<html" not in answer.raw.lower()


def test_forms_are_routed(demo):
    """An upload goes to the upstream of the model that it names, under its name there."""
    models = {"whisper": {"upstream": "far", "model": "demo/clean"}}
    far = {"far": {"base_url": f"{demo}/v1"}, "demo": {"base_url": "http://127.0.0.1:9/v1"}}
    form = (
        b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nwhisper\r\n--b\r\n'
        b'content-disposition: form-data; name="file"; filename="a"\r\n\r\nxx\r\n--b--\r\n'
    )
    kind = {"content-type": "multipart/form-data; boundary=b"}
    with gate(demo, models=models, upstreams=far) as routed:
        answer = routed.request("POST", "/v1/audio/transcriptions", form, **kind)

    assert answer.status == 200


def test_upstream_gone():
    """An upstream that cannot be reached is said so, with the cause; the log has its address."""
    with gate("http://127.0.0.1:9") as lonely:
        for schema in (None, True):
            answer = lonely.chat("clean", schema)
            assert (answer.status, answer.error["code"]) == (502, "upstream_unreachable")
            assert answer.error["message"] == (
                "The upstream 'demo' (http://127.0.0.1:9/v1) cannot be reached: Connection refused."
            )
        failed = [event for event in lonely.events if isinstance(event, UpstreamFailed)]

    assert {(each.upstream, each.address, each.error) for each in failed} == {
        ("demo", "http://127.0.0.1:9/v1", "upstream_unreachable")
    }
    assert len(failed) == 2


@pytest.mark.parametrize("schema", [None, True])
def test_upstream_dies_in_the_middle(demo, schema):
    """A stream that breaks off is logged as that, whatever the client is answered."""
    with gate(demo) as running:
        running.chat("drops", schema, stream=True)
        failed = [event for event in running.events if isinstance(event, UpstreamFailed)]

    assert failed
    assert {each.error for each in failed} == {"upstream_bad_response"}
    assert all("broke off" in each.message for each in failed)


def test_no_v1(demo):
    """Who forgets /v1 is told of it, whichever side it is missing on."""
    with gate(demo, upstreams={"demo": {"base_url": demo}}) as running:
        answer = running.request("POST", "/chat/completions", b"{}")
        assert (answer.status, answer.error["code"]) == (404, "unknown_url")
        assert "below /v1" in answer.error["message"]
        for schema in (None, True):
            answer = running.chat("clean", schema)
            assert answer.status == 404
            assert "upstreams.demo.base_url has no path" in answer.error["message"]


def test_the_models_of_a_loop(demo):
    """A list is asked for with the marks of where the request came through, too."""
    with gate(demo) as running:
        seen = headers_of(running.get("/v1/echo", x_strictgate_via="other"))
        assert seen["x-strictgate-via"].startswith("other, ")
        again = running.get("/v1/models", x_strictgate_via=seen["x-strictgate-via"])

    assert (again.status, again.error["code"]) == (508, "upstream_loop")


def test_credentials(demo):
    """The client's key goes upstream, unless the upstream has one of ours, or it is one of ours."""
    own = {"upstreams": {"demo": {"api_key_env": "KEY"}}}
    with gate(demo) as open_gate:
        seen = headers_of(open_gate.get("/v1/echo", authorization="Bearer theirs"))
        assert seen["authorization"] == "Bearer theirs"
    with gate(demo, {"KEY": "ours"}, **own) as keyed:
        seen = headers_of(keyed.get("/v1/echo", authorization="Bearer theirs"))
        assert seen["authorization"] == "Bearer ours"
    with gate(demo, server={"api_keys": ["gate-key"]}) as guarded:
        seen = headers_of(guarded.get("/v1/echo", authorization="Bearer gate-key"))
        assert "authorization" not in seen


def test_renamed_model(demo):
    """A configured name is what clients say; the upstream hears its own."""
    models = {"kimi": {"upstream": "demo", "model": "demo/clean"}}
    with gate(demo, models=models) as renamed:
        for wanted in (None, {"type": "json_object"}):
            body = {"model": "kimi", "messages": [{"role": "user", "content": "json"}]}
            assert renamed.post(body | {"response_format": wanted}).status == 200
        assert records(demo)[-1]["body"]["model"] == "demo/clean"


async def odd_headers(scope, receive, send):
    """An upstream that writes UTF-8 into a header, and quotes the key that it was sent."""
    if scope["type"] != "http":
        return
    key = dict(scope["headers"])[b"authorization"]
    headers = [
        (b"x-model", "模型".encode()),
        (b"x-echo", key),
        (b"x-request-id", b"theirs"),
        (b"set-cookie", b"a=b"),
        (b"content-length", b"2"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{}"})


def test_headers_of_an_answer():
    """They come through as bytes, without our key, and without what is about another host."""
    keyed = {"demo": {"api_key_env": "KEY"}}
    with serving(odd_headers) as url, gate(url, {"KEY": "sk-1"}, upstreams=keyed) as running:
        answer = running.get("/v1/x")

    told = answer.headers
    assert told["x-model"].encode("latin-1").decode() == "模型"
    assert told["x-echo"] == "Bearer ***"
    assert told["x-upstream-request-id"] == "theirs"
    assert told["x-request-id"].startswith("req_")
    assert "set-cookie" not in told


async def mirror(scope, receive, send):
    """An upstream that answers with what it was sent."""
    if scope["type"] != "http":
        return
    sent = await receive()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": sent["body"]})


def test_odd_bodies():
    """What other endpoints are asked is the upstream's to judge, whatever it is."""
    tool = {"type": "function", "function": {"name": "x", "strict": True, "parameters": 5}}
    bodies = [
        *(b"", b"[]", b'"x"', b"{}", b"no json", b'{"model":5}', b'{"model":null}'),
        *(b'{"model":"m","x":NaN,"y":1e999}', b'{"model":"m","a":1,"a":2}'),
        b'{"model":"m","response_format":{"type":"json_schema"}}',
        json.dumps({"model": "m", "prompt": [1, "x"], "tools": [tool]}).encode(),
    ]
    with serving(mirror) as url, gate(url) as running:
        for path in ("/v1/completions", "/v1/embeddings", "/openai/v1/moderations"):
            for body in bodies:
                answer = running.post(body, path)
                assert (answer.status, answer.raw) == (200, body)
