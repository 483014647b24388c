"""Values given one by one: `enum` and `const`."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import jsonschema_rs

from strictgate.core.grammar import (
    arrays,
    json_types,
    lark,
    numbers,
    object_rules,
    objects,
    ranges,
    strings,
)
from strictgate.core.grammar.conjunction import Conjunct, gathered
from strictgate.core.grammar.context import Context
from strictgate.core.grammar.grammar import NotExpressible
from strictgate.core.grammar.json_types import FRACTION, Kinds
from strictgate.core.grammar.object_rules import ObjectMembers
from strictgate.core.schema.drafts import VALIDATORS, Draft

MAX_VALUES = 20_000
_NUMERIC = numbers.KEYWORDS.keys()
_TEXTUAL = strings.KEYWORDS.keys() - {"format"}
_CHECKED = {"string": _TEXTUAL, json_types.INTEGER: _NUMERIC, FRACTION: _NUMERIC}
_UNCHECKED = {"array": arrays.KEYWORDS.keys(), "object": objects.KEYWORDS.keys()}


def is_listed(subject: Iterable[Conjunct]) -> bool:
    """Whether its values are given one by one."""
    return any(part.keywords.keys() & {"enum", "const"} for part in subject)


def options(context: Context, subject: tuple[Conjunct, ...]) -> list[str]:
    """Return what matches one of the values of `subject`.

    Raises:
        NotExpressible: they are too many.
    """
    values = listed(context, subject)
    if len(values) > MAX_VALUES:
        raise NotExpressible(f"it has an enum of more than {MAX_VALUES} values")
    left = json_types.kinds(subject)
    words = [literal(context, value, left) for value in values if not _is_nested(value)]
    others = [literal(context, value, left) for value in values if _is_nested(value)]
    return ([context.rules.terminal(lark.either(words))] if words else []) + others


def listed(context: Context, subject: tuple[Conjunct, ...]) -> list[Any]:
    """Return the values of `enum` and `const` that all of its parts allow."""
    if subject not in context.listed:
        context.listed[subject] = _listed(context, subject)
    return context.listed[subject]


def _listed(context: Context, subject: tuple[Conjunct, ...]) -> list[Any]:
    lists = gathered(subject, "enum") + [[value] for value in gathered(subject, "const")]
    known = [{identity(value): value for value in values} for values in lists]
    left = json_types.kinds(subject)
    return [
        value
        for key, value in known[0].items()
        if all(key in other for other in known) and json_types.kind(value) in left
        if all(_fits(context, value, part) for part in subject)
    ]


def _is_nested(value: Any) -> bool:
    return isinstance(value, list | dict)


def identity(value: Any) -> Any:
    """Return what is equal for values that JSON Schema takes as equal: `1` and `1.0`."""
    match value:
        case list():
            return ("list", *map(identity, value))
        case dict():
            return frozenset((name, identity(each)) for name, each in value.items())
        case bool():
            return ("boolean", value)
        case _:
            return value


def _fits(context: Context, value: Any, part: Conjunct) -> bool:
    """Whether `value` is what `part` says of numbers and strings; the validator sees the rest."""
    kind = json_types.kind(value)
    context.unsupported_keywords.update(part.keywords.keys() & _UNCHECKED.get(kind, frozenset()))
    checked = {each: part.keywords[each] for each in part.keywords.keys() & _CHECKED.get(kind, ())}
    if not checked:
        return True
    try:
        return bool(VALIDATORS[context.draft](checked, offline=True).is_valid(value))
    except jsonschema_rs.ValidationError:  # a pattern that only admission's own keyword takes
        context.unsupported_keywords.update(checked)
        return True


def literal(context: Context, value: Any, left: Kinds) -> str:
    """Return what matches `value`, in every spelling of its numbers."""
    return _LITERALS[json_types.kind(value)](context, value, left)


def _word(context: Context, value: Any, left: Kinds) -> str:
    return lark.word(value)


def _number(context: Context, value: Any, left: Kinds) -> str:
    number = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    plain = f"/{ranges.exactly(number)}/"
    if context.draft is Draft.DRAFT_4 and FRACTION not in left:
        return f"({plain} & {lark.OLD_INTEGER})"
    return f"({plain} | {lark.literal(repr(value))})"


def _list(context: Context, value: Any, left: Kinds) -> str:
    items = " CM ".join(literal(context, each, json_types.ALL) for each in value)
    return f"LA {items} RA" if items else "LA RA"


def _object(context: Context, value: Any, left: Kinds) -> str:
    members = (
        (lark.word(name), literal(context, each, json_types.ALL)) for name, each in value.items()
    )
    return object_rules.expression(context, ObjectMembers(tuple(members), ())) or lark.NEVER


_LITERALS: dict[str, Callable[[Context, Any, Kinds], str]] = {
    "null": _word,
    "boolean": _word,
    "string": _word,
    "integer": _number,
    FRACTION: _number,
    "array": _list,
    "object": _object,
}
