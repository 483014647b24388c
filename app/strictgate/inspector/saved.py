"""A request made into something that lasts: a test that can be run again, HAR, JSON Lines.

A test is one JSON object. `strictgate replay FILE` (commands/replay.py) asks a gateway of its own
the `request`, lets an upstream of its own say the `answers`, in their order, and compares what
comes with `expected`. Where the first model failed, `fallbacks` has those that were asked in its
place, and `repair_model` the one that wrote the last text down; the answers of all are in one list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from strictgate import __version__
from strictgate.core.jsontext.reader import parse_leniently
from strictgate.gateway.records import Planned
from strictgate.inspector.details import answer_texts, unsavable
from strictgate.inspector.entries import Entry, KeptAsk, Text

FORMAT = 1


def test_of(entry: Entry) -> dict[str, Any] | str:
    """Return a request as a test; where it cannot be one, why."""
    reason = unsavable(entry)
    target = entry.target
    if reason or target is None or entry.finished is None:
        return reason or "it was not enforced, or is not over"
    first, *others = *target.before, target
    fallbacks = [_model(each) for each in others if not each.is_written_down]
    writers = [_model(each) for each in others if each.is_written_down]
    return {
        "strictgate_test": FORMAT,
        "made_with": __version__,
        "name": entry.id,
        "surface": entry.surface,
        "request": parse_leniently(entry.raw),
        "model": first.model,
        "capabilities": asdict(first.capabilities),
        "fallbacks": fallbacks,
        "repair_model": writers[0] if writers else None,
        "enforcement": _enforcement(first),
        "answers": [_answer(each) for each in entry.asks],
        "expected": what_came(entry),
    }


test_of.__test__ = False  # type: ignore[attr-defined]  # pytest is not to take it for one


def _model(target: Planned) -> dict[str, Any]:
    """Return one that was asked in place of another."""
    about = {"name": target.name, "model": target.model}
    return {**about, "capabilities": asdict(target.capabilities)}


def _enforcement(target: Planned) -> dict[str, Any]:
    fields = asdict(target.enforcement)
    return {name: value for name, value in fields.items() if name != "modes"}


def _answer(ask: KeptAsk) -> dict[str, Any]:
    """Return what an upstream said, or how it failed."""
    whose = {"model": ask.model, "status": ask.status or None}
    about = {**whose, "streamed": ask.pieces > 0, "fault": ask.fault}
    body = None if ask.reply is None else parse_leniently(ask.reply)
    return {**about, "body": body}


def what_came(entry: Entry) -> dict[str, Any]:
    """Return what came of a request, as far as that must be the same when it is asked again."""
    error = entry.error.get("error") if entry.error else None
    return {
        "contents": entry.contents,
        "error": error.get("code") if isinstance(error, Mapping) else None,
        "requests": len(entry.asks),
        "models": list(dict.fromkeys(each.model for each in entry.asks)),
    }


def exported(entry: Entry) -> dict[str, Any]:
    """Return a request as one line of JSON Lines: for data sets of what models write."""
    target = entry.target
    return entry.row() | {
        "request": json_or_text(entry.body),
        "schema": parse_leniently(target.schema.encode()) if target and target.schema else None,
        "attempts_made": [
            {
                "upstream": each.upstream,
                "model": each.model,
                "mode": each.mode,
                "purpose": each.purpose,
                "status": each.status,
            }
            | {"texts": answer_texts(each), "fault": each.fault, "seconds": each.seconds}
            for each in entry.asks
        ],
        "contents": entry.contents,
        "error_body": entry.error,
    }


def har(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return the requests to upstreams as an HTTP Archive 1.2 (w3c.github.io/web-performance)."""
    creator = {"name": "Strictgate", "version": __version__}
    pages = [
        {
            "id": each.id,
            "startedDateTime": _time(each.began),
            "title": each.model,
            "pageTimings": {},
        }
        for each in entries
    ]
    calls = [_call(each, ask) for each in entries for ask in each.asks]
    return {"log": {"version": "1.2", "creator": creator, "pages": pages, "entries": calls}}


def _call(entry: Entry, ask: KeptAsk) -> dict[str, Any]:
    target = entry.target
    took = round((ask.seconds or 0) * 1000, 3)
    first = took if ask.first is None else round(ask.first * 1000, 3)
    said = ask.answer.shown() if ask.answer else ask.fault
    plain = {"httpVersion": "HTTP/1.1", "cookies": [], "headersSize": -1, "headers": []}
    request = {
        "method": "POST",
        "url": f"{target.address}{target.path}" if target else "",
        "queryString": [],
        "postData": {"mimeType": "application/json", "text": ask.question.shown()},
        "bodySize": ask.sent_size,
    }
    content = {"size": len(said), "mimeType": "application/json", "text": said}
    response = {
        "status": ask.status,
        "statusText": "",
        "content": content,
        "redirectURL": "",
        "bodySize": -1,
    }
    return {
        "pageref": entry.id,
        "startedDateTime": _time(entry.began + ask.at),
        "time": took,
        "request": plain | request,
        "response": plain | response,
        "cache": {},
        "timings": {"send": 0, "wait": first, "receive": round(took - first, 3)},
        "comment": f"{ask.purpose}, mode {ask.mode}",
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def json_or_text(text: Text) -> Any:
    """Return a body as the value that it is, or as text."""
    try:
        return parse_leniently(text.raw) if text.is_whole else text.shown()
    except (ValueError, RecursionError):
        return text.shown()
