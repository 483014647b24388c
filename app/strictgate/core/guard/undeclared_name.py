"""A name that a schema does not declare, at a place where that is nearly always a mistake.

Where a schema declares properties and says nothing of others, others are allowed, and records have
them: in 752 such objects of real records there were 78. But of 540 of these objects only four
begin with one; a model that does so copies the schema out, or wraps the record. And none of the 78
was a name that a property of the object declares for itself: a model that writes one has left out
the object around it. Where the upstream gave log-probabilities, the model's likeliest alternative
that begins a name which may be meant takes the place of the first token that does not. Behind it
the object may have what other members the model wants.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from math import log
from typing import Any

from strictgate.core.guard.guard import Guard
from strictgate.core.guard.logprob_steering import LogprobToken, weighed
from strictgate.core.jsontext.pointer import Path
from strictgate.core.schema.subschema import dereferenced, subschema_at
from strictgate.core.value_type import value_type

REASON = "the schema does not declare that name there"
LEAST = log(0.01)
"""Of what is less likely the model hardly thought: it would be made to say it. The names that a
weak model should have begun with had 0.03 to 0.3, at three places looked at."""
_OF_OTHERS = frozenset(
    {
        *("additionalProperties", "unevaluatedProperties", "patternProperties", "propertyNames"),
        *("allOf", "anyOf", "oneOf", "if", "dependentSchemas", "$dynamicRef", "$recursiveRef"),
    }
)
"""Keywords that may say something of names that `properties` does not have."""
_MOST = 256  # properties, all of which are looked at for each name that is not one
_SPELT = frozenset('"\\')  # characters that JSON spells otherwise


@value_type
class DeclaredName:
    """The beginning of a declared name, in the place of what stands from `at` on."""

    at: int
    data: bytes


def meant_instead(
    source: Any, path: Path, name: str, present: Container[str], *, is_first: bool
) -> tuple[bytes, ...]:
    """Return the declared names of which one may be meant by `name`, a name of the object at
    `path`, as they are spelt in JSON without quotes; none, where it may well be what it is.

    Args:
        present: the names that the object has.
        is_first: it has no other.
    """
    schema = subschema_at(source, path)
    declared = schema.get("properties") if schema is not None else None
    if not isinstance(declared, Mapping) or schema is None or not _OF_OTHERS.isdisjoint(schema):
        return ()
    if name in declared or len(declared) > _MOST:
        return ()
    meant = list(declared) if is_first else _around(source, declared, name)
    return _plain(each for each in meant if each not in present)


def lacking(source: Any, path: Path, present: Container[str]) -> tuple[bytes, ...]:
    """Return the declared names that the object at `path` does not have, likewise.

    Args:
        present: the names that it has.
    """
    schema = subschema_at(source, path)
    declared = schema.get("properties") if schema is not None else None
    if not isinstance(declared, Mapping) or len(declared) > _MOST:
        return ()
    return _plain(each for each in declared if each not in present)


def _plain(names: Iterable[str]) -> tuple[bytes, ...]:
    """Return those of `names` that JSON spells as they are."""
    plain = (each for each in names if each.isprintable() and not _SPELT.intersection(each))
    return tuple(each.encode() for each in plain)


def _around(source: Any, declared: Mapping[str, Any], name: str) -> Iterator[str]:
    """Yield the properties that declare `name` for themselves."""
    for each, schema in declared.items():
        inner = dereferenced(source, schema)
        if isinstance(inner, Mapping) and name in (inner.get("properties") or ()):
            yield each


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
