"""Names that may yet be mended: they are not final, and nor is what stands behind them.

Where a schema allows names that it does not declare, `"ID"` is refused only once its object ends
without the `"id"` that is required; then it is mended (repairs/object_end.py), if the caller does
not have it yet. So it is held back until its object is whole, or the name comes that it may mean:

| an open object has                             | it is held back from there |
|------------------------------------------------|----------------------------|
| a name that the schema declares somewhere      | no                         |
| one that differs from a required name in case  | until that one comes, or   |
| or surrounding blanks alone                    | the object ends            |
| any other name                                 | no                         |
"""

from collections.abc import Container
from dataclasses import field

from strictgate.core.guard.guard import Guard
from strictgate.core.guard.repairs import vocabulary
from strictgate.core.guard.repairs.members import read_name
from strictgate.core.jsontext.scanner import Scanner
from strictgate.core.value_type import state_type

_Name = tuple[int, bytes]
"""Where a name starts, and its text with the quotes."""
_Held = tuple[_Name, tuple[str, ...]]
"""A name that is held back, and those that it may mean."""


@state_type
class _OpenObject:
    """What is known of the names of one object that is open."""

    start: int
    count: int = 0
    """How many of its names were looked at."""
    last: _Name | None = None
    """The last of these."""
    held: list[_Held] = field(default_factory=list)


class HeldNames:
    """Of one document as it grows, and as it is cut back; names are looked at once."""

    def __init__(self) -> None:
        self._place = (0, 0, 0)
        self._open: list[_OpenObject] = []
        self._first: int | None = None

    def first(self, guard: Guard) -> int | None:
        """Return where the first name starts that is held back; None, where none is."""
        place = guard.scanner.innermost
        if place != self._place:
            self._place = place
            if vocabulary.required(guard.features):
                self._look(guard)
        return self._first

    def _look(self, guard: Guard) -> None:
        known, self._open = self._open, []
        for depth, start in enumerate(guard.scanner.starts):
            is_known = depth < len(known) and known[depth].start == start
            before = known[depth] if is_known else None
            self._open.append(self._looked_at(guard, depth, start, before))
        self._first = min((at for each in self._open for (at, _), _ in each.held), default=None)

    def _looked_at(
        self, guard: Guard, depth: int, start: int, known: _OpenObject | None
    ) -> _OpenObject:
        """Return what is known of the container at `depth` with its new names; from the first name
        on, if the text has changed."""
        scanner = guard.scanner
        names = scanner.names_from(depth, max(known.count - 1, 0) if known else 0)
        if known is None or (known.last is not None and names[:1] != [known.last]):
            known, names = _OpenObject(start), scanner.names_from(depth, 0)
        known.held[:] = [each for each in known.held if _is_there(scanner, each[0])]
        for name in names[1:] if known.last is not None else names:
            known.count, known.last = known.count + 1, name
            self._add(guard, known.held, name, scanner.nesting[depth])
        return known

    def _add(
        self, guard: Guard, held: list[_Held], name: _Name, present: Container[object]
    ) -> None:
        word = read_name(name[1].decode())
        if word is None:
            return
        held[:] = [each for each in held if word not in each[1]]
        meant = vocabulary.required_instead(guard.features, word, present)
        if meant:
            held.append((name, meant))


def _is_there(scanner: Scanner, name: _Name) -> bool:
    """Whether the name still stands where it did: the text may have been cut, and gone on."""
    start, text = name
    return scanner.part(start, start + len(text)) == text
