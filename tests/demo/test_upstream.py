"""The application: routes, streams, records; and faults over a real socket."""

import base64
import json
import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import pytest
from openai import OpenAI
from pydantic import BaseModel

from strictgate.demo.behaviours import BEHAVIOURS
from strictgate.demo.upstream import MAX_RECORDS, create_demo
from tests.demo.client import THREAD_SCHEMA, call, chat_body
from tests.servers import serving

CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(create_demo()) as address:
        yield address


def test_models():
    """Every behaviour is a model that describes itself; composed names are models too."""
    app = create_demo()
    listed = call(app, "GET", "/v1/models").json["data"]
    assert [each["id"] for each in listed] == [f"demo/{name}" for name in BEHAVIOURS]
    assert all(each["description"] for each in listed)
    both = call(app, "GET", "/v1/models/demo/thinks+fenced").json
    assert both["description"].count(";") == 1
    assert call(app, "GET", "/v1/models/gpt-x").status == 404


def test_stream():
    """Role, text in several deltas, finish, usage if asked for, [DONE]."""
    options = {"stream": True, "stream_options": {"include_usage": True}, "n": 2}
    answer = call(create_demo(), "POST", CHAT, chat_body("clean", THREAD_SCHEMA, **options))
    *chunks, usage, done = answer.events
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert done == "[DONE]"
    assert usage["choices"] == []
    assert usage["usage"]["total_tokens"] > 0
    for index in (0, 1):
        mine = [each["choices"][0] for each in chunks if each["choices"][0]["index"] == index]
        assert mine[0]["delta"]["role"] == "assistant"
        assert len(mine) > 4
        assert "".join(each["delta"].get("content", "") for each in mine) == '{"choice":"angry"}'
        assert mine[-1]["finish_reason"] == "stop"


def test_streamed_tool_call():
    """Name first, then the arguments in deltas."""
    tool = {"type": "function", "function": {"name": "save", "parameters": THREAD_SCHEMA}}
    body = chat_body("clean", tools=[tool], tool_choice="required", stream=True)
    chunks = call(create_demo(), "POST", CHAT, body).events[:-1]
    deltas = [each["choices"][0]["delta"] for each in chunks]
    calls = [delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta]
    assert calls[0]["function"]["name"] == "save"
    arguments = "".join(each["function"]["arguments"] for each in calls)
    assert json.loads(arguments) == {"choice": "angry"}
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_embeddings():
    """Vectors depend on the text alone, and come as numbers or in base64."""
    app = create_demo()
    body = {"model": "e", "input": ["a", "b", "a"]}
    vectors = [each["embedding"] for each in call(app, "POST", "/v1/embeddings", body).json["data"]]
    assert vectors[0] == vectors[2] != vectors[1]
    coded = call(app, "POST", "/v1/embeddings", body | {"encoding_format": "base64"}).json["data"]
    numbers = struct.unpack("<8f", base64.b64decode(coded[0]["embedding"]))
    assert numbers == pytest.approx(vectors[0])
    assert call(app, "POST", "/v1/embeddings", {"model": "e"}).status == 400


def test_pass_through_routes():
    """Echo reports the request; transcriptions report the size."""
    app = create_demo()
    echo = call(app, "PATCH", "/v1/echo/a?b=c", b"\x00\xff").json
    assert (echo["method"], echo["path"], echo["query"]) == ("PATCH", "/v1/echo/a", "b=c")
    assert (echo["size"], echo["headers"]) == (2, [["x-test", "1"]])
    heard = call(app, "POST", "/v1/audio/transcriptions", b"12345").json
    assert heard == {"text": "5 bytes received."}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/responses", {"input": "x"}, 404),
        ("GET", "/nowhere", None, 404),
        ("GET", CHAT, None, 405),
        ("POST", CHAT, b"{", 400),
        ("POST", CHAT, {"model": "gpt-x", "messages": [{}]}, 404),
    ],
)
def test_errors_have_one_shape(method: str, path: str, body: Any, status: int):
    """Whatever is wrong is told in OpenAI's shape."""
    answer = call(create_demo(), method, path, body)
    assert answer.status == status
    assert set(answer.json["error"]) == {"message", "type", "param", "code"}


def test_records():
    """The last requests can be seen as they arrived, and cleared; or are not kept at all."""
    app = create_demo()
    for number in range(MAX_RECORDS + 1):
        call(app, "POST", CHAT, chat_body("clean", user=str(number)))
    seen = call(app, "GET", "/_requests").json
    assert len(seen) == MAX_RECORDS
    assert seen[-1]["body"]["user"] == str(MAX_RECORDS)
    assert seen[-1]["headers"] == {"x-test": "1"}
    assert (seen[-1]["finished"], seen[-1]["cancelled"]) == (True, False)
    assert call(app, "DELETE", "/_requests").json == []
    assert call(create_demo(record=False), "GET", "/_requests").status == 404


def test_said_characters_are_counted():
    """A record says how much of an answer was sent, streamed or not."""
    app = create_demo()
    tool = {"type": "function", "function": {"name": "save", "parameters": THREAD_SCHEMA}}
    for streamed in (False, True):
        call(app, "POST", CHAT, chat_body("slow", THREAD_SCHEMA, stream=streamed))
        call(app, "POST", CHAT, chat_body("clean", THREAD_SCHEMA, stream=streamed, n=2))
        forced = {"tools": [tool], "tool_choice": "required", "stream": streamed}
        call(app, "POST", CHAT, chat_body("clean", **forced))
    seen = call(app, "GET", "/_requests").json
    assert [each["characters"] for each in seen] == [18, 36, 18] * 2


def test_beta_address():
    """DeepSeek's second address is a chat too, recorded with its path."""
    app = create_demo()
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello! I", "prefix": True},
    ]
    for path, said in ((CHAT, "Hello! I"), ("/beta/chat/completions", " am the ")):
        answer = call(app, "POST", path, chat_body("continues-beta", messages=messages))
        assert answer.json["choices"][0]["message"]["content"].startswith(said)
        assert call(app, "GET", "/_requests").json[-1]["path"] == path


@pytest.mark.parametrize(
    ("name", "known"),
    [("slips-5", True), ("slips-0.3", True), ("sticky-100+fenced", True), ("weak-12", True),
     ("slips", False), ("slips-101", False), ("slips-x", False), ("clean-5", False)],
)  # fmt: skip
def test_rates_in_names(name: str, known: bool):
    """The number in a name can be any percentage."""
    answer = call(create_demo(), "GET", f"/v1/models/demo/{name}")
    assert (answer.status == 200) is known


def test_reset_outside_uvicorn():
    """Where the connection cannot be reset, an exception ends it."""
    with pytest.raises(ConnectionResetError):
        call(create_demo(), "POST", CHAT, chat_body("drops"))


@pytest.mark.parametrize(("model", "arrives"), [("drops", True), ("drops-early", False)])
@pytest.mark.parametrize("streamed", [False, True])
def test_connections_are_reset(url: str, model: str, arrives: bool, streamed: bool):
    """A client sees a part of the answer, or nothing, and then a reset; not an end."""
    body = json.dumps(chat_body(model, THREAD_SCHEMA, stream=streamed)).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    host, port = url.removeprefix("http://").split(":")
    received: list[bytes] = []
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head + body)
        with pytest.raises(ConnectionResetError):
            received.extend(iter(lambda: connection.recv(65536), b""))
    assert (b"200 OK" in b"".join(received)) is arrives


@pytest.mark.parametrize("model", ["stalls-midway", "endless", "whitespace"])
@pytest.mark.parametrize("streamed", [False, True])
def test_departure_is_recorded(url: str, model: str, streamed: bool):
    """When a client leaves before the end, its record says so."""
    mark = f"{model}-{streamed}"
    body = json.dumps(chat_body(model, THREAD_SCHEMA, stream=streamed, user=mark))
    with closing(HTTPConnection(url.removeprefix("http://"), timeout=30)) as client:
        client.request("POST", CHAT, body)
        with client.getresponse() as answer:
            assert answer.read(100)
    assert cancelled(url, mark)


def test_trickle_stops_when_the_client_leaves(url: str):
    """Of a stream that comes slowly, little is sent to a client that leaves early."""
    body = json.dumps(chat_body("trickles+array-loop", THREAD_SCHEMA, stream=True, user="trickle"))
    with closing(HTTPConnection(url.removeprefix("http://"), timeout=30)) as client:
        client.request("POST", CHAT, body)
        with client.getresponse() as answer:
            assert answer.read(1000)
    assert cancelled(url, "trickle")
    with closing(HTTPConnection(url.removeprefix("http://"), timeout=30)) as client:
        client.request("GET", "/_requests")
        seen = json.load(client.getresponse())
    (said,) = (each["characters"] for each in seen if each["body"].get("user") == "trickle")
    assert 0 < said < 5000


def cancelled(url: str, mark: str) -> bool:
    """Ask until the record says so: the server hears of it a moment after."""
    with closing(HTTPConnection(url.removeprefix("http://"), timeout=30)) as client:
        for _ in range(2000):
            client.request("GET", "/_requests")
            seen = json.load(client.getresponse())
            if any(each["body"].get("user") == mark and each["cancelled"] for each in seen):
                return True
    return False


class Choice(BaseModel):
    choice: str


def test_openai_client(url: str):
    """The official client parses answers and streams."""
    messages: Any = [{"role": "user", "content": "Well?"}]
    with OpenAI(base_url=f"{url}/v1", api_key="demo") as client:
        parsed = client.chat.completions.parse(
            model="demo/clean", messages=messages, response_format=Choice
        )
        assert parsed.choices[0].message.parsed == Choice(choice="Choice")
        with client.chat.completions.stream(model="demo/crlf", messages=messages) as stream:
            assert (stream.get_final_completion().choices[0].message.content or "")[:6] == "Hello!"
        assert len(client.embeddings.create(model="e", input="x").data[0].embedding) == 8
        assert client.models.retrieve("demo/clean").id == "demo/clean"
