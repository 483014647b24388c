"""What is wrong with the head of a request."""

import json

import httptools
import pytest

from strictgate.commands.request_head import (
    HEAD_BYTES,
    HEAD_FIELDS,
    URL_BYTES,
    closing_refusal,
    head_without_upgrade,
    path_and_query,
    status_of_head,
    waits_to_continue,
)

HOST = (b"host", b"x")
GIANT = (b"x", b"y" * HEAD_BYTES)


@pytest.mark.parametrize(
    ("url", "headers", "version", "status"),
    [
        (b"/", [HOST], "1.1", None),
        (b"/", [], "1.0", None),
        (b"/", [], "1.1", 400),
        (b"/", [HOST, HOST], "1.1", 400),
        (b"/", [HOST, HOST], "1.0", 400),
        (b"/" * (URL_BYTES + 1), [HOST], "1.1", 414),
        (b"/", [HOST] + [(b"x", b"y")] * HEAD_FIELDS, "1.1", 431),
        (b"/", [HOST, GIANT], "1.1", 431),
    ],
)
def test_status(url, headers, version, status):
    """In the order in which a client would want to know."""
    names = [name for name, _ in headers]
    assert status_of_head(url, headers, names, version, 2 * HEAD_BYTES) == status


def test_what_cannot_be_large_is_not_counted():
    """Few bytes came at all."""
    assert status_of_head(b"/", [HOST, GIANT], [b"host", b"x"], "1.1", HEAD_BYTES) is None


@pytest.mark.parametrize(
    ("url", "path", "query"),
    [
        (b"/v1/models", b"/v1/models", b""),
        (b"/v1/models?a=%2F", b"/v1/models", b"a=%2F"),
        (b"/v1/%2Fx", b"/v1/%2Fx", b""),
        (b"//x", b"//x", b""),
        (b"/a#b?c", b"/a", b""),
        (b"/a?", b"/a", b""),
        (b"http://host/a?b", b"/a", b"b"),
    ],
)
def test_path_and_query(url, path, query):
    """As they were sent; the short way is llhttp's."""
    assert path_and_query(url) == (path, query)
    assert (httptools.parse_url(url).path, httptools.parse_url(url).query or b"") == (path, query)


def test_without_upgrade():
    """All other lines are as they were."""
    headers = [HOST, (b"upgrade", b"h2c"), (b"connection", b"upgrade"), (b"content-length", b"1 ")]
    assert head_without_upgrade(b"POST", b"/a?b", "1.1", headers) == (
        b"POST /a?b HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\ncontent-length: 1 \r\n\r\n"
    )


@pytest.mark.parametrize(
    ("headers", "version", "waits"),
    [
        ([HOST], "1.1", False),
        ([(b"expect", b"100-Continue")], "1.1", True),
        ([(b"expect", b"100-continue")], "1.0", False),
        ([(b"expect", b"more")], "1.1", False),
    ],
)
def test_who_waits(headers, version, waits):
    assert waits_to_continue(headers, version) is waits


@pytest.mark.parametrize("status", [400, 408, 414, 431, 501])
def test_refusals(status):
    """Each is a whole answer that closes the connection."""
    head, _, body = closing_refusal(status).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"connection: close" in head
    assert json.loads(body)["error"]["message"]
