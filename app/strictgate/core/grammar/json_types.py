"""The kinds of value that a subject can have: `type`, and the values of `enum` and `const`.

`number` is two kinds here, integers and others, so that kinds can be intersected as sets.
"""

from collections.abc import Iterable
from typing import Any

from strictgate.core.grammar.conjunction import Conjunct, gathered
from strictgate.core.jsontext.reader import json_type

Kinds = frozenset[str]

FRACTION = "fraction"
INTEGER = "integer"
NUMBER: Kinds = frozenset({INTEGER, FRACTION})
ALL: Kinds = frozenset({"null", "boolean", "object", "array", "string"}) | NUMBER


def kinds(subject: Iterable[Conjunct]) -> Kinds:
    """Return the kinds that `type` leaves."""
    left = ALL
    for value in gathered(subject, "type"):
        names = [value] if isinstance(value, str) else value
        left &= frozenset().union(*(NUMBER if name == "number" else {name} for name in names))
    return left


def kind(value: Any) -> str:
    """Return the kind of `value`."""
    found = json_type(value)
    if found != "number":
        return found
    return INTEGER if value == int(value) else FRACTION
