"""The log's lines about requests that have ended, as JSON, many at a time.

They are most of the log, so nothing is done for each of them that can be done for all at once, or
once for all that are alike: numbers are written by one call, and what is said of the next request,
too, where it went, how and to what end, is written once and kept (log_lines.py).
"""

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from strictgate.observe.events import RequestFinished

ALIKE = (
    *("method", "path", "status", "error", "client_left", "key", "is_stream", "upstream", "model"),
    *("mode", "outcome", "attempts", "continuations", "repairs", "cause", "address"),
)
"""The fields that one request mostly has as the next, in the order of RequestFinished."""
Alike = tuple[str, str]
"""What is written of these fields: `level` and `event`, which stand before a request's own fields,
and the rest, which stands behind them; each begins with a comma."""


def request_lines(
    told: Sequence[tuple[float, RequestFinished]],
    alike: Callable[[tuple[Any, ...]], Alike | None],
    redact: Callable[[str], str],
    written_second: Callable[[int], str],
) -> str | None:
    """Return the lines; None where a request's id needs to be escaped.

    Args:
        told: each request with the time when it ended, in seconds since 1970.
        alike: returns what is written of the values of ALIKE; None: the request is worth no line.
        redact: takes keys out of a text.
        written_second: writes a whole second since 1970, in UTC.
    """
    own_parts = _own_parts([done for _, done in told], redact)
    if own_parts is None:
        return None
    lines = []
    second, beginning = -1, ""
    for (now, done), own in zip(told, own_parts, strict=True):
        alike_part = alike(_alike_of(done))
        if alike_part is None:
            continue
        names, rest = alike_part
        thousandths = int(now * 1000 + 0.5)
        since_1970 = thousandths // 1000
        if since_1970 != second:
            second, beginning = since_1970, f'{{"time":"{written_second(since_1970)}.'
        of_second = str(thousandths - since_1970 * 1000 + 1000)[1:]
        lines.append(f'{beginning}{of_second}+00:00"{names},{own}{rest}}}\n')
    return "".join(lines)


def _alike_of(done: RequestFinished) -> tuple[Any, ...]:
    """Return the values of ALIKE; an `attrgetter` takes three times as long."""
    return (
        done.method,
        done.path,
        done.status,
        done.error,
        done.client_left,
        done.key,
        done.is_stream,
        done.upstream,
        done.model,
        done.mode,
        done.outcome,
        done.attempts,
        done.continuations,
        done.repairs,
        done.cause,
        done.address,
    )


def _own_parts(
    requests: Sequence[RequestFinished], redact: Callable[[str], str]
) -> list[str] | None:
    """Return the members that are a request's own, of each, without the braces; None where they
    cannot be written all at once: an id is not ASCII, or looks like several members."""
    ids = [done.request_id for done in requests]
    joined = "/".join(ids)
    if redact(joined) != joined:
        ids = [redact(each) for each in ids]
    try:
        data = orjson.dumps(
            [
                _own(done, request_id)
                if not done.trace_id
                else _own(done, request_id) | _trace(done)
                for done, request_id in zip(requests, ids, strict=True)
            ]
        )
    except TypeError:  # a lone surrogate
        return None
    if not data.isascii() or b"\x7f" in data:
        return None
    parts = data[2:-2].decode().split("},{")
    return parts if len(parts) == len(requests) else None


def _own(done: RequestFinished, request_id: str) -> dict[str, Any]:
    return {
        "request_id": request_id,
        "seconds": done.seconds,
        "first_byte": done.first_byte,
        "tokens_in": done.tokens_in,
        "tokens_out": done.tokens_out,
        "tokens_in_vain": done.tokens_in_vain,
        "cost": done.cost,
        "upstream_seconds": done.upstream_seconds,
    }


def _trace(done: RequestFinished) -> dict[str, Any]:
    """Return where it stands in a trace."""
    parent = {"parent_id": done.parent_id} if done.parent_id else {}
    return {"trace_id": done.trace_id, "span_id": done.span_id, **parent}
