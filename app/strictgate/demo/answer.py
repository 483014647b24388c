"""What the model says: one message for each choice, before it is put on the wire."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import orjson

from strictgate.core.jsontext.reader import write_json
from strictgate.demo.chat_request import (
    ANY_OBJECT,
    CHARACTERS_PER_TOKEN,
    ChatRequest,
    refuse_bad_schema,
)
from strictgate.demo.document import make_document
from strictgate.demo.error_rates import ErrorRates, RandomSeed
from strictgate.demo.model import answer_text, surrounded
from strictgate.demo.prefill import PrefillReader
from strictgate.demo.writer import TextError

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
    finish_reason: str = "stop"
    refusal: str | None = None
    reasoning: str | None = None
    errors: tuple[TextError, ...] = ()
    """Where something else in `text` would have been right."""
    continued_prefix: str = ""
    """What `text` goes on with."""
    echo: str = ""
    """What of that is said once more, before `text`."""

    @property
    def tokens(self) -> int:
        """How long this is, estimated as everything here is: four characters to a token."""
        spoken = (self.text, self.refusal, self.reasoning)
        return math.ceil(sum(len(part or "") for part in spoken) / CHARACTERS_PER_TOKEN)


DocumentChange = Callable[[Any, ChatRequest, int], Any]
"""Changes the document of the choice with this index."""
TextChange = Callable[[str], str]
"""Changes how a document is written, or what stands around it."""
MessageChange = Callable[[Message, ChatRequest], Message]
"""Changes the message that carries the text."""


@dataclass(frozen=True, slots=True)
class AnswerChanges:
    """All changes that apply, in order."""

    document_changes: tuple[DocumentChange, ...] = ()
    spelling_changes: tuple[TextChange, ...] = ()
    surroundings: tuple[TextChange, ...] = ()
    message_changes: tuple[MessageChange, ...] = ()
    prefill_readers: tuple[PrefillReader, ...] = ()
    runaways: tuple[TextChange, ...] = ()
    error_rates: ErrorRates | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing is changed."""
        changes = (
            self.document_changes,
            self.spelling_changes,
            self.surroundings,
            self.message_changes,
            self.prefill_readers,
        )
        return not (any(changes) or self.runaways or self.error_rates)


def answer_messages(request: ChatRequest, changes: AnswerChanges) -> list[Message]:
    """Return the choices of the answer to `ask`."""
    if changes.is_plain:
        return [
            _within_budget(_message(request, _unchanged_text(request)), request)
        ] * request.choice_count
    return [
        _within_budget(_changed_message(request, changes, index), request)
        for index in range(request.choice_count)
    ]


@lru_cache(1024)
def document_for(key: bytes) -> Any:
    """Return the document for the schema with these bytes; not to be changed.

    Raises:
        Malformed: where keywords have arguments that no schema may have.
    """
    with refuse_bad_schema():
        return make_document(orjson.loads(key))


@lru_cache(1024)
def _document_text(key: bytes) -> str:
    return write_json(document_for(key))


def intended_document(request: ChatRequest) -> Any:
    """Return the document that answers `ask`; for one without a schema, its own example."""
    if request.schema_json is not None:
        return orjson.loads(_document_text(request.schema_json))  # a copy
    return request.example_object() or {"answer": "Hello!"}


def _unchanged_text(request: ChatRequest) -> str:
    if request.schema_json is not None:
        return _document_text(request.schema_json)
    return HELLO if request.schema is None else write_json(intended_document(request))


def _changed_message(request: ChatRequest, changes: AnswerChanges, index: int) -> Message:
    prefix = next((found for take in changes.prefill_readers if (found := take(request))), "")
    if request.schema is None and not prefix.lstrip().startswith(("{", "[")):
        message = _message(request, HELLO.removeprefix(prefix))
    else:
        message = _document_message(request, changes, prefix, index)
    for remark in changes.message_changes:
        message = remark(message, request)
    return message


def _document_message(
    request: ChatRequest, changes: AnswerChanges, prefix: str, index: int
) -> Message:
    told = intended_document(request)
    for revalue in changes.document_changes:
        told = revalue(told, request, index)
    before, after = _surroundings(changes.surroundings if request.forced_tool is None else ())
    begun = _document_part(prefix, before)
    schema = ANY_OBJECT if request.schema is None else request.schema
    with refuse_bad_schema():
        written = answer_text(
            schema, told, begun, changes.error_rates, _random_seed(request, index)
        )
    for respell in changes.spelling_changes:
        written = replace(written, text=_respelt_rest(respell, begun, written.text), errors=())
    for loop in () if written.is_continuation else changes.runaways:
        written = replace(written, text=loop(written.text), finish_reason="length", errors=())
    ended = written.finish_reason == "stop"
    written = surrounded(written, "" if prefix else before, after if ended else "")
    message = _message(request, written.text)
    finish_reason = message.finish_reason if ended else written.finish_reason
    continued_prefix = prefix if written.is_continuation else ""
    return replace(
        message,
        finish_reason=finish_reason,
        errors=written.errors,
        continued_prefix=continued_prefix,
    )


def _random_seed(request: ChatRequest, index: int) -> RandomSeed:
    seed = f"{request.first_user_text} {request.schema_json!r}"
    call = orjson.dumps([index, request.body.get("seed"), request.messages], option=_SORTED)
    return RandomSeed(seed, call.decode(), request.has_feedback)


def _surroundings(settings: tuple[TextChange, ...]) -> tuple[str, str]:
    """Return what the settings put before and after a document."""
    text = _MARK
    for place in settings:
        text = place(text)
    before, _, after = text.partition(_MARK)
    return before, after


def _document_part(prefix: str, before: str) -> str:
    """Return what a prefix has of the document, less what may stand before that."""
    return _FENCE.sub("", prefix.removeprefix(before), count=1)


def _respelt_rest(respell: TextChange, prefix: str, rest: str) -> str:
    """Return `rest` in another spelling, where that can be told apart from the prefix's."""
    spelt = respell(prefix + rest)
    for start in (prefix, respell(prefix)) if prefix else ("",):
        if spelt.startswith(start):
            return spelt[len(start) :]
    return rest


def _message(request: ChatRequest, text: str) -> Message:
    return Message(
        text, request.forced_tool, "stop" if request.forced_tool is None else "tool_calls"
    )


def _within_budget(message: Message, request: ChatRequest) -> Message:
    """Cut `message` where the budget ends; reasoning uses it up first."""
    if request.max_characters is None:
        return message
    reasoning, text = message.reasoning or "", message.text or ""
    if len(reasoning) + len(text) <= request.max_characters:
        return message
    left = max(request.max_characters - len(reasoning), 0)
    return replace(
        message,
        text=text[:left],
        reasoning=reasoning[: request.max_characters] or None,
        finish_reason="length",
    )
