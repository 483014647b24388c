"""Statuses that are no 200, and fields of the head that nobody should send."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from functools import cache

from tests.faults.kinds.fault import BAD, OK, PASSED_ON, TIMEOUT, UNREACHABLE, Fault, fault
from tests.faults.reply import Act, Asked, Step, Steps, completion, dumped, head, healthy, sized

_ERROR = dumped({"error": {"message": "It did not work.", "type": "x", "code": "odd"}})
_HTML = b"<html><body><h1>It did not work</h1></body></html>"


def status(number: int, body: bytes = _ERROR, kind: str = "application/json", *lines: str) -> Fault:
    """Return the fault of a host that answers with this status."""

    def send(asked: Asked) -> Steps:
        return [sized(body, *lines, status=f"{number} Odd", kind=kind)]

    return fault(send, PASSED_ON if number < 600 else BAD, BAD)


def redirect(number: int, where: str) -> Fault:
    """Return the fault of a host that sends elsewhere; no redirect is followed."""
    return fault(lambda asked: [sized(b"", f"location: {where}", status=f"{number} Found")], BAD)


def good_with(*lines: str) -> Callable[[Asked], Steps]:
    """Return what sends a good answer whose head has more fields."""
    return lambda asked: [sized(dumped(completion(asked.text)), *lines)]


def coded(name: str, encode: Callable[[bytes], bytes]) -> Callable[[Asked], Steps]:
    """Return what sends a good answer in a content coding that nobody asked for."""

    def send(asked: Asked) -> Steps:
        return [sized(encode(dumped(completion(asked.text))), f"content-encoding: {name}")]

    return send


@cache
def _bomb() -> bytes:
    return sized(gzip.compress(b" " * (64 << 20)), "content-encoding: gzip")


def _early_hints(number: int) -> Callable[[Asked], Iterator[Step]]:
    def send(asked: Asked) -> Iterator[Step]:
        for _ in range(number):
            yield b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
        yield from healthy(asked)

    return send


def _only_hints(asked: Asked) -> Iterator[Step]:
    yield b"HTTP/1.1 100 Continue\r\n\r\n"
    yield Act.STALL


_STATUSES = (400, 401, 402, 403, 404, 405, 408, 409, 413, 418, 422, 425, 429, 431, 451)
_FAILURES = (500, 501, 502, 503, 504, 520, 529, 599, 600, 777, 999)

TABLE: dict[str, Fault] = {
    **{f"status-{number}": status(number) for number in _STATUSES + _FAILURES},
    "status-500-html": status(500, _HTML, "text/html"),
    "status-500-empty": status(500, b"", ""),
    "status-429-html": status(429, _HTML, "text/html"),
    "status-400-text": status(400, b"no \xff\xfe text", "text/plain"),
    "status-400-array": status(400, b'["no"]'),
    "status-400-deep": status(400, b"[" * 5000 + b"]" * 5000),
    **{
        f"retry-after-{name}": status(503, _ERROR, "application/json", f"retry-after: {value}")
        for name, value in {
            "negative": "-5",
            "huge": "1e9",
            "junk": "soon, maybe",
            "past": "Wed, 21 Oct 2015 07:28:00 GMT",
            "control": "1\x01\x02",
        }.items()
    },
    **{f"success-{number}": status(number, b"{}") for number in (201, 202, 203, 206, 226)},
    "status-204": fault(lambda asked: [head(status="204 No Content")], BAD),
    "status-304": fault(lambda asked: [head(status="304 Not Modified")], BAD),
    "redirect-301": redirect(301, "http://127.0.0.1:9/v1/chat/completions"),
    "redirect-302": redirect(302, "/v1/chat/completions"),
    "redirect-307": redirect(307, "http://169.254.169.254/latest/meta-data"),
    "redirect-308": redirect(308, "//localhost/"),
    "hints": fault(_early_hints(3), OK),
    "hints-flood": fault(_early_hints(2000), OK, BAD, UNREACHABLE),
    "hints-only": fault(_only_hints, TIMEOUT),
    "switching": fault(lambda asked: [head("upgrade: x", status="101 Switching")], BAD, TIMEOUT),
    "head-giant": fault(good_with("x-big: " + "x" * 100_000), BAD),
    "head-many": fault(good_with(*(f"x-{n}: y" for n in range(2000))), OK, BAD),
    "head-control": fault(good_with("x-ratelimit-limit-requests: 1\x01\x7f"), OK, BAD),
    "head-latin": fault(good_with("x-ratelimit-reset: \xe9\xff"), OK, BAD),
    "head-folded": fault(good_with("x-folded: a", " b"), OK, BAD),
    "head-no-colon": fault(good_with("nonsense"), OK, BAD),
    "head-no-name": fault(good_with(": nameless"), OK, BAD),
    "head-cookies": fault(good_with(*["set-cookie: a=b"] * 50), OK),
    "head-our-names": fault(good_with("x-strictgate-mode: no", "x-request-id: theirs"), OK),
    "head-lying-charset": fault(
        lambda asked: [sized(dumped(completion(asked.text)), kind="text/plain; charset=utf-16")], OK
    ),
    "head-no-type": fault(lambda asked: [sized(dumped(completion(asked.text)), kind="")], OK),
    "head-html-type": fault(
        lambda asked: [sized(dumped(completion(asked.text)), kind="text/html")], OK
    ),
    "coding-gzip": fault(coded("gzip", gzip.compress), OK),
    "coding-deflate": fault(coded("deflate", zlib.compress), OK),
    "coding-unknown": fault(coded("zstd-of-tomorrow", bytes), OK, BAD),
    "coding-false": fault(coded("gzip", bytes), BAD),
    "coding-cut": fault(coded("gzip", lambda body: gzip.compress(body)[:-20]), BAD),
    "coding-twice": fault(
        coded("gzip, gzip", lambda body: gzip.compress(gzip.compress(body))), OK, BAD
    ),
    "coding-members": fault(
        coded("gzip", lambda body: gzip.compress(body[:50]) + gzip.compress(body[50:])), OK
    ),
    "coding-bomb": fault(lambda asked: [_bomb()], BAD),
}
