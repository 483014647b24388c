"""The types of JSON values: what `type` allows, and what a given value has.

`number` is split into two types that share no value, `integer` and `fraction`, so that sets of
types can be intersected. As in JSON Schema, validation section 6.1.1, `1.0` is an integer.
"""

from collections.abc import Iterable
from typing import Any

from strictgate.core.grammar.conjunction import Conjunct, keyword_values
from strictgate.core.jsontext.reader import json_type

TypeSet = frozenset[str]

FRACTION = "fraction"
INTEGER = "integer"
NUMBER_TYPES: TypeSet = frozenset({INTEGER, FRACTION})
ALL_TYPES: TypeSet = frozenset({"null", "boolean", "object", "array", "string"}) | NUMBER_TYPES


def allowed_types(conjuncts: Iterable[Conjunct]) -> TypeSet:
    """Return the types that every `type` keyword of the conjuncts allows."""
    allowed = ALL_TYPES
    for value in keyword_values(conjuncts, "type"):
        names = [value] if isinstance(value, str) else value
        allowed &= frozenset().union(
            *(NUMBER_TYPES if name == "number" else {name} for name in names)
        )
    return allowed


def type_of(value: Any) -> str:
    """Return the type of a value."""
    name = json_type(value)
    if name != "number":
        return name
    return INTEGER if value == int(value) else FRACTION
