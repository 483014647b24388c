"""The other routes."""

import base64
import struct
from typing import Any

import orjson
import pytest

from strictgate.demo import endpoints
from strictgate.demo.behaviours import BEHAVIOURS
from strictgate.demo.endpoints import HttpRequest


def told(endpoint: endpoints.Endpoint, body: bytes = b"", path: str = "/x") -> tuple[int, Any]:
    reply = endpoint(HttpRequest("POST", path, "a=1", [("x-a", "1")], body))
    (part,) = reply.parts
    assert isinstance(part, bytes)
    return reply.status, orjson.loads(part)


def test_models():
    """Every behaviour is one; names can be joined."""
    _, listed = told(endpoints.list_models)
    assert [each["id"] for each in listed["data"]] == [f"demo/{name}" for name in BEHAVIOURS]
    status, one = told(endpoints.show_model, path="/v1/models/demo/thinks+fenced")
    assert status == 200
    assert one["description"] == "; ".join(
        BEHAVIOURS[name].description for name in ("thinks", "fenced")
    )
    assert told(endpoints.show_model, path="/v1/models/demo/nothing")[0] == 404


@pytest.mark.parametrize(
    ("given", "count"),
    [("a", 1), (["a", "b"], 2), ([1, 2, 3], 1), ([[1], [2]], 2), ([], 0)],
)
def test_inputs_of_embeddings(given: Any, count: int):
    """One text, several, one list of tokens, or several."""
    status, body = told(endpoints.embed, orjson.dumps({"input": given}))
    assert (status, [each["index"] for each in body["data"]]) == (200, list(range(count)))


def test_vectors():
    """They depend on the text alone, and have the size and encoding that are wanted."""
    wish = {"input": ["a", "b", "a"], "dimensions": 40}
    one, other, same = told(endpoints.embed, orjson.dumps(wish))[1]["data"]
    assert one["embedding"] == same["embedding"] != other["embedding"]
    assert len(one["embedding"]) == 40
    assert all(-1 <= number <= 1 for number in one["embedding"])
    packed = told(endpoints.embed, orjson.dumps(wish | {"encoding_format": "base64"}))[1]
    raw = base64.b64decode(packed["data"][0]["embedding"])
    assert struct.unpack("<40f", raw) == pytest.approx(one["embedding"])


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"[]", b"null"])
def test_what_is_no_request_for_embeddings(body: bytes):
    """It is refused in OpenAI's shape."""
    status, answer = told(endpoints.embed, body)
    assert (status, answer["error"]["param"]) == (400, "input")


def test_echo():
    """The request as it arrived."""
    _, body = told(endpoints.echo, b"abc")
    assert (body["method"], body["query"], body["headers"]) == ("POST", "a=1", [["x-a", "1"]])
    assert body["size"] == 3
    assert body["sha256"].startswith("ba7816bf")
    assert told(endpoints.transcribe, b"abc")[1] == {"text": "3 bytes received."}
