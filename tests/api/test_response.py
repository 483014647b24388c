"""Answers as they go out."""

import asyncio

import pytest

from strictgate.api import response


def head(headers, status=200):
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(response.start(send, status, headers))
    return sent[0]["headers"]


@pytest.mark.parametrize(
    "header",
    [
        ("retry-after", "1\r\nx-evil: 1"),
        ("x-ratelimit-limit", "10\x00"),
        ("x-a", "bell\x07"),
        ("x a", "1"),
        ("", "1"),
        ("x-\u00e9", "1"),
        ("x:y", "1"),
    ],
)
def test_what_http_does_not_allow_is_left_out(header):
    """An odd header of an upstream costs that header, not the answer."""
    assert head([header, ("x-good", "yes")]) == [(b"x-good", b"yes")]


def test_other_values_go_out_as_they_are():
    """A tab and text beyond ASCII are allowed in a value (RFC 9110 §5.5)."""
    headers = [("x-a", "a\tb"), ("x-b", "caf\u00e9")]
    assert head(headers) == [(b"x-a", b"a\tb"), (b"x-b", "caf\u00e9".encode())]


def sent(work):
    """The messages that `work` sends."""
    messages = []

    async def send(message):
        messages.append(message)

    asyncio.run(work(send))
    return messages


def test_json():
    """One head, with the length, and one body."""
    head, body = sent(lambda send: response.send_json(send, 400, {"a": "ü"}, {"x-y": "z"}))

    assert head["status"] == 400
    assert dict(head["headers"]) == {
        b"content-type": b"application/json",
        b"content-length": b"10",
        b"x-y": b"z",
    }
    assert (body["body"], body["more_body"]) == ('{"a":"ü"}'.encode(), False)


def test_pieces():
    """A piece says whether more comes."""
    assert [each["more_body"] for each in sent(_two)] == [True, False]


async def _two(send):
    await response.piece(send, b"a", more=True)
    await response.piece(send, b"b", more=False)


def test_an_answer_below_asgi():
    """It is whole: the status with its words, the length, and that the connection ends."""
    answer = response.closing_answer("408 Request Timeout", {"a": 1}, {"retry-after": "1"})
    assert answer == (
        b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\ncontent-length: 7\r\n"
        b'retry-after: 1\r\nconnection: close\r\n\r\n{"a":1}'
    )
