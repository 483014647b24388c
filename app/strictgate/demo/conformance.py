"""Validate a value against a schema, well enough to choose between candidates for a document.

This is not the gateway's validator, on purpose: what the demonstration upstream takes to be right
must not share the gateway's mistakes. It knows all keywords but the `unevaluated…` ones; keywords
that it does not know make no value invalid.
"""

from collections.abc import Callable, Hashable
from fractions import Fraction
from typing import Any

from strictgate.demo.formats import has_format
from strictgate.demo.patterns import pattern_matches
from strictgate.demo.references import References

_NUMBER = (int, float)
_Seen = dict[tuple[int, int], bool]


def is_valid(schema: Any, value: Any, references: References, seen: _Seen | None = None) -> bool:
    """Whether `value` is valid against `schema`.

    Args:
        schema: the schema.
        value: the value.
        references: the references of the whole document.
        seen: the verdicts on pairs of a referenced schema and a value, so that each is reached
            once. A pair that is met again inside itself counts as valid meanwhile.
    """
    if not isinstance(schema, dict):
        return schema is not False
    verdicts: _Seen = {} if seen is None else seen

    def inner(subschema: Any, part: Any) -> bool:
        return is_valid(subschema, part, references, verdicts)

    reference = schema.get("$ref")
    if isinstance(reference, str):
        target = references.resolve(reference)
        key = (id(target), id(value))
        if key not in verdicts:
            verdicts[key] = True
            verdicts[key] = inner(target, value)
        if not verdicts[key] or references.ref_stands_alone:
            return verdicts[key]
    for keyword, argument in schema.items():
        judge = _KEYWORDS.get(keyword)
        if judge is not None and not judge(argument, value, schema, inner):
            return False
    return True


def same_json(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: 1 is 1.0, and neither of them is true."""
    return bool(equality_key(one) == equality_key(other))


def equality_key(value: Any) -> Hashable:
    """Return a key that is equal for equal JSON values, and for no others."""
    match value:
        case bool():
            return ("boolean", value)
        case list():
            return ("array", *map(equality_key, value))
        case dict():
            return frozenset((name, equality_key(part)) for name, part in value.items())
        case _:
            return value  # type: ignore[no-any-return]


def is_type(name: str, value: Any) -> bool:
    """Whether `value` is of the JSON type `name`."""
    match name:
        case "integer":
            whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            return whole and not isinstance(value, bool)
        case "number":
            return isinstance(value, _NUMBER) and not isinstance(value, bool)
        case "null":
            return value is None
    return name in _PYTHON and isinstance(value, _PYTHON[name])


_PYTHON = {"string": str, "boolean": bool, "array": list, "object": dict}
_Inner = Callable[[Any, Any], bool]
"""Whether a part of the value is valid against a subschema."""
_Judge = Callable[[Any, Any, dict[str, Any], _Inner], bool]
"""The function of a keyword: from its value in the schema, the value to validate, the whole schema
object, and a function for subschemas, to a verdict."""


def _for(kind: type | tuple[type, ...], judge: _Judge) -> _Judge:
    """Return a judge that also accepts every value that is not of this kind."""
    return lambda argument, value, schema, inner: (
        not isinstance(value, kind)
        or isinstance(value, bool)
        or judge(argument, value, schema, inner)
    )


def _type(names: Any, value: Any, schema: Any, inner: _Inner) -> bool:
    return any(is_type(name, value) for name in ([names] if isinstance(names, str) else names))


def _items(argument: Any, value: Any, schema: Any, inner: _Inner) -> bool:
    if isinstance(argument, list):  # up to 2019-09
        return all(map(inner, argument, value))
    return all(inner(argument, item) for item in value[len(schema.get("prefixItems", ())) :])


def _additional_items(argument: Any, value: Any, schema: Any, inner: _Inner) -> bool:
    before = schema.get("items")
    return not isinstance(before, list) or all(inner(argument, x) for x in value[len(before) :])


def _contains(argument: Any, value: Any, schema: Any, inner: _Inner) -> bool:
    found = sum(inner(argument, item) for item in value)
    return bool(schema.get("minContains", 1) <= found <= schema.get("maxContains", found))


def _unique(argument: Any, value: Any, schema: Any, inner: _Inner) -> bool:
    return not argument or len({equality_key(item) for item in value}) == len(value)


def _pattern_properties(argument: Any, value: Any, schema: Any, inner: _Inner) -> bool:
    return all(
        inner(subschema, value[name])
        for pattern, subschema in argument.items()
        for name in value
        if pattern_matches(pattern, name)
    )


def _additional_properties(argument: Any, value: Any, schema: Any, inner: _Inner) -> bool:
    return all(inner(argument, value[name]) for name in value if not is_declared(schema, name))


def is_declared(schema: dict[str, Any], name: str) -> bool:
    """Whether `properties` or `patternProperties` apply to a member called `name`."""
    if name in schema.get("properties", ()):
        return True
    return any(pattern_matches(pattern, name) for pattern in schema.get("patternProperties", ()))


def _dependencies(argument: Any, value: Any, schema: Any, inner: _Inner) -> bool:
    return all(
        all(other in value for other in needed)
        if isinstance(needed, list)
        else inner(needed, value)
        for name, needed in argument.items()
        if name in value
    )


def _if(argument: Any, value: Any, schema: Any, inner: _Inner) -> bool:
    return inner(schema.get("then" if inner(argument, value) else "else", True), value)


def _minimum(argument: Any, value: Any, schema: Any, inner: _Inner) -> bool:
    return bool(value > argument if schema.get("exclusiveMinimum") is True else value >= argument)


def _maximum(argument: Any, value: Any, schema: Any, inner: _Inner) -> bool:
    return bool(value < argument if schema.get("exclusiveMaximum") is True else value <= argument)


def _multiple(argument: Any, value: Any, schema: Any, inner: _Inner) -> bool:
    return (Fraction(str(value)) / Fraction(str(argument))).denominator == 1


_KEYWORDS: dict[str, _Judge] = {
    "type": _type,
    "const": lambda argument, value, schema, inner: same_json(argument, value),
    "enum": lambda options, value, schema, inner: any(
        same_json(option, value) for option in options
    ),
    "not": lambda argument, value, schema, inner: not inner(argument, value),
    "allOf": lambda branches, value, schema, inner: all(inner(each, value) for each in branches),
    "anyOf": lambda branches, value, schema, inner: any(inner(each, value) for each in branches),
    "oneOf": lambda branches, value, schema, inner: (
        sum(inner(each, value) for each in branches) == 1
    ),
    "if": _if,
    "minLength": _for(str, lambda limit, value, schema, inner: len(value) >= limit),
    "maxLength": _for(str, lambda limit, value, schema, inner: len(value) <= limit),
    "pattern": _for(str, lambda pattern, value, schema, inner: pattern_matches(pattern, value)),
    "format": _for(str, lambda name, value, schema, inner: has_format(name, value)),
    "minimum": _for(_NUMBER, _minimum),
    "maximum": _for(_NUMBER, _maximum),
    "exclusiveMinimum": _for(
        _NUMBER, lambda limit, value, schema, inner: isinstance(limit, bool) or value > limit
    ),
    "exclusiveMaximum": _for(
        _NUMBER, lambda limit, value, schema, inner: isinstance(limit, bool) or value < limit
    ),
    "multipleOf": _for(_NUMBER, _multiple),
    "items": _for(list, _items),
    "prefixItems": _for(list, lambda first, value, schema, inner: all(map(inner, first, value))),
    "additionalItems": _for(list, _additional_items),
    "minItems": _for(list, lambda limit, value, schema, inner: len(value) >= limit),
    "maxItems": _for(list, lambda limit, value, schema, inner: len(value) <= limit),
    "uniqueItems": _for(list, _unique),
    "contains": _for(list, _contains),
    "properties": _for(
        dict,
        lambda properties, value, schema, inner: all(
            inner(subschema, value[name]) for name, subschema in properties.items() if name in value
        ),
    ),
    "patternProperties": _for(dict, _pattern_properties),
    "additionalProperties": _for(dict, _additional_properties),
    "propertyNames": _for(
        dict, lambda argument, value, schema, inner: all(inner(argument, name) for name in value)
    ),
    "required": _for(
        dict,
        lambda names, value, schema, inner: (
            not isinstance(names, list) or all(name in value for name in names)
        ),
    ),
    "minProperties": _for(dict, lambda limit, value, schema, inner: len(value) >= limit),
    "maxProperties": _for(dict, lambda limit, value, schema, inner: len(value) <= limit),
    "dependencies": _for(dict, _dependencies),
    "dependentRequired": _for(dict, _dependencies),
    "dependentSchemas": _for(dict, _dependencies),
}
