"""One request as it is shown: its attempts, each answer's text in parts, the schema, the answer.

What the guard makes of a text is found out anew when somebody looks: it depends on nothing but the
text and the schema, and costs nobody else anything.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from strictgate.core.conversation.attempt_log import Attempt
from strictgate.core.errors import GatewayError
from strictgate.core.guard.examination import Examined, PartKind, examine
from strictgate.core.guard.grammar_matcher import CompiledGrammar
from strictgate.core.guard.guard import Guard
from strictgate.core.jsontext.reader import NotJSON, parse_json
from strictgate.core.output.origins import DocumentOrigins
from strictgate.core.plan.plan import Purpose
from strictgate.core.repair_steps import Repair
from strictgate.core.schema.formats import Formats
from strictgate.core.schema.schema import Schema, admit
from strictgate.core.wire.error_body import error_of
from strictgate.core.work import Work, WorkSpent
from strictgate.gateway.driver import GrammarSource
from strictgate.gateway.records import Planned, choice_text
from strictgate.inspector.entries import Entry, KeptAsk, Text, judged_asks, parsed

WORK = 2_000_000  # units for all texts of one page, each about a microsecond
MAX_TEXT = 128 << 10  # characters of one text that are examined


async def details(entry: Entry, grammars: GrammarSource | None) -> dict[str, Any]:
    """Return all that is known of one request."""
    target, examiner = entry.target, None
    if target is not None and target.schema is not None and not target.is_split:
        examiner = await examiner_of(target.schema, target, grammars)
    return entry.row() | {
        "body": _text(entry.body),
        "schema": target.schema if target else None,
        "draft": target.draft if target else "",
        "target": _target(target),
        "attempts_made": _attempts(entry, examiner),
        "contents": entry.contents,
        "documents": _documents(entry),
        "steps": [{"choice": at, "step": step.name, "path": step.path} for at, step in entry.steps],
        "error_body": entry.error,
        "notes": entry.notes,
        "cannot_be_saved": unsavable(entry),
    }


class Examiner:
    """Reads texts by one schema, within one budget."""

    def __init__(self, schema: Schema, grammar: CompiledGrammar | None, level: Repair) -> None:
        self._schema = schema
        self._grammar = grammar
        self._level = level
        self._work = Work(WORK)

    def examined(self, text: str, *, wrapped: bool, is_over: bool = True) -> dict[str, Any] | None:
        """Return what the guard makes of `text`; None where it would take too long."""
        if len(text) > MAX_TEXT:
            return None
        try:
            found = examine(text, self._guard, self._level, wrapped=wrapped, is_over=is_over)
        except WorkSpent:
            return None
        return as_json(found)

    def _guard(self) -> Guard:
        return Guard(self._schema, self._grammar, work=self._work)


async def examiner_of(
    schema: str, target: Planned | None, grammars: GrammarSource | None
) -> Examiner | None:
    """Return what reads texts by a schema, given as its text; None where it is none.

    Args:
        target: of a request; None: the schema is judged by as it stands.
    """
    try:
        formats = target.enforcement.formats if target else Formats.ASSERT
        admitted = admit(parse_json(schema), name="schema", formats=formats)
    except (NotJSON, GatewayError):
        return None
    grammar = None if grammars is None else await grammars.grammar(admitted)
    return Examiner(admitted, grammar, target.enforcement.repair if target else Repair.LOSSLESS)


def as_json(found: Examined) -> dict[str, Any]:
    """Return what was found as JSON."""
    return {
        "parts": [[kind.value, part] for kind, part in found.parts],
        "whole": found.is_whole,
        "path": found.path,
        "allowed": list(found.allowed),
        "problems": list(found.problems),
        "steps": [{"step": step.name, "path": step.path} for step in found.steps],
    }


def _target(target: Planned | None) -> dict[str, Any] | None:
    if target is None:
        return None
    return {
        "upstream": target.upstream,
        "address": target.address,
        "model": target.model,
        "path": target.path,
        "repair": target.enforcement.repair.value,
        "max_attempts": target.enforcement.max_attempts,
    }


def _text(text: Text) -> dict[str, Any]:
    return {"text": text.shown(), "size": text.size, "whole": text.is_whole}


def _attempts(entry: Entry, examiner: Examiner | None) -> list[dict[str, Any]]:
    log = entry.attempts
    judged = dict(zip(map(id, judged_asks(entry.asks, len(log))), log, strict=False))
    return [
        _attempt(number, ask, judged.get(id(ask)), examiner)
        for number, ask in enumerate(entry.asks, 1)
    ]


def _attempt(
    number: int, ask: KeptAsk, attempt: Attempt | None, examiner: Examiner | None
) -> dict[str, Any]:
    before = _prefix(ask) if ask.purpose == Purpose.CONTINUATION else ""
    texts = answer_texts(ask)
    found = None
    if examiner is not None and texts and ask.purpose != Purpose.QUESTION:
        before, found = _read_on(before, texts[0], examiner, wrapped=ask.wrapped)
    return {
        "number": number,
        "upstream": ask.upstream,
        "model": ask.model,
        "mode": ask.mode,
        "purpose": ask.purpose,
        "at": round(ask.at, 6),
        "seconds": ask.seconds,
        "first": ask.first,
        "pieces": ask.pieces,
        "status": ask.status,
        "outcome": _outcome(ask, attempt),
        "problems": list(attempt.problems) if attempt else [],
        "usage": dict(attempt.usage) if attempt and attempt.usage else None,
        "end": attempt.end.value if attempt else None,
        "prefix": before,
        "texts": texts,
        "examined": found,
        "fault": ask.fault,
        "sent": _text(ask.question),
        "reply": _text(ask.answer) if ask.answer else None,
    }


def _read_on(
    before: str, text: str, examiner: Examiner, *, wrapped: bool
) -> tuple[str, dict[str, Any] | None]:
    """Return what the guard makes of a text behind a prefix, and the prefix that it goes on from:
    none, where the model began anew."""
    if not before or text.startswith(before):
        return before, examiner.examined(text, wrapped=wrapped)
    found = examiner.examined(before + text, wrapped=wrapped)
    if found is not None and len(_good(found)) <= len(before):
        anew = examiner.examined(text, wrapped=wrapped)
        if anew is not None and _good(anew):
            return "", anew
    return before, found


def _good(found: Mapping[str, Any]) -> str:
    return "".join(part for kind, part in found["parts"] if kind == PartKind.GOOD)


def _outcome(ask: KeptAsk, attempt: Attempt | None) -> str:
    if attempt is not None:
        return attempt.outcome
    if ask.seconds is None:
        return "open"
    if ask.status >= 400:
        return "refused"
    return "broken" if ask.fault else "left"


def _prefix(ask: KeptAsk) -> str:
    """Return the beginning of a document that the model was to go on from."""
    messages = parsed(ask.question).get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    content = last.get("content") if isinstance(last, Mapping) else None
    is_prefix = isinstance(last, Mapping) and last.get("role") == "assistant"
    return content if is_prefix and isinstance(content, str) else ""


def answer_texts(ask: KeptAsk) -> list[str]:
    """Return what an answer says in each choice: its text, or the arguments of its first call."""
    if ask.answer is None:
        failed = error_of(ask.status, ask.fault).get("failed_generation") if ask.fault else None
        return [failed] if isinstance(failed, str) else []
    return choice_texts(ask.answer)


def choice_texts(completion: Text) -> list[str]:
    """Return what each choice of a completion says."""
    choices = parsed(completion).get("choices")
    return [choice_text(each) for each in choices] if isinstance(choices, list) else []


def _documents(entry: Entry) -> list[list[list[str]]]:
    """Return the document of each choice in parts, each with its origin."""
    texts = entry.contents or ()
    return [
        painted(texts[at], origins)
        for at, origins in sorted(entry.origins.items())
        if at < len(texts)
    ]


def painted(text: str, origins: DocumentOrigins) -> list[list[str]]:
    """Return `text` in parts, each with its origin; what stands behind the document has none."""
    data = text.encode("utf-8", "surrogatepass")
    parts = [(each.origin.value, data[each.start : each.end]) for each in origins.ranges]
    parts.append(("", data[origins.length :]))
    return [[origin, part.decode(errors="replace")] for origin, part in parts if part]


def unsavable(entry: Entry) -> str:
    """Return why a request cannot be made a test; "": it can."""
    texts = [entry.body, *(each.question for each in entry.asks)]
    texts += [each.answer for each in entry.asks if each.answer is not None]
    if not entry.raw:
        return "its body was not kept (inspector.bodies)"
    if entry.finished is not None and entry.finished.client_left:
        return "its client left before it was over"
    if entry.target is not None and not _are_asked(entry.target.before, entry.asks):
        return "a model before the last one was not asked, as its upstream was not fit for it"
    return "" if all(each.is_whole for each in texts) else "it is too long: its bodies were cut"


def _are_asked(failed: Sequence[Planned], asks: Sequence[KeptAsk]) -> bool:
    """Whether each of the models that failed was asked: only an answer can be said again."""
    asked = {(each.upstream, each.model) for each in asks}
    return all((each.upstream, each.model) in asked for each in failed)
