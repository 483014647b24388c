"""The keywords `enum` and `const`: values that are given one by one."""

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
from strictgate.core.grammar.conjunction import Conjunct, Conjunction, keyword_values
from strictgate.core.grammar.context import Context
from strictgate.core.grammar.grammar import NotExpressible
from strictgate.core.grammar.json_types import FRACTION, TypeSet
from strictgate.core.grammar.object_rules import ObjectMembers
from strictgate.core.schema.drafts import VALIDATORS, Draft

MAX_VALUES = 20_000  # of one enum, each of which is text of the grammar
_NUMERIC = numbers.KEYWORDS.keys()
_TEXTUAL = strings.KEYWORDS.keys() - {"format"}

# Beside `enum` and `const`, the keywords for numbers and strings only sort out some of the values,
# which is done here. Those for arrays and objects would need the subschemas too: the validator is
# there for them.
_CHECKED = {"string": _TEXTUAL, json_types.INTEGER: _NUMERIC, FRACTION: _NUMERIC}
_UNCHECKED = {"array": arrays.KEYWORDS.keys(), "object": objects.KEYWORDS.keys()}


def is_listed(conjunction: Iterable[Conjunct]) -> bool:
    """Whether a conjunct lists the values that are allowed."""
    return any(conjunct.keywords.keys() & {"enum", "const"} for conjunct in conjunction)


def value_alternatives(context: Context, conjunction: Conjunction) -> list[str]:
    """Return the expressions for the values that are listed.

    Raises:
        NotExpressible: there are too many of them.
    """
    values = allowed_values(context, conjunction)
    if len(values) > MAX_VALUES:
        raise NotExpressible(f"it has an enum of more than {MAX_VALUES} values")
    allowed = json_types.allowed_types(conjunction)
    scalars = [_expression(context, each, allowed) for each in values if not _is_nested(each)]
    nested = [_expression(context, each, allowed) for each in values if _is_nested(each)]
    # All scalars are one terminal: the lexer then follows one automaton instead of one per value.
    return ([context.rules.terminal(lark.alternation(scalars))] if scalars else []) + nested


def allowed_values(context: Context, conjunction: Conjunction) -> list[Any]:
    """Return the listed values that all conjuncts allow, in the order of the first list."""
    if conjunction not in context.enum_values:
        lists = keyword_values(conjunction, "enum")
        lists += [[value] for value in keyword_values(conjunction, "const")]
        known = [{identity(value): value for value in values} for values in lists]
        allowed = json_types.allowed_types(conjunction)
        context.enum_values[conjunction] = [
            value
            for key, value in known[0].items()
            if all(key in other for other in known) and json_types.type_of(value) in allowed
            if all(_is_allowed(context, value, conjunct) for conjunct in conjunction)
        ]
    return context.enum_values[conjunction]


def _is_nested(value: Any) -> bool:
    return isinstance(value, list | dict)


def identity(value: Any) -> Any:
    """Return a key that is the same for values that JSON Schema takes as equal, as `1` and `1.0`.

    Python's own equality does that for numbers, but also takes `True` as equal to `1`.
    """
    match value:
        case list():
            return ("list", *map(identity, value))
        case dict():
            return frozenset((name, identity(each)) for name, each in value.items())
        case bool():
            return ("boolean", value)
        case _:
            return value


def _is_allowed(context: Context, value: Any, conjunct: Conjunct) -> bool:
    """Whether the keywords of a conjunct for numbers and strings allow a listed value."""
    name = json_types.type_of(value)
    keywords = conjunct.keywords
    context.unsupported_keywords.update(keywords.keys() & _UNCHECKED.get(name, frozenset()))
    checked = {each: keywords[each] for each in keywords.keys() & _CHECKED.get(name, ())}
    if not checked:
        return True
    try:
        return bool(VALIDATORS[context.draft](checked, offline=True).is_valid(value))
    except jsonschema_rs.ValidationError:  # a pattern that only our own `pattern` keyword takes
        context.unsupported_keywords.update(checked)
        return True


def _expression(context: Context, value: Any, allowed: TypeSet) -> str:
    """Return the expression for a value, in every plain spelling of the numbers in it."""
    return _EXPRESSIONS[json_types.type_of(value)](context, value, allowed)


def _literal(context: Context, value: Any, allowed: TypeSet) -> str:
    return lark.json_literal(value)


def _number(context: Context, value: Any, allowed: TypeSet) -> str:
    number = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    plain = f"/{ranges.exactly(number)}/"
    if context.draft is Draft.DRAFT_4 and FRACTION not in allowed:
        return f"({plain} & {lark.DRAFT_4_INTEGER})"
    # The spelling of Python's `repr` has an exponent for large and small numbers, as in `1e-07`.
    return f"({plain} | {lark.string_literal(repr(value))})"


def _array(context: Context, value: Any, allowed: TypeSet) -> str:
    items = " CM ".join(_expression(context, each, json_types.ALL_TYPES) for each in value)
    return f"LA {items} RA" if items else "LA RA"


def _object(context: Context, value: Any, allowed: TypeSet) -> str:
    members = tuple(
        (lark.json_literal(name), _expression(context, each, json_types.ALL_TYPES))
        for name, each in value.items()
    )
    return object_rules.members_expression(context, ObjectMembers(members, ())) or lark.NEVER


_EXPRESSIONS: dict[str, Callable[[Context, Any, TypeSet], str]] = {
    "null": _literal,
    "boolean": _literal,
    "string": _literal,
    "integer": _number,
    FRACTION: _number,
    "array": _array,
    "object": _object,
}
