"""The value of a document that is still being written: what is closed, and the way to what is open.

A closed container is never changed again: to go back into it, `reopen` works on a copy. So what is
closed can be shared, and `fork` copies the open containers only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from strictgate.core.jsontext.pointer import Path

_MOST_SHARED = 1024
"""Names that are kept once each: a long document has few names, and has them often."""

Container = dict[str, Any] | list[Any]


@dataclass(frozen=True, slots=True)
class Closed:
    """A container that was closed, with what is needed to go back into it."""

    container: Container
    offsets: list[int]


class Tree:
    """A value that grows at its end, and that can be taken back from there."""

    def __init__(self) -> None:
        self.root: Any = None
        self.open: list[Container] = []
        """The open containers, outermost first."""
        self.offsets: list[list[int]] = []
        """For each of these, where in the text it starts, and then where each of its names does."""
        self._names: list[str] = []  # for each of these, that of the member begun last
        self._shared: dict[str, str] = {}

    def name(self, name: str, at: int) -> None:
        """Call the next member of the innermost object `name`, which starts at offset `at`."""
        if len(self._shared) < _MOST_SHARED:
            name = self._shared.setdefault(name, name)
        else:
            name = self._shared.get(name, name)
        self._names[-1] = name
        self.offsets[-1].append(at)

    def put(self, value: Any) -> None:
        """Put `value` where the next one stands."""
        if not self.open:
            self.root = value
            return
        parent = self.open[-1]
        if isinstance(parent, list):
            parent.append(value)
        else:
            parent[self._names[-1]] = value

    def enter(self, container: Container, at: int) -> None:
        """Put an empty container there, which starts at offset `at`, and go on inside it."""
        self.put(container)
        self.open.append(container)
        self.offsets.append([at])
        self._names.append("")

    def leave(self) -> Closed:
        """Close the innermost container, and return it."""
        self._names.pop()
        return Closed(self.open.pop(), self.offsets.pop())

    # --- back ----------------------------------------------------------------------------------

    def take(self) -> None:
        """Take back what was put in last."""
        if not self.open:
            self.root = None
            return
        parent = self.open[-1]
        if isinstance(parent, list):
            parent.pop()
        else:
            self._names[-1], _ = parent.popitem()

    def take_name(self) -> None:
        """Take back the name that was given last; its member has no value."""
        self.offsets[-1].pop()

    def reopen(self, closed: Closed) -> None:
        """Go back into a container that was put in last: into a copy."""
        copy = closed.container.copy()
        if not self.open:
            self.root = copy
        elif isinstance(parent := self.open[-1], list):
            parent[-1] = copy
        else:
            self._names[-1] = next(reversed(parent))
            parent[self._names[-1]] = copy
        self.open.append(copy)
        self.offsets.append(closed.offsets.copy())
        self._names.append("")

    def restart(self, depth: int) -> None:
        """Go back to just behind the bracket that opened the container at `depth`."""
        for each in (self.open, self.offsets, self._names):
            del each[depth + 1 :]
        fresh: Container = {} if isinstance(self.open[depth], dict) else []
        if depth == 0:
            self.root = fresh
        elif isinstance(parent := self.open[depth - 1], list):
            parent[-1] = fresh
        else:
            parent[self._names[depth - 1]] = fresh
        self.open[depth] = fresh
        del self.offsets[depth][1:]
        self._names[depth] = ""

    def fork(self) -> Self:
        """Return a tree that grows on its own."""
        twin = type(self)()
        twin.root = self.root
        for container, offsets in zip(self.open, self.offsets, strict=True):
            twin.reopen(Closed(container, offsets))
        twin._names = self._names.copy()
        twin._shared = self._shared
        return twin

    def name_at(self, depth: int) -> str:
        """Return the name of the member begun last of the open object at `depth`."""
        return self._names[depth]

    # --- paths ---------------------------------------------------------------------------------

    @property
    def open_path(self) -> Path:
        """Where the innermost open container stands."""
        return tuple(self._steps())[:-1]

    @property
    def last_path(self) -> Path:
        """Where the value stands that was put in last, or the member that was named last."""
        return tuple(self._steps())

    @property
    def next_path(self) -> Path:
        """Where the next value stands: that of the member named last, or the next item."""
        path = self.last_path
        is_item = bool(self.open) and isinstance(self.open[-1], list)
        return (*path[:-1], len(self.open[-1])) if is_item else path

    def _steps(self) -> Iterator[str | int]:
        for container, name in zip(self.open, self._names, strict=True):
            yield len(container) - 1 if isinstance(container, list) else name
