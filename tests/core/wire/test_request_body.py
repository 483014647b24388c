"""A body's two readings."""

import json

import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.wire.request_body import RequestBody


@pytest.mark.parametrize("raw", [b"", b"{", b"[1]", b"null", b"\xff", b"[" * 100_000])
def test_no_object(raw):
    """What is none is None to look at, and a bad request to read."""
    body = RequestBody(raw)

    assert body.members is None
    for reading in (body.look, body.strict):
        with pytest.raises(BadRequest):
            reading()


def test_members():
    """The lenient reading is kept, and exact."""
    body = RequestBody(b'{"a": 1, "a": 123456789012345678901}')

    assert body.members == {"a": 123456789012345678901}
    assert body.members is body.look()


def test_strict():
    """The strict one says what is wrong, and where."""
    with pytest.raises(BadRequest, match='"a" at character 7'):
        RequestBody(b'{"a":1,"a":2}').strict()


@pytest.mark.parametrize("value", [{}, {"a": [1.5, None, "ü"]}])
def test_both(value):
    """Of what is plain they are the same."""
    body = RequestBody(json.dumps(value).encode())

    assert body.look() == body.strict() == value


def test_it_is_parsed_once():
    """The strict reading is the lenient one, where nothing speaks against it."""
    body = RequestBody(b'{"a": "b"}')

    assert body.strict() is body.look()
