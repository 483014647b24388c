"""HTTP that is wrong: cut, badly framed, unasked for, or no HTTP at all."""

from collections.abc import Callable, Iterator

from tests.faults.kinds.fault import BAD, INVALID, OK, TIMEOUT, UNREACHABLE, Fault, fault
from tests.faults.reply import (
    LAST_CHUNK,
    Act,
    Asked,
    Step,
    Steps,
    Unasked,
    Wait,
    completion,
    dumped,
    framed,
    head,
    healthy,
    sized,
)

STRAY = "n0nce-57a457a457a4"
"""The nonce of answers for which nobody asked."""


def _body(asked: Asked) -> bytes:
    return dumped(completion(asked.text))


def _joined(asked: Asked) -> bytes:
    return b"".join(step for step in healthy(asked) if isinstance(step, bytes))


def cut(act: Act) -> Callable[[Asked], Steps]:
    """Return what ends a good answer somewhere, at any of its bytes but the last."""

    def send(asked: Asked) -> Steps:
        whole = _joined(asked)
        end = len(LAST_CHUNK) if asked.is_stream else 1
        return [whole[: int(asked.place * (len(whole) - end))], act]

    return send


def raw(make: Callable[[Asked], bytes], *acts: Act) -> Callable[[Asked], Steps]:
    """Return what sends bytes as they are; then the connection is closed."""
    return lambda asked: [make(asked), *(acts or (Act.CLOSE,))]


def _chunked(*pieces: bytes) -> bytes:
    return head("transfer-encoding: chunked") + b"".join(pieces)


def _stray(status: str) -> bytes:
    return sized(dumped(completion(f'{{"nonce": "{STRAY}"}}')), status=status)


def _with_stray(status: str, pause: float) -> Callable[[Asked], Iterator[Step]]:
    """Return what sends one more answer behind a good one, on a connection that stays open."""

    def send(asked: Asked) -> Iterator[Step]:
        yield from healthy(asked)
        yield Wait(pause)
        yield Unasked(_stray(status))

    return send


def _good_then(*acts: Step) -> Callable[[Asked], Iterator[Step]]:
    def send(asked: Asked) -> Iterator[Step]:
        yield from healthy(asked)
        yield from acts

    return send


def _bytewise(asked: Asked) -> Iterator[Step]:
    whole = _joined(asked)
    for start in range(len(whole)):
        yield whole[start : start + 1]
        if start % 64 == 0:
            yield Wait(0)


_BROKEN = (BAD, UNREACHABLE)

TABLE: dict[str, Fault] = {
    "reset-at-once": fault(lambda asked: [Act.RESET], *_BROKEN),
    "close-at-once": fault(lambda asked: [Act.CLOSE], *_BROKEN),
    "reset-somewhere": fault(cut(Act.RESET), OK, INVALID, *_BROKEN, is_cut=True),
    "close-somewhere": fault(cut(Act.CLOSE), OK, INVALID, *_BROKEN, is_cut=True),
    "stall-somewhere": fault(cut(Act.STALL), OK, INVALID, TIMEOUT, is_cut=True),
    "reset-behind": fault(_good_then(Act.RESET), OK, *_BROKEN),
    "close-behind": fault(_good_then(Act.CLOSE), OK),
    "close-soon-behind": fault(_good_then(Wait(0.02), Act.CLOSE), OK),
    "stray-at-once": fault(_with_stray("200 OK", 0), OK),
    "stray-soon": fault(_with_stray("200 OK", 0.01), OK),
    "stray-later": fault(_with_stray("200 OK", 0.1), OK),
    "stray-408": fault(_with_stray("408 Request Timeout", 0.05), OK),
    "stray-400": fault(_with_stray("400 Bad Request", 0.02), OK),
    "stray-500": fault(_with_stray("500 Oh", 0), OK),
    "stray-junk": fault(_good_then(Unasked(b"\x00junk\r\n\r\n")), OK, BAD),
    "bytewise": fault(_bytewise, OK),
    "length-short": fault(
        raw(lambda asked: head(f"content-length: {len(_body(asked)) - 9}") + _body(asked)), BAD
    ),
    "length-long": fault(
        raw(lambda asked: head(f"content-length: {len(_body(asked)) + 9}") + _body(asked)),
        *_BROKEN,
        is_cut=True,
    ),
    "length-negative": fault(raw(lambda asked: head("content-length: -1") + _body(asked)), BAD),
    "length-plus": fault(raw(lambda asked: head("content-length: +9") + _body(asked)), BAD),
    "length-words": fault(raw(lambda asked: head("content-length: some") + _body(asked)), BAD),
    "length-huge": fault(
        raw(lambda asked: head("content-length: 99999999999999999999999") + _body(asked)), *_BROKEN
    ),
    "length-twice": fault(
        raw(lambda asked: head("content-length: 5", "content-length: 6") + _body(asked)), BAD
    ),
    "length-and-chunks": fault(
        raw(
            lambda asked: (
                head("content-length: 5", "transfer-encoding: chunked")
                + framed(_body(asked))
                + LAST_CHUNK
            )
        ),
        OK,
        BAD,
    ),
    "coding-banana": fault(
        raw(lambda asked: head("transfer-encoding: banana") + _body(asked)), OK, BAD
    ),
    "chunks-good": fault(raw(lambda asked: _chunked(framed(_body(asked)), LAST_CHUNK)), OK),
    "chunks-extended": fault(
        raw(
            lambda asked: _chunked(
                framed(_body(asked)).replace(b"\r\n", b';a="b"\r\n', 1), LAST_CHUNK
            )
        ),
        OK,
    ),
    "chunks-trailers": fault(
        raw(lambda asked: _chunked(framed(_body(asked)), b"0\r\nx-late: 1\r\n\r\n")), OK
    ),
    "chunks-unended": fault(
        raw(lambda asked: _chunked(framed(_body(asked)))), OK, *_BROKEN, is_cut=True
    ),
    "chunks-not-hex": fault(raw(lambda asked: _chunked(b"zz\r\n", _body(asked))), BAD),
    "chunks-negative": fault(raw(lambda asked: _chunked(b"-5\r\n", _body(asked))), BAD),
    "chunks-huge": fault(raw(lambda asked: _chunked(b"f" * 40 + b"\r\n", _body(asked))), *_BROKEN),
    "chunks-overrun": fault(
        raw(lambda asked: _chunked(b"5\r\n", _body(asked), b"\r\n", LAST_CHUNK)), BAD
    ),
    "chunks-bare-lf": fault(
        raw(lambda asked: _chunked(framed(_body(asked)).replace(b"\r\n", b"\n"), b"0\n\n")),
        OK,
        *_BROKEN,
    ),
    "until-close": fault(raw(lambda asked: head("connection: close") + _body(asked)), OK),
    "until-close-cut": fault(
        raw(lambda asked: head("connection: close") + _body(asked)[: -int(9 + 40 * asked.place)]),
        BAD,
    ),
    "http-0.9": fault(raw(_body), BAD, UNREACHABLE),
    "http-1.0": fault(raw(lambda asked: b"HTTP/1.0 200 OK\r\n\r\n" + _body(asked)), OK),
    "http-2": fault(raw(lambda asked: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), *_BROKEN),
    "http-3.7": fault(raw(lambda asked: sized(_body(asked)).replace(b"/1.1", b"/3.7", 1)), OK, BAD),
    "http-lower": fault(
        raw(lambda asked: sized(_body(asked)).replace(b"HTTP", b"http", 1)), OK, BAD
    ),
    "no-reason": fault(raw(lambda asked: sized(_body(asked), status="200")), OK),
    "no-status": fault(raw(lambda asked: sized(_body(asked), status="")), *_BROKEN),
    "status-words": fault(raw(lambda asked: sized(_body(asked), status="fine OK")), *_BROKEN),
    "status-line-long": fault(
        raw(lambda asked: sized(_body(asked), status="200 " + "O" * 100_000)), OK, BAD
    ),
    "lines-bare-lf": fault(
        raw(
            lambda asked: (
                head(f"content-length: {len(_body(asked))}").replace(b"\r", b"") + _body(asked)
            )
        ),
        OK,
        BAD,
    ),
    "junk": fault(raw(lambda asked: b"\x00\x01\x02" * 3000), *_BROKEN),
    "tls-alert": fault(raw(lambda asked: b"\x15\x03\x01\x00\x02\x02\x28"), *_BROKEN),
    "ssh": fault(raw(lambda asked: b"SSH-2.0-OpenSSH_9.2\r\n"), *_BROKEN),
    "blank-lines-before": fault(raw(lambda asked: b"\r\n\r\n" + sized(_body(asked))), OK, *_BROKEN),
    "head-alone": fault(
        lambda asked: [head("content-length: 500"), Act.STALL], TIMEOUT, is_cut=True
    ),
    "head-half": fault(lambda asked: [b"HTTP/1.1 200 OK\r\ncontent-", Act.STALL], TIMEOUT),
    "head-endless": fault(
        lambda asked: [b"HTTP/1.1 200 OK\r\n", *[b"x-a: b\r\n" * 100, Wait(0.001)] * 400], *_BROKEN
    ),
    "silence": fault(lambda asked: [Act.STALL], TIMEOUT),
    "late": fault(lambda asked: [Wait(0.3), *healthy(asked)], OK),
}
