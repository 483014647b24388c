"""From all of a model's text to a verdict: the valid document in it, or what is wrong.

The text has ended, so that everything in it that may be the document can be compared. Each
candidate (output/extract.py) is read like a text that streams: by a guard, with its repairs
(document_stream.py). Strict comes first: a text that is valid as it stands beats any that must be
mended, and the levels of repair follow in their order. Types and names are mended only where one
candidate stands out: an example amid prose must not become the answer by being mended.

The guard has no grammar here: its validator decides, and one is not compiled for a text that has
ended. What comes out as a document is valid, whatever the text was; nothing is raised.
"""

from collections.abc import Iterator
from dataclasses import field, replace
from itertools import takewhile
from typing import Any, Protocol

from strictgate.core.guard.document_reader import DocumentText, read_document
from strictgate.core.guard.guard import Guard
from strictgate.core.guard.partial_validation import MOST_AT_ONCE, Known
from strictgate.core.guard.repairs import object_end
from strictgate.core.jsontext import spans
from strictgate.core.jsontext.reader import NotJSON, parse_json
from strictgate.core.output.extract import DocumentCandidate, Extracted, extract
from strictgate.core.repair_steps import Extraction, Repair, Step
from strictgate.core.schema.problems import Problem
from strictgate.core.schema.root_wrapper import WRAPPER_PROPERTY, is_wrapped
from strictgate.core.schema.schema import Schema, any_json
from strictgate.core.value_type import value_type
from strictgate.core.work import Work

_NOTHING = "no JSON document in the answer"
UNFINISHED = "the document ends in the middle"
SEVERAL = "the answer holds several different documents"
_THINKING = "the answer ends in the middle of the thinking"
_DOCUMENT_STARTS = ("{", "[", '"')
_SEARCHES = 4  # times that a text is gone through, for what in it may be the document


@value_type
class ValidText:
    """A valid document."""

    text: str
    """In the model's own characters wherever nothing was mended."""
    value: Any
    steps: tuple[Step, ...] = ()
    source: str = field(default="", compare=False)
    """The model's own text of it, before it was mended; "": as it is."""


@value_type
class InvalidText:
    """There is no valid document in the text."""

    problems: tuple[Problem, ...]
    """What the schema says of the document; empty if there is no JSON."""
    reason: str
    """Why it is not JSON, in words for the model; empty if it is."""
    unfinished: bool
    """The text breaks off inside a document, or inside the model's thinking."""


NOT_STANDING = InvalidText((), "it is not valid as it stands", unfinished=False)
"""What is said of a text that has not been searched for a document."""


class TextJudge(Protocol):
    """Judges a text as `judge_text` does."""

    def __call__(
        self, text: str, schema: Schema, repair: Repair, /, *, wrapped: bool, work: Work
    ) -> ValidText | InvalidText:
        """Return the document in `text`, or why there is none."""


@value_type
class _Document:
    """A candidate that is JSON."""

    text: str
    value: Any
    steps: tuple[Step, ...] = ()
    is_bare: bool = False
    """Found amid prose, not in a fence."""
    source: str = ""
    """The model's own text of it, before it was mended; "": as it is."""


def judge_text(
    text: str, schema: Schema, repair: Repair, *, wrapped: bool, work: Work | None = None
) -> ValidText | InvalidText:
    """Return the document in `text` that is valid against `schema`, or why there is none.

    Args:
        wrapped: the model was asked for `{"value": <document>}`; the document alone will do too.
        work: what the judging is counted on; None: on a meter of its own.

    Raises:
        WorkSpent: the budget is used up.
    """
    work = work or Work()
    work.spend(len(text))
    try:
        value = parse_json(text)
    except NotJSON:
        return _Case(schema, repair, work, wrapped=wrapped).answer(text)
    if not wrapped and schema.is_valid(value):
        return ValidText(text.strip(), value)
    whole = _Document(text.strip(), value)
    return _Case(schema, repair, work, wrapped=wrapped).documents([whole])


def judge_standing_text(
    text: str, schema: Schema, _: Repair, *, wrapped: bool, work: Work
) -> ValidText | InvalidText:
    """Return what `judge_text` does where `text` is valid as it stands, and else NOT_STANDING at
    once: nothing is searched, mended or explained.

    Raises:
        WorkSpent: the budget is used up.
    """
    work.spend(len(text))
    try:
        value = parse_json(text)
    except NotJSON:
        return NOT_STANDING
    is_valid = not wrapped and schema.is_valid(value)
    return ValidText(text.strip(), value) if is_valid else NOT_STANDING


class _Case:
    """One text before the judge."""

    def __init__(self, schema: Schema, repair: Repair, work: Work, *, wrapped: bool) -> None:
        self._schema = schema
        self._repair = repair
        self._wrapped = wrapped
        self._work = work

    def answer(self, text: str) -> ValidText | InvalidText:
        """Judge a text that is not JSON as a whole."""
        self._work.spend(_SEARCHES * len(text))
        found = extract(text)
        if found.are_too_many:
            return InvalidText((), SEVERAL, unfinished=False)
        documents, others = _read(found.candidates)
        if verdict := self._valid(documents):
            return verdict
        if self._repair.includes(Repair.SYNTAX):
            documents += [
                each for candidate, _ in others if (each := _respelt(candidate, self._work))
            ]
        judged = self.documents(documents) if documents else None
        if judged and not (found.unfinished and isinstance(judged, InvalidText)):
            return judged
        return InvalidText((), _reason(found, others), found.unfinished)

    def documents(self, documents: list[_Document]) -> ValidText | InvalidText:
        """Judge what is JSON, best first."""
        if verdict := self._valid(documents):
            return verdict
        best = max(documents, key=lambda each: (not each.is_bare, len(each.text)))
        form = next(self._forms(best))
        if _has_rival(best, documents):
            problems = self._schema.problems(form.value, work=self._work)
        else:
            problems, all_problems = self._schema.explain(form.value, MOST_AT_ONCE, self._work)
            is_mendable = object_end.may_be_mended(all_problems)
            if is_mendable and (verdict := self._mended(form, all_problems)):
                return verdict
        return InvalidText(problems, "" if problems else SEVERAL, unfinished=False)

    def _valid(self, documents: list[_Document]) -> ValidText | InvalidText | None:
        """Return the first that is valid; of those amid prose all must say the same, but for
        empty ones, which say nothing, and no later one may have taken its place."""
        valid = (form for each in documents if (form := self._valid_form(each)))
        first = next(valid, None)
        if first is None or _is_replaced(first, documents):
            return None
        rivals = (each for each in valid if each.value not in (first.value, {}, []))
        if first.is_bare and any(rivals):
            return InvalidText((), SEVERAL, unfinished=False)
        return ValidText(first.text, first.value, first.steps, first.source)

    def _valid_form(self, document: _Document) -> _Document | None:
        forms = self._forms(document)
        return next((form for form in forms if self._schema.is_valid(form.value)), None)

    def _mended(self, form: _Document, problems: tuple[Problem, ...]) -> ValidText | None:
        """Return the document mended, if it can be; `problems`: all that is wrong with it."""
        guard = self._guard((form.text.encode("utf-8", "surrogatepass"), problems))
        for level in (Repair.LOSSLESS, Repair.LENIENT):
            if self._repair.includes(level):
                mended = read_document(form.text, guard, level)
                if isinstance(mended, DocumentText):
                    value = parse_json(mended.text)
                    source = form.source or form.text
                    return ValidText(mended.text, value, form.steps + mended.steps, source)
        return None

    def _guard(self, known: Known) -> Guard:
        """Return a guard that looks at the whole alone: most of a document is right, and all that
        is wrong with it is mended at its end (repairs/object_end.py)."""
        return Guard(self._schema, None, checking=False, work=self._work, known=known)

    def _forms(self, document: _Document) -> Iterator[_Document]:
        """Yield what the document may be: what its wrapper holds, and itself."""
        value = document.value
        if self._wrapped and is_wrapped(value):
            span = spans.locate_values(document.text, [(WRAPPER_PROPERTY,)])[WRAPPER_PROPERTY,].span
            inner = document.text[span.start : span.end]
            value = value[WRAPPER_PROPERTY]
            yield replace(document, text=inner, value=value)
        yield document


def _read(
    candidates: tuple[DocumentCandidate, ...],
) -> tuple[list[_Document], list[tuple[DocumentCandidate, NotJSON]]]:
    """Return the candidates that are JSON, and the others with the reason."""
    documents, others = [], []
    for candidate in candidates:
        try:
            value = parse_json(candidate.text)
        except NotJSON as error:
            others.append((candidate, error))
        else:
            documents.append(_document(candidate, candidate.text, value))
    return documents, others


def _respelt(candidate: DocumentCandidate, work: Work) -> _Document | None:
    """Return the candidate in the spelling of JSON, whatever the schema says of it."""
    guard = Guard(any_json(), None, checking=False, work=work)
    respelt = read_document(candidate.text, guard, Repair.SYNTAX)
    if not isinstance(respelt, DocumentText):
        return None
    document = _document(candidate, respelt.text, parse_json(respelt.text), respelt.steps)
    return replace(document, source=candidate.text)


def _document(
    candidate: DocumentCandidate, text: str, value: Any, steps: tuple[Step, ...] = ()
) -> _Document:
    taken_off = tuple(Step(name) for name in candidate.steps)
    is_bare = Extraction.PROSE in candidate.steps and Extraction.FENCE not in candidate.steps
    return _Document(text, value, taken_off + steps, is_bare)


def _is_replaced(valid: _Document, documents: list[_Document]) -> bool:
    """Whether another object amid the prose comes later that has some of the same properties: the
    valid one was a draft. Of those amid prose the last comes first."""
    if not valid.is_bare or not isinstance(valid.value, dict):
        return False
    later = takewhile(lambda each: each.value is not valid.value, documents)
    return any(
        each.is_bare
        and isinstance(each.value, dict)
        and not each.value.keys().isdisjoint(valid.value)
        for each in later
    )


def _has_rival(best: _Document, documents: list[_Document]) -> bool:
    """Whether another document of the same kind, found in the same way, says something else."""
    return any(
        each.is_bare == best.is_bare
        and type(each.value) is type(best.value)
        and each.value != best.value
        for each in documents
    )


def _reason(found: Extracted, others: list[tuple[DocumentCandidate, NotJSON]]) -> str:
    """Say why the answer is not JSON, for the model to do better."""
    if found.unfinished:
        return UNFINISHED if found.candidates else _THINKING
    for candidate, error in others:
        if candidate.text[:1] in _DOCUMENT_STARTS:
            before = candidate.text[: error.position]
            line, column = before.count("\n") + 1, error.position - before.rfind("\n")
            return f"{error.message.removesuffix(' at')} at line {line} column {column}"
    return _NOTHING
