"""Pieces that a stream sends one by one, put together: a text, the tool calls of one choice.

Both have the stages' two methods: `feed` takes a piece in and returns the text that can be sent on,
`flush` returns what was held back. Nothing raises, whatever the pieces are.
"""

from typing import Any

from strictgate.core.jsontext.reader import write_json

Added = tuple[tuple[int, str], ...]
"""Text added to the arguments of tool calls, each with the call's position in the list."""


class TextFragments:
    """A text that comes in pieces, with at most half a surrogate pair held back."""

    __slots__ = ("_held", "_pieces")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._held = ""

    def feed(self, piece: str | None) -> str:
        """Take in `piece`; return what can be sent on."""
        if piece is None:
            return ""
        if self._held or not piece.isascii():
            piece = self._held + piece
            self._held = piece[-1:] if "\ud800" <= piece[-1:] <= "\udbff" else ""
            piece = _mended(piece[:-1] if self._held else piece)
        self._pieces.append(piece)
        return piece

    def flush(self) -> str:
        piece, self._held = _mended(self._held), ""
        self._pieces += [piece] if piece else []
        return piece

    def whole(self) -> str | None:
        return "".join(self._pieces) + _mended(self._held) if self._pieces else None


def _mended(text: str) -> str:
    """Join the halves of surrogate pairs; a lone one stays, for the judge to refuse."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


class CallFragments:
    """The tool calls of one choice, in order of appearance."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._positions: dict[Any, int] = {}  # by index, if any, of the latest call under it

    def feed(self, fragments: Any) -> Added:
        """Take in the `tool_calls` of one delta."""
        added = []
        for fragment in fragments if isinstance(fragments, list) else ():
            if isinstance(fragment, dict):
                position = self._position(fragment)
                added.append((position, self._calls[position].feed(fragment)))
        return tuple((position, text) for position, text in added if text)

    def flush(self) -> Added:
        held = [(position, call.arguments.flush()) for position, call in enumerate(self._calls)]
        return tuple((position, text) for position, text in held if text)

    def whole(self) -> list[dict[str, Any]]:
        return [call.whole() for call in self._calls]

    def names(self) -> tuple[str, ...]:
        """Return the functions' names, "" where one has not come yet."""
        return tuple(call.name or "" for call in self._calls)

    def _position(self, fragment: dict[str, Any]) -> int:
        index = fragment.get("index")
        index = index if isinstance(index, int) else None
        position = self._positions.get(index)
        if position is None or self._calls[position].is_another(fragment):
            position = self._positions[index] = len(self._calls)
            self._calls.append(_Call())
        return position


class _Call:
    """One tool call."""

    def __init__(self) -> None:
        self.arguments = TextFragments()
        self._id: str | None = None
        self.name: str | None = None
        self._others: dict[str, Any] = {}

    def is_another(self, fragment: dict[str, Any]) -> bool:
        """Whether `fragment` begins a new call.

        A new id alone does not say so: some servers make one up for every fragment.
        """
        if not _function(fragment).get("name"):
            return False
        identity = fragment.get("id")
        if isinstance(fragment.get("index"), int):
            return bool(identity and self._id and identity != self._id)
        return not identity or identity != self._id

    def feed(self, fragment: dict[str, Any]) -> str:
        function = _function(fragment)
        self._id = self._id or _string(fragment.get("id"))
        self.name = self.name or _string(function.get("name"))
        for key, value in fragment.items():
            if key not in ("index", "id", "type", "function"):
                keep(self._others, key, value)
        text = function.get("arguments")
        if isinstance(text, dict):  # not encoded, as Ollama's own API has them
            text = write_json(text)
        return self.arguments.feed(_string(text))

    def whole(self) -> dict[str, Any]:
        function = {"name": self.name or "", "arguments": self.arguments.whole() or ""}
        return {"id": self._id, "type": "function", "function": function} | self._others


def keep(known: dict[str, Any], key: str, value: Any) -> None:
    """Put `value` under `key`; objects are merged, and nothing empty replaces anything."""
    old = known.get(key)
    if isinstance(old, dict) and isinstance(value, dict):
        known[key] = old | value
    elif value or key not in known:
        known[key] = value


def _function(fragment: dict[str, Any]) -> dict[str, Any]:
    function = fragment.get("function")
    return function if isinstance(function, dict) else {}


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None
