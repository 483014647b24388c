"""The thinned document around an open container, made once for all of the values in it.

Each value is judged in its place (partial_validation.py), in the document as pruned_tree.py thins
it out. As long as a container is open, nothing around it changes: so the way to it is made once,
and each value is put into the free place at its end.

Where no value beside the way can matter (no unions, no items with schemas of their own), the place
depends on nothing but the names on the way, and what was fine in it once is so again: the rows of a
table have the same columns.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from strictgate.core.guard.pruned_tree import PruneLimits, pruned, short_members
from strictgate.core.jsontext.partial_tree import Container
from strictgate.core.value_type import state_type

_MOST_KNOWN = 1024
"""Names that are remembered for one object: those of a map are all different."""
Step = str | int
Kind = Hashable
"""What is known of a value: that it is named, or its type."""


@dataclass(slots=True, eq=False)
class _Place:
    """The way to one container. The document in it is filled anew for each look."""

    tree: Any
    inner: Container
    """What stands in `tree` for the container itself."""
    fine: set[tuple[Step, Kind]] = field(default_factory=set)
    """What has been found fine; items are all at 0."""
    below: dict[tuple[Step, type], "_Place"] = field(default_factory=dict)
    """The places of containers in it that depend on their names alone."""


@state_type
class _Entered:
    """A container of the document, open now, and its place."""

    container: Container
    place: _Place


class Places:
    """The places of the containers of one document that are open.

    A container that was closed is never opened again as the same object (partial_tree.py), so that
    a container that is still the same has the same around it.
    """

    def __init__(self, kept: PruneLimits) -> None:
        """Begin a document.

        Args:
            kept: what stays of it in a place; nothing: places depend on names alone.
        """
        self._kept = kept
        self._by_names = not kept.items and not kept.members
        self._roots: dict[tuple[Step, type], _Place] = {}
        self._entered: list[_Entered] = []

    def fork(self) -> Self:
        """Return the places of a copy of the document."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._entered = []
        return twin

    def is_in(self, container: Container) -> bool:
        """Whether `container` is the one entered last."""
        return bool(self._entered) and self._entered[-1].container is container

    def is_known(self, step: Step, kind: Kind) -> bool:
        """Whether that was found fine there, in whichever document can have it there."""
        return (step if isinstance(step, str) else 0, kind) in self._entered[-1].place.fine

    def learn(self, step: Step, kind: Kind) -> None:
        """Note that it is fine there."""
        fine = self._entered[-1].place.fine
        if len(fine) == _MOST_KNOWN:
            return
        if isinstance(step, int):
            if step >= self._kept.items:
                fine.add((0, kind))
        elif self._by_names:
            fine.add((step, kind))

    def enter(
        self, nesting: Sequence[Container], depth: int, name_at: Callable[[int], str]
    ) -> None:
        """Go to the container at `depth` of the open ones.

        Args:
            name_at: gives the name of the member begun last in an object of a depth.
        """
        entered = self._entered
        same = min(len(entered), depth + 1)
        while same and entered[same - 1].container is not nesting[same - 1]:
            same -= 1
        del entered[same:]
        for at in range(same, depth + 1):
            entered.append(_Entered(nesting[at], self._new(nesting, at, name_at)))

    def filled(self, step: Step, leaf: Any) -> Any:
        """Return the thinned document with `leaf` at `step` of the container entered last; it holds
        until the next call."""
        entered = self._entered[-1]
        container, inner, kept = entered.container, entered.place.inner, self._kept
        if isinstance(inner, list):
            inner[:] = [*container[: min(int(step), kept.items)], leaf]  # type: ignore[index]
        else:
            inner.clear()
            if kept.members:
                inner.update(short_members(container, kept))  # type: ignore[arg-type]
            inner[str(step)] = leaf
        return entered.place.tree

    def _new(
        self, nesting: Sequence[Container], depth: int, name_at: Callable[[int], str]
    ) -> _Place:
        """Return the place of a container, of which those around it are entered."""
        below = self._entered[-1].place.below if depth else self._roots
        is_member = depth > 0 and isinstance(nesting[depth - 1], dict)
        kind = type(nesting[depth])
        key = (name_at(depth - 1) if is_member else 0, kind)
        if self._by_names and key in below:
            return below[key]
        steps = tuple(
            name_at(at) if isinstance(each, dict) else len(each) - 1
            for at, each in enumerate(nesting[:depth])
        )
        inner = kind()
        tree, _ = pruned(nesting[:depth], steps, inner, self._kept)
        made = _Place(tree, inner)
        if self._by_names and len(below) < _MOST_KNOWN:
            below[key] = made
        return made
