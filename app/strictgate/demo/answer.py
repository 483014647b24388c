"""What the model says: one message for each choice, before it is put on the wire."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import orjson

from strictgate.core.jsontext.reader import write_json
from strictgate.demo.ask import ANY_OBJECT, CHARACTERS_PER_TOKEN, ChatRequest, reading_a_schema
from strictgate.demo.document import document
from strictgate.demo.error_rates import Sample, Temper
from strictgate.demo.model import answer_text, wrapped
from strictgate.demo.prefill import PrefillReader
from strictgate.demo.writer import Slip

HELLO = "Hello! I am the demonstration model. Ask me for JSON and I will write a document for you."
_MARK = "\0"
_FENCE = re.compile(r"\A\s*```(?:json)?\s*")
_SORTED = orjson.OPT_SORT_KEYS


@dataclass(frozen=True, slots=True)
class Message:
    """One choice of a completion."""

    text: str | None
    """The content or, with a `tool`, the arguments."""
    tool: str | None = None
    finish: str = "stop"
    refusal: str | None = None
    reasoning: str | None = None
    slips: tuple[Slip, ...] = ()
    """Where something else in `text` would have been right."""
    continued: str = ""
    """What `text` goes on with."""
    echo: str = ""
    """What of that is said once more, before `text`."""

    @property
    def tokens(self) -> int:
        """How long this is, estimated as everything here is: four characters to a token."""
        spoken = (self.text, self.refusal, self.reasoning)
        return math.ceil(sum(len(part or "") for part in spoken) / CHARACTERS_PER_TOKEN)


Revalue = Callable[[Any, ChatRequest, int], Any]
"""Changes the document of the choice with this index."""
Respell = Callable[[str], str]
"""Changes how a document is written, or what stands around it."""
Remark = Callable[[Message, ChatRequest], Message]
"""Changes the message that carries the text."""


@dataclass(frozen=True, slots=True)
class Manner:
    """All changes that apply, in order."""

    values: tuple[Revalue, ...] = ()
    spellings: tuple[Respell, ...] = ()
    settings: tuple[Respell, ...] = ()
    messages: tuple[Remark, ...] = ()
    takes: tuple[PrefillReader, ...] = ()
    loops: tuple[Respell, ...] = ()
    temper: Temper | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing is changed."""
        changes = (self.values, self.spellings, self.settings, self.messages, self.takes)
        return not (any(changes) or self.loops or self.temper)


def messages(ask: ChatRequest, manner: Manner) -> list[Message]:
    """Return the choices of the answer to `ask`."""
    if manner.is_plain:
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
    return write_json(document_for(key))


def value(ask: ChatRequest) -> Any:
    """Return the document that answers `ask`; for one without a schema, its own example."""
    if ask.key is not None:
        return orjson.loads(_written(ask.key))  # a copy
    return ask.example() or {"answer": "Hello!"}


def _plain(ask: ChatRequest) -> str:
    if ask.key is not None:
        return _written(ask.key)
    return HELLO if ask.schema is None else write_json(value(ask))


def _told(ask: ChatRequest, manner: Manner, index: int) -> Message:
    prefix = next((found for take in manner.takes if (found := take(ask))), "")
    if ask.schema is None and not prefix.lstrip().startswith(("{", "[")):
        message = _message(ask, HELLO.removeprefix(prefix))
    else:
        message = _documented(ask, manner, prefix, index)
    for remark in manner.messages:
        message = remark(message, ask)
    return message


def _documented(ask: ChatRequest, manner: Manner, prefix: str, index: int) -> Message:
    told = value(ask)
    for revalue in manner.values:
        told = revalue(told, ask, index)
    before, after = _around(manner.settings if ask.tool is None else ())
    begun = _document_in(prefix, before)
    schema = ANY_OBJECT if ask.schema is None else ask.schema
    with reading_a_schema():
        written = answer_text(schema, told, begun, manner.temper, _sample(ask, index))
    for respell in manner.spellings:
        written = replace(written, text=_respelt(respell, begun, written.text), slips=())
    for loop in () if written.continued else manner.loops:
        written = replace(written, text=loop(written.text), finish_reason="length", slips=())
    ended = written.finish_reason == "stop"
    written = wrapped(written, "" if prefix else before, after if ended else "")
    message = _message(ask, written.text)
    finish = message.finish if ended else written.finish_reason
    continued = prefix if written.continued else ""
    return replace(message, finish=finish, slips=written.slips, continued=continued)


def _sample(ask: ChatRequest, index: int) -> Sample:
    seed = f"{ask.opening} {ask.key!r}"
    call = orjson.dumps([index, ask.body.get("seed"), ask.messages], option=_SORTED)
    return Sample(seed, call.decode(), ask.is_told)


def _around(settings: tuple[Respell, ...]) -> tuple[str, str]:
    """Return what the settings put before and after a document."""
    text = _MARK
    for place in settings:
        text = place(text)
    before, _, after = text.partition(_MARK)
    return before, after


def _document_in(prefix: str, before: str) -> str:
    """Return what a prefix has of the document, less what may stand before that."""
    return _FENCE.sub("", prefix.removeprefix(before), count=1)


def _respelt(respell: Respell, prefix: str, rest: str) -> str:
    """Return `rest` in another spelling, where that can be told apart from the prefix's."""
    spelt = respell(prefix + rest)
    for start in (prefix, respell(prefix)) if prefix else ("",):
        if spelt.startswith(start):
            return spelt[len(start) :]
    return rest


def _message(ask: ChatRequest, text: str) -> Message:
    return Message(text, ask.tool, "stop" if ask.tool is None else "tool_calls")


def _budgeted(message: Message, ask: ChatRequest) -> Message:
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
