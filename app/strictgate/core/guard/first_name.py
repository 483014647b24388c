"""An object that begins with a name which its schema does not declare.

Where a schema declares properties and says nothing of others, others are allowed, and records have
them: 21 of 540 such objects in real records do. But only four of these begin with one. A model that
does so has mostly lost its way: it copies the schema out, or talks of the record in words of its
own. Where the upstream gave log-probabilities, the model's likeliest alternative that begins a
declared name takes the place of the first token that does not. Behind it the object may have what
other members the model wants.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log
from typing import Any

from strictgate.core.guard.guard import Guard
from strictgate.core.guard.logprob_steering import LogprobToken, weighed
from strictgate.core.jsontext.pointer import Path
from strictgate.core.schema.subschema import subschema_at

REASON = "an object begins with a name that the schema does not declare"
LEAST = log(0.001)
"""Of what is less likely the model did not think."""
_OF_OTHERS = frozenset(
    {
        *("additionalProperties", "unevaluatedProperties", "patternProperties", "propertyNames"),
        *("allOf", "anyOf", "oneOf", "if", "dependentSchemas", "$dynamicRef", "$recursiveRef"),
    }
)
"""Keywords that may say something of names that `properties` does not have."""


@dataclass(frozen=True, slots=True)
class DeclaredName:
    """The beginning of a declared name, in the place of what stands from `at` on."""

    at: int
    data: bytes


def declared_only(source: Any, path: Path) -> tuple[bytes, ...]:
    """Return the names that the schema declares for the object at `path`, as they are spelt in
    JSON without quotes; none, where it says anything of other names."""
    schema = subschema_at(source, path)
    declared = schema.get("properties") if schema is not None else None
    if not isinstance(declared, Mapping) or schema is None or not _OF_OTHERS.isdisjoint(schema):
        return ()
    return tuple(name.encode() for name in declared if name.isprintable() and '"' not in name)


def declared_instead(
    guard: Guard, start: int, names: Iterable[bytes], tokens: Iterable[tuple[int, LogprobToken]]
) -> DeclaredName | None:
    """Return how the model might have begun one of `names`, in the place of the name whose quote
    stands at `start`; None where it did not think of that.

    Args:
        tokens: those that overlap with the name, in order, with their places in the guard's text.
    """
    text = guard.text
    for at, token in tokens:
        if not text.startswith(token.data, at):  # something was mended
            return None
        if _begins_one(text[start:at] + token.data[max(start - at, 0) :], names):
            continue
        for data, logprob in weighed(token.entry):
            said = text[start:at] + data[max(start - at, 0) :]
            is_alike = data.startswith(text[at : start + 1]) or at > start
            if logprob >= LEAST and is_alike and len(said) > 1 and _begins_one(said, names):
                return DeclaredName(at, data)
        return None
    return None


def _begins_one(said: bytes, names: Iterable[bytes]) -> bool:
    """Whether `said`, with the quote before it, is the beginning of one of `names`, or one of them
    and what stands behind it."""
    name, quote, _ = said[1:].partition(b'"')
    return any(each == name if quote else each.startswith(name) for each in names)
