"""Pieces that a stream sends one by one, put together: a text, the tool calls of one choice.

Both have the stages' two methods: `feed` takes a piece in and returns the text that can be sent on,
`flush` returns what was held back. Nothing raises, whatever the pieces are.
"""

from itertools import chain
from typing import Any

from strictgate.core.jsontext.reader import write_json
from strictgate.core.jsontext.scanner import Scanner
from strictgate.core.wire.calls import as_list

_MOST_PIECES = 1024
"""Of one text that are kept apart: each takes some 60 bytes beside what it says."""
MOST_NAMES = 64
"""Of the calls in one choice; the names of more are known in the end."""
Added = tuple[tuple[int, str], ...]
"""Text added to the arguments of tool calls, each with the call's position in the list."""


class TextFragments:
    """A text that comes in pieces, with at most half a surrogate pair held back."""

    __slots__ = ("_held", "_joined", "_length", "_pieces")

    def __init__(self) -> None:
        self._joined: list[str] = []
        """What `_pieces` were before, many in one each."""
        self._pieces: list[str] = []
        self._length = 0
        """Of all of them, in characters."""
        self._held = ""

    def feed(self, piece: str | None) -> str:
        """Take in `piece`; return what can be sent on."""
        if piece is None:
            return ""
        if self._held or not piece.isascii():
            piece = self._held + piece
            self._held = piece[-1:] if "\ud800" <= piece[-1:] <= "\udbff" else ""
            piece = _mended(piece[:-1] if self._held else piece)
        self._add(piece)
        return piece

    def flush(self) -> str:
        piece, self._held = _mended(self._held), ""
        if piece:
            self._add(piece)
        return piece

    def whole(self) -> str | None:
        if not self._pieces:
            return None
        return "".join([*self._joined, *self._pieces]) + _mended(self._held)

    def since(self, start: int) -> str:
        """Return what stands behind the first `start` characters."""
        found: list[str] = []
        begin = self._length
        for piece in chain(reversed(self._pieces), reversed(self._joined)):
            if begin <= start:
                break
            found.append(piece)
            begin -= len(piece)
        return "".join(reversed(found))[max(start - begin, 0) :]

    def _add(self, piece: str) -> None:
        self._pieces.append(piece)
        self._length += len(piece)
        if len(self._pieces) >= _MOST_PIECES:
            self._joined.append("".join(self._pieces))
            self._pieces = [""]  # a text has begun, even if it is empty


def _mended(text: str) -> str:
    """Join the halves of surrogate pairs; a lone one stays, for the judge to refuse."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


class CallFragments:
    """The tool calls of one choice, in order of appearance.

    Which call a fragment belongs to is told by its index, where it has one, and its id:

    | fragment                                             | belongs to                           |
    |------------------------------------------------------|--------------------------------------|
    | no other one under its index                         | a new call                           |
    | an id that a call under its index has                | that call                            |
    | another id, and a name                               | a new call (one index for all)       |
    | another id, without a name                           | the latest: ids are made up for each |
    | neither index nor id, and a name                     | a new call (Gemini)                  |
    | a name and arguments, behind arguments that are a    | a new call                           |
    | whole object; the name may have come just before     |                                      |
    | anything else                                        | the latest call under its index      |

    A name may come in several pieces, or again and again.
    """

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._latest: dict[int | None, _Call] = {}
        """By index, if any."""
        self._named: dict[tuple[int | None, str], _Call] = {}
        """By index and id."""

    def feed(self, fragments: Any) -> Added:
        """Take in the `tool_calls` of one delta."""
        added = []
        for fragment in as_list(fragments) if fragments else ():
            if isinstance(fragment, dict):
                call = self._call(fragment)
                added.append((call.position, call.feed(fragment)))
        return tuple((position, text) for position, text in added if text)

    def flush(self) -> Added:
        held = [(call.position, call.arguments.flush()) for call in self._calls]
        return tuple((position, text) for position, text in held if text)

    def whole(self) -> list[dict[str, Any]]:
        return [call.whole() for call in self._calls]

    def names(self) -> tuple[str, ...]:
        """Return the names of the first MOST_NAMES tools, "" where one has not come yet."""
        return tuple(call.name for call in self._calls[:MOST_NAMES])

    def first_id(self) -> str:
        """Return the id of the first call, "" where it has none, or none yet."""
        return self._calls[0].identity if self._calls else ""

    def _call(self, fragment: dict[str, Any]) -> "_Call":
        """Return the call that `fragment` belongs to."""
        index, identity = _index(fragment.get("index")), _string(fragment.get("id"))
        call = self._named.get((index, identity)) if identity else None
        call = call or self._latest.get(index)
        if call is None or _begins_another(fragment, index, identity, call):
            name = "" if call is None or _inner(fragment).get("name") else call.name
            call = self._latest[index] = _Call(len(self._calls), name)
            self._calls.append(call)
        if identity and not call.identity:
            call.identity = identity
            self._named[index, identity] = call
        return call


def _begins_another(
    fragment: dict[str, Any], index: int | None, identity: str, latest: "_Call"
) -> bool:
    """Whether `fragment` begins another call than `latest`, to which it belongs otherwise."""
    inner = _inner(fragment)
    name, arguments = _string(inner.get("name")), inner.get("arguments")
    is_same = bool(identity) and identity == latest.identity
    if identity and latest.identity and not is_same:
        return bool(name)
    if is_same and (index is not None or not name):
        return False
    if name and index is None and not is_same:
        return True
    if not (name or latest.is_named_again) or not latest.is_whole_object():
        return False
    if name and name != latest.name:
        return True
    if isinstance(arguments, str):
        arguments = arguments.strip()
    latest.is_named_again = not arguments
    return bool(arguments)


class _Call:
    """One tool call."""

    def __init__(self, position: int, name: str) -> None:
        self.position = position
        """In the list of calls."""
        self.name = name
        self.identity = ""
        self.arguments = TextFragments()
        """Of a custom tool: its input."""
        self.is_named_again = False
        """Its name has come again behind its arguments: more of them are another call's."""
        self._is_custom = False
        self._others: dict[str, Any] = {}
        self._others_inside: dict[str, Any] = {}
        self._scanner: Scanner | None = None
        """Of the arguments, once it matters whether they are whole."""
        self._is_json = True
        self._scanned = 0
        """How many characters of the arguments it has seen."""

    def feed(self, fragment: dict[str, Any]) -> str:
        """Take in a fragment; return what it adds to the arguments."""
        inner = _inner(fragment)
        self._is_custom |= isinstance(fragment.get("custom"), dict)
        self._add_name(_string(inner.get("name")))
        for key, value in fragment.items():
            if key not in _KNOWN and inner is not fragment:
                keep(self._others, key, value)
        if self._is_custom:
            for key, value in inner.items():
                if key not in ("name", "input"):
                    keep(self._others_inside, key, value)
        text = inner.get("input" if self._is_custom else "arguments")
        if isinstance(text, dict | list):  # not encoded, as Ollama's own API has them
            text = write_json(text)
        return self.arguments.feed(text if isinstance(text, str) else None)

    def is_whole_object(self) -> bool:
        """Whether the arguments are a whole JSON object."""
        if self._scanner is None:
            self._scanner = Scanner()
        more = self.arguments.since(self._scanned)
        self._scanned += len(more)
        data = more.encode("utf-8", "surrogatepass")
        if self._is_json and self._scanner.consume(data) < len(data):
            self._is_json = False
        scanner = self._scanner
        return self._is_json and isinstance(scanner.value, dict) and scanner.is_complete()

    def whole(self) -> dict[str, Any]:
        text = self.arguments.whole() or ""
        head = {"id": self.identity or None}
        if self._is_custom:
            custom = {"name": self.name, "input": text} | self._others_inside
            return head | {"type": "custom", "custom": custom} | self._others
        function = {"name": self.name, "arguments": text}
        return head | {"type": "function", "function": function} | self._others

    def _add_name(self, piece: str) -> None:
        """Take in a name, or a piece of one, which may be what is known already."""
        self.name = piece if piece.startswith(self.name) else self.name + piece


_KNOWN = frozenset({"index", "id", "type", "function", "custom"})


def keep(known: dict[str, Any], key: str, value: Any) -> None:
    """Put `value` under `key`; objects are merged, and nothing empty replaces anything."""
    old = known.get(key)
    if isinstance(old, dict) and isinstance(value, dict):
        known[key] = old | value
    elif value or key not in known:
        known[key] = value


def _inner(fragment: dict[str, Any]) -> dict[str, Any]:
    """Return what has the name and the arguments, which may stand in the fragment itself."""
    for key in ("function", "custom"):
        inner = fragment.get(key)
        if isinstance(inner, dict):
            return inner
    return fragment


def _index(given: Any) -> int | None:
    if isinstance(given, str) and given.isdecimal() and given.isascii():
        return int(given[:9])
    return given if isinstance(given, int) else None


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
