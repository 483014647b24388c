"""The head of a request: what is too much of it, what else is wrong with it, and its refusal."""

from collections.abc import Sequence
from typing import Any

import httptools

from strictgate.api import response
from strictgate.commands.http_exchange import Application, RawHeader
from strictgate.core.errors import BadRequest

HEAD_BYTES = 32 << 10  # of the request line and all headers
HEAD_FIELDS = 100  # headers
URL_BYTES = 8 << 10
"""Of the path and the query; RFC 9112 §3 wants at least 8,000."""
_STATUS = {
    400: (
        "400 Bad Request",
        "The request is not valid HTTP, or does not have just one Host header.",
    ),
    408: ("408 Request Timeout", "The request's headers did not arrive in time."),
    414: ("414 URI Too Long", f"The request's URL has more than {URL_BYTES} bytes."),
    431: (
        "431 Request Header Fields Too Large",
        f"The request has more than {HEAD_BYTES} bytes or {HEAD_FIELDS} fields of headers.",
    ),
    501: ("501 Not Implemented", "The method CONNECT is not served: this is no proxy."),
}


def status_of_head(
    url: bytes, headers: Sequence[RawHeader], names: Sequence[bytes], version: str, most: int
) -> int | None:
    """Return the status with which a request is refused for its head, or None.

    Args:
        names: those of the headers, in lower case.
        version: of HTTP; 1.0 knows no Host.
        most: bytes; the headers are known to have no more.
    """
    if len(url) > URL_BYTES:
        return 414
    if most > HEAD_BYTES:
        most = sum([len(name) + len(value) for name, value in headers])
    if most > HEAD_BYTES or len(headers) > HEAD_FIELDS:
        return 431
    hosts = names.count(b"host")
    return None if hosts == 1 or (hosts == 0 and version == "1.0") else 400


def path_and_query(url: bytes) -> tuple[bytes, bytes]:
    """Return the two, as they were sent.

    Raises:
        HttpParserInvalidURLError
    """
    if url.startswith(b"/") and url.find(b"?") < 0 and url.find(b"#") < 0:  # `in` is dear
        return url, b""
    parsed = httptools.parse_url(url)
    return parsed.path, parsed.query or b""


def head_without_upgrade(
    method: bytes, url: bytes, version: str, headers: Sequence[RawHeader]
) -> bytes:
    """Return the head of a request without what asks for another protocol, to be read again.

    All other lines are as they came, so that what is wrong with them is still refused.
    """
    lines = [b"%b: %b\r\n" % each for each in headers if each[0] != b"upgrade"]
    return b"%b %b HTTP/%b\r\n%b\r\n" % (method, url, version.encode(), b"".join(lines))


def waits_to_continue(headers: Sequence[RawHeader], version: str) -> bool:
    """Whether the client sends the body once it is told to go on, which HTTP/1.0 does not know
    (RFC 9110 §10.1.1)."""
    if version == "1.0":
        return False
    return any([name == b"expect" and value.lower() == b"100-continue" for name, value in headers])


def closing_refusal(status: int) -> bytes:
    """Return the answer to what cannot be read on."""
    phrase, message = _STATUS[status]
    return response.closing_answer(phrase, BadRequest(message).body())


def refusing(status: int) -> Application:
    """Return an ASGI application that refuses, and closes the connection.

    It is one so that the answers keep their order.
    """

    async def refuse(scope: Any, receive: Any, send: response.Send) -> None:
        body = BadRequest(_STATUS[status][1]).body()
        await response.send_json(send, status, body, {"connection": "close"})

    return refuse
