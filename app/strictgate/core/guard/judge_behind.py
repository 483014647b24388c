"""What the text behind a whole document makes of it: nothing, or a draft.

A stream takes the first document that its guard has closed, at a place where nothing before it can
be meant instead (document_start.py). What comes behind may take its place all the same, as it may
in a text that is judged whole (judge_text.py): another valid document that says something else, or
an object, valid or not, with some of the same properties. Then no document is the answer. A scalar
counts only as a whole line, and behind another scalar.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from strictgate.core.guard.document_reader import DocumentText, read_document
from strictgate.core.guard.guard import Guard
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.jsontext.reader import NotJSON, parse_json
from strictgate.core.output import brackets
from strictgate.core.output.brackets import Unclosed
from strictgate.core.repair_steps import Repair, Step, SyntaxRepair
from strictgate.core.schema.root_wrapper import WRAPPER_PROPERTY, is_wrapped
from strictgate.core.schema.schema import Schema, any_json

_EDGES = r"[\s\ufeff\u200b-\u200d\u2060]*+"
_NOTHING = re.compile(rf"{_EDGES}(?:(?:`{{3,}}|~{{3,}}){_EDGES})?")
_CLOSER = re.compile(r"\s*+\}")
_BRACKET = re.compile(r"[{\[]")


class Behind(StrEnum):
    """What stands behind a document."""

    NOTHING = "nothing"
    """Blanks, the end of a fence, or of what the document is wrapped in."""
    TALK = "talk"
    """Text that leaves the document what it is."""
    DOCUMENT = "document"
    """Another document in its place."""
    BEGINNING = "beginning"
    """The beginning of another one, which is cut off."""


def judge_behind(
    document: PartialDocument, schema: Schema, behind: bytes, *, wrapped: bool
) -> Behind:
    """Return what `behind`, the text behind `document`, is.

    Args:
        document: a whole one.
        schema: of the document.
        wrapped: the model was asked for `{"value": <document>}`.
    """
    text = _without_closers(document, behind.decode(errors="ignore"))
    if _NOTHING.fullmatch(text):
        return Behind.NOTHING
    value = parse_json(document.text)
    if not isinstance(value, dict | list) and any(
        _replaces(scalar, value, schema) for scalar in _scalars(text)
    ):
        return Behind.DOCUMENT
    for found in _documents(text):
        if isinstance(found, Unclosed):
            return Behind.BEGINNING
        other = _parsed(found)
        if other is None:
            is_rival = _names_one_of(value, found)
        else:
            is_rival = any(_replaces(form, value, schema) for form in _forms(other, wrapped))
        if is_rival:
            return Behind.DOCUMENT
    return Behind.TALK


def _without_closers(document: PartialDocument, text: str) -> str:
    """Take off the brackets that close what stands around the document."""
    doubled = Step(SyntaxRepair.DOUBLED_BRACE) in document.steps
    for _ in range(bool(document.wrapper) + doubled):
        closer = _CLOSER.match(text)
        text = text[closer.end() :] if closer else text
    return text


def _scalars(text: str) -> Iterator[Any]:
    """Yield the scalars that are all of a line: documents, where the first one is a scalar."""
    for line in text.splitlines():
        try:
            yield parse_json(line)
        except NotJSON:
            continue


def _documents(text: str) -> Iterator[str | Unclosed]:
    """Yield what stands between brackets that open JSON; last what breaks off, if one does.

    Where brackets do not pair, all of the rest is one.
    """
    position = 0
    while bracket := _BRACKET.search(text, position):
        position = bracket.end()
        if not brackets.starts_document(text, bracket.start()):
            continue
        end = brackets.closing(text, bracket.start(), len(text))
        if end is Unclosed.UNFINISHED:
            yield end
            return
        position = len(text) if isinstance(end, Unclosed) else end
        yield text[bracket.start() : position]


def _parsed(text: str) -> Any:
    """Return what `text` says, in the spelling of JSON or nearly; None if it says nothing."""
    try:
        return parse_json(text)
    except NotJSON:
        respelt = read_document(text, Guard(any_json(), None, checking=False), Repair.SYNTAX)
        return parse_json(respelt.text) if isinstance(respelt, DocumentText) else None


def _names_one_of(value: Any, text: str) -> bool:
    """Whether `text`, which is no JSON, names a property of `value`."""
    names = value if isinstance(value, dict) else ()
    return any(re.search(rf"(?<!\w){re.escape(name)}[\"'“”]?\s*+:", text) for name in names)


def _forms(value: Any, wrapped: bool) -> Iterator[Any]:  # noqa: FBT001 (as judge_text has it)
    """Yield what a document may be: what its wrapper holds, and itself."""
    if wrapped and is_wrapped(value):
        yield value[WRAPPER_PROPERTY]
    yield value


def _replaces(other: Any, value: Any, schema: Schema) -> bool:
    """Whether `other` takes the place of `value`; an empty one says nothing."""
    if other in (value, {}, []):
        return False
    if isinstance(other, dict) and isinstance(value, dict) and not other.keys().isdisjoint(value):
        return True
    return schema.is_valid(other)
