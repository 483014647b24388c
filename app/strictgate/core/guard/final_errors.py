"""Which errors about a value that is still being written are final.

The validator judges a value as if it were whole. Of what it complains about, a missing property may
yet come, a property too many will not go away again. An error is definite

* where it is about something closed: that does not change any more;
* where its keyword only ever gets worse with what is added: `_WORSENING`, for an open container,
  and what a `Spot` names, for an open value that something else stands in for;
* where it is about a union, and each branch has a definite error.

And only if its schema applies for good: one under `then`, `else` or `unevaluated…` may be left
again while the value that it belongs to is open.
"""

from collections.abc import Iterator
from typing import Any

from jsonschema_rs import ValidationError

from strictgate.core.jsontext.pointer import Path
from strictgate.core.schema.drafts import SCHEMA_KEYWORDS, Applicator, Holds
from strictgate.core.schema.problems import locate_error
from strictgate.core.value_type import value_type

_WORSENING = frozenset(
    {
        *("AdditionalItems", "AdditionalProperties", "FalseSchema", "MaxItems", "MaxProperties"),
        *("PropertyNames", "Type", "UniqueItems"),
    }
)
_OF_CONTAINERS = frozenset({"Contains", "MinItems", "MinProperties", "Required"})
_UNIONS = frozenset({"AnyOf", "OneOfNotValid"})
_CONDITIONAL = frozenset({"then", "else", "unevaluatedItems", "unevaluatedProperties"})


@value_type
class OpenLocation:
    """The last place of a tree: all containers around it are open, all else is closed."""

    path: Path
    kinds: frozenset[str] | None
    """The kinds of errors about what stands there that are final; None: all, for it is closed."""

    def holds_open(self, path: Path) -> bool:
        """Whether what is at `path` is still open."""
        size = len(path)
        is_around = size < len(self.path) or (size == len(self.path) and self.kinds is not None)
        return is_around and path == self.path[:size]

    def final(self, path: Path) -> frozenset[str]:
        """Return the kinds of errors that are final about what is open at `path`."""
        return self.kinds if self.kinds is not None and path == self.path else _WORSENING


NAMED = frozenset({"FalseSchema"})
"""Of a value of which nothing is known."""
BEGUN = frozenset({"FalseSchema", "Type"})
"""Of one whose type is known."""
LENGTHENED = BEGUN | {"MaxLength"}
"""Of a string that is this long already."""
ENTERED = _WORSENING
"""Of a container."""


def may_matter(error: ValidationError, spot: OpenLocation, leaf: Any) -> bool:
    """Whether `error` may be definite, and did not stand before `leaf` was written at `spot`.

    Told by its kind alone: most errors are about properties that may yet come.
    """
    kind = type(error.kind).__name__
    if spot.kinds is None:
        return isinstance(leaf, dict | list) or kind not in _OF_CONTAINERS
    return kind in _WORSENING or kind in spot.kinds or kind in _UNIONS


def is_definite(error: ValidationError, tree: Any, spot: OpenLocation) -> bool:
    """Whether `error`, about `tree`, stays whatever is written at and behind `spot`."""
    kind = type(error.kind).__name__
    path, _ = locate_error(tree, error)
    if spot.holds_open(path) and kind not in spot.final(path) and not _is_lost(error, tree, spot):
        return False
    return not any(
        spot.holds_open(path[:depth] if depth <= len(path) else spot.path)
        for depth in _conditions(error.evaluation_path)
    )


def remaining(error: ValidationError, tree: Any, spot: OpenLocation) -> list[list[ValidationError]]:
    """Return what is wrong with each branch of a union that may still come to hold."""
    return [
        branch
        for branch in getattr(error.kind, "context", ())
        if not any(is_definite(each, tree, spot) for each in branch)
    ]


def _is_lost(error: ValidationError, tree: Any, spot: OpenLocation) -> bool:
    """Whether it is about a union, none of whose branches can hold any more."""
    return type(error.kind).__name__ in _UNIONS and not remaining(error, tree, spot)


def _conditions(steps: list[str | int]) -> Iterator[int]:
    """Yield for each conditional keyword on the way how deep in the value it stands."""
    if _CONDITIONAL.isdisjoint(steps):
        return
    depth, waiting = 0, list(reversed(steps))
    while waiting:
        keyword = str(waiting.pop())
        if keyword in _CONDITIONAL:
            yield depth
        place = SCHEMA_KEYWORDS.get(keyword)
        if place is None:
            continue
        depth += place.applicator is Applicator.CHILD
        is_named = place.holds in (Holds.NAMED, Holds.SCHEMAS)
        if waiting and (is_named or (place.holds is Holds.EITHER and waiting[-1].__class__ is int)):
            name = waiting.pop()
            if name in _CONDITIONAL:  # or a keyword, for the name "" is left out
                yield 0
