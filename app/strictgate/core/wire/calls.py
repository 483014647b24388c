"""Calls of tools as a message of the wire holds them, read into one form.

They stand in `tool_calls`, or in the deprecated `function_call`
(platform.openai.com/docs/api-reference/chat/object). What servers differ in:

* One call alone, without a list around it, is a list of one.
* The `type` is missing, or is a word of another API (`tool_use`): a call is one of a custom tool if
  it has `custom`, else one of a function.
* Name and arguments stand in the call itself, without `function` around them.
* The arguments are an object, or null, in place of a text.
* A call without name and arguments is none: some servers send it beside every answer.
* What is no object (a text) is a call without a name: nobody knows it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from strictgate.core.jsontext.reader import write_json
from strictgate.core.value_type import value_type

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MEMBERS = frozenset({"id", "index", "type", "function", "custom", "name", "arguments"})
_ID_LENGTH = 9  # Mistral takes ids of just nine letters and digits; others take any


@value_type
class Call:
    """One call, as the model made it."""

    name: str
    """Of the function or the custom tool; "" where there is none."""
    arguments: str
    """Of a function, as JSON; of a custom tool its input, any text."""
    raw: Mapping[str, Any]
    """As it stands in the message."""
    is_custom: bool = False


def read_calls(message: Mapping[str, Any]) -> tuple[Call, ...]:
    """Return the calls in a message."""
    given = message.get("tool_calls")
    deprecated = message.get("function_call")
    if not given and not deprecated:
        return ()
    calls = [_call(each) for each in as_list(given)] if given else []
    if not calls and isinstance(deprecated, dict):
        calls = [_function(deprecated, deprecated)]
    return tuple(call for call in calls if call.name or call.arguments)


def as_list(given: Any) -> list[Any]:
    """Return the calls in `tool_calls` as a list, whatever it is."""
    if isinstance(given, dict) and not _MEMBERS & given.keys():
        return list(given.values())  # a list that was written as `{"0": …}`
    return given if isinstance(given, list) else [given]


def _call(raw: Any) -> Call:
    if not isinstance(raw, dict):
        return Call("", "" if raw is None else write_json(raw), {})
    custom = raw.get("custom")
    if isinstance(custom, dict):
        return Call(_text(custom.get("name")), _text(custom.get("input")), raw, is_custom=True)
    function = raw.get("function")
    return _function(function if isinstance(function, dict) else raw, raw)


def _function(inner: Mapping[str, Any], raw: Mapping[str, Any]) -> Call:
    return Call(_text(inner.get("name")), _text(inner.get("arguments")), raw)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else write_json(value)


def render_call(call: Call, arguments: str, identity: str) -> dict[str, Any]:
    """Return a call as it stands in `tool_calls`; what else the upstream gave stays.

    Args:
        arguments: what the caller gets as arguments; the input of a custom tool stays as it is.
    """
    if call.is_custom:
        return {**call.raw, "id": identity, "type": "custom"}
    inner = call.raw.get("function")
    function = {"name": call.name, "arguments": arguments}
    function = (inner if isinstance(inner, dict) else {}) | function
    others = {key: value for key, value in call.raw.items() if key not in ("name", "arguments")}
    return others | {"id": identity, "type": "function", "function": function}


def with_input(call: Call, text: str) -> Call:
    """Return the call of a custom tool with another input."""
    raw = {**call.raw, "custom": {**call.raw["custom"], "input": text}}
    return replace(call, arguments=text, raw=raw)


def default_call_id(name: str, arguments: str, position: int, turn: int = 0) -> str:
    """Return an id for a call whose upstream gave none: the same for the same call.

    Args:
        position: of the call in its message.
        turn: how many messages the request had, so that ids differ from turn to turn.
    """
    text = f"{turn} {position} {name} {arguments}".encode("utf-8", "surrogatepass")
    number = int.from_bytes(blake2b(text, digest_size=12).digest())
    letters = []
    for _ in range(_ID_LENGTH):
        number, at = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[at])
    return "".join(letters)


class CallIds:
    """What the ids of new calls must differ from: those of the turns before."""

    __slots__ = ("_messages", "_used", "turn")

    def __init__(self, turn: int = 0, used: frozenset[str] = frozenset()) -> None:
        """Take what is known; `turn`: how many messages there are."""
        self.turn = turn
        self._used: frozenset[str] | None = used
        self._messages: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def after(cls, messages: Sequence[Mapping[str, Any]]) -> "CallIds":
        """Return what new calls must differ from behind `messages`, which are looked through once a
        call comes."""
        made = cls(len(messages))
        made._used, made._messages = None, messages
        return made

    @property
    def used(self) -> frozenset[str]:
        """The ids that there are."""
        if self._used is None:
            self._used = frozenset(_ids_in(self._messages))
        return self._used

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CallIds):
            return NotImplemented
        return (self.turn, self.used) == (other.turn, other.used)

    def __hash__(self) -> int:
        return hash((self.turn, self.used))

    def of(self, calls: Sequence[Call], texts: Iterable[str]) -> list[str]:
        """Return an id for each call: its own, if it is one and no other call has it.

        Args:
            texts: the arguments of each, as the caller gets them.
        """
        ids, taken = [], set(self.used)
        for at, (call, text) in enumerate(zip(calls, texts, strict=True)):
            identity, place = call.raw.get("id"), at
            while not isinstance(identity, str) or not identity or identity in taken:
                identity = default_call_id(call.name, text, place, self.turn)
                place += len(calls)
            ids.append(identity)
            taken.add(identity)
        return ids


FIRST_IDS = CallIds()


def _ids_in(messages: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for message in messages:
        if "tool_calls" in message or "function_call" in message:
            for call in read_calls(message):
                identity = call.raw.get("id")
                if isinstance(identity, str):
                    yield identity


def failed_generation(calls: Sequence[Call], text: str) -> str:
    """Return what the model wrote, as Groq's `failed_generation` has it."""
    if not calls:
        return text
    written = [call_as_json(call) for call in calls]
    return written[0] if len(written) == 1 else f"[{', '.join(written)}]"


def call_as_json(call: Call) -> str:
    """Return a call as JSON, its arguments in the model's own characters."""
    if call.is_custom:
        return write_json({"name": call.name, "input": call.arguments})
    return f'{{"name": {write_json(call.name)}, "arguments": {call.arguments or "null"}}}'
