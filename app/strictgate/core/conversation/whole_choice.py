"""Judge one choice of a reply as a whole, and render what is accepted.

A refusal, a content filter's stop and a call of the caller's own tools are passed on as they are:
they are outcomes of their own and never repaired into a document.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.choice_result import Accepted, Rejected, ToolCallErrors
from strictgate.core.conversation.criteria import Criteria
from strictgate.core.conversation.tool_calls import (
    CallFault,
    JudgedCalls,
    ToolCallError,
    judge_calls,
    render_calls,
)
from strictgate.core.guard.input_string import InputString
from strictgate.core.guard.judge_text import InvalidText, TextJudge, ValidText, judge_text
from strictgate.core.guard.logprob_steering import LogprobTokens
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.guard.token_scores import TokenScores
from strictgate.core.jsontext.pointer import pointer
from strictgate.core.jsontext.reader import NotJSON, parse_json, write_json
from strictgate.core.output.extract import is_document_alone
from strictgate.core.output.origins import ByteOrigin, DocumentOrigins, edited
from strictgate.core.output.provenance import ScoredToken
from strictgate.core.plan.plan import Plan
from strictgate.core.plan.prompted_tools import plain_words
from strictgate.core.repair_steps import DialectStep, Extraction, Step, distinct_steps
from strictgate.core.request.tools import Toolset
from strictgate.core.schema.null_members import without_null_members
from strictgate.core.schema.root_wrapper import WRAPPER_PROPERTY, is_wrapped
from strictgate.core.schema.schema import Schema
from strictgate.core.wire.calls import Call, failed_generation, read_calls
from strictgate.core.wire.choice_delta import CallPiece
from strictgate.core.wire.reply import Choice

FROM_VALUE = "content_object"
_MALFORMED = "malformed_function_call"  # Gemini's reason to finish
DIFFERS = "the new answer differs from what has been given out already"
CUT_OFF_BEHIND = "the answer is cut off behind a document that stands amid prose"
_OF_CALLS = frozenset({"tool_calls", "function_call"})
TEXT_ANSWER = "text_answer"
"""The step that takes plain words for an answer in words, where a document was asked for."""


def judge_choice(
    choice: Choice,
    plan: Plan,
    criteria: Criteria,
    *,
    is_misuse: bool = False,
    is_last: bool = False,
    judge: TextJudge = judge_text,
) -> Accepted | Rejected:
    """Judge `choice`, which answers `plan`, as a whole.

    Args:
        is_misuse: the upstream itself found fault with the call that `choice` is.
        is_last: there is no other try.
        judge: what judges its document, and the arguments of its calls.
    """
    tools, schema = criteria.tools, criteria.schema
    is_misuse |= (choice.finish_reason or "").lower() == _MALFORMED
    if choice.is_refusal and not (tools and choice.calls):
        return _passed_on(choice, criteria)
    if tools and (choice.calls or tools.must_call or is_misuse):
        return _judge_calls(choice, criteria, tools, judge, is_misuse=is_misuse, is_last=is_last)
    if schema is None:
        return _passed_on(choice, criteria)
    return _judge_document(choice, plan, criteria, schema, judge)


def judged_texts(choice: Choice, plan: Plan, criteria: Criteria) -> list[tuple[str, Schema]]:
    """Return the texts of `choice` that are judged, each with its schema."""
    tools, schema = criteria.tools, criteria.schema
    if choice.is_refusal and not (tools and choice.calls):
        return []
    if tools and choice.calls:
        schemas = ((call.arguments, tools.schemas.get(call.name)) for call in choice.calls)
        return [(text, each) for text, each in schemas if each is not None]
    if schema is not None:
        return [(answer_text(choice, plan.mode)[0], schema)]
    if tools and tools.must_call:  # the text may be a call of any of them
        largest = max(filter(None, tools.schemas.values()), key=_nodes, default=None)
        return [] if largest is None else [(choice.text, largest)]
    return []


def input_length(choice: Choice, criteria: Criteria) -> int:
    """Return how many characters of `choice` may be inputs that a grammar judges."""
    if not criteria.inputs:
        return 0
    if criteria.tools is None:
        return len(choice.text)
    return sum(len(call.arguments) for call in choice.calls)


def stands_valid(text: str, schema: Schema, *, wrapped: bool) -> bool:
    """Whether `text` is valid as it stands, but for a fence around it and its wrapper."""
    bare = text.strip()
    if bare.startswith("```") and bare.endswith("```"):
        bare = bare[3:-3].removeprefix("json")
    try:
        value = parse_json(bare)
    except NotJSON:
        return False
    if wrapped and is_wrapped(value):
        value = value[WRAPPER_PROPERTY]
    return schema.is_valid(value)


def _nodes(schema: Schema) -> int:
    return schema.inspected.nodes


def _judge_document(
    choice: Choice, plan: Plan, criteria: Criteria, schema: Schema, judge: TextJudge
) -> Accepted | Rejected:
    text, origin = answer_text(choice, plan.mode)
    verdict = judge(text, schema, criteria.repair, wrapped=plan.wrapped, work=criteria.work)
    truncated, is_cut = choice.finish_reason == "length", not choice.has_ended
    match verdict:
        case ValidText():
            if is_cut and (doubt := _doubt(text, verdict)):
                return Rejected(text, (), doubt, truncated)
            steps = (*origin, *verdict.steps)
            rendered = _rendered(choice, verdict.text, with_tokens=criteria.with_tokens)
            scores = _scores(choice, text, verdict) if criteria.with_scores else ()
            return Accepted(rendered, steps, False, _origins(verdict), scores)
        case InvalidText():
            words = plain_words(text) if criteria.words_member and not origin else None
            if words is not None and not is_cut:
                document = write_json({criteria.words_member: words})
                rendered = _rendered(choice, document, with_tokens=False)
                return Accepted(rendered, (Step(TEXT_ANSWER),), passed_on=False)
            if not text.strip():  # a call that nobody offered
                text = failed_generation(choice.calls, text)
            if criteria.any_object and verdict.problems:
                return Rejected(text, (), "the answer must be one JSON object", truncated)
            return Rejected(text, verdict.problems, verdict.reason, truncated)


def _origins(verdict: ValidText) -> DocumentOrigins:
    """Return the origins of a document that was found in a text."""
    document = verdict.text.encode()
    if verdict.source:
        return edited(verdict.source.encode(errors="replace"), document)
    return DocumentOrigins.of(ByteOrigin.MODEL, len(document))


def with_given_call(
    judged: Accepted, given: CallPiece, text: str, tools: Toolset
) -> Accepted | Rejected:
    """Return `judged` with its first call as the one that the caller has the beginning of.

    Args:
        given: that call.
        text: what the caller has of its input.
    """
    message = judged.choice["message"]
    calls = read_calls(message)
    if calls and calls[0].name == given.name:
        first = calls[0]
        now = first.arguments if first.is_custom else InputString().feed(first.arguments)
        if now.startswith(text):
            made = [{**message["tool_calls"][0], "id": given.id}, *message["tool_calls"][1:]]
            choice = {**judged.choice, "message": {**message, "tool_calls": made}}
            return replace(judged, choice=choice)
    differs = ToolCallError(CallFault.INVALID, DIFFERS, calls[0] if calls else None)
    misuse = ToolCallErrors(message, calls, (differs,), tools)
    return Rejected(str(message.get("content") or ""), (), DIFFERS, truncated=False, misuse=misuse)


def _scores(choice: Choice, text: str, verdict: ValidText) -> tuple[ScoredToken, ...]:
    """Return the tokens of a document that stands as it is in the only place of `text`."""
    entries = logprob_entries(choice) if not verdict.source else ()
    if not entries or text.count(verdict.text) != 1 or choice.message.get("content") != text:
        return ()
    scores, tokens, document = TokenScores(), LogprobTokens(), verdict.text.encode()
    tokens.feed(text.encode(errors="replace"), entries)
    at = len(text[: text.index(verdict.text)].encode(errors="replace"))
    scores.write(0, len(document), tokens, at)
    return scores.scored()


def _passed_on(choice: Choice, criteria: Criteria) -> Accepted:
    """Return what is nobody's document as it is.

    Calls are put into the one form that clients know, and the reason to finish agrees with them.
    """
    raw, message = dict(choice.raw), choice.message
    raw["finish_reason"] = choice.finish_reason or raw.get("finish_reason")
    if not criteria.with_tokens:
        raw["logprobs"] = None
    if choice.is_refusal:
        return Accepted(raw, (), passed_on=True)
    if message.get("tool_calls"):
        message = {key: value for key, value in message.items() if key != "tool_calls"}
        texts = [call.arguments for call in choice.calls]
        calls = render_calls(choice.calls, texts, criteria.ids)
        raw["message"] = message | ({"tool_calls": calls} if calls else {})
    if choice.calls and choice.finish_reason != "length":
        kind = "function_call" if message.get("function_call") else "tool_calls"
        raw["finish_reason"] = kind
    elif not choice.calls and choice.finish_reason in _OF_CALLS:
        raw["finish_reason"] = "stop"
    return Accepted(raw, (), passed_on=True)


def _judge_calls(
    choice: Choice,
    criteria: Criteria,
    tools: Toolset,
    judge: TextJudge,
    *,
    is_misuse: bool,
    is_last: bool,
) -> Accepted | Rejected:
    judged = judge_calls(
        choice,
        tools,
        criteria.repair,
        criteria.ids,
        criteria.inputs,
        is_misuse=is_misuse,
        is_last=is_last,
        work=criteria.work,
        judge_arguments=judge,
    )
    if judged.faults:
        problems = tuple(problem for fault in judged.faults for problem in fault.problems)
        misuse = ToolCallErrors(choice.message, judged.calls, judged.faults, tools)
        truncated = choice.finish_reason == "length"
        reason = judged.faults[0].message
        return Rejected(choice.text, problems, reason, truncated, misuse=misuse)
    raw = {**choice.raw, "message": judged.message}
    if not criteria.with_tokens or judged.steps:
        raw["logprobs"] = None
    if judged.calls:
        raw["finish_reason"] = _finish_reason(choice, judged.calls, tools)
    origins = _call_origins(judged, tools)
    return Accepted(raw, judged.steps, passed_on=False, call_origins=origins)


def _call_origins(judged: JudgedCalls, tools: Toolset) -> dict[int, DocumentOrigins]:
    """Return the origins of the arguments that were judged by a schema."""
    sent = enumerate(zip(judged.calls, read_calls(judged.message), strict=True))
    return {
        at: edited(_bytes(written.arguments), _bytes(call.arguments))
        for at, (written, call) in sent
        if tools.schemas.get(call.name) is not None
    }


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")


def _finish_reason(choice: Choice, calls: Sequence[Call], tools: Toolset) -> str:
    """Return the reason to finish of a choice with `calls`.

    It is `stop` for a named function, as OpenAI has it, where the upstream says so; and `length`
    stays where arguments that nobody has judged may have been cut.
    """
    is_cut = choice.finish_reason == "length" and any(
        tools.schemas.get(call.name) is None for call in calls
    )
    if is_cut or (choice.finish_reason == "stop" and tools.is_named):
        return str(choice.finish_reason)
    return "function_call" if tools.is_deprecated else "tool_calls"


def with_absent_members(choice: Choice, plan: Plan, schema: Schema) -> tuple[Choice, list[Step]]:
    """Return `choice` with its document as the caller's schema has it, where the plan has null for
    what is absent; and the steps."""
    text, _ = answer_text(choice, plan.mode)
    document, paths = without_null_members(text, schema, wrapped=plan.wrapped)
    steps = [Step(DialectStep.ABSENT, pointer(path)) for path in paths]
    if not steps:
        return choice, steps
    if choice.calls and text == choice.arguments:
        first, *others = choice.calls
        return replace(choice, calls=(replace(first, arguments=document), *others)), steps
    return replace(choice, text=document), steps


def _doubt(text: str, verdict: ValidText) -> str:
    """Return why the document in a text that is cut off may not be the answer; "": it is."""
    is_number = isinstance(verdict.value, int | float) and not isinstance(verdict.value, bool)
    if is_number and text.endswith(verdict.text):  # half of a number is one, too
        return "the number may have had more digits"
    # What is cut off may correct it.
    return CUT_OFF_BEHIND if Step(Extraction.PROSE) in verdict.steps else ""


def answer_text(choice: Choice, mode: Mode) -> tuple[str, tuple[Step, ...]]:
    """Return where the document is: in the forced call, the content, else the reasoning field.

    Some servers put the whole answer there (LM Studio, DeepSeek on Azure). It is the answer only if
    it is nothing but a document: amid thoughts stand drafts.
    """
    if mode is Mode.TOOL and choice.arguments.strip():
        return choice.arguments, ()
    if choice.is_value:
        return choice.text, (Step(FROM_VALUE),)
    is_answer = choice.text.strip() or not choice.has_ended
    if is_answer or not is_document_alone(choice.reasoning):
        return choice.text, ()
    return choice.reasoning, (Step("from_reasoning"),)


def logprob_entries(choice: Choice) -> tuple[object, ...]:
    """Return the log-probability entries of the choice's content."""
    logprobs = choice.raw.get("logprobs")
    entries = logprobs.get("content") if isinstance(logprobs, dict) else None
    return tuple(entries) if isinstance(entries, list) else ()


# --- a choice as the caller gets it --------------------------------------------------------------


def accept_document(
    choice: Choice,
    document: PartialDocument,
    criteria: Criteria,
    steps: Sequence[Step] = (),
    *,
    with_tokens: bool = False,
) -> Accepted:
    """Return `choice` with a whole document for its text; `steps`: what was done before."""
    rendered = _rendered(choice, document.text, with_tokens=with_tokens)
    return Accepted(
        rendered,
        distinct_steps((*steps, *document.steps)),
        passed_on=False,
        origins=document.text_origins(),
        scores=document.scores.scored() if criteria.with_scores else (),
    )


def _rendered(choice: Choice, document: str, *, with_tokens: bool) -> dict[str, Any]:
    """Return the choice with the document as its content; log-probabilities only of unchanged
    text."""
    message = {**choice.message, "role": "assistant", "content": document}
    message.pop("tool_calls", None)
    message.pop("function_call", None)
    message.pop("parsed", None)  # an upstream's own reading of the text, which nobody has judged
    rendered = {**choice.raw, "message": message}
    is_changed = choice.message.get("content") != document
    if rendered.get("logprobs") is not None and (is_changed or not with_tokens):
        rendered["logprobs"] = None
    if choice.raw.get("finish_reason") != "stop":  # whole and valid, whatever else was to come
        rendered["finish_reason"] = "stop"
    return rendered
