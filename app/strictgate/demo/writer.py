"""Writing a document as a model does: fresh or from where a text ends, and not always right."""

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

_EXTRA = "confidence_note"


@dataclass(frozen=True, slots=True)
class TextError:
    """A place in a text where something else would have been right."""

    start: int
    end: int
    right_text: str
    """What would have been right between `start` and `end`."""


class Writer:
    """Collects the text and the slips of one answer."""

    def __init__(self, chances: ErrorSampler, options: frozenset[Path], prefix: str = "") -> None:
        """Start behind `prefix`; `options` are the places of values that the schema names."""
        self._chances = chances
        self._options = options
        self._comma, self._colon = (", ", ": ") if chances.rates.spaced else (",", ":")
        self._blank_before = prefix[-1:].isspace()
        self.parts: list[str] = []
        self.errors: list[TextError] = []
        self._length = 0

    def _say(self, text: str) -> None:
        self.parts.append(text)
        self._length += len(text)

    def _slip(self, text: str, right_text: str) -> None:
        self.errors.append(TextError(self._length, self._length + len(text), right_text))
        self._say(text)

    def _written(self, value: Any) -> str:
        if self._comma == "," or not isinstance(value, dict | list):
            return write_json(value)
        return json.dumps(value, ensure_ascii=False)

    # --- fresh values ---------------------------------------------------------------------------

    def _value(self, value: Any, path: Path) -> None:
        text = self._wrong(value, path)
        if text is not None:
            self._slip(text, self._written(value))
        elif isinstance(value, dict):
            self._say("{")
            self._members(value, self._with_extra(value, path), path, started=False)
        elif isinstance(value, list):
            self._say("[")
            self._items(value, 0, path, started=False)
        else:
            self._say(self._written(value))

    def _wrong(self, value: Any, path: Path) -> str | None:
        return wrong_text(self._chances, value, path, option=path in self._options)

    def _with_extra(self, value: dict[str, Any], path: Path) -> list[str]:
        """Return the names in `value`, and perhaps one that nobody asked for."""
        names = list(value)
        if _EXTRA not in value and self._chances.happens(path, "extra", EXTRA):
            places = range(len(names) + 1)
            names.insert(self._chances.pick(path, "extra", places, EXTRA), _EXTRA)
        return names

    def _members(
        self, value: dict[str, Any], names: list[str], path: Path, *, started: bool
    ) -> None:
        """Write the members called `names`, and the end of the object."""
        dropped = [name in value and self._drops((*path, name)) for name in names]
        for at, name in enumerate(names):
            place = (*path, name)
            before = self._comma if started else ""
            after = "" if started or all(dropped[at + 1 :]) else self._comma
            if name not in value:
                self._slip(f'{before}"{name}"{self._colon}"high"{after}', "")
                started = started or not after
            elif dropped[at]:
                self._slip(
                    "", f"{before}{quoted(name)}{self._colon}{self._written(value[name])}{after}"
                )
            else:
                self._say(before)
                self._name(name, place)
                self._say(self._colon)
                self._value(value[name], place)
                started = True
        self._end("}", path, started=started)

    def _drops(self, path: Path) -> bool:
        return self._chances.happens(path, "drop", DROP)

    def _name(self, name: str, path: Path) -> None:
        if self._chances.happens(path, "name", NAME):
            self._slip(quoted(misspelt_name(self._chances, name, path)), quoted(name))
        else:
            self._say(write_json(name))

    def _items(self, value: list[Any], first: int, path: Path, *, started: bool) -> None:
        """Write the items from `first` on, and the end of the array."""
        for index in range(first, len(value)):
            self._say(self._comma if started else "")
            self._value(value[index], (*path, index))
            started = True
        self._end("]", path, started=started)

    def _end(self, bracket: str, path: Path, *, started: bool) -> None:
        if started and self._chances.happens(path, "comma", COMMA):
            self._slip(",", "")
        self._say(bracket)

    # --- the rest of what has begun -------------------------------------------------------------

    def rest(self, begun: PartialJson | None, value: Any, path: Path) -> None:
        """Write what is missing of `value`."""
        match begun:
            case None:
                self._value(value, path)
            case CompleteValue():
                pass
            case OpenString():
                self._rest_of_text(begun, value, path)
            case OpenScalar():
                self._say(begun.rest(value))
            case OpenObject():
                self._rest_of_members(begun, value if isinstance(value, dict) else {}, path)
            case OpenArray():
                self._rest_of_items(begun, value if isinstance(value, list) else [], path)

    def _rest_of_text(self, begun: OpenString, value: Any, path: Path) -> None:
        right = begun.rest(value if isinstance(value, str) else begun.shortest)
        find_mistake = self._wrong(value, path) or ""
        told = json.loads(find_mistake) if find_mistake.startswith('"') else None
        if isinstance(told, str) and begun.can_become(told):
            self._slip(begun.rest(told), right)
        else:
            self._say(right)

    def _blank(self) -> None:
        """Write the blank that follows on a comma or a colon, if there is to be one."""
        if self._comma[1:] and not self._blank_before:
            self._say(" ")

    def _rest_of_members(self, begun: OpenObject, value: dict[str, Any], path: Path) -> None:
        done = list(begun.parts)
        started = bool(done) and not begun.comma
        if begun.name is not None:
            done.append(self._rest_of_name(begun.name, value, done))
            self._say(self._colon)
            self._value(value.get(done[-1]), (*path, done[-1]))
            started = True
        elif begun.comma:
            self._blank()
        elif done:
            self._rest_of_member(begun, done[-1], value, path)
        self._members(value, [name for name in value if name not in done], path, started=started)

    def _rest_of_name(self, begun: OpenString, value: dict[str, Any], done: list[str]) -> str:
        names = (name for name in value if name not in done and begun.can_become(name))
        name = next(names, begun.shortest)
        self._say(begun.rest(name))
        return name

    def _rest_of_member(
        self, begun: OpenObject, name: str, value: dict[str, Any], path: Path
    ) -> None:
        part = begun.parts[name]
        if not begun.colon:
            self._say(self._colon)
        elif part is None:
            self._blank()
        self.rest(part, value.get(name), (*path, name))

    def _rest_of_items(self, begun: OpenArray, value: list[Any], path: Path) -> None:
        if begun.comma:
            self._blank()
        elif begun.parts:
            last = len(begun.parts) - 1
            part = value[last] if last < len(value) else None
            self.rest(begun.parts[last], part, (*path, last))
        started = bool(begun.parts) and not begun.comma
        self._items(value, len(begun.parts), path, started=started)
