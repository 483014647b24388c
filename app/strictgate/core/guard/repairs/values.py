"""Mends of values: their spelling, their type, the array that should be around them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from strictgate.core.guard.repairs import tokens, vocabulary
from strictgate.core.guard.repairs.tokens import Spelt
from strictgate.core.guard.repairs.violation import (
    NeedsMoreText,
    Proposal,
    Proposals,
    Violation,
    ViolationPlace,
)
from strictgate.core.jsontext.lexer import LexicalToken
from strictgate.core.jsontext.pointer import Path, pointer
from strictgate.core.jsontext.reader import NotJSON, parse_json
from strictgate.core.output import coercions
from strictgate.core.output.coercions import Coercion
from strictgate.core.output.quoted_strings import Role, read_quoted
from strictgate.core.repair_steps import Step
from strictgate.core.schema.drafts import Draft
from strictgate.core.schema.schema import Schema

_TYPES = ("string", "number", "integer", "boolean", "null", "object", "array")
_NUMBER_STARTS = tuple("-0123456789")
_MAX_DIGITS = 400
_CLOSES = b" "  # a number is whole once something follows


def plain_number(violation: Violation) -> Proposals:
    """A number that the grammar knows in plain digits only stays as the model spelt it."""
    is_number = violation.place is ViolationPlace.VALUE and violation.source[:1] in _NUMBER_STARTS
    spelt = _read(violation) if is_number else None
    if not isinstance(spelt, Spelt):
        return spelt or ()
    if spelt.steps:
        return ()
    used, data = violation.used(spelt.end), spelt.text.encode()
    return [
        Proposal(violation.start, used, data, (), _CLOSES, plain=plain.encode())
        for plain in plain_forms(spelt.text, violation.guard.schema)
    ]


def plain_forms(number: str, schema: Schema) -> tuple[str, ...]:
    """Return the JSON number in plain digits, if that is another spelling of it.

    In draft 4 what is spelt with a point or exponent is no integer, and so its plain form is not.
    """
    value = Decimal(number)
    if abs(value.adjusted()) > _MAX_DIGITS:
        return ()
    plain = f"{value:f}"
    if "." in plain:
        plain = plain.rstrip("0").removesuffix(".")
    forms: tuple[str, ...] = ("-0", "0") if plain in ("-0", "0") else (plain,)
    if schema.inspected.draft is Draft.DRAFT_4:
        forms = tuple(form if "." in form else f"{form}.0" for form in forms)
    return tuple(form for form in forms if form != number)


def character(violation: Violation) -> Proposals:
    """A control character, or a quote with a backslash that it does not need, in a string."""
    if (
        violation.guard.scanner.token not in (LexicalToken.NAME, LexicalToken.STRING)
        or not violation.coming
    ):
        return ()
    behind = violation.text[violation.start + 1 :]
    escaping = (len(behind) - len(behind.rstrip(b"\\"))) % 2
    piece = "\\" * escaping + violation.coming[:1]
    if piece == "\\":
        piece = violation.coming[:2]
    try:
        spelt = read_quoted(f'"{piece}"', 0, Role.NAME)
    except NotJSON:  # the rest of an escape is to come, or it is none
        return ()
    used = len(piece.encode()) - escaping
    steps = tuple(Step(each) for each in spelt.steps)
    data = spelt.text[1:-1].encode()
    return [Proposal(len(violation.text) - escaping, used, data, steps)] if steps else ()


def respelt(violation: Violation) -> Proposals:
    """A value in the spelling of Python, JavaScript, or haste."""
    spelt = _refused(violation)
    if not isinstance(spelt, Spelt):
        return spelt or ()
    return [_proposal(violation, spelt, spelt.text, ())] if spelt.steps else ()


def in_other_type(violation: Violation) -> Proposals:
    """What a value says, in each type that can say it, and as each word that it may mean."""
    spelt = _refused(violation)
    if not isinstance(spelt, Spelt):
        return spelt or ()
    return [
        _proposal(violation, spelt, each.text, (Step(each.step, pointer(violation.path)),))
        for each in dict.fromkeys(_readings(violation, spelt))
    ]


def in_array(violation: Violation) -> Proposals:
    """A lone value, in an array."""
    coming = violation.coming[:1]
    is_object = violation.place is ViolationPlace.VALUE and coming == "{" and _begins(violation)
    spelt = _read(violation) if is_object else _refused(violation)
    if not isinstance(spelt, Spelt):
        return spelt or ()
    source = violation.source[: spelt.end] if is_object else spelt.text
    return _wrapped(violation, spelt, source, violation.path)


def _wrapped(violation: Violation, spelt: Spelt, source: str, path: Path) -> Proposals:
    reading = coercions.alone_in_array(_held(spelt), source, ("array",))
    if reading is None:
        return ()
    steps = () if source != spelt.text else spelt.steps
    step = Step(reading.step, pointer(path))
    used, data = violation.used(spelt.end), reading.text.encode()
    return [Proposal(violation.start, used, data, (*steps, step), is_nested=True)]


def _refused(violation: Violation) -> Spelt | NeedsMoreText | None:
    """Return the scalar or string that was refused."""
    if violation.place is not ViolationPlace.VALUE or violation.source[:1] in ("", "{", "["):
        return None
    return _read(violation)


def _begins(violation: Violation) -> bool:
    return violation.start == len(violation.text)


def _read(violation: Violation) -> Spelt | NeedsMoreText | None:
    spelt = tokens.value(violation.source, 0, violation.role, final=violation.final)
    is_behind = isinstance(spelt, Spelt) and violation.used(spelt.end) < 0
    return None if is_behind else spelt


def _proposal(violation: Violation, spelt: Spelt, text: str, steps: tuple[Step, ...]) -> Proposal:
    used, data = violation.used(spelt.end), text.encode()
    is_nested = text[0] in "{["
    steps = (*spelt.steps, *steps)
    return Proposal(violation.start, used, data, steps, _CLOSES, is_nested=is_nested)


def _readings(violation: Violation, spelt: Spelt) -> Iterator[Coercion]:
    value, text = _held(spelt), spelt.text
    yield from coercions.in_each_type(value, text, _TYPES)
    if isinstance(value, str):
        for word in vocabulary.options(violation.guard.features, value):
            if reading := coercions.as_option(value, text, (word,)):
                yield reading


def _held(spelt: Spelt) -> Any:
    try:
        return parse_json(spelt.text)
    except NotJSON:  # a number beyond a double
        return None
