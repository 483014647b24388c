"""One answer to one question: whether it is right, and if not, what it shows instead."""

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from strictgate.core.capabilities import Mode
from strictgate.core.jsontext.reader import NotJSON, parse_json
from strictgate.core.output.extract import extract
from strictgate.core.probe.questions import FUNCTION, PREFIX, Check, Question
from strictgate.core.schema.schema import Schema
from strictgate.core.value_type import value_type
from strictgate.core.wire.error_body import error_of
from strictgate.core.wire.refusal import Refused, classify_refusal
from strictgate.core.wire.reply import Choice, Failure, Reply

MAX_WORDS = 200  # characters of an answer or an error that are shown
_NO_SUCH_ACCESS = frozenset({401, 403, 404, 408, 429})
_OUTPUT = frozenset({Refused.INVALID_OUTPUT, Refused.TRUNCATED_OUTPUT})
_FREE = frozenset({Mode.JSON_OBJECT, Mode.PROMPT})
"""The modes in which a host that writes more than the document still does what they are for."""
_ENDS_THE_CITY = re.compile(r'[^"\\\n]{0,40}"\s*[,}]')
"""How a text goes on from PREFIX: it ends the string, and what follows one in an object comes."""


class Verdict(StrEnum):
    """What came of one request."""

    RIGHT = "right"
    WRONG = "wrong"
    """A 200 that is not what was asked for: the host says that it can, and does not."""
    REFUSED = "refused"
    """The host says that it cannot."""
    CUT = "cut"
    """The tokens were spent before the answer was whole; it shows nothing."""
    FAILED = "failed"
    """No answer to the question: no connection, no key, too many requests, a broken server."""


@value_type
class Finding:
    """One answer, judged."""

    question: str
    verdict: Verdict
    words: str = ""
    """What is wrong with it, or what the host said; "" where it is right."""
    tokens_in: int = 0
    tokens_out: int = 0


def judge(question: Question, answer: Reply | Failure) -> Finding:
    """Return what an answer shows."""
    if isinstance(answer, Failure):
        return _judge_failure(question, answer)
    tokens_in, tokens_out = _tokens(answer)
    among = _PROBLEMS_IN_TEXT if question.via in _FREE else _PROBLEMS
    problem = among[question.check](answer.choices, question.schema)
    if not problem:
        verdict = Verdict.RIGHT
    elif any(each.finish_reason == "length" for each in answer.choices):
        verdict, problem = Verdict.CUT, "the tokens were spent before the answer was whole"
    else:
        verdict = Verdict.WRONG
    return Finding(question.name, verdict, problem[:MAX_WORDS], tokens_in, tokens_out)


def _judge_failure(question: Question, answer: Failure) -> Finding:
    """Tell a host that cannot from a model that was found wrong, and from a server in trouble."""
    status, said = answer.status, error_of(answer.status, answer.body)
    words = f"{status}: {said.get('message', '')}"[:MAX_WORDS]
    kind = classify_refusal(status, answer.body, question.via).kind
    if kind in _OUTPUT:
        verdict = Verdict.CUT if kind is Refused.TRUNCATED_OUTPUT else Verdict.WRONG
    elif kind is not Refused.NOT_A_REFUSAL:
        verdict = Verdict.REFUSED
    elif status in _NO_SUCH_ACCESS or (status >= 500 and status != 501):
        verdict = Verdict.FAILED
    else:
        verdict = Verdict.REFUSED
    return Finding(question.name, verdict, words)


def _tokens(answer: Reply) -> tuple[int, int]:
    usage = answer.usage or {}
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    first, second = (each if isinstance(each, int) else 0 for each in counts)
    return first, second


def _text_problem(choice: Choice) -> str:
    return "" if choice.text.strip() or choice.reasoning else "an empty answer"


def _choices_problem(choices: Sequence[Choice], schema: Schema | None) -> str:
    if len(choices) != 2:
        return f"{len(choices)} choice in place of 2"
    return next(filter(None, (_document_problem(each.text, schema) for each in choices)), "")


def _document_problem(text: str, schema: Schema | None) -> str:
    """Return what is wrong with a document; without a schema it must be an object."""
    try:
        value = parse_json(text)
    except NotJSON as error:
        said = f"not JSON ({error.message}): {text.strip()}"
        return said if text.strip() else "an empty answer"
    if schema is None:
        return "" if isinstance(value, dict) else f"not an object: {text.strip()}"
    return "" if schema.is_valid(value) else f"not valid: {text.strip()}"


def _problem_in_text(text: str, schema: Schema | None) -> str:
    """Return what is wrong with the document that stands under thinking, in a fence or amid prose,
    as it is taken out of there when it is enforced."""
    problem = _document_problem(text, schema)
    found = extract(text).candidates if problem else ()
    return problem if all(_document_problem(each.text, schema) for each in found) else ""


def _calls_problem(choice: Choice, schema: Schema | None, count: int) -> str:
    if len(choice.calls) < count:
        return f"{len(choice.calls)} of {count} calls; the text: {choice.text.strip()}"
    for call in choice.calls:
        if call.name != FUNCTION:
            return f"a call of {call.name!r}, which does not exist"
        if problem := _document_problem(call.arguments, schema):
            return f"arguments {problem}"
    return ""


def _continuation_problem(text: str) -> str:
    """Return why a text does not go on from PREFIX.

    Whether the document is right is not looked at: how a host goes on shows with a weak model too.
    """
    rest = text.removeprefix(PREFIX)
    if rest.lstrip().startswith(("{", "```")):
        return f"begins anew: {text.strip()}"
    is_given_back = rest != text and rest.strip()
    return "" if is_given_back or _ENDS_THE_CITY.match(rest) else f"does not go on: {text.strip()}"


def most_alternatives(choice: Choice) -> int:
    """Return the largest number of alternatives that a token of the choice came with."""
    logprobs = choice.raw.get("logprobs")
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    rows = tokens if isinstance(tokens, list) else []
    given = [row.get("top_logprobs") for row in rows if isinstance(row, dict)]
    return max((len(each) for each in given if isinstance(each, list)), default=0)


def _logprobs_problem(choice: Choice) -> str:
    return "" if most_alternatives(choice) > 1 else "no log-probabilities in the answer"


_PROBLEMS: Mapping[Check, Callable[[Sequence[Choice], Schema | None], str]] = {
    Check.TEXT: lambda choices, _: _text_problem(choices[0]),
    Check.DOCUMENT: lambda choices, schema: _document_problem(choices[0].text, schema),
    Check.TWO_CHOICES: _choices_problem,
    Check.OBJECT: lambda choices, _: _document_problem(choices[0].text, None),
    Check.CALL: lambda choices, schema: _calls_problem(choices[0], schema, 1),
    Check.TWO_CALLS: lambda choices, schema: _calls_problem(choices[0], schema, 2),
    Check.LOGPROBS: lambda choices, _: _logprobs_problem(choices[0]),
    Check.CONTINUES: lambda choices, _: _continuation_problem(choices[0].text),
}
"""What says what is wrong with an answer, "" where nothing is."""
_PROBLEMS_IN_TEXT = {
    **_PROBLEMS,
    Check.DOCUMENT: lambda choices, schema: _problem_in_text(choices[0].text, schema),
    Check.OBJECT: lambda choices, _: _problem_in_text(choices[0].text, None),
}
"""The same where the host does not promise to write the document alone."""
