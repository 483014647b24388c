"""Server-sent events that are odd, wrong, cut, or without an end."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, repeat

from tests.faults.kinds.fault import BAD, INVALID, OK, PASSED_ON, TIMEOUT, UNREACHABLE, Fault, fault
from tests.faults.reply import (
    DONE,
    Act,
    Asked,
    Step,
    Wait,
    chunk,
    completion,
    dumped,
    event,
    events,
    framed,
    head,
    sized,
    streamed,
)

_ERROR = {"error": {"message": "It broke.", "type": "server_error", "code": "odd"}}
_PAUSE = Wait(0.002)


def stream(make: Callable[[str], Iterable[Step]], *may: str, is_cut: bool = False) -> Fault:
    """Return the fault of a host that streams these events for that text.

    It does so even where no stream was asked for, which is a fault of its own.
    """
    return fault(lambda asked: streamed(make(asked.text)), *may, is_cut=is_cut)


def lines(change: Callable[[bytes], bytes], *may: str) -> Fault:
    """Return the fault of a host whose whole stream has been changed so."""
    return stream(lambda text: [change(b"".join([*events(text), DONE]))], *may)


def _half(text: str) -> list[bytes]:
    said = events(text, None)
    return said[: max(2, len(said) // 2)]


def _without_end(step: bytes) -> Callable[[str], Iterator[Step]]:
    """Return what begins well and then repeats one event."""
    return lambda text: chain(_half(text), *repeat((step, _PAUSE), 100_000))


def _bytewise(text: str) -> Iterator[Step]:
    for count, byte in enumerate(b"".join([*events(text), DONE])):
        yield bytes([byte])
        if count % 256 == 0:
            yield Wait(0)


def _trickle(text: str) -> Iterator[Step]:
    for each in events(text):
        yield each
        yield Wait(0.01)
    yield DONE


def _thinking_on(text: str) -> list[bytes]:
    """A model that goes on thinking while it writes."""
    first, *said = events(text)
    thought = event(chunk(reasoning_content="hm "))
    return [first, *chain.from_iterable((thought, each) for each in said), DONE]


def _close_delimited(asked: Asked) -> Iterator[Step]:
    yield head("connection: close", kind="text/event-stream")
    yield b"".join(_half(asked.text))
    yield Act.CLOSE


def _other_index(text: str) -> list[bytes]:
    odd = chunk(content="?")
    odd["choices"][0]["index"] = 1
    return [event(odd), *events(text), DONE]


def _multiline(text: str) -> list[bytes]:
    split = (dumped(each) for each in _values(text))
    return [*(b"data: " + each.replace(b", ", b",\ndata: ", 1) + b"\n\n" for each in split), DONE]


def _values(text: str) -> list[object]:
    return [chunk(role="assistant"), chunk(content=text), chunk("stop")]


_BROKEN = (BAD, UNREACHABLE)
_ENDLESS = (OK, INVALID, TIMEOUT, BAD)

TABLE: dict[str, Fault] = {
    "sse-crlf": lines(lambda raw: raw.replace(b"\n", b"\r\n"), OK),
    "sse-cr": lines(lambda raw: raw.replace(b"\n", b"\r"), OK),
    "sse-no-space": lines(lambda raw: raw.replace(b"data: ", b"data:"), OK),
    "sse-comments": lines(lambda raw: raw.replace(b"data: ", b": ping\n\ndata: "), OK),
    "sse-fields": lines(
        lambda raw: raw.replace(b"data: ", b"event: message\nid: 7\nretry: 1\ndata: "), OK
    ),
    "sse-bom": lines(lambda raw: b"\xef\xbb\xbf" + raw, OK, BAD),
    "sse-odd-lines": lines(lambda raw: b"odd\n\n" + raw, OK),
    "sse-no-blank-last": lines(lambda raw: raw.rstrip(b"\n"), OK, BAD),
    "sse-bytewise": stream(_bytewise, OK),
    "sse-trickle": stream(_trickle, OK, TIMEOUT),
    "sse-multiline": stream(_multiline, OK),
    "sse-one-event": stream(lambda text: [*map(event, _values(text)), DONE], OK),
    "sse-no-done": stream(lambda text: events(text), OK),
    "sse-no-finish": stream(lambda text: [*events(text)[:-1], DONE], OK, INVALID, BAD),
    "sse-neither": stream(lambda text: events(text)[:-1], OK, *_BROKEN, is_cut=True),
    "sse-done-first": stream(lambda text: [DONE, *events(text)], INVALID, BAD),
    "sse-done-twice": stream(lambda text: [*events(text), DONE, DONE], OK),
    "sse-text-behind": stream(lambda text: [*events(text), DONE, *events("zzz"), DONE], OK),
    "sse-finish-twice": stream(
        lambda text: [*events(text), event(chunk("length")), DONE], OK, INVALID
    ),
    "sse-nothing": stream(lambda text: [], *_BROKEN, is_cut=True),
    "sse-done-alone": stream(lambda text: [DONE], INVALID, BAD),
    "sse-half-event": stream(
        lambda text: [*_half(text), b'data: {"id":"x","cho'], *(OK, INVALID, *_BROKEN), is_cut=True
    ),
    "sse-half": stream(_half, OK, INVALID, *_BROKEN, is_cut=True),
    "sse-half-closed": fault(_close_delimited, OK, INVALID, *_BROKEN, is_cut=True),
    "sse-half-reset": stream(
        lambda text: [*_half(text), Act.RESET], OK, INVALID, *_BROKEN, is_cut=True
    ),
    "sse-half-stall": stream(
        lambda text: [*_half(text), Act.STALL], OK, INVALID, TIMEOUT, is_cut=True
    ),
    "sse-error-first": stream(lambda text: [event(_ERROR), DONE], PASSED_ON),
    "sse-error-amid": stream(
        lambda text: [*_half(text), event(_ERROR), DONE], OK, INVALID, PASSED_ON
    ),
    "sse-error-named": stream(
        lambda text: [*_half(text), b"event: error\n" + event({"message": "x"})],
        *(OK, INVALID, PASSED_ON, *_BROKEN),
    ),
    "sse-error-unended": stream(lambda text: [*_half(text), event(_ERROR)], OK, INVALID, PASSED_ON),
    "sse-not-json": stream(lambda text: [*_half(text), b"data: {oops\n\n", DONE], OK, INVALID, BAD),
    "sse-text-event": stream(lambda text: [event("hello"), *events(text), DONE], OK, BAD),
    "sse-null-event": stream(lambda text: [event(None), *events(text), DONE], OK, BAD),
    "sse-empty-data": stream(lambda text: [b"data:\n\n", *events(text), DONE], OK, BAD),
    "sse-null-delta": stream(
        lambda text: [event({"choices": [{"index": 0, "delta": None}]}), *events(text), DONE],
        OK,
        BAD,
    ),
    "sse-null-choices": stream(
        lambda text: [event({"choices": None}), *events(text), DONE], OK, BAD
    ),
    "sse-usage-alone": stream(
        lambda text: [*events(text), event({"choices": [], "usage": {}}), DONE], OK
    ),
    "sse-usage-odd": stream(
        lambda text: [*events(text), event({"choices": [], "usage": [1]}), DONE], OK
    ),
    "sse-other-index": stream(_other_index, OK, BAD, INVALID),
    "sse-number-content": stream(
        lambda text: [event(chunk(content=5)), *events(text), DONE], OK, BAD, INVALID
    ),
    "sse-list-content": stream(
        lambda text: [event(chunk(content=[{"a": 1}])), *events(text), DONE], OK, BAD, INVALID
    ),
    "sse-whole-completion": stream(lambda text: [event(completion(text)), DONE], OK, BAD, INVALID),
    "sse-bad-utf8": stream(
        lambda text: [*_half(text), b'data: {"choices":[{"delta":{"content":"\xff"}}]}\n\n', DONE],
        *(OK, BAD, INVALID),
    ),
    "sse-large-event": stream(
        lambda text: [b'data: {"x": "' + b"x" * (3 << 20) + b'"}\n\n', *events(text), DONE], BAD
    ),
    "sse-wrong-type": fault(
        lambda asked: [sized(b"".join([*events(asked.text), DONE]), kind="text/plain")], OK, BAD
    ),
    "sse-upper-type": fault(
        lambda asked: [
            sized(b"".join([*events(asked.text), DONE]), kind="Text/Event-Stream; Charset=X")
        ],
        OK,
        BAD,
    ),
    "sse-thought-amid": stream(_thinking_on, OK),
    "sse-sized": fault(
        lambda asked: [sized(b"".join([*events(asked.text), DONE]), kind="text/event-stream")], OK
    ),
    "sse-unended-chunks": fault(
        lambda asked: [
            head("transfer-encoding: chunked", kind="text/event-stream"),
            *map(framed, [*events(asked.text), DONE]),
            Act.CLOSE,
        ],
        OK,
        *_BROKEN,
    ),
    "json-for-stream": fault(lambda asked: [sized(dumped(completion(asked.text)))], OK),
    "endless-text": stream(_without_end(event(chunk(content="x"))), *_ENDLESS, is_cut=True),
    "endless-blanks": stream(_without_end(event(chunk(content=" \n"))), *_ENDLESS, is_cut=True),
    "endless-nothing": stream(_without_end(event(chunk(content=""))), *_ENDLESS, is_cut=True),
    "endless-comments": stream(_without_end(b": ping\n\n"), *_ENDLESS, is_cut=True),
    "endless-thinking": stream(
        _without_end(event(chunk(reasoning_content="hm "))), *_ENDLESS, is_cut=True
    ),
    "endless-line": stream(_without_end(b"data: " + b"x" * 60_000), *_ENDLESS, is_cut=True),
}
