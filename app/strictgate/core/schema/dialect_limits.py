"""Whether a compiled schema is within what its host takes of one: DialectLimits."""

from collections.abc import Callable, Mapping
from typing import Any

from strictgate.core.jsontext.reader import write_json
from strictgate.core.schema.dialect_parts import NotInDialect
from strictgate.core.schema.dialects import Dialect, DialectLimits
from strictgate.core.schema.drafts import walk_subschemas

_Measure = Callable[[Any], int]
_MANY = 250  # options of one enum, above which OpenAI and Cerebras count their characters


def check_limits(source: dict[str, Any], dialect: Dialect) -> None:
    """Check a compiled schema.

    Raises:
        NotInDialect: it is over a limit.
    """
    for name, measure in MEASURES.items():
        limit = getattr(dialect.limits, name)
        if limit and measure(source) > limit:
            raise NotInDialect(f"more than {limit}: {name.replace('_', ' ')}")


def _depth(source: Any) -> int:
    """Return how many objects and arrays stand in each other, references not followed."""
    deepest = 0
    waiting: list[tuple[Any, int]] = [(source, 0)]
    while waiting:
        schema, depth = waiting.pop()
        inside = [*(schema.get("properties") or {}).values()]
        inside += [schema[name] for name in ("items", "additionalProperties") if name in schema]
        depth += bool(inside)
        deepest = max(deepest, depth)
        waiting += [(each, depth) for each in inside if isinstance(each, dict)]
        waiting += [(each, depth) for each in schema.get("anyOf", ())]
        waiting += [(each, 0) for each in (schema.get("$defs") or {}).values()]
    return deepest


def _properties(source: Any) -> int:
    return sum(len(each.get("properties") or {}) for _, each in walk_subschemas(source))


def _enum_values(source: Any) -> int:
    return sum(len(each.get("enum") or ()) for _, each in walk_subschemas(source))


def _optional(source: Any) -> int:
    return sum(
        len((each.get("properties") or {}).keys() - {*each.get("required", ())})
        for _, each in walk_subschemas(source)
    )


def _unions(source: Any) -> int:
    return sum(
        "anyOf" in each or isinstance(each.get("type"), list) for _, each in walk_subschemas(source)
    )


def _branches(source: Any) -> int:
    return max((len(each.get("anyOf") or ()) for _, each in walk_subschemas(source)), default=0)


def _characters(source: Any) -> int:
    return len(write_json(source))


def _names(source: Any) -> int:
    """Return how long the names of properties and definitions and all options are together."""
    total = 0
    for _, each in walk_subschemas(source):
        names = [*(each.get("properties") or {}), *(each.get("$defs") or {})]
        texts = [*names, *(each.get("enum") or ()), *([each["const"]] if "const" in each else [])]
        total += sum(len(text) if isinstance(text, str) else 1 for text in texts)
    return total


def _enum_characters(source: Any) -> int:
    """Return how long the options of one enum of very many are together."""
    enums = (each.get("enum") or () for _, each in walk_subschemas(source))
    return max((sum(map(len, map(str, each))) for each in enums if len(each) > _MANY), default=0)


MEASURES: Mapping[str, _Measure] = {
    "depth": _depth,
    "properties": _properties,
    "enum_values": _enum_values,
    "optional": _optional,
    "unions": _unions,
    "branches": _branches,
    "characters": _characters,
    "names": _names,
    "enum_characters": _enum_characters,
}
"""What is measured, by the names of the limits."""

assert MEASURES.keys() == DialectLimits.__dataclass_fields__.keys(), "each limit has its measure"
