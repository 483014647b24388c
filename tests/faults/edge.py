"""Odd HTTP, and how many requests different servers read in it (the way of the HTTP Garden).

A proxy and a server that count differently can be made to smuggle: what one takes for a body is the
next request to the other. Each row is bytes of a connection, most with a second request where a
body may end. A reader tells how many requests it reads; refusing is reading none.
"""

import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import h11
import httptools

SILENCE = 0.7
"""Seconds without a byte after which no further answer is waited for: it can only count too few."""
SECOND = b"GET /healthz?second HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
Reader = Callable[[bytes], int]


def _post(*lines: bytes, body: bytes = SECOND, version: bytes = b"1.1") -> bytes:
    first = b"POST /healthz?first HTTP/" + version
    return b"\r\n".join([first, b"Host: localhost", *lines, b"", body])


def _get(line: bytes, *lines: bytes) -> bytes:
    return b"\r\n".join([line, *lines, b"", SECOND])


_CHUNKED = b"Transfer-Encoding: chunked"
_ENDED = b"0\r\n\r\n" + SECOND
_HOST = b"Host: localhost"
_UPGRADE = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAA")
_GET = b"GET /healthz?first HTTP/1.1"

ROWS: Mapping[str, bytes] = {
    "two good ones": _get(_GET, _HOST),
    "a good body": _post(b"Content-Length: 5", body=b"hello" + SECOND),
    "good chunks": _post(_CHUNKED, body=b"5\r\nhello\r\n" + _ENDED),
    "a length and chunks": _post(b"Content-Length: 5", _CHUNKED, body=_ENDED),
    "chunks and a length": _post(_CHUNKED, b"Content-Length: 5", body=_ENDED),
    "the length of all, and chunks": _post(
        b"Content-Length: %d" % len(_ENDED), _CHUNKED, body=_ENDED
    ),
    "two lengths": _post(b"Content-Length: 0", b"Content-Length: %d" % len(SECOND)),
    "two lengths, turned": _post(b"Content-Length: %d" % len(SECOND), b"Content-Length: 0"),
    "the same length twice": _post(b"Content-Length: 0", b"Content-Length: 0"),
    **{
        f"length {value!r}": _post(b"Content-Length: " + value)
        for value in (
            *(b"+0", b"-0", b"-1", b"0x0", b"0, 0", b"0,%d" % len(SECOND), b"", b"0 1", b"0_0"),
            *(b"0\x0b", b"\x0c0", b"0;", b"00", b"9" * 30, b"1e1", b"\xb2"),
        )
    },
    **{
        f"coding {value!r}": _post(b"Transfer-Encoding: " + value, body=_ENDED)
        for value in (
            *(b"Chunked", b"CHUNKED", b"chunked, chunked", b"gzip, chunked", b"chunked, gzip"),
            *(b"identity", b"identity, chunked", b"chunked, identity", b"xchunked", b"chunke"),
            *(b"\x0bchunked", b"chunked\x0b", b"chunked;q=1", b'"chunked"', b"chunked,", b""),
            *(b"chunked\x00", b"\tchunked\t", b"chunked\r\n x"),
        )
    },
    "coding twice": _post(_CHUNKED, b"Transfer-Encoding: identity", body=_ENDED),
    "coding after a length in HTTP/1.0": _post(
        b"Content-Length: 5", _CHUNKED, body=_ENDED, version=b"1.0"
    ),
    "chunks in HTTP/1.0": _post(_CHUNKED, b"Connection: keep-alive", body=_ENDED, version=b"1.0"),
    "blank before the colon": _post(b"Transfer-Encoding : chunked", body=_ENDED),
    "length, blank before the colon": _post(b"Content-Length : %d" % len(SECOND)),
    "underscore": _post(b"Transfer_Encoding: chunked", b"Content-Length: 5", body=_ENDED),
    "a line that goes on": _post(b"Transfer-Encoding:", b" chunked", body=_ENDED),
    "a first line that goes on": _get(_GET, b" x: y", _HOST),
    "a name with a blank": _post(b"Content-Length x: 5"),
    "no name": _post(b": 5"),
    "no colon": _post(b"Content-Length"),
    "a NUL in a value": _post(b"x: a\x00b"),
    "a bare CR in a value": _post(b"x: a\rContent-Length: %d" % len(SECOND)),
    "bare LF lines": _get(_GET, _HOST).replace(b"\r\n", b"\n"),
    "a bare LF before a length": _post(b"x: a\nContent-Length: %d" % len(SECOND)),
    "a bare LF ends the head": _get(_GET, _HOST).replace(b"\r\n\r\n", b"\n\n", 1),
    "chunk extension": _post(_CHUNKED, body=b"5;a=b\r\nhello\r\n" + _ENDED),
    "chunk extension with LF": _post(_CHUNKED, body=b"5;a\nb\r\nhello\r\n" + _ENDED),
    "chunk size, bare LF": _post(_CHUNKED, body=b"5\nhello\n0\n\n" + SECOND),
    "chunk end, no CRLF": _post(_CHUNKED, body=b"5\r\nhelloxx" + _ENDED),
    "chunk end, LF": _post(_CHUNKED, body=b"5\r\nhello\n" + _ENDED),
    **{
        f"chunk size {value!r}": _post(_CHUNKED, body=value + b"\r\nhello\r\n" + _ENDED)
        for value in (
            b"0x5",
            b"+5",
            b" 5",
            b"5 ",
            b"5_",
            b"-5",
            b"05",
            b"1" + b"0" * 16 + b"5",
            b"",
        )
    },
    "a size that wraps to 0": _post(_CHUNKED, body=b"10000000000000000\r\n\r\n" + SECOND),
    "trailers": _post(_CHUNKED, body=b"0\r\nContent-Length: 9\r\n\r\n" + SECOND),
    "trailers, bare LF": _post(_CHUNKED, body=b"0\nx: y\n\n" + SECOND),
    "an absolute URL": _get(b"GET http://other/healthz HTTP/1.1", _HOST),
    "an absolute URL with a user": _get(b"GET http://a@localhost/healthz HTTP/1.1", _HOST),
    "no Host": _get(_GET),
    "an empty Host": _get(_GET, b"Host:"),
    "two Hosts": _get(_GET, _HOST, b"Host: other"),
    "HTTP/0.9": b"GET /healthz\r\n\r\n" + SECOND,
    "HTTP/1.2": _get(b"GET /healthz HTTP/1.2", _HOST),
    "HTTP/2.0": _get(b"GET /healthz HTTP/2.0", _HOST),
    "http in small letters": _get(b"GET /healthz http/1.1", _HOST),
    "two blanks": _get(b"GET  /healthz HTTP/1.1", _HOST),
    "a tab": _get(b"GET\t/healthz\tHTTP/1.1", _HOST),
    "a blank in the URL": _get(b"GET /health z HTTP/1.1", _HOST),
    "blank lines before": b"\r\n\r\n" + _get(_GET, _HOST),
    "a GET with a body": _get(_GET, _HOST, b"Content-Length: %d" % len(SECOND)),
    "an unknown method": _get(b"FROB /healthz HTTP/1.1", _HOST),
    "expects 100": _post(b"Expect: 100-continue", b"Content-Length: 0"),
    "an upgrade": _get(_GET, _HOST, b"Connection: upgrade", b"Upgrade: h2c"),
    "an upgrade with a body": _post(*_UPGRADE, b"Content-Length: %d" % len(SECOND)),
    "an upgrade with chunks": _post(*_UPGRADE, _CHUNKED, body=b"5\r\nhello\r\n" + _ENDED),
    "an upgrade with both": _post(*_UPGRADE, b"Content-Length: 5", _CHUNKED, body=_ENDED),
    "an upgrade with an odd coding": _post(*_UPGRADE, b"Transfer-Encoding: xchunked", body=_ENDED),
    "a tunnel": _get(b"CONNECT localhost:80 HTTP/1.1", _HOST),
    "a tunnel with a body": _get(b"CONNECT localhost:80 HTTP/1.1", _HOST, b"Content-Length: 5"),
}


def read_by_h11(data: bytes) -> int:
    """Return how many requests h11 reads, which uvicorn has as its other parser."""
    connection, number = h11.Connection(h11.SERVER), 0
    connection.receive_data(data)
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                number += 1
            elif event is h11.PAUSED:
                connection.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
                connection.send(h11.EndOfMessage())
                connection.start_next_cycle()
            elif event is h11.NEED_DATA or isinstance(event, h11.ConnectionClosed):
                return number
    except h11.ProtocolError:
        return number


def read_by_httptools(data: bytes) -> int:
    """Return how many requests llhttp reads, without what the gateway adds; none where it takes
    the rest for another protocol, which the gateway does not speak."""

    class Counting:
        number = 0

        def on_headers_complete(self) -> None:
            self.number += 1

    counting = Counting()
    try:
        httptools.HttpRequestParser(counting).feed_data(data)
    except httptools.HttpParserUpgrade:
        return 0
    except httptools.HttpParserError:
        pass
    return counting.number


def read_over_a_socket(port: int) -> Reader:
    """Return the reader for a server at this port: it counts the answers that are no refusal of the
    parser's, which come with a 400 and the end."""

    def read(data: bytes) -> int:
        with closing(socket.create_connection(("127.0.0.1", port), timeout=SILENCE)) as connection:
            received = b""
            try:
                connection.sendall(data)
                while piece := connection.recv(1 << 16):
                    received += piece
            except (TimeoutError, ConnectionError):
                pass
        return received.count(b"HTTP/1.1 2") + received.count(b"HTTP/1.1 405")

    return read


_NGINX = """\
daemon off; master_process off; pid {folder}/pid; error_log {folder}/log;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
  fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "read"; }} }}
}}
"""


@contextmanager
def nginx(program: str) -> Iterator[Reader]:
    """Run nginx; give its reader."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with closing(socket.create_server(("127.0.0.1", 0))) as listener:
            port = listener.getsockname()[1]
        (folder / "conf").write_text(_NGINX.format(folder=folder, port=port))
        arguments = [program, "-e", folder / "log", "-p", folder, "-c", folder / "conf"]
        with subprocess.Popen(arguments) as process:
            try:
                _await(port)
                yield read_over_a_socket(port)
            finally:
                process.terminate()


def _await(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("nginx does not listen")
