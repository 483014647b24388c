"""The answer of the model: one message for each choice, before it becomes JSON or events.

The model has one document in mind for a request. A model name changes that document, how it is
written, or the message that carries it; behaviours.py has the changes.
"""

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
_PLACEHOLDER = "\0"
_FENCE = re.compile(r"\A\s*```(?:json)?\s*")
_SORTED = orjson.OPT_SORT_KEYS


@dataclass(frozen=True, slots=True)
class Message:
    """One choice of a completion."""

    text: str | None
    """The content; with a `tool`, the arguments of the call."""
    tool: str | None = None
    """The function that is called."""
    finish_reason: str = "stop"
    refusal: str | None = None
    reasoning: str | None = None
    errors: tuple[TextError, ...] = ()
    """The places in `text` where something else would have been right."""
    continued_prefix: str = ""
    """The prefix that `text` continues."""
    echo: str = ""
    """The part of that prefix that is repeated before `text`."""

    @property
    def tokens(self) -> int:
        """The length in tokens, estimated at four characters to a token."""
        spoken = (self.text, self.refusal, self.reasoning)
        return math.ceil(sum(len(part or "") for part in spoken) / CHARACTERS_PER_TOKEN)


DocumentChange = Callable[[Any, ChatRequest, int], Any]
"""A function from the document of the choice with this index to another document."""
TextChange = Callable[[str], str]
"""A function from the text of a document to another spelling of it, or to a text around it."""
MessageChange = Callable[[Message, ChatRequest], Message]
"""A function from the message that carries the text to another message."""


@dataclass(frozen=True, slots=True)
class AnswerChanges:
    """The changes that a model name makes to an answer, of each kind in the order they are made."""

    document_changes: tuple[DocumentChange, ...] = ()
    spelling_changes: tuple[TextChange, ...] = ()
    surroundings: tuple[TextChange, ...] = ()
    """What is put around a document. The arguments of a function have nothing around them."""
    message_changes: tuple[MessageChange, ...] = ()
    prefill_readers: tuple[PrefillReader, ...] = ()
    """The first of these that finds a prefix has it continued."""
    runaways: tuple[TextChange, ...] = ()
    """What makes a fresh answer endless. A continuation always ends."""
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
    """Return one message for each choice that the request wants."""
    # Without changes, all choices are the same. The path is short because benchmarks measure it.
    if changes.is_plain:
        return [
            _within_budget(_message(request, _unchanged_text(request)), request)
        ] * request.choice_count
    return [
        _within_budget(_changed_message(request, changes, index), request)
        for index in range(request.choice_count)
    ]


@lru_cache(1024)
def document_for(schema_json: bytes) -> Any:
    """Return the document for a schema, given as JSON. It is cached, so it must not be changed.

    Raises:
        MalformedRequest: a keyword has a value that no schema may have.
    """
    with refuse_bad_schema():
        return make_document(orjson.loads(schema_json))


@lru_cache(1024)
def _document_text(schema_json: bytes) -> str:
    return write_json(document_for(schema_json))


def intended_document(request: ChatRequest) -> Any:
    """Return the document that the model has in mind for a request, as a copy.

    Without a schema, it is the first JSON object that the request itself mentions.
    """
    if request.schema_json is not None:
        return orjson.loads(_document_text(request.schema_json))
    return request.example_object() or {"answer": "Hello!"}


def _unchanged_text(request: ChatRequest) -> str:
    if request.schema_json is not None:
        return _document_text(request.schema_json)
    return HELLO if request.schema is None else write_json(intended_document(request))


def _changed_message(request: ChatRequest, changes: AnswerChanges, index: int) -> Message:
    prefix = next((found for read in changes.prefill_readers if (found := read(request))), "")
    if request.schema is None and not prefix.lstrip().startswith(("{", "[")):
        message = _message(request, HELLO.removeprefix(prefix))
    else:
        message = _document_message(request, changes, prefix, index)
    for change in changes.message_changes:
        message = change(message, request)
    return message


def _document_message(
    request: ChatRequest, changes: AnswerChanges, prefix: str, index: int
) -> Message:
    """Return the message with a document, which continues `prefix`."""
    document = intended_document(request)
    for change_document in changes.document_changes:
        document = change_document(document, request, index)
    before, after = _surroundings(changes.surroundings if request.forced_tool is None else ())
    document_start = _FENCE.sub("", prefix.removeprefix(before), count=1)
    schema = ANY_OBJECT if request.schema is None else request.schema
    with refuse_bad_schema():
        written = answer_text(
            schema, document, document_start, changes.error_rates, _random_seed(request, index)
        )
    for change_spelling in changes.spelling_changes:
        text = _respelt_rest(change_spelling, document_start, written.text)
        written = replace(written, text=text, errors=())
    for run_away in () if written.is_continuation else changes.runaways:
        written = replace(written, text=run_away(written.text), finish_reason="length", errors=())
    has_ended = written.finish_reason == "stop"
    written = surrounded(written, "" if prefix else before, after if has_ended else "")
    message = _message(request, written.text)
    finish_reason = message.finish_reason if has_ended else written.finish_reason
    continued_prefix = prefix if written.is_continuation else ""
    return replace(
        message,
        finish_reason=finish_reason,
        errors=written.errors,
        continued_prefix=continued_prefix,
    )


def _random_seed(request: ChatRequest, index: int) -> RandomSeed:
    """Return the seed of a choice: the same request always gets the same answer."""
    seed = f"{request.first_user_text} {request.schema_json!r}"
    call = orjson.dumps([index, request.body.get("seed"), request.messages], option=_SORTED)
    return RandomSeed(seed, call.decode(), request.has_feedback)


def _surroundings(changes: tuple[TextChange, ...]) -> tuple[str, str]:
    """Return what the changes put before and after a document."""
    text = _PLACEHOLDER
    for surround in changes:
        text = surround(text)
    before, _, after = text.partition(_PLACEHOLDER)
    return before, after


def _respelt_rest(change_spelling: TextChange, prefix: str, rest: str) -> str:
    """Return the rest of a document in another spelling.

    A spelling is a matter of the whole document, so the whole is respelt and the prefix taken off.
    If it then begins with neither spelling of the prefix, the rest stays as it is.
    """
    respelt = change_spelling(prefix + rest)
    for start in (prefix, change_spelling(prefix)) if prefix else ("",):
        if respelt.startswith(start):
            return respelt[len(start) :]
    return rest


def _message(request: ChatRequest, text: str) -> Message:
    return Message(
        text, request.forced_tool, "stop" if request.forced_tool is None else "tool_calls"
    )


def _within_budget(message: Message, request: ChatRequest) -> Message:
    """Cut the message where the request's limit is reached; reasoning counts first."""
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
