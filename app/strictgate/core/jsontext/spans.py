"""Where the parts of a JSON document stand in its text.

For edits that leave every other character as the model wrote it. The text must be strict JSON:
`parse_json` has accepted it. Only what lies on the way to the paths asked for is walked; the rest
is skipped at the speed of the JSON scanner.
"""

import json
import re
from collections.abc import Generator, Iterable, Iterator
from typing import Any, NamedTuple

from strictgate.core.jsontext.pointer import Path

_SCAN = json.JSONDecoder(parse_int=len, parse_float=len).raw_decode
_BLANKS = re.compile(r"[ \t\n\r]*+")
_COLON = re.compile(r"[ \t\n\r]*+:[ \t\n\r]*+")
_CLOSERS = {"{": "}", "[": "]"}
_COMMA = re.compile(r"[ \t\n\r]*+([,}\]])[ \t\n\r]*+")


class Span(NamedTuple):
    """A value: `text[start:end]`."""

    start: int
    end: int


class MemberSpan(NamedTuple):
    """A member of an object: its name, where that stands (with its quotes), its value."""

    name: str
    key: Span
    value: Span


class ValueSpan(NamedTuple):
    """A value in the text, with its members where it is an object."""

    span: Span
    members: tuple[MemberSpan, ...] = ()


def locate_values(
    text: str, paths: Iterable[Path], *, with_members: bool = True
) -> dict[Path, ValueSpan]:
    """Return the place of each of `paths` that is in the document.

    Args:
        with_members: tell of objects where their members stand, which takes to walk through them.
    """
    wanted: dict[Path, set[str | int]] = {}
    for path in paths:
        for length in range(len(path) + 1):
            following = wanted.setdefault(path[:length], set())
            following.update(path[length : length + 1])
    walk = _Walk(text, wanted, with_members=with_members)
    walk.value(_blanks(text, 0), ())
    return walk.places


class PartSpan(NamedTuple):
    """The name of a member, or a value that is no object or array."""

    path: Path
    """Of the value, or of the one that is named."""
    span: Span
    """With the quotes."""
    is_name: bool


def locate_parts(text: str) -> Iterator[PartSpan]:
    """Yield every name and every value that is no object or array, in their order in the text."""
    yield from _parts(text, _blanks(text, 0), ())


def _parts(text: str, start: int, path: Path) -> Generator[PartSpan, None, int]:
    """Yield the parts of the value at `start`; return where it ends."""
    opener, index = text[start], 0
    if opener not in _CLOSERS:
        end = _end(text, start)
        yield PartSpan(path, Span(start, end), is_name=False)
        return end
    position = _blanks(text, start + 1)
    while text[position] != _CLOSERS[opener]:
        key: str | int = index
        if opener == "{":
            key, end = _SCAN(text, position)
            yield PartSpan((*path, key), Span(position, end), is_name=True)
            position = _COLON.match(text, end).end()  # type: ignore[union-attr]
        position = _next(text, (yield from _parts(text, position, (*path, key))))
        index += 1
    return position + 1


class ContainerSpan(NamedTuple):
    """An object or an array, and where it ends."""

    path: Path
    names: tuple[str, ...] | None
    """Of its members; None: it is an array."""
    ends: tuple[int, ...]
    """Behind its opening bracket, and behind the value of each member or item."""
    end: int


def locate_containers(text: str) -> Iterator[ContainerSpan]:
    """Yield every object and array of the document, as they end: inner ones before those around
    them."""
    yield from _containers(text, _blanks(text, 0), ())


def _containers(text: str, start: int, path: Path) -> Generator[ContainerSpan, None, int]:
    """Yield the containers in the value at `start`; return where it ends."""
    opener, index = text[start], 0
    if opener not in _CLOSERS:
        return _end(text, start)
    names, ends = list[str](), [start + 1]
    position = _blanks(text, start + 1)
    while text[position] != _CLOSERS[opener]:
        key: str | int = index
        if opener == "{":
            name, end = _SCAN(text, position)
            names.append(name)
            key, position = name, _COLON.match(text, end).end()  # type: ignore[union-attr]
        ends.append((yield from _containers(text, position, (*path, key))))
        position = _next(text, ends[-1])
        index += 1
    is_object = opener == "{"
    yield ContainerSpan(path, tuple(names) if is_object else None, tuple(ends), position + 1)
    return position + 1


class _Walk:
    """Walks the values on the way to the wanted paths; each method returns where its part ends."""

    def __init__(
        self, text: str, wanted: dict[Path, set[str | int]], *, with_members: bool
    ) -> None:
        self._text = text
        self._wanted = wanted
        self._with_members = with_members
        self.places: dict[Path, ValueSpan] = {}

    def value(self, start: int, path: Path) -> int:
        members: tuple[MemberSpan, ...] = ()
        wanted = self._wanted.get(path)
        if wanted is None:
            return _end(self._text, start)
        if self._text[start] == "{" and (wanted or self._with_members):
            members, end = self._object(start, path)
        elif self._text[start] == "[" and wanted:
            end = self._array(start, path)
        else:
            end = _end(self._text, start)
        self.places[path] = ValueSpan(Span(start, end), members)
        return end

    def _object(self, start: int, path: Path) -> tuple[tuple[MemberSpan, ...], int]:
        members = []
        position = _blanks(self._text, start + 1)
        while self._text[position] != "}":
            name, end = _SCAN(self._text, position)
            begin = _COLON.match(self._text, end).end()  # type: ignore[union-attr]
            over = self.value(begin, (*path, name))
            if self._with_members:
                members.append(MemberSpan(name, Span(position, end), Span(begin, over)))
            position = _next(self._text, over)
        return tuple(members), position + 1

    def _array(self, start: int, path: Path) -> int:
        position, index = _blanks(self._text, start + 1), 0
        while self._text[position] != "]":
            position = _next(self._text, self.value(position, (*path, index)))
            index += 1
        return position + 1


def _next(text: str, position: int) -> int:
    """Return where the next member or item starts, or the bracket that closes."""
    found = _COMMA.match(text, position)
    assert found is not None, "spans are of strict JSON"
    return found.end() if found[1] == "," else found.start(1)


def _blanks(text: str, position: int) -> int:
    found = _BLANKS.match(text, position)
    return found.end() if found else position


def _end(text: str, start: int) -> int:
    end: Any = _SCAN(text, start)[1]
    return int(end)
