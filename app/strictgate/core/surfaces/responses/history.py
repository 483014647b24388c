"""A conversation as it happened → messages in the order that chat hosts ask for.

The Responses API takes items in any order. A chat completion's host wants:

* one system message, in front: the texts of all system and developer messages, in order;
* the results of calls directly behind the message that makes them, in its order. What stood between
  comes behind: an assistant's text joins the calls' message, any other message follows the results;
* the thinking of a turn as `reasoning_content` of the message that it led to (DeepSeek, Moonshot);
* a result that holds more than text (an image) as text, and the rest in a user message behind.

A state machine, one event a call of a method:

| state | text | call | result | reasoning |
|---|---|---|---|---|
| no calls open | a message | opens them | refused | waits for the next message |
| calls open, some without a result | assistant's: joins; other: waits | joins | kept | waits |
| calls open, all with results | closes them; a message | closes them; opens | refused | closes |
"""

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from strictgate.core.errors import BadRequest
from strictgate.core.value_type import state_type

Message = dict[str, Any]

NO_RESULT = "(no result was given)"
SEE_BELOW = "(the result is in the next message)"
_SYSTEM = ("system", "developer")


@state_type
class _Calls:
    """The calls of one turn."""

    message: Message
    results: dict[str, list[Mapping[str, Any]] | None] = field(default_factory=dict)
    """By the id of the call, in order; None: there is none yet."""
    waiting: list[Message] = field(default_factory=list)
    """Messages that stood between the calls and their results."""

    @property
    def is_complete(self) -> bool:
        return None not in self.results.values()


class History:
    """Takes a conversation event by event; `messages` closes it."""

    def __init__(self) -> None:
        self._system: list[str] = []
        self._messages: list[Message] = []
        self._calls: _Calls | None = None
        self._thoughts: Message = {}

    def add_message(self, role: str, content: Mapping[str, Any]) -> None:
        """Take in a message.

        Args:
            content: its members `content` and, of an assistant, `refusal`.
        """
        if role in _SYSTEM:
            self._system.append(_text_of(content["content"]))
            return
        is_assistant = role == "assistant"
        message = {"role": role, **content}
        if self._calls is not None and not self._calls.is_complete:
            if is_assistant:
                _join(self._calls.message, message)
                self._take_thoughts(self._calls.message)
            else:
                self._calls.waiting.append(message)
            return
        self._close_calls()
        if is_assistant:
            self._take_thoughts(message)
        else:
            self._leave_thoughts()
        self._messages.append(message)

    def add_reasoning(self, thoughts: Mapping[str, Any]) -> None:
        """Take in thinking: `reasoning_content`, and `reasoning_details` as they came."""
        if self._calls is not None and self._calls.is_complete:
            self._close_calls()
        _add(self._thoughts, thoughts)

    def add_call(self, identity: str, name: str, arguments: str) -> None:
        """Take in a call of a function."""
        if self._calls is not None and self._calls.is_complete:
            self._close_calls()
        if self._calls is None:
            last = self._messages[-1] if self._messages else {}
            if last.get("role") == "assistant" and not last.get("refusal"):
                self._messages.pop()
            else:
                last = {"role": "assistant", "content": None}
            self._calls = _Calls(last | {"tool_calls": []})
        function = {"name": name, "arguments": arguments}
        call = {"id": identity, "type": "function", "function": function}
        self._calls.message["tool_calls"].append(call)
        self._take_thoughts(self._calls.message)
        self._calls.results[identity] = None

    def add_result(self, identity: str, parts: list[Mapping[str, Any]], at: str) -> None:
        """Take in what a call came to.

        Raises:
            BadRequest: there is no such call, or it has its result.
        """
        if self._calls is None or self._calls.results.get(identity, ()) is not None:
            raise BadRequest(
                f"No tool call found for function call output with call_id {identity[:100]}. "
                "Send the call that it answers in front of it.",
                param=at,
            )
        self._calls.results[identity] = parts

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been taken in that is a message."""
        return not (self._system or self._messages or self._calls)

    def messages(self, instructions: str | None = None) -> list[Message]:
        """Return the messages of all that was taken in.

        Args:
            instructions: what the system message begins with.
        """
        self._close_calls()
        self._leave_thoughts()
        system = "\n\n".join(text for text in (instructions, *self._system) if text)
        return ([{"role": "system", "content": system}] if system else []) + self._messages

    def _close_calls(self) -> None:
        calls, self._calls = self._calls, None
        if calls is None:
            return
        self._messages.append(calls.message)
        others: list[Mapping[str, Any]] = []
        for identity, parts in calls.results.items():
            given = parts or []
            rest = [part for part in given if part["type"] != "text"]
            text = "".join(part["text"] for part in given if part["type"] == "text")
            if parts is None:
                text = NO_RESULT
            content = text or (SEE_BELOW if rest else "")
            self._messages.append({"role": "tool", "tool_call_id": identity, "content": content})
            others += rest
        if others:
            self._messages.append({"role": "user", "content": others})
        self._messages += calls.waiting

    def _take_thoughts(self, message: Message) -> None:
        """Give the thinking that waits to the message that it led to."""
        thoughts, self._thoughts = self._thoughts, {}
        _add(message, thoughts)

    def _leave_thoughts(self) -> None:
        """Give thinking that led to nothing to the message that it came behind, if it is one."""
        is_behind = bool(self._messages) and self._messages[-1]["role"] == "assistant"
        self._take_thoughts(self._messages[-1] if is_behind else {})


def _add(message: Message, thoughts: Mapping[str, Any]) -> None:
    for key, value in thoughts.items():
        message[key] = message[key] + value if key in message else value


def _join(message: Message, more: Message) -> None:
    """Add an assistant's text to the message that holds its calls."""
    texts = [each for each in (message.get("content"), more.get("content")) if each]
    merged = texts[0] if len(texts) == 1 else _joined(texts)
    message |= {key: value for key, value in more.items() if key not in ("role", "content")}
    message["content"] = merged


def _joined(texts: Iterable[Any]) -> str | None:
    return "\n\n".join(map(_text_of, texts)) or None


def _text_of(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part["text"] for part in content if part.get("type") == "text")
    return str(content or "")
