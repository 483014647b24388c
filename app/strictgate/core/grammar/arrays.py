"""Arrays: `items`, `prefixItems`, `additionalItems`, `minItems`, `maxItems`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from strictgate.core.grammar.conjunction import Conjunct
from strictgate.core.grammar.context import Context
from strictgate.core.schema.drafts import KEYWORD_SINCE

_MAX_COUNT = 100_000
_MAX_FIRST = 100  # that have a rule each; reading them takes time by the square of their number
Keywords = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ItemsRule:
    """What one part says of the items."""

    first: tuple[Any, ...] = ()
    """The schemas of the first ones …"""
    rest: Any = True
    """… and of all others."""
    low: int = 0
    high: int | None = None

    def schema(self, index: int) -> Any:
        return self.first[index] if index < len(self.first) else self.rest


@dataclass(frozen=True, slots=True)
class Row:
    """An array in the grammar's words; what is impossible is cut off."""

    first: tuple[str, ...]
    rest: str | None
    low: int
    high: int | None


def expression(context: Context, subject: tuple[Conjunct, ...]) -> str | None:
    """Return the arrays of `subject`."""
    said = [_said(part.keywords) for part in subject if part.keywords.keys() & KEYWORDS.keys()]
    if not said:
        return "array"
    row = _row(context, said)
    if row.high is not None and row.low > row.high:
        return None
    row = _affordable(context, row)
    return _list(row) if not row.first else _tuple(context, row)


def _said(keywords: Keywords) -> ItemsRule:
    items = ItemsRule()
    for keyword in keywords.keys() & KEYWORDS.keys():
        items = KEYWORDS[keyword](items, keywords)
    return items


def _items(items: ItemsRule, keywords: Keywords) -> ItemsRule:
    value = keywords["items"]
    return replace(items, first=tuple(value)) if isinstance(value, list) else _rest(items, value)


def _rest(items: ItemsRule, value: Any) -> ItemsRule:
    return replace(items, rest=value)


def _prefix_items(items: ItemsRule, keywords: Keywords) -> ItemsRule:
    return replace(items, first=tuple(keywords["prefixItems"]))


def _additional_items(items: ItemsRule, keywords: Keywords) -> ItemsRule:
    """It says something only beside `items: […]`."""
    is_list = isinstance(keywords.get("items"), list)
    return _rest(items, keywords["additionalItems"]) if is_list else items


def _min_items(items: ItemsRule, keywords: Keywords) -> ItemsRule:
    return replace(items, low=int(keywords["minItems"]))


def _max_items(items: ItemsRule, keywords: Keywords) -> ItemsRule:
    return replace(items, high=int(keywords["maxItems"]))


KEYWORDS: dict[str, Callable[[ItemsRule, Keywords], ItemsRule]] = {
    "additionalItems": _additional_items,
    "items": _items,
    "maxItems": _max_items,
    "minItems": _min_items,
    "prefixItems": _prefix_items,
}


def _row(context: Context, said: list[ItemsRule]) -> Row:
    highs = [each.high for each in said if each.high is not None]
    low, high = max(each.low for each in said), min(highs, default=None)
    first: list[str] = []
    for index in range(max(len(each.first) for each in said)):
        item = _item(context, [each.schema(index) for each in said])
        if item is None or index == high:
            return Row(tuple(first), None, low, index)
        first.append(item)
    rest = _item(context, [each.rest for each in said]) if high != len(first) else None
    return Row(tuple(first), rest, low, len(first) if rest is None else high)


def _item(context: Context, schemas: list[Any]) -> str | None:
    return context.express(context.subjects.of(*schemas))


def _affordable(context: Context, row: Row) -> Row:
    if row.high is not None and row.high > _MAX_COUNT:
        context.unsupported_keywords.add("maxItems")
        row = replace(row, high=None)
    if len(row.first) > _MAX_FIRST:
        context.unsupported_keywords.add(
            "prefixItems" if context.draft >= KEYWORD_SINCE["prefixItems"] else "items"
        )
        beyond = [*row.first[_MAX_FIRST:], *([] if row.rest is None else [row.rest])]
        row = replace(row, first=row.first[:_MAX_FIRST], rest=context.rules.rule(beyond))
    if row.low > _MAX_COUNT:
        context.unsupported_keywords.add("minItems")
        row = replace(row, low=_MAX_COUNT)
    return row


def _list(row: Row) -> str:
    if row.rest is None:
        return "LA RA"
    more = _times(f"CM {row.rest}", max(row.low - 1, 0), None if row.high is None else row.high - 1)
    body = f"{row.rest} {more}".rstrip()
    return f"LA {body} RA" if row.low else f"LA ({body})? RA"


def _tuple(context: Context, row: Row) -> str:
    """Each of the first items has a rule for itself and all that comes behind it."""
    count = len(row.first)
    high = None if row.high is None else row.high - count
    tail = _times(f"CM {row.rest}", max(row.low - count, 0), high) if row.rest else ""
    for index in reversed(range(count)):
        options = [f"{'CM ' * (index > 0)}{row.first[index]} {tail}".rstrip()]
        is_optional = index >= row.low
        tail = context.rules.rule(options) + "?" * is_optional
    return f"LA {tail} RA"


def _times(body: str, low: int, high: int | None) -> str:
    if high == 0:
        return ""
    if high is None:
        return f"({body})*" if low == 0 else f"({body}){{{low},}}"
    return f"({body}){{{low},{high}}}"
