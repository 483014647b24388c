"""Write a document as a model does: from the start or from a prefix on, with mistakes at random."""

import json
from dataclasses import dataclass
from typing import Any

from strictgate.core.jsontext.reader import write_json
from strictgate.demo.error_rates import (
    COMMA,
    DROP,
    EXTRA,
    NAME,
    ErrorSampler,
    Path,
    misspelt_name,
    quoted,
    wrong_text,
)
from strictgate.demo.partial_json import (
    CompleteValue,
    OpenArray,
    OpenObject,
    OpenScalar,
    OpenString,
    PartialJson,
)

_EXTRA_NAME = "confidence_note"


@dataclass(frozen=True, slots=True)
class TextError:
    """A place in a text where something else would have been right."""

    start: int
    end: int
    right_text: str
    """What would have been right between `start` and `end`, which are offsets in characters."""


class Writer:
    """Collects the text of one answer, and the errors in it."""

    def __init__(self, sampler: ErrorSampler, options: frozenset[Path], prefix: str = "") -> None:
        """Start after a prefix.

        Args:
            sampler: decides which mistakes are made.
            options: the paths of values for which the schema lists what they may be.
            prefix: the text that is there already.
        """
        self._sampler = sampler
        self._options = options
        self._comma, self._colon = (", ", ": ") if sampler.rates.spaced else (",", ":")
        self._blank_before = prefix[-1:].isspace()
        self.parts: list[str] = []
        self.errors: list[TextError] = []
        self._length = 0

    def _write(self, text: str) -> None:
        self.parts.append(text)
        self._length += len(text)

    def _write_wrong(self, text: str, right_text: str) -> None:
        """Write `text` where `right_text` would have been right."""
        self.errors.append(TextError(self._length, self._length + len(text), right_text))
        self._write(text)

    def _json_text(self, value: Any) -> str:
        if self._comma == "," or not isinstance(value, dict | list):
            return write_json(value)
        return json.dumps(value, ensure_ascii=False)

    # --- fresh values ---------------------------------------------------------------------------

    def _value(self, value: Any, path: Path) -> None:
        text = self._wrong(value, path)
        if text is not None:
            self._write_wrong(text, self._json_text(value))
        elif isinstance(value, dict):
            self._write("{")
            self._members(value, self._with_extra(value, path), path, started=False)
        elif isinstance(value, list):
            self._write("[")
            self._items(value, 0, path, started=False)
        else:
            self._write(self._json_text(value))

    def _wrong(self, value: Any, path: Path) -> str | None:
        return wrong_text(self._sampler, value, path, option=path in self._options)

    def _with_extra(self, value: dict[str, Any], path: Path) -> list[str]:
        """Return the names in `value`, and at random one that nobody asked for."""
        names = list(value)
        if _EXTRA_NAME not in value and self._sampler.happens(path, "extra", EXTRA):
            places = range(len(names) + 1)
            names.insert(self._sampler.pick(path, "extra", places, EXTRA), _EXTRA_NAME)
        return names

    def _members(
        self, value: dict[str, Any], names: list[str], path: Path, *, started: bool
    ) -> None:
        """Write the members called `names`, and the end of the object."""
        dropped = [name in value and self._drops((*path, name)) for name in names]
        for at, name in enumerate(names):
            place = (*path, name)
            # An error that adds or drops a member includes the comma that goes with it: the one
            # before it or, before the first member that is written, the one after it.
            before = self._comma if started else ""
            after = "" if started or all(dropped[at + 1 :]) else self._comma
            if name not in value:
                self._write_wrong(f'{before}"{name}"{self._colon}"high"{after}', "")
                started = started or not after
            elif dropped[at]:
                self._write_wrong(
                    "", f"{before}{quoted(name)}{self._colon}{self._json_text(value[name])}{after}"
                )
            else:
                self._write(before)
                self._name(name, place)
                self._write(self._colon)
                self._value(value[name], place)
                started = True
        self._end("}", path, started=started)

    def _drops(self, path: Path) -> bool:
        return self._sampler.happens(path, "drop", DROP)

    def _name(self, name: str, path: Path) -> None:
        if self._sampler.happens(path, "name", NAME):
            self._write_wrong(quoted(misspelt_name(self._sampler, name, path)), quoted(name))
        else:
            self._write(write_json(name))

    def _items(self, value: list[Any], first: int, path: Path, *, started: bool) -> None:
        """Write the items from `first` on, and the end of the array."""
        for index in range(first, len(value)):
            self._write(self._comma if started else "")
            self._value(value[index], (*path, index))
            started = True
        self._end("]", path, started=started)

    def _end(self, bracket: str, path: Path, *, started: bool) -> None:
        if started and self._sampler.happens(path, "comma", COMMA):
            self._write_wrong(",", "")
        self._write(bracket)

    # --- the rest of what the prefix has begun --------------------------------------------------

    def write_rest(self, partial: PartialJson | None, value: Any, path: Path) -> None:
        """Write what is missing of `value`, of which `partial` is there already."""
        match partial:
            case None:
                self._value(value, path)
            case CompleteValue():
                pass
            case OpenString():
                self._rest_of_text(partial, value, path)
            case OpenScalar():
                self._write(partial.rest(value))
            case OpenObject():
                self._rest_of_members(partial, value if isinstance(value, dict) else {}, path)
            case OpenArray():
                self._rest_of_items(partial, value if isinstance(value, list) else [], path)

    def _rest_of_text(self, partial: OpenString, value: Any, path: Path) -> None:
        right = partial.rest(value if isinstance(value, str) else partial.shortest)
        mistake = self._wrong(value, path) or ""
        wrong = json.loads(mistake) if mistake.startswith('"') else None
        if isinstance(wrong, str) and partial.can_become(wrong):
            self._write_wrong(partial.rest(wrong), right)
        else:
            self._write(right)

    def _blank(self) -> None:
        """Write the blank after a comma or a colon, if this model writes blanks."""
        if self._comma[1:] and not self._blank_before:
            self._write(" ")

    def _rest_of_members(self, partial: OpenObject, value: dict[str, Any], path: Path) -> None:
        done = list(partial.parts)
        started = bool(done) and not partial.comma
        if partial.name is not None:
            done.append(self._rest_of_name(partial.name, value, done))
            self._write(self._colon)
            self._value(value.get(done[-1]), (*path, done[-1]))
            started = True
        elif partial.comma:
            self._blank()
        elif done:
            self._rest_of_member(partial, done[-1], value, path)
        self._members(value, [name for name in value if name not in done], path, started=started)

    def _rest_of_name(self, partial: OpenString, value: dict[str, Any], done: list[str]) -> str:
        names = (name for name in value if name not in done and partial.can_become(name))
        name = next(names, partial.shortest)
        self._write(partial.rest(name))
        return name

    def _rest_of_member(
        self, partial: OpenObject, name: str, value: dict[str, Any], path: Path
    ) -> None:
        part = partial.parts[name]
        if not partial.colon:
            self._write(self._colon)
        elif part is None:
            self._blank()
        self.write_rest(part, value.get(name), (*path, name))

    def _rest_of_items(self, partial: OpenArray, value: list[Any], path: Path) -> None:
        if partial.comma:
            self._blank()
        elif partial.parts:
            last = len(partial.parts) - 1
            part = value[last] if last < len(value) else None
            self.write_rest(partial.parts[last], part, (*path, last))
        started = bool(partial.parts) and not partial.comma
        self._items(value, len(partial.parts), path, started=started)
