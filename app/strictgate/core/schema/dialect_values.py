"""What a dialect says of single values: their types, their options, the limits of their size.

All functions take the parts that apply to one value (dialect_parts.py), and relax where a dialect
cannot say it as it is: they never forbid what the schema allows.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from strictgate.core.jsontext.pointer import pointer
from strictgate.core.jsontext.reader import json_type, write_json
from strictgate.core.schema.dialect_parts import AllowsNothing, AppliedSchema, NotInDialect
from strictgate.core.schema.dialects import Dialect, Enums
from strictgate.core.schema.drafts import walk_subschemas

TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_NUMBERS = frozenset({"number", "integer"})
LIMITS_OF: dict[str, frozenset[str]] = {
    **dict.fromkeys(("minLength", "maxLength", "pattern", "format"), frozenset({"string"})),
    **dict.fromkeys(("minimum", "maximum", "multipleOf"), _NUMBERS),
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), _NUMBERS),
    **dict.fromkeys(("minItems", "maxItems", "uniqueItems"), frozenset({"array"})),
    **dict.fromkeys(("minProperties", "maxProperties"), frozenset({"object"})),
}
"""The keywords that limit a value, with the types that they say something of."""
_HIGHEST = frozenset(
    {"minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties", "uniqueItems"}
)
_LOWEST = frozenset({"maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties"})
_IMPLIED = {
    "object": {"properties", "required", "additionalProperties", "patternProperties"},
    "array": {"items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"},
    "string": {"minLength", "maxLength", "pattern", "format"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}
"""What a schema without `type` is about, by its keywords: what its author has thought of."""
_MAX_NOTE = 80
_NOT_PLAIN = re.compile(r"\(\?[^:]|\\[bBpPAzZ1-9]")
"""Look-around, named groups, word borders, properties of characters, back-references."""


def allowed_types(parts: Sequence[AppliedSchema]) -> tuple[str, ...] | None:
    """Return the types that all parts allow; None: any.

    Raises:
        AllowsNothing: there is none.
    """
    allowed: set[str] | None = None
    for part in parts:
        given = part.keywords.get("type")
        if given is None:
            continue
        own = {given} if isinstance(given, str) else set(given)
        if allowed is None:
            allowed = own
        else:
            both = allowed & own
            if "integer" in allowed | own and _NUMBERS & allowed and _NUMBERS & own:
                both |= {"integer"}
            allowed = both
    if allowed is None:
        return None
    if "number" in allowed:
        allowed -= {"integer"}
    if not allowed:
        raise AllowsNothing
    return tuple(each for each in TYPES if each in allowed)


def implied_types(parts: Sequence[AppliedSchema]) -> tuple[str, ...]:
    """Return the types that the keywords of `parts` are about.

    Raises:
        NotInDialect: about none; anything is allowed.
    """
    written = {name for part in parts for name in part.keywords}
    found = tuple(kind for kind, keywords in _IMPLIED.items() if written & keywords)
    if not found:
        raise NotInDialect("a schema that allows anything")
    return found


def options(parts: Sequence[AppliedSchema]) -> list[Any] | None:
    """Return the values that all of `enum` and `const` allow; None where there is neither.

    Raises:
        AllowsNothing: there are none.
    """
    lists = [part.keywords["enum"] for part in parts if "enum" in part.keywords]
    lists += [[part.keywords["const"]] for part in parts if "const" in part.keywords]
    if not lists:
        return None
    first, *others = lists
    kept = [each for each in first if all(_is_among(each, other) for other in others)]
    types = allowed_types(parts)
    if types is not None:
        kept = [each for each in kept if _is_of(each, types)]
    if not kept:
        raise AllowsNothing
    return kept


def _is_among(value: Any, values: Iterable[Any]) -> bool:
    return any(_same(value, each) for each in values)


def _same(one: Any, other: Any) -> bool:
    return one == other and isinstance(one, bool) is isinstance(other, bool)


def _is_of(value: Any, types: Iterable[str]) -> bool:
    return type_of(value) in types or (type_of(value) == "integer" and "number" in types)


def type_of(value: Any) -> str:
    """Return the type of a JSON value, `integer` for whole numbers."""
    kind = json_type(value)
    is_whole = kind == "number" and (isinstance(value, int) or value == value // 1)
    return "integer" if is_whole else kind


def says_options(schema: dict[str, Any]) -> bool:
    """Whether a schema of options says which they are, and not their type alone."""
    return bool({"enum", "const"} & {*schema}) or schema.get("type") == "null"


def option_schemas(
    values: Sequence[Any], dialect: Dialect, *, is_const: bool
) -> list[dict[str, Any]]:
    """Return the schemas of `values` in a dialect, one for each type; none if it cannot say them.

    Booleans, null, and numbers where there are only strings, become their type.

    Args:
        is_const: the only value was written as `const`.
    """
    if is_const and "const" in dialect.keeps and not isinstance(values[0], dict | list):
        return [_typed(type_of(values[0]), dialect) | {"const": values[0]}]
    if any(isinstance(each, dict | list) for each in values):
        return [{"enum": list(values)}] if dialect.enums is Enums.ANY else []
    kinds = [kind for kind in TYPES if kind in {type_of(each) for each in values}]
    if "number" in kinds and "integer" in kinds:
        kinds.remove("integer")
    if dialect.enums in (Enums.ANY, Enums.PRIMITIVES) and dialect.takes_types(kinds):
        return [_typed(kinds[0] if len(kinds) == 1 else kinds, dialect) | {"enum": list(values)}]
    return list(_one_each(values, dialect))


def _typed(kind: str | list[str], dialect: Dialect) -> dict[str, Any]:
    return {"type": kind} if dialect.needs_type else {}


def _one_each(values: Sequence[Any], dialect: Dialect) -> Iterator[dict[str, Any]]:
    for kind in ("string", "number", "integer", "boolean", "null"):
        own = [each for each in values if type_of(each) == kind]
        if not own:
            continue
        has_options = kind == "string" or (kind in _NUMBERS and dialect.enums is not Enums.STRINGS)
        if dialect.enums is Enums.PRIMITIVES:
            has_options = kind != "null"
        yield {"type": kind, "enum": own} if has_options else {"type": kind}


def limits(
    parts: Sequence[AppliedSchema], types: Iterable[str], dialect: Dialect
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what `parts` say of the size and form of a value of `types`.

    Returns:
        What the dialect takes of it, and what it does not.
    """
    kept, left_out = {}, {}
    for keyword, kinds in LIMITS_OF.items():
        values = [value for part in parts if (value := _limit(part, keyword)) is not None]
        if not values or kinds.isdisjoint(types):
            continue
        if keyword in _HIGHEST or keyword in _LOWEST:
            values = [max(values) if keyword in _HIGHEST else min(values)]
        first, *others = values
        if takes(dialect, keyword, first):
            kept[keyword] = first
        else:
            left_out[keyword] = first
        if any(each != first for each in others):
            left_out.setdefault(keyword, others[0])
    return kept, left_out


def _limit(part: AppliedSchema, keyword: str) -> Any:
    """Return the value of a keyword; those of draft 4 as in later ones."""
    value = part.keywords.get(keyword)
    if keyword in ("minimum", "maximum"):
        if part.keywords.get(f"exclusive{keyword.capitalize()}") is True:
            return None
    elif isinstance(value, bool) and keyword.startswith("exclusive"):
        value = part.keywords.get(keyword.removeprefix("exclusive").lower()) if value else None
    elif value is False:
        return None
    return value


def takes(dialect: Dialect, keyword: str, value: Any) -> bool:
    """Whether a dialect takes a keyword with this value."""
    if keyword not in dialect.keeps:
        return False
    match keyword:
        case "format":
            return dialect.formats is None or value in dialect.formats
        case "pattern":
            return not (dialect.plain_patterns and _NOT_PLAIN.search(value))
        case "minItems":
            return dialect.min_items is None or value in dialect.min_items
    return True


def left_out_note(left_out: dict[str, Any]) -> str:
    """Say what is left out, as Anthropic's and other SDKs do: `{minLength: 3, format: uri}`."""
    short = {
        name: text
        for name, value in left_out.items()
        if len(text := value if isinstance(value, str) else write_json(value)) <= _MAX_NOTE
    }
    return "{" + ", ".join(f"{name}: {text}" for name, text in short.items()) + "}" if short else ""


def left_out_places(document: Any, keywords: Collection[str], dialect: Dialect) -> tuple[str, ...]:
    """Return where in a schema the keywords stand that its compiled form does without.

    A keyword that stands nowhere under its name (a list of `items`, which is a tuple) is itself
    the place.
    """
    found: dict[str, list[str]] = {keyword: [] for keyword in keywords}
    for path, schema in walk_subschemas(document):
        for keyword in found.keys() & schema.keys():
            if keyword not in LIMITS_OF or not takes(dialect, keyword, schema[keyword]):
                found[keyword].append(pointer((*path, keyword)))
    return tuple(each for keyword, places in found.items() for each in places or [keyword])
