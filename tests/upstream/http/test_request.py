"""What goes out is what was asked for, and one request."""

import pytest

from strictgate.upstream.http.faults import UnsendableRequest
from strictgate.upstream.http.request import (
    UpstreamRequest,
    encoded_connect,
    encoded_head,
    parsed_proxy,
    parsed_url,
)


async def pieces():
    yield b"x"


def head(method="GET", url="http://h/v1/models", headers=(), body=None, proxy=None):
    request = UpstreamRequest(method, parsed_url(url), list(headers), body)
    return encoded_head(request, parsed_proxy(proxy) if proxy else None).decode("latin-1")


@pytest.mark.parametrize(
    ("url", "host", "target"),
    [
        ("http://h", "h", "/"),
        ("HTTP://H:80/v1", "h", "/v1"),
        ("http://h:8000/v1/a%20b?c=%2F", "h:8000", "/v1/a%20b?c=%2F"),
        ("https://h:443/v1", "h", "/v1"),
        ("https://h:80/v1", "h:80", "/v1"),
        ("http://[::1]:8000/v1", "[::1]:8000", "/v1"),
        ("http://[::1]/v1", "[::1]", "/v1"),
        ("http://[fe80::1%25eth0]:8000/v1", "[fe80::1]:8000", "/v1"),
        ("http://bücher.example/v1", "xn--bcher-kva.example", "/v1"),
    ],
)
def test_where_it_goes(url, host, target):
    """Nothing is encoded anew; the scheme's own port is not said."""
    assert head(url=url) == f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"


@pytest.mark.parametrize(
    ("method", "headers", "body", "framing"),
    [
        ("GET", [], None, ""),
        ("POST", [], None, "Content-Length: 0\r\n"),
        ("POST", [], b"", "Content-Length: 0\r\n"),
        ("POST", [], b"abc", "Content-Length: 3\r\n"),
        ("POST", [], pieces(), "Transfer-Encoding: chunked\r\n"),
        ("POST", [("content-length", "1")], pieces(), "content-length: 1\r\n"),
    ],
)
def test_the_frame_of_the_body(method, headers, body, framing):
    """It is said once."""
    said = head(method, headers=[*headers], body=body)
    assert said == f"{method} /v1/models HTTP/1.1\r\nHost: h\r\n{framing}\r\n"


def test_headers():
    """They go out as they are, in their order; bytes that a client sent stay these bytes."""
    said = head(headers=[("x-a", "b\tc"), ("X-A", ""), ("x-b", "\xc3\xa9")])
    assert said.partition("\r\n")[2] == "Host: h\r\nx-a: b\tc\r\nX-A: \r\nx-b: \xc3\xa9\r\n\r\n"
    assert "x: \xe2\x82\xac\r\n" in head(headers=[("x", "€")])


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\0", "\x7f", "\x0b"])
def test_lines_end_where_they_should(end):
    """Nothing of it can become another header, or another request."""
    for name, value in ((f"x{end}y", "z"), ("x", f"y{end}z"), ("x", end), ("x:y", "z"), ("", "z")):
        with pytest.raises(UnsendableRequest):
            head(headers=[(name, value)])
    for target in (f"/a{end}b", "/a b"):
        address = parsed_url("http://h")._replace(target=target)
        with pytest.raises(UnsendableRequest):
            encoded_head(UpstreamRequest("GET", address, []), None)


def test_through_a_proxy():
    """In the clear it is asked for the whole URL; safely, for a tunnel (RFC 9112 §3.2)."""
    proxy = "http://me:s%40x@proxy:3128"
    assert head(proxy=proxy) == (
        "GET http://h/v1/models HTTP/1.1\r\nHost: h\r\nProxy-Authorization: Basic bWU6c0B4\r\n\r\n"
    )
    said = head(url="https://h/v1", proxy=proxy)
    assert said == "GET /v1 HTTP/1.1\r\nHost: h\r\n\r\n"
    for url, authority in (("https://h/v1", "h:443"), ("https://[::1]:99", "[::1]:99")):
        asked = encoded_connect(parsed_url(url).server, parsed_proxy("http://proxy:3128"))
        assert asked.decode() == f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n"
