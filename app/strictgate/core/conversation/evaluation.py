"""Evaluate one choice of a reply: accept it, or reject it and keep as much of it as is good.

A text that is a whole answer is judged whole (whole_choice.py), as if it had not been streamed: the
judge mends what the guard cannot, as it has all of it. What is rejected leaves its good part
behind: the document, to which what the schema leaves no choice about is added, or the model's own
next choice.

Nothing here changes a choice's state: what is to be kept is in the `Evaluated`.
"""

from collections.abc import Generator
from dataclasses import replace

from strictgate.core.conversation.calls_stream import CallsStream
from strictgate.core.conversation.choice_result import Accepted, Evaluated, Rejected
from strictgate.core.conversation.choice_state import ChoiceState
from strictgate.core.conversation.choice_streams import DocumentChoiceStream
from strictgate.core.conversation.criteria import Criteria
from strictgate.core.conversation.document_checks import checked_content
from strictgate.core.conversation.judging_cost import (
    LIGHT,
    grounding_cost,
    input_cost,
    judging_cost,
    validation_cost,
)
from strictgate.core.conversation.protocol import DriverAnswer, HeavyStep, Turn
from strictgate.core.conversation.whole_choice import (
    CUT_OFF_BEHIND,
    DIFFERS,
    accept_document,
    answer_text,
    input_length,
    judge_choice,
    judged_texts,
    logprob_entries,
    stands_valid,
    with_given_call,
)
from strictgate.core.errors import GatewayError, UpstreamError
from strictgate.core.guard import schema_echo, undeclared_name
from strictgate.core.guard.continuation_alignment import Aligner, ContinuationKind
from strictgate.core.guard.document_reader import DocumentState
from strictgate.core.guard.document_stream import DocumentStream
from strictgate.core.guard.judge_behind import Behind
from strictgate.core.guard.judge_text import SEVERAL, UNFINISHED
from strictgate.core.guard.next_choice import (
    leave_repeated,
    replace_refused,
    replace_undeclared,
)
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.guard.violation_details import expected_name, explain
from strictgate.core.jsontext.lexer import LexicalToken
from strictgate.core.jsontext.pointer import pointer
from strictgate.core.jsontext.reader import write_json
from strictgate.core.plan.plan import Plan, Purpose
from strictgate.core.repair_steps import Extraction, Step
from strictgate.core.schema.problems import Problem
from strictgate.core.value_type import value_type
from strictgate.core.wire.collector import Delta
from strictgate.core.wire.reply import Choice

_MAX_WORD = 40
_AMID_PROSE = Step(Extraction.PROSE)


@value_type
class Evaluation:
    """The evaluation of one choice; `run` it once."""

    plan: Plan
    """What the choice answers."""
    state: ChoiceState
    """Of the choice, before this reply; it is only read."""
    choice: Choice
    criteria: Criteria
    aligner: Aligner | None = None
    tokens: int = 0
    """How many the choice took."""
    is_misuse: bool = False
    """The upstream itself found fault with the call that the text is."""
    is_last: bool = False
    """There is no other try."""
    broken: GatewayError | None = None
    """What broke the reply off."""

    def run(self, stream: DocumentChoiceStream | None) -> Generator[Turn, DriverAnswer, Evaluated]:
        """Return the choice as the caller can have it, or what is wrong with it.

        Args:
            stream: what has read the document, if it was streamed.

        Raises:
            WorkSpent: the budget is used up.
        """
        evaluated = yield from self._run(stream)
        checked = checked_content(evaluated.result, self.criteria)
        if checked is evaluated.result:
            return evaluated
        kept = evaluated.document if isinstance(checked, Accepted) else None
        return replace(evaluated, result=checked, document=kept)

    def _run(self, stream: DocumentChoiceStream | None) -> Generator[Turn, DriverAnswer, Evaluated]:
        schema, stream = self.criteria.schema, self._heard(stream)
        self.criteria.work.spend(0)  # what was stopped for its cost stands nowhere in particular
        source = self.criteria.source
        if stream is None or not stream.is_closed or source is not None:
            yield from self._announce(is_streamed=stream is not None)
        if stream is not None:
            stream.flush()
        if self.choice.error is not None:
            return self._failed(self.choice.error, stream)
        tools = self.criteria.tools
        if self.choice.is_refusal or schema is None or (tools is not None and tools.must_call):
            return self._evaluated(self._judged(), stream)
        if stream is not None and self._is_whole(stream):
            return self._settled(stream)
        is_try = self.plan.purpose is Purpose.TRY
        judged = self._judged() if is_try or _is_fresh(stream) else None
        if stream is None and (not _is_final(judged) or _is_amid_prose(judged)):
            yield from self.criteria.grammars.load(schema, self.criteria.work)
            stream = self._guard_whole()
            if self._is_whole(stream):
                return self._settled(stream)
            if judged is None and _is_fresh(stream):
                judged = self._judged()
        if stream is None or _is_final(judged):
            assert judged is not None, "what is final"
            return self._evaluated(judged, stream)
        assert judged is None or isinstance(judged, Rejected), "what is not final"
        return self._salvaged(stream, judged)

    def _heard(self, stream: DocumentChoiceStream | None) -> DocumentChoiceStream | None:
        """Return what has read the document; None where that was to be in a call, and no call came:
        the text is judged as one that came whole."""
        is_deaf = stream is not None and stream.by_call and not self.choice.arguments.strip()
        return None if is_deaf else stream

    def _announce(self, *, is_streamed: bool) -> Generator[Turn, DriverAnswer, None]:
        """Say beforehand what takes long; it does not where all is valid as it stands."""
        texts = judged_texts(self.choice, self.plan, self.criteria)
        length = input_length(self.choice, self.criteria)
        inputs = input_cost(length, is_linear=self.criteria.inputs_are_linear)
        if self.criteria.source is not None:
            said = sum(len(text) for text, _ in texts) + len(self.criteria.source.text)
            inputs += grounding_cost(said)
        cost = inputs + sum(judging_cost(len(text), schema) for text, schema in texts)
        if cost <= LIGHT:
            return
        at_least = sum(validation_cost(len(text), schema) for text, schema in texts)
        is_light = at_least + inputs < LIGHT and not is_streamed
        wrapped = self.plan.wrapped
        if not (is_light and all(stands_valid(*each, wrapped=wrapped) for each in texts)):
            yield HeavyStep(cost)

    def _evaluated(
        self, result: Accepted | Rejected, stream: DocumentChoiceStream | None
    ) -> Evaluated:
        """Return `result`, with the document that was there before."""
        if isinstance(result, Rejected) and self.broken is not None:
            result = replace(result, broken=self.broken)
        kind = stream.reading.kind if stream else ContinuationKind.UNKNOWN
        return Evaluated(result, self.choice, self.state.document, kind, tokens=self.tokens)

    def _failed(self, error: UpstreamError, stream: DocumentChoiceStream | None) -> Evaluated:
        """Return what came before the host failed: no answer, but what is good of it stays."""
        rejected = Rejected(self.choice.text, (), error.message, truncated=False, broken=error)
        document = self.state.document if stream is None else self._kept(stream)[0]
        return replace(self._evaluated(rejected, stream), document=document)

    # --- as a whole ------------------------------------------------------------------------------

    def _judged(self) -> Accepted | Rejected:
        """Judge the choice, also by what the caller has already."""
        judged = judge_choice(
            self.choice,
            self.plan,
            self.criteria,
            is_misuse=self.is_misuse,
            is_last=self.is_last,
        )
        given = self.state.given
        if isinstance(judged, Rejected):
            return judged
        if self.state.given_call is not None:
            assert self.criteria.tools is not None, "it has a call of one"
            has = self.state.given_call, self.state.given_input
            judged = with_given_call(judged, *has, self.criteria.tools)
        if isinstance(judged, Rejected) or not given:
            return judged
        if self.criteria.schema is None:  # text that is out stays what it is
            return _with_content(judged, given)
        content = str(judged.choice["message"].get("content") or "")
        if content.startswith(given):
            return judged
        if judged.passed_on:  # a filter's stop: what is out stays what it is
            return _with_content(judged, given)
        return Rejected(content, (), DIFFERS, truncated=False)

    def _guard_whole(self) -> DocumentChoiceStream:
        """Put a choice that came whole under guard."""
        stream = open_document_stream(
            self.plan,
            self.state,
            self.criteria,
            self.aligner,
            by_call=False,
            forwards=False,
        )
        text, origin = answer_text(self.choice, self.plan.mode)
        stream.feed(Delta(0, text, logprobs=logprob_entries(self.choice)))
        stream.flush()
        stream.reading.steps[:0] = origin
        return stream

    def _is_whole(self, stream: DocumentChoiceStream) -> bool:
        is_closed = stream.has_document and not stream.reading.is_closed_early
        return is_closed and self._may_finish(stream.reading.draft)

    def _may_finish(self, document: PartialDocument) -> bool:
        """Whether the document can be what the caller gets, who may have the beginning of one; half
        a number is a number, too."""
        is_number = document.guard.scanner.token is LexicalToken.NUMBER
        if is_number and self.choice.finish_reason != "stop":
            return False
        return document.text.startswith(self.state.given)

    def _settled(self, stream: DocumentChoiceStream) -> Evaluated:
        """Return the whole document, unless what stands behind it makes a draft of it, or may do
        so where it is cut off."""
        reading, prose = stream.reading, _AMID_PROSE
        is_cut_off = not self.choice.has_ended and not reading.behind.is_cut
        match reading.meaning_behind():
            case Behind.NOTHING:
                return self._finished(stream)
            case Behind.TALK if not (is_cut_off and prose in reading.steps):
                reading.steps += () if prose in reading.steps else (prose,)
                return self._finished(stream)
            case Behind.DOCUMENT:
                reason, is_truncated = SEVERAL, False
            case Behind.TALK | Behind.BEGINNING:
                reason = CUT_OFF_BEHIND if is_cut_off else SEVERAL
                is_truncated = is_cut_off and self.choice.finish_reason == "length"
        text, _ = answer_text(self.choice, self.plan.mode)
        rejected = Rejected(text, (), reason, is_truncated, is_disputed=True)
        document, _ = self._kept(stream)
        return replace(self._evaluated(rejected, stream), document=document)

    def _finished(self, stream: DocumentChoiceStream) -> Evaluated:
        document = stream.reading.draft
        with_tokens = self.criteria.with_tokens and not stream.lost_logprobs
        accepted = accept_document(
            self.choice, document, self.criteria, stream.reading.steps, with_tokens=with_tokens
        )
        return replace(self._evaluated(accepted, stream), document=document)

    # --- in part ---------------------------------------------------------------------------------

    def _salvaged(self, stream: DocumentChoiceStream, judged: Rejected | None) -> Evaluated:
        """Keep what is good, and go on with it as far as that needs no asking."""
        reading = stream.reading
        if judged is not None:
            text = judged.text
        else:
            text = (reading.draft.prefix + reading.ahead).decode(errors="ignore")
        problems, reason, is_refused = self._complaint(reading, judged)
        document, is_new = self._kept(stream)
        keep_whole_prefix = False
        if document is not None and is_new and replace_undeclared(reading):
            keep_whole_prefix, reason, problems = True, undeclared_name.REASON, ()
        elif document is not None and is_new and reading.is_schema:
            document.cut(len(document.guard.text.partition(b"{")[0]) + 1)
            reason, problems = schema_echo.REASON, ()
        elif document is not None and is_new and leave_repeated(reading):
            keep_whole_prefix = True
        elif document is not None and is_new:
            before = len(document)
            document.complete(reading.ahead)
            keep_whole_prefix = len(document) > before
            if len(document) == before and reading.state is DocumentState.VIOLATED:
                keep_whole_prefix = replace_refused(reading)
        if document is not None and is_new and document.is_whole and self._may_finish(document):
            return self._finished(stream)
        is_cut = self.choice.finish_reason == "length"
        rejected = Rejected(text, problems, reason, is_cut, is_refused=is_refused)
        return replace(
            self._evaluated(rejected, stream),
            document=document,
            keep_whole_prefix=keep_whole_prefix,
        )

    def _complaint(
        self, reading: DocumentStream, judged: Rejected | None
    ) -> tuple[tuple[Problem, ...], str, bool]:
        """Return what is wrong: what the schema says, else a reason; and whether it refused it."""
        if judged and (judged.problems or self.choice.finish_reason):
            return judged.problems, judged.reason, False  # it has seen all there is
        if reading.state is DocumentState.VIOLATED and reading.ahead:
            schema = self.criteria.schema
            assert schema is not None, "there is a document"
            problems = explain(reading.draft, reading.ahead, schema)
            return problems, "" if problems else _not_allowed(reading), True
        return (), judged.reason if judged else UNFINISHED, False

    def _kept(self, stream: DocumentChoiceStream) -> tuple[PartialDocument | None, bool]:
        """Return the document to go on from, and whether this reply has written to it."""
        reading, document, given = stream.reading, stream.reading.draft, self.state.given
        is_sure = reading.has_begun and not reading.is_closed_early
        if document is stream.document and stream.replaces is None:
            if is_sure:
                return document, True
            return (document if given else None), False
        before = stream.document if stream.replaces is None else stream.replaces
        is_further = self.plan.purpose is Purpose.TRY or len(document) > len(before)
        begins_alike = document.guard.text.startswith(given.encode())
        if not (is_sure and begins_alike and is_further):
            return before, False
        document.released = max(document.released, len(given.encode()))
        return document, True


def open_document_stream(
    plan: Plan,
    state: ChoiceState,
    criteria: Criteria,
    aligner: Aligner | None,
    *,
    by_call: bool,
    forwards: bool,
) -> DocumentChoiceStream:
    """Return what reads a choice that answers `plan`.

    A new try begins a new document; nothing of it goes to the caller early if the caller has the
    beginning of another one, from which it may differ.

    Args:
        aligner: tells what the model makes of the prefix that it was sent; None: there is none.
        by_call: the document is in the arguments of a forced call.
        forwards: the caller gets what is good as it comes.
    """
    schema = criteria.schema
    assert schema is not None, "there is a document"
    is_try = plan.purpose is Purpose.TRY
    document = state.document
    replaces = document if is_try and state.given else None
    if document is None or is_try:
        document = criteria.new_document(schema)
    bare = not plan.wrapped and not schema.is_object_root
    return DocumentChoiceStream(
        state.index,
        DocumentStream(document, criteria.repair, wrapped=plan.wrapped, bare=bare, aligner=aligner),
        document,
        replaces,
        by_call=by_call,
        forwards=forwards and replaces is None,
        forwards_logprobs=criteria.with_tokens and is_try,
        calls=CallsStream(criteria),
    )


def _is_final(judged: Accepted | Rejected | None) -> bool:
    """Whether nothing that the guard could show matters: of calls there is no good part."""
    return isinstance(judged, Accepted) or (judged is not None and judged.misuse is not None)


def _is_amid_prose(judged: Accepted | Rejected | None) -> bool:
    """Whether other text stands around the document: then a stream might have stopped before."""
    return isinstance(judged, Accepted) and _AMID_PROSE in judged.steps


def _is_fresh(stream: DocumentChoiceStream | None) -> bool:
    """Whether the model took no notice of the prefix that it was sent."""
    return stream is not None and stream.reading.kind is ContinuationKind.FRESH


def _with_content(accepted: Accepted, content: str) -> Accepted:
    message = {**accepted.choice["message"], "content": content}
    return replace(accepted, choice={**accepted.choice, "message": message})


def _not_allowed(reading: DocumentStream) -> str:
    """Say what was refused, and where."""
    where = pointer(reading.draft.guard.scanner.path) or "the root"
    refused = reading.ahead[:_MAX_WORD].decode(errors="ignore")
    expected = expected_name(reading.draft)
    wanted = f"; what may stand there: {expected}" if expected else ""
    return f"{where}: {write_json(refused)} is not allowed there{wanted}"
