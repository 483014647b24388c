"""A document that is being written, thinned out to the way to its end.

To judge what was just written, the closed values beside the way are not needed: they were judged
when they closed. What remains is small however long the document is, so that to look at each value
costs about the same. What could still be in the way of a verdict stays: the short scalars of each
object, which tell the branches of a union apart, and the items that have schemas of their own.
Whatever is definite about the thinned document is so about the whole one, which only has more.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from strictgate.core.jsontext.partial_tree import Container
from strictgate.core.jsontext.pointer import Path
from strictgate.core.value_type import value_type

SHORT = 64  # characters of a string that stays
_CONTAINERS = (dict, list)  # quicker than a union


@value_type
class PruneLimits:
    """How many of the members and items beside the way stay."""

    items: int
    """Those after the first ones take each other's place."""
    members: int


def pruned(
    around: Sequence[Container], path: Path, leaf: Any, kept: PruneLimits
) -> tuple[Any, Path]:
    """Return the way through the containers `around` to `leaf` at `path`, and its path there."""
    value: Any = leaf
    steps = list(path)
    for depth in reversed(range(len(around))):
        value, steps[depth] = _around(value, around[depth], steps[depth], kept)
    return value, tuple(steps)


def beside(container: Container, step: Any, leaf: Any) -> Container:
    """Return a container in full, with `leaf` at its end."""
    return [*container[:step], leaf] if isinstance(container, list) else container | {step: leaf}


def _around(
    value: Any, container: Container, step: Any, kept: PruneLimits
) -> tuple[Container, Any]:
    if isinstance(container, list):
        items = container[: min(step, kept.items)]
        return [*items, value], len(items)
    members = short_members(container, kept)
    members[step] = value
    return members, step


def short_members(container: dict[str, Any], kept: PruneLimits) -> dict[str, Any]:
    """Return those of the first members of an object that stay beside the way."""
    return {
        name: each
        for name, each in islice(container.items(), kept.members)
        if (len(each) <= SHORT if isinstance(each, str) else not isinstance(each, _CONTAINERS))
    }


def restored(path: Path, thin: Path, full: Path) -> Path:
    """Return where in the whole document it is what stands at `path` in the thinned one."""
    same = 0
    while same < min(len(path), len(thin)) and path[same] == thin[same]:
        same += 1
    return full[:same] + path[same:]
