"""What the model says: one message for each choice, before it is put on the wire."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import orjson

from app.core import jsontext
from app.demo.ask import CHARACTERS_PER_TOKEN, Ask, reading_a_schema
from app.demo.document import document

HELLO = "Hello! I am the demonstration model. Ask me for JSON and I will write a document for you."


@dataclass(frozen=True, slots=True)
class Message:
    """One choice of a completion."""

    text: str | None
    """The content or, with a `tool`, the arguments."""
    tool: str | None = None
    finish: str = "stop"
    refusal: str | None = None
    reasoning: str | None = None

    @property
    def tokens(self) -> int:
        """How long this is, estimated as everything here is: four characters to a token."""
        spoken = (self.text, self.refusal, self.reasoning)
        return math.ceil(sum(len(part or "") for part in spoken) / CHARACTERS_PER_TOKEN)


Revalue = Callable[[Any, Ask, int], Any]
"""Changes the document of the choice with this index."""
Respell = Callable[[str], str]
"""Changes how a document is written, or what stands around it."""
Remark = Callable[[Message, Ask], Message]
"""Changes the message that carries the text."""


@dataclass(frozen=True, slots=True)
class Manner:
    """All changes that apply, in order."""

    values: tuple[Revalue, ...] = ()
    spellings: tuple[Respell, ...] = ()
    settings: tuple[Respell, ...] = ()
    messages: tuple[Remark, ...] = ()


def messages(ask: Ask, manner: Manner) -> list[Message]:
    """Return the choices of the answer to `ask`."""
    if not (manner.values or manner.spellings or manner.settings or manner.messages):
        return [_budgeted(_message(ask, _plain(ask)), ask)] * ask.count
    return [_budgeted(_told(ask, manner, index), ask) for index in range(ask.count)]


@lru_cache(1024)
def document_for(key: bytes) -> Any:
    """Return the document for the schema with these bytes; not to be changed.

    Raises:
        Malformed: where keywords have arguments that no schema may have.
    """
    with reading_a_schema():
        return document(orjson.loads(key))


@lru_cache(1024)
def _written(key: bytes) -> str:
    return jsontext.write(document_for(key))


def value(ask: Ask) -> Any:
    """Return the document that answers `ask`; for one without a schema, its own example."""
    if ask.key is not None:
        return orjson.loads(_written(ask.key))  # a copy
    return ask.example() or {"answer": "Hello!"}


def _plain(ask: Ask) -> str:
    if ask.key is not None:
        return _written(ask.key)
    return HELLO if ask.schema is None else jsontext.write(value(ask))


def _told(ask: Ask, manner: Manner, index: int) -> Message:
    text = HELLO
    if ask.schema is not None:
        told = value(ask)
        for revalue in manner.values:
            told = revalue(told, ask, index)
        text = jsontext.write(told)
        for respell in manner.spellings:
            text = respell(text)
        for place in manner.settings if ask.tool is None else ():
            text = place(text)
    message = _message(ask, text)
    for remark in manner.messages:
        message = remark(message, ask)
    return message


def _message(ask: Ask, text: str) -> Message:
    return Message(text, ask.tool, "stop" if ask.tool is None else "tool_calls")


def _budgeted(message: Message, ask: Ask) -> Message:
    """Cut `message` where the budget ends; reasoning uses it up first."""
    if ask.budget is None:
        return message
    reasoning, text = message.reasoning or "", message.text or ""
    if len(reasoning) + len(text) <= ask.budget:
        return message
    left = max(ask.budget - len(reasoning), 0)
    return replace(
        message,
        text=text[:left],
        reasoning=reasoning[: ask.budget] or None,
        finish="length",
    )
