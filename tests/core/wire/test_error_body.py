"""Error bodies of every shape, in OpenAI's."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.wire.error_body import MAX_MESSAGE, error_of, error_text
from tests.corpora import rows

NONE = {"param": None, "code": None}
BAD = {"type": "invalid_request_error", **NONE}
PAGE = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>x</body></html>"
GROQ = {"message": "m", "type": "t", "code": "json_validate_failed", "failed_generation": "{}"}


@pytest.mark.parametrize(
    "error",
    [
        {"message": "m", "type": "t", "param": None, "code": None},
        GROQ,
        {"code": 400, "message": "llama.cpp", "type": "invalid_request_error"},
        {"code": 429, "message": "Provider returned error", "metadata": {"raw": "why"}},
        {"message": "m"},
    ],
)
def test_openai_shape_is_kept(error: dict[str, Any]):
    """What has the shape keeps its members and their order; what it lacks comes after them."""
    for body in ({"error": error}, [{"error": error}], json.dumps({"error": error})):
        found = error_of(400, body)
        assert list(found)[: len(error)] == list(error)
        assert found == BAD | error


@pytest.mark.parametrize("odd", [{"x": 1}, [400]])
def test_scalars_of_an_error(odd: Any):
    """What clients take for a scalar is one, or null; a type that is no text is the status's."""
    error = {"message": "m", "type": 7, "param": odd, "code": odd}
    for body in ({"error": error}, error):
        assert error_of(400, body) | {"message": "m"} == BAD | {"message": "m"}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"error": "text"}, {"message": "text", **BAD}),
        (
            {"error": "e", "error_type": "validation"},
            {"message": "e", **BAD, "error_type": "validation"},
        ),
        ({"code": "c", "error": "e"}, {"message": "e", **BAD, "code": "c"}),
        (
            {"object": "error", "message": "m", "type": "T", "param": "p", "code": 400},
            {"message": "m", "type": "T", "param": "p", "code": 400, "object": "error"},
        ),
        ({"detail": "text"}, {"message": "text", **BAD, "detail": "text"}),
        (
            {"detail": [{"type": "missing", "loc": ["body", "x"], "msg": "Field required"}]},
            {
                "message": "body.x: Field required",
                **BAD,
                "detail": [{"type": "missing", "loc": ["body", "x"], "msg": "Field required"}],
            },
        ),
        (
            {"error": {"code": 5}},
            {"message": "The upstream answered with status 400 and no message"},
        ),
        ("plain text", {"message": "plain text", **BAD, "code": "upstream_bad_response"}),
        (b"bytes", {"message": "bytes", **BAD, "code": "upstream_bad_response"}),
        (PAGE, {**BAD, "code": "upstream_bad_response"}),
        (["a", "b"], {"message": "a", **BAD}),
    ],
)
def test_other_shapes(body: Any, error: dict[str, Any]):
    """Other shapes become the usual one, and lose nothing."""
    found = error_of(400, body)
    assert list(found)[:4] == ["message", "type", "param", "code"]
    assert {key: found[key] for key in error} == error


@pytest.mark.parametrize("body", ["", None, {}, [], {"error": None}, {"error": ""}, " \n", 5, [[]]])
def test_nothing_said(body: Any):
    """A body without a word gets a message of its own."""
    assert error_of(503, body) == {
        "message": "The upstream answered with status 503 and no message",
        "type": "server_error",
        **NONE,
        **({"code": "upstream_bad_response"} if isinstance(body, str) else {}),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PAGE, "The upstream answered with a web page: 502 Bad Gateway"),
        ("<html><h1>No &lt;b&gt;</h1>", "The upstream answered with a web page: No b"),
        ("<html><p>x", "The upstream answered with status 502 and no message"),
        ("<b>bold</b> and <a href='x'>link</a>", "bold and link"),
        ("<400> InternalError: see <|im_end|> a < b", "<400> InternalError: see <|im_end|> a < b"),
        ("<script>alert(1)</script>", "alert(1)"),
    ],
)
def test_no_html(text: str, message: str):
    """A web page is named, not passed on, and no element is left in any message."""
    assert error_of(502, text)["message"] == message
    assert error_of(502, {"error": {"message": text}})["message"] == message


def test_limits():
    """A message is cut by bytes, between characters; other large members are left out."""
    error = {"message": "é" * 5000, "raw": "x" * 99_999, "failed_generation": "y" * 99_999, "a": 1}
    found = error_of(400, {"error": error})
    assert MAX_MESSAGE - 2 <= len(found["message"].encode()) <= MAX_MESSAGE
    assert found["message"].endswith("é…")
    assert set(found) == {"message", "failed_generation", "a", "type", "param", "code"}
    assert len(found["failed_generation"]) == 99_999


def test_little_is_read():
    """Of a long text the beginning is read, of many bodies inside a body the first."""
    assert [len(text) for text in error_text("x" * 9999).texts] == [4096]
    assert len(error_text([{"message": f"m{i}"} for i in range(99)]).texts) == 10


def test_said():
    """The words, the parameters and the codes of all layers are found, outermost first."""
    inner = {
        "error": {"message": "inner", "param": "p", "code": "c", "failed_generation": {"a": 1}}
    }
    body = {"error": {"message": "outer", "code": 400, "metadata": {"raw": json.dumps(inner)}}}
    found = error_text(body)
    assert found.texts == ("outer", "inner")
    assert (found.params, found.codes) == (("p",), ("400", "c"))
    assert found.failed_generation == '{"a":1}'


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ({"response_format": {"type": ["not a choice"]}}, ("response_format.type: not a choice",)),
        ({"errors": {"$.tools": ["bad"]}}, ("tools: bad",)),
        ({"schema": ["not a field of a request"]}, ()),
        ({"detail": {"loc": ["body", "n"], "value": 9}}, ("body.n: invalid value: 9",)),
        ({"fieldViolations": [{"field": "n", "description": "bad"}]}, ("n: bad",)),
        ({"err": {"Message": "m"}}, ("m",)),
        ({"error": {"message": "m", "innererror": {"message": "why"}}}, ("m", "why")),
        (
            'upstream: 400 {"error": {"message": "m"}}',
            ('upstream: 400 {"error": {"message": "m"}}', "m"),
        ),
        ({"detail": 'b\'{"error": "e"}\''}, ('b\'{"error": "e"}\'', "e")),
        ("see {this} and [that]", ("see {this} and [that]",)),
        ("<html><style>.x{}</style><p>a &lt; b</p></html>", ("\n\na < b\n\n",)),
    ],
)
def test_said_elsewhere(body: Any, texts: tuple[str, ...]):
    """Validators name a field and list what is wrong; proxies quote; a page is read as text."""
    assert error_text(body).texts == texts


def test_pydantic_text():
    """Indented lines join what they explain, and the copy of the input is left out."""
    text = "1 validation error\nresponse_format\n  Extra inputs [type=extra, input_value='json']"
    assert error_text(text).texts == ("1 validation error\nresponse_format: Extra inputs ",)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "detail", "code", "loc", "type"]), inner
        )
    ),
    max_leaves=10,
)


@given(ANY | st.binary())
def test_always_an_error(body: Any):
    """Any body gives an error with a message within its limit, that can be sent."""
    error = error_of(400, body)
    assert 0 < len(error["message"].encode()) <= MAX_MESSAGE
    json.dumps(error)


def test_recorded():
    """Recorded error answers in the usual shape keep every member."""
    for row in rows("sse/recorded_json.jsonl"):
        body = json.loads(row["body"]) if row["status"] >= 400 else {}
        if isinstance(body.get("error"), dict):
            error = error_of(row["status"], body)
            assert {key: error[key] for key in body["error"]} == body["error"]
