"""One answer to one question: right, wrong, refused, cut off, or none."""

import pytest

from strictgate.core.probe.judging import MAX_WORDS, Verdict, judge
from strictgate.core.probe.questions import PREFIX, QUESTIONS
from strictgate.core.wire.reply import Failure, parse_reply

BY_NAME = {each.name: each for each in QUESTIONS}
PARIS = '{"city": "Paris", "country": "France"}'
FENCED = f"```json\n{PARIS}\n```"
USAGE = {"prompt_tokens": 7, "completion_tokens": 3}


def choice(text="", *, calls=(), **further):
    made = [{"id": "c", "type": "function", "function": each} for each in calls]
    message = {"role": "assistant", "content": text} | ({"tool_calls": made} if made else {})
    return {"index": 0, "message": message, "finish_reason": "stop"} | further


def judged(name, *choices):
    numbered = [each | {"index": index} for index, each in enumerate(choices)]
    return judge(BY_NAME[name], parse_reply({"choices": numbered, "usage": USAGE}))


def call(arguments=PARIS, name="answer"):
    return {"name": name, "arguments": arguments}


LOGPROBS = {"content": [{"token": "a", "top_logprobs": [{"token": "a"}, {"token": "b"}]}]}


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("plain", [choice("Hello")]),
        ("native", [choice(PARIS)]),
        ("native-against-the-prompt", [choice('{"word": "alpha"}')]),
        ("native-choices", [choice('{"word": "alpha"}'), choice('{"word": "beta"}')]),
        ("json-object-array", [choice('{"colours": ["red"]}')]),
        ("json-object", [choice(FENCED)]),
        ("prompt", [choice(FENCED)]),
        ("prompt", [choice(f"<think>Paris, surely</think>Here it is: {PARIS}")]),
        ("tool", [choice(calls=[call()])]),
        ("tools-parallel", [choice(calls=[call(), call()])]),
        ("logprobs", [choice("Hello", logprobs=LOGPROBS)]),
        ("prefix-trailing", [choice('is", "country": "France"}')]),
        ("prefix-trailing", [choice(PREFIX + 'is", "country": "France"} That is it.')]),
        ("prefix-trailing", [choice('is"}')]),
        ("prefix-trailing", [choice(PREFIX + 'is"\n"France" }')]),
    ],
)
def test_right(name, answers):
    """What was asked for; a prefix may stand at the head of what goes on from it, and where it is
    asked whether a host goes on, a weak model's document need not be right. What is taken off when
    it is enforced is not held against JSON mode and the prompt."""
    found = judged(name, *answers)
    assert (found.verdict, found.words) == (Verdict.RIGHT, "")
    assert (found.tokens_in, found.tokens_out) == (7, 3)


@pytest.mark.parametrize(
    ("name", "answers", "words"),
    [
        ("plain", [choice("")], "an empty answer"),
        ("native", [choice(FENCED)], "not JSON"),
        ("prompt", [choice(FENCED.replace("city", "town"))], "not JSON"),
        ("prompt", [choice(FENCED[:-8])], "not JSON"),
        ("native", [choice('{"city": "Paris", "city": "Rome"}')], "not JSON (Duplicate"),
        ("native", [choice('{"city": "Paris"}')], "not valid"),
        ("native-against-the-prompt", [choice('{"word": "gamma"}')], "gamma"),
        ("native-choices", [choice('{"word": "alpha"}')], "1 choice in place of 2"),
        ("native-choices", [choice('{"word": "alpha"}'), choice("?")], "not JSON"),
        ("json-object-array", [choice('["red"]')], "not an object"),
        ("json-object-array", [choice('```\n["red"]\n```')], "not JSON"),
        ("tool", [choice(PARIS)], "0 of 1 calls"),
        ("tool", [choice(calls=[call(name="clock")])], "does not exist"),
        ("tool", [choice(calls=[call("{}")])], "arguments not valid"),
        ("tools-parallel", [choice(calls=[call()])], "1 of 2 calls"),
        ("logprobs", [choice("Hello")], "no log-probabilities"),
        ("prefix-trailing", [choice(PARIS)], "begins anew"),
        ("prefix-trailing", [choice("Hello")], "does not go on"),
        ("prefix-trailing", [choice('The word is "Paris".')], "does not go on"),
        ("prefix-trailing", [choice(PREFIX + PARIS)], "begins anew"),
        ("prefix-trailing", [choice(PREFIX)], "does not go on"),
    ],
)
def test_wrong(name, answers, words):
    """A 200 with something else; it is said what."""
    found = judged(name, *answers)
    assert found.verdict is Verdict.WRONG
    assert words in found.words


def test_cut():
    """What ends at the limit of tokens shows nothing; unless it is right all the same."""
    assert judged("native", choice("{", finish_reason="length")).verdict is Verdict.CUT
    assert judged("native", choice(PARIS, finish_reason="length")).verdict is Verdict.RIGHT


@pytest.mark.parametrize(
    ("status", "message", "verdict"),
    [
        (400, "response_format: This response_format type is unavailable now", Verdict.REFUSED),
        (400, "something else", Verdict.REFUSED),
        (501, "not implemented", Verdict.REFUSED),
        (401, "Incorrect API key", Verdict.FAILED),
        (429, "Slow down", Verdict.FAILED),
        (500, "Internal error", Verdict.FAILED),
    ],
)
def test_failures(status, message, verdict):
    """A host that cannot is told from one in trouble."""
    found = judge(BY_NAME["native"], Failure(status, {"error": {"message": message}}, {}))
    assert (found.verdict, found.words) == (verdict, f"{status}: {message}")


def test_a_host_that_finds_its_model_wrong():
    """Groq's 400 says that the model's document is not valid: that is no refusal."""
    error = {"code": "json_validate_failed", "message": "Failed to validate JSON"}
    error["failed_generation"] = "{"
    assert judge(BY_NAME["native"], Failure(400, {"error": error}, {})).verdict is Verdict.WRONG


def test_words_are_bounded():
    """However long an answer is."""
    assert len(judged("native", choice("x" * 5000)).words) == MAX_WORDS
