"""What is wrong at a violation, as the validator puts it.

A guard refuses a byte; people and models want to know what the value should have been. So what was
written there is read on, as plain JSON, until its value is whole, and the validator is asked about
the document so far. Only what it says about that value counts: the rest is missing, not wrong.
"""

from collections.abc import Mapping
from typing import Any

from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.jsontext.lexer import Expects, LexicalToken
from strictgate.core.jsontext.pointer import Path
from strictgate.core.jsontext.reader import write_json
from strictgate.core.jsontext.scanner import Scanner
from strictgate.core.schema.problems import Problem
from strictgate.core.schema.schema import Schema
from strictgate.core.schema.subschema import subschema_at

MAX_OPTIONS = 20
_AT_NAME = (Expects.NAME, Expects.NAME_OR_END)
_LOOK = 4096  # bytes behind the violation


def explain(draft: PartialDocument, ahead: bytes, schema: Schema) -> tuple[Problem, ...]:
    """Return what is wrong where `ahead` was refused; nothing, where that cannot be told."""
    scanner: Scanner = draft.guard.scanner.fork()
    place, around = scanner.path, scanner.open_path
    read = scanner.consume(ahead[:_LOOK], to_close=True)
    if not read:
        return draft.guard.problems()
    problems: tuple[Problem, ...] = ()
    if scanner.containers or scanner.is_complete():
        problems = schema.problems(scanner.value, work=draft.guard.work)
    is_ended = scanner.is_complete() or scanner.open_path[: len(around)] != around
    return tuple(each for each in problems if _is_about(each, place, around, is_ended=is_ended))


def _is_about(problem: Problem, place: Path, around: Path, *, is_ended: bool) -> bool:
    """Whether it is about the value that was refused, or what is around it and not merely short."""
    if problem.path == around:
        return is_ended or problem.kind not in _MAY_COME
    return problem.path[: len(place)] == place


_MAY_COME = frozenset(
    {"Required", "MinItems", "MinProperties", "Contains", "DependentRequired", "AnyOf", "OneOf"}
)
"""What may be put right by what comes later."""


def takes_names_by_pattern(draft: PartialDocument) -> bool:
    """Whether a name is open or comes next, and the schema has patterns for names there."""
    return bool((_schema_of_names(draft) or {}).get("patternProperties"))


def _schema_of_names(draft: PartialDocument) -> Mapping[str, Any] | None:
    """Return the schema of the object in which a name is open or comes next; None elsewhere."""
    scanner = draft.guard.scanner
    is_name = scanner.token is LexicalToken.NAME or scanner.expects in _AT_NAME
    return subschema_at(draft.guard.schema.source, scanner.open_path) if is_name else None


def expected_name(draft: PartialDocument) -> str:
    """Say what a name must be like where one is open or comes next; "" where there is no saying."""
    schema = _schema_of_names(draft)
    if schema is None or schema.get("additionalProperties") is not False:
        return ""
    names = [write_json(name) for name in schema.get("properties") or ()][:MAX_OPTIONS]
    patterns = [f"a name that matches {each}" for each in schema.get("patternProperties") or ()]
    return " or ".join([*([", ".join(names)] if names else []), *patterns[:MAX_OPTIONS]])


def allowed(draft: PartialDocument) -> tuple[str, ...]:
    """Return what may stand where the draft ends, in the spelling of JSON, if that is little."""
    options = draft.guard.options()
    if not options or len(options) > MAX_OPTIONS:
        return ()
    scanner = draft.guard.scanner
    begun = scanner.text[scanner.token_start :] if scanner.token else b""
    return tuple((begun + option).decode(errors="ignore") for option in options)
