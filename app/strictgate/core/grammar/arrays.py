"""The keywords for arrays: `items`, `prefixItems`, `additionalItems`, `minItems`, `maxItems`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from strictgate.core.grammar.conjunction import Conjunction
from strictgate.core.grammar.context import Context
from strictgate.core.schema.drafts import KEYWORD_SINCE
from strictgate.core.value_type import value_type

_MAX_COUNT = 100_000  # items; with a greater bound, the validator alone counts them
_MAX_PREFIX = 100
"""Each item of a prefix has a rule of its own, which holds all that follows it; the time to read
them grows with the square of their number."""
Keywords = dict[str, Any]


@value_type
class ArrayConstraints:
    """What one conjunct says of arrays, in schemas."""

    prefix: tuple[Any, ...] = ()
    """The schemas of the first items, one for each place."""
    rest: Any = True
    """The schema of all other items."""
    low: int = 0
    """The least number of items."""
    high: int | None = None
    """The greatest number of items; None is without limit."""

    def schema(self, index: int) -> Any:
        """Return the schema of the item at `index`."""
        return self.prefix[index] if index < len(self.prefix) else self.rest


@value_type
class ArrayItems:
    """What an array may consist of, in expressions. Nothing stands where no item can be."""

    prefix: tuple[str, ...]
    rest: str | None
    low: int
    high: int | None


def array_expression(context: Context, conjunction: Conjunction) -> str | None:
    """Return the expression for the arrays that a conjunction allows; None if it allows none."""
    constraints = [
        _constraints(conjunct.keywords)
        for conjunct in conjunction
        if conjunct.keywords.keys() & KEYWORDS.keys()
    ]
    if not constraints:
        return "array"
    items = _items_of_all(context, constraints)
    if items.high is not None and items.low > items.high:
        return None
    items = _affordable(context, items)
    return _with_prefix(context, items) if items.prefix else _without_prefix(items)


def _constraints(keywords: Keywords) -> ArrayConstraints:
    constraints = ArrayConstraints()
    for keyword in keywords.keys() & KEYWORDS.keys():
        constraints = KEYWORDS[keyword](constraints, keywords)
    return constraints


def _items(constraints: ArrayConstraints, keywords: Keywords) -> ArrayConstraints:
    value = keywords["items"]
    if isinstance(value, list):  # up to 2019-09, what `prefixItems` is today
        return replace(constraints, prefix=tuple(value))
    return replace(constraints, rest=value)


def _prefix_items(constraints: ArrayConstraints, keywords: Keywords) -> ArrayConstraints:
    return replace(constraints, prefix=tuple(keywords["prefixItems"]))


def _additional_items(constraints: ArrayConstraints, keywords: Keywords) -> ArrayConstraints:
    """Set the rest, but only beside `items: […]`; elsewhere the keyword asserts nothing."""
    if not isinstance(keywords.get("items"), list):
        return constraints
    return replace(constraints, rest=keywords["additionalItems"])


def _min_items(constraints: ArrayConstraints, keywords: Keywords) -> ArrayConstraints:
    return replace(constraints, low=int(keywords["minItems"]))


def _max_items(constraints: ArrayConstraints, keywords: Keywords) -> ArrayConstraints:
    return replace(constraints, high=int(keywords["maxItems"]))


KEYWORDS: dict[str, Callable[[ArrayConstraints, Keywords], ArrayConstraints]] = {
    "additionalItems": _additional_items,
    "items": _items,
    "maxItems": _max_items,
    "minItems": _min_items,
    "prefixItems": _prefix_items,
}


def _items_of_all(context: Context, constraints: list[ArrayConstraints]) -> ArrayItems:
    """Combine the conjuncts: what they say of the same place applies to the same item."""
    highs = [each.high for each in constraints if each.high is not None]
    low, high = max(each.low for each in constraints), min(highs, default=None)
    prefix: list[str] = []
    for index in range(max(len(each.prefix) for each in constraints)):
        item = _item(context, [each.schema(index) for each in constraints])
        if item is None or index == high:
            return ArrayItems(tuple(prefix), None, low, index)
        prefix.append(item)
    rest = _item(context, [each.rest for each in constraints]) if high != len(prefix) else None
    return ArrayItems(tuple(prefix), rest, low, len(prefix) if rest is None else high)


def _item(context: Context, schemas: list[Any]) -> str | None:
    return context.expression_for(context.conjunctions.of_schemas(*schemas))


def _affordable(context: Context, items: ArrayItems) -> ArrayItems:
    """Make the counts and the prefix smaller where they would cost too much."""
    if items.high is not None and items.high > _MAX_COUNT:
        context.unsupported_keywords.add("maxItems")
        items = replace(items, high=None)
    if len(items.prefix) > _MAX_PREFIX:
        has_prefix_items = context.draft >= KEYWORD_SINCE["prefixItems"]
        context.unsupported_keywords.add("prefixItems" if has_prefix_items else "items")
        beyond = [*items.prefix[_MAX_PREFIX:], *([] if items.rest is None else [items.rest])]
        rest = context.rules.rule(beyond)
        items = replace(items, prefix=items.prefix[:_MAX_PREFIX], rest=rest)
    if items.low > _MAX_COUNT:
        context.unsupported_keywords.add("minItems")
        items = replace(items, low=_MAX_COUNT)
    return items


def _without_prefix(items: ArrayItems) -> str:
    if items.rest is None:
        return "LA RA"
    high = None if items.high is None else items.high - 1
    more = _repeated(f"CM {items.rest}", max(items.low - 1, 0), high)
    body = f"{items.rest} {more}".rstrip()
    return f"LA {body} RA" if items.low else f"LA ({body})? RA"


def _with_prefix(context: Context, items: ArrayItems) -> str:
    """Nest the rules from the last item to the first: each is an item and all that follows it.

    So every item beyond `low` can be the last one.
    """
    count = len(items.prefix)
    high = None if items.high is None else items.high - count
    tail = _repeated(f"CM {items.rest}", max(items.low - count, 0), high) if items.rest else ""
    for index in reversed(range(count)):
        body = f"{'CM ' * (index > 0)}{items.prefix[index]} {tail}".rstrip()
        is_optional = index >= items.low
        tail = context.rules.rule([body]) + "?" * is_optional
    return f"LA {tail} RA"


def _repeated(body: str, low: int, high: int | None) -> str:
    if high == 0:  # Lark does not take `{0,0}`
        return ""
    if high is None:
        return f"({body})*" if low == 0 else f"({body}){{{low},}}"
    return f"({body}){{{low},{high}}}"
