"""One choice, judged as a whole."""

from dataclasses import replace

import pytest

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.choice_result import Accepted, Rejected
from strictgate.core.conversation.criteria import Criteria
from strictgate.core.conversation.whole_choice import judge_choice
from strictgate.core.repair_steps import Repair
from strictgate.core.request.tools import Toolset
from tests.core.talks import BAD, GOOD, body, planner, said

PLANNER = planner()
PLAN = PLANNER.plan(Mode.NATIVE)
CRITERIA = Criteria(PLANNER.schema, Repair.LOSSLESS)


def judged(text, **choice):
    return judge_choice(said(text, **choice).choices[0], PLAN, CRITERIA)


def test_as_it_is():
    """A valid document is given as it came, and the rest of the choice with it."""
    result = judged(GOOD)

    assert result == Accepted(said(GOOD).choices[0].raw, (), passed_on=False)


def test_what_an_upstream_has_parsed():
    """Nobody has judged it: the document stands in the content, and what else is there stays."""
    kept = judged(GOOD, parsed={"choice": "wrong"}, annotations=[1]).choice["message"]
    assert kept == {"role": "assistant", "content": GOOD, "annotations": [1]}


def test_rejected():
    """An invalid one is kept whole, with its problems."""
    result = judged(f"Sure: {BAD}")

    assert isinstance(result, Rejected)
    assert result.text == f"Sure: {BAD}"
    assert [problem.kind for problem in result.problems] == ["Enum"]


@pytest.mark.parametrize(("text", "kept"), [(GOOD, True), (f"Sure: {GOOD}", False)])
def test_logprobs(text, kept):
    """Log-probabilities stay with the text that they are of."""
    choice = said(text).choices[0]
    raw = {**choice.raw, "logprobs": {"content": []}}
    again = replace(choice, raw=raw)

    assert (judge_choice(again, PLAN, CRITERIA).choice["logprobs"] is not None) is kept


@pytest.mark.parametrize(
    ("calls", "finish", "kept", "reason"),
    [
        (None, "tool_calls", None, "stop"),
        ([None], "tool_calls", None, "stop"),
        ([], "stop", None, "stop"),
        (
            {"function": {"name": "f", "arguments": {"a": 1}}},
            "stop",
            [("f", '{"a":1}')],
            "tool_calls",
        ),
        ([{"id": "x", "name": "f", "arguments": "{"}], "length", [("f", "{")], "length"),
    ],
)
def test_what_nobody_judges(calls, finish, kept, reason):
    """Calls are handed on in the form that clients know, and the reason to finish agrees."""
    text = Criteria(None, Repair.LOSSLESS)
    choice = said("hm", finish_reason=finish, tool_calls=calls).choices[0]
    result = judge_choice(choice, PLAN, text).choice

    found = result["message"].get("tool_calls")
    assert found == (
        found
        and [
            {
                "id": each["id"],
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            }
            for each, (name, arguments) in zip(found, kept, strict=True)
        ]
    )
    assert bool(found) is bool(kept)
    assert result["finish_reason"] == reason


def test_a_call_that_nobody_offered():
    """It is no document; the error has what the model wrote."""
    call = {"id": "a", "function": {"name": "s", "arguments": GOOD}}
    result = judge_choice(said(None, tool_calls=[call]).choices[0], PLAN, CRITERIA)

    assert isinstance(result, Rejected)
    assert result.text == f'{{"name": "s", "arguments": {GOOD}}}'


@pytest.mark.parametrize(
    ("text", "is_accepted"),
    [
        (GOOD, True),
        (f"```json\n{GOOD}\n```", True),
        (f"Perhaps {GOOD} no, better would be", False),
        (f"So:\n```json\n{GOOD}\n```\nor", False),
    ],
)
def test_a_document_amid_prose_that_is_cut_off(text, is_accepted):
    """It is no answer: what is missing may have corrected it."""
    result = judged(text, finish_reason="length")
    assert isinstance(result, Accepted) is is_accepted
    assert is_accepted or result.truncated
    assert isinstance(judged(text), Accepted)


@pytest.mark.parametrize(
    ("reasoning", "finish", "is_accepted"),
    [
        (GOOD, "stop", True),
        (f"```json\n{GOOD}\n```", "stop", True),
        (GOOD, "length", False),
        (f"A draft: {GOOD} but that is wrong", "stop", False),
        (f"{GOOD} but that is wrong", "stop", False),
    ],
)
def test_the_reasoning_field(reasoning, finish, is_accepted):
    """It is the answer only if all of it is the document."""
    result = judged("", finish_reason=finish, reasoning_content=reasoning)
    assert isinstance(result, Accepted) is is_accepted


NUMBERS = planner(body({"type": "integer"}))
NUMBER_PLAN = NUMBERS.plan(Mode.PROMPT)


@pytest.mark.parametrize(
    ("text", "reason", "is_accepted"),
    [
        ("12", "stop", True),
        ("12", "end_turn", True),
        ("12", None, True),
        ("12", "timeout", False),
        ("12", "length", False),
        ("12", "MAX_TOKENS", False),
        ("12\n", "timeout", True),
        ("So: 12 ", "timeout", False),
    ],
)
def test_half_a_number(text, reason, is_accepted):
    """A number at the very end is whole only where the answer is known to have ended."""
    choice = said(text, finish_reason=reason).choices[0]
    result = judge_choice(choice, NUMBER_PLAN, Criteria(NUMBERS.schema, Repair.LOSSLESS))

    assert isinstance(result, Accepted) is is_accepted
    if not is_accepted:
        assert result.truncated is (reason not in ("timeout",))


@pytest.mark.parametrize("reason", ["timeout", "length", "max_tokens"])
def test_a_draft_amid_prose_that_is_cut_off(reason):
    """What is cut off, by whatever limit, may correct it."""
    assert isinstance(judged(f"First: {GOOD} but", finish_reason=reason), Rejected)
    assert isinstance(judged(f"First: {GOOD} but", finish_reason="stop"), Accepted)


def test_reasons_to_finish_are_openai_s():
    """What is passed on ends in words that OpenAI's clients know, too."""
    text = judge_choice(
        said("hm", finish_reason="MAX_TOKENS").choices[0], PLAN, Criteria(None, Repair.LOSSLESS)
    )
    assert text.choice["finish_reason"] == "length"
    assert judged(GOOD, finish_reason="eos").choice["finish_reason"] == "stop"


@pytest.mark.parametrize("finish", ["stop", "content_filter"])
@pytest.mark.parametrize(("arguments", "kind"), [(GOOD, Accepted), (BAD, Rejected)])
def test_calls_beside_a_refusal(finish, arguments, kind):
    """They are judged as any others: a client runs them before it reads the refusal."""
    call = {"id": "a", "function": {"name": "f", "arguments": arguments}}
    schemas = {"f": PLANNER.schema}
    criteria = replace(CRITERIA, tools=Toolset(schemas, frozenset(schemas), must_call=False))
    [choice] = said(None, finish_reason=finish, refusal="no", tool_calls=[call]).choices

    assert isinstance(judge_choice(choice, PLAN, criteria), kind)
    assert judge_choice(choice, PLAN, CRITERIA).passed_on  # without tools nothing judges them
