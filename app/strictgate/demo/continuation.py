"""The document that a model goes on to, if the prefix differs from the one that it had in mind.

It keeps the parts of its own document that the prefix leaves open. If the result would not be valid
any more, it makes another document that begins like the prefix.
"""

from typing import Any

from strictgate.demo.conformance import is_valid
from strictgate.demo.document import make_document
from strictgate.demo.partial_json import (
    CompleteValue,
    OpenArray,
    OpenObject,
    OpenScalar,
    OpenString,
    PartialJson,
    can_become,
)
from strictgate.demo.references import References

_NOTHING: Any = object()


def continued_document(schema: Any, intended: Any, partial: PartialJson | None) -> Any:
    """Return a document that begins like `partial` and is otherwise like `intended`."""
    if can_become(partial, intended):
        return intended
    kept = _kept(partial, intended)
    references = References(schema)
    if kept is _NOTHING or (
        not is_valid(schema, kept, references) and is_valid(schema, intended, references)
    ):
        return make_document(schema, partial)
    return kept


def _kept(partial: PartialJson | None, intended: Any) -> Any:
    """Return `intended` with all that has begun; _NOTHING if that is not possible."""
    match partial:
        case None:
            return intended
        case CompleteValue(value):
            return value
        case OpenString() | OpenScalar():
            is_possible = intended is not _NOTHING and can_become(partial, intended)
            return intended if is_possible else _NOTHING
        case OpenObject():
            return _kept_members(partial, intended if isinstance(intended, dict) else {})
        case OpenArray():
            return _kept_items(partial, intended if isinstance(intended, list) else [])


def _kept_members(partial: OpenObject, intended: dict[str, Any]) -> Any:
    kept = {name: _kept(part, intended.get(name, _NOTHING)) for name, part in partial.parts.items()}
    kept |= {name: value for name, value in intended.items() if name not in kept}
    found = _NOTHING not in kept.values() and can_become(partial, kept)
    return kept if found else _NOTHING


def _kept_items(partial: OpenArray, intended: list[Any]) -> Any:
    beside = [*intended, *[_NOTHING] * len(partial.parts)]
    kept = [_kept(part, item) for part, item in zip(partial.parts, beside, strict=False)]
    kept += intended[len(kept) :]
    found = _NOTHING not in kept and len(kept) >= partial.least_length
    return kept if found else _NOTHING
