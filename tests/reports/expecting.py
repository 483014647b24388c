"""What is right for a case, as data, and what of it did not come.

`tests/data/reports_expected.json` is a list of groups: `rows` (keys), for some `ways` or `presets`
only; `want`, a list of alternatives, one of which must come whole; or `skip`, the reason why there
is nothing to expect; for the words of refusals `kinds` as well. An alternative may say:

    status      the HTTP status; by default 200, or with `error` any; a frame's error has none.
    error       `code` (one of), `says` (each in the message, in any case), `says_not`,
                `anywhere` (one of, in the answer), `failed_generation` (each in it).
    document    the parsed text.            text        the text itself, or null.
    calls       of each the `name`, the `input`, parsed unless it is custom; maybe `type` and `id`.
    ids         "unique": in the answer; "unique_so_far": in all answers of the case.
    finish      the finish_reason, or a response's status (one of).
    repairs     "some", or the names of steps that must be among them.
    asked       how often the upstream was asked (one of).
    body, sent, again, frames
                checks of values (tests/reports/paths.py): of the answer, of the last request that
                the upstream got, of the first one that it got for a request after this one, and
                of each event of a stream.
    events      types that come in this order.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.reports.came import Call, Came
from tests.reports.client import Played
from tests.reports.paths import wrong
from tests.reports.rows import Case
from tests.reports.telling import events
from tests.tables import DATA, load

Want = dict[str, Any]
Again = Callable[[], Sequence[dict[str, Any]]]


def groups() -> list[dict[str, Any]]:
    """Return the groups of what is expected."""
    found: list[dict[str, Any]] = load("reports_expected")
    return found


def known_failures() -> dict[str, list[str]]:
    """Return, by row, the presets and ways in which it fails today."""
    found: dict[str, list[str]] = json.loads((DATA / "reports_open.json").read_text())
    return found


def covers(group: dict[str, Any], case: Case) -> bool:
    """Whether `group` is about `case`."""
    in_ways = case.way in group.get("ways", (case.way,))
    return (
        case.key in group["rows"] and in_ways and case.preset in group.get("presets", case.preset)
    )


def missing(wants: Sequence[Want], case: Case, played: Played, again: Again) -> list[str]:
    """Return what is wrong by each alternative; nothing, where one of them came."""
    found = []
    for want in wants:
        problems = [*_ending(played.came), *_missing(want, played)]
        if not problems and "again" in want:
            asked = again()
            problems = wrong(want["again"], asked[0] if asked else {})
        if not problems:
            return []
        found.append("; ".join(problems))
    return found


def _ending(came: Came) -> Iterator[str]:
    """What must hold of any stream."""
    if not came.is_stream:
        return
    if not came.is_responses and not came.is_done:
        yield "no [DONE]"
    if came.is_responses:
        numbers = [each.get("sequence_number") for each in came.frames]
        if numbers != list(range(len(numbers))):
            yield "sequence numbers out of order"


def _missing(want: Want, played: Played) -> Iterator[str]:
    came = played.came
    yield from _error(want, came)
    for name, check in CHECKS.items():
        if name in want:
            yield from check(want[name], came)
    if "asked" in want and len(played.asked) not in _list(want["asked"]):
        yield f"asked {len(played.asked)} times"
    if "sent" in want:
        yield from wrong(want["sent"], played.asked[-1] if played.asked else {})
    if want.get("ids") == "unique_so_far":
        yield from _unique([call for each in (*played.before, came) for call in each.calls])


def _error(want: Want, came: Came) -> Iterator[str]:
    wanted, error = want.get("error"), came.error
    is_frame = came.status == 200 and error is not None
    statuses = _list(want.get("status", [] if wanted is not None else 200))
    if statuses and came.status not in statuses and not (is_frame and wanted is not None):
        yield f"status {came.status}"
    if wanted is None:
        if error is not None:
            yield f"error {error.get('code')}: {error.get('message')}"
        return
    if error is None:
        yield "no error"
        return
    message = str(error.get("message") or "").lower()
    if "code" in wanted and error.get("code") not in _list(wanted["code"]):
        yield f"code {error.get('code')}"
    yield from (f"{each!r} not said" for each in wanted.get("says", ()) if each not in message)
    yield from (f"{each!r} said" for each in wanted.get("says_not", ()) if each in message)
    whole = came.answer.raw.decode().lower()
    if "anywhere" in wanted and not any(each in whole for each in wanted["anywhere"]):
        yield f"none of {wanted['anywhere']}"
    failed = error.get("failed_generation") or ""
    for each in wanted.get("failed_generation", ()):
        if each not in failed:
            yield f"{each!r} not in failed_generation"


def _document(wanted: Any, came: Came) -> Iterator[str]:
    try:
        document = json.loads(came.text or "")
    except ValueError:
        yield f"no document: {came.text!r}"
        return
    if document != wanted:
        yield f"document {document}"


def _text(wanted: Any, came: Came) -> Iterator[str]:
    if came.text != wanted:
        yield f"text {came.text!r}"


def _calls(wanted: Sequence[Want], came: Came) -> Iterator[str]:
    shown = [(each.type, each.name, each.input) for each in came.calls]
    if len(wanted) != len(came.calls):
        yield f"calls {shown}"
        return
    for want, call in zip(wanted, came.calls, strict=True):
        told = {"name": call.name, "input": _input(call), "type": call.type, "id": call.id}
        if want != {name: told[name] for name in want}:
            yield f"calls {shown}"


def _input(call: Call) -> Any:
    if call.type == "custom":
        return call.input
    try:
        return json.loads(call.input)
    except ValueError:
        return f"not JSON: {call.input}"


def _unique(calls: Sequence[Call]) -> Iterator[str]:
    ids = [call.id for call in calls]
    if not all(ids) or len(set(ids)) < len(ids):
        yield f"ids {ids}"


def _ids(wanted: str, came: Came) -> Iterator[str]:
    if wanted == "unique":
        yield from _unique(came.calls)


def _finish(wanted: Any, came: Came) -> Iterator[str]:
    if came.finish not in _list(wanted):
        yield f"finish {came.finish}"


def _repairs(wanted: Any, came: Came) -> Iterator[str]:
    if not came.repairs if wanted == "some" else not set(wanted) <= set(came.repairs):
        yield f"repairs {came.repairs}"


def _events(wanted: Sequence[str], came: Came) -> Iterator[str]:
    left = iter(events(came))
    if not all(each in left for each in wanted):
        yield f"events {events(came)}"


def _body(wanted: Sequence[Want], came: Came) -> Iterator[str]:
    yield from wrong(wanted, came.body)


def _frames(wanted: Sequence[Want], came: Came) -> Iterator[str]:
    yield from wrong(wanted, {"frames": came.frames})


CHECKS: dict[str, Callable[[Any, Came], Iterator[str]]] = {
    "document": _document,
    "text": _text,
    "calls": _calls,
    "ids": _ids,
    "finish": _finish,
    "repairs": _repairs,
    "events": _events,
    "body": _body,
    "frames": _frames,
}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
