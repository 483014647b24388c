"""What a model means to say, when it goes on with a text that may differ from what it had in mind.

It keeps to the document that it intends wherever the text leaves room for that; where the rest of
that document would not fit any more, it makes up another one that begins like the text.
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


def continued_document(schema: Any, intended: Any, begun: PartialJson | None) -> Any:
    """Return the document that begins like `begun` and is otherwise like `intended`."""
    if can_become(begun, intended):
        return intended
    kept = _kept(begun, intended)
    references = References(schema)
    if kept is _NOTHING or (
        not is_valid(schema, kept, references) and is_valid(schema, intended, references)
    ):
        return make_document(schema, begun)
    return kept


def _kept(begun: PartialJson | None, intended: Any) -> Any:
    """Return `intended` with all that stands already; _NOTHING where it cannot be had."""
    match begun:
        case None:
            return intended
        case CompleteValue(value):
            return value
        case OpenString() | OpenScalar():
            fitting = intended is not _NOTHING and can_become(begun, intended)
            return intended if fitting else _NOTHING
        case OpenObject():
            return _kept_members(begun, intended if isinstance(intended, dict) else {})
        case OpenArray():
            return _kept_items(begun, intended if isinstance(intended, list) else [])


def _kept_members(begun: OpenObject, intended: dict[str, Any]) -> Any:
    kept = {name: _kept(part, intended.get(name, _NOTHING)) for name, part in begun.parts.items()}
    kept |= {name: value for name, value in intended.items() if name not in kept}
    found = _NOTHING not in kept.values() and can_become(begun, kept)
    return kept if found else _NOTHING


def _kept_items(begun: OpenArray, intended: list[Any]) -> Any:
    beside = [*intended, *[_NOTHING] * len(begun.parts)]
    kept = [_kept(part, item) for part, item in zip(begun.parts, beside, strict=False)]
    kept += intended[len(kept) :]
    found = _NOTHING not in kept and len(kept) >= begun.least_length
    return kept if found else _NOTHING
