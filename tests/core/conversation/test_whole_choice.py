"""One choice, judged as a whole."""

from dataclasses import replace

import pytest

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.choice_result import Accepted, Rejected
from strictgate.core.conversation.criteria import Criteria
from strictgate.core.conversation.whole_choice import judge_choice
from strictgate.core.repair_steps import Repair
from tests.core.talks import BAD, GOOD, planner, said

PLANNER = planner()
PLAN = PLANNER.plan(Mode.NATIVE)
CRITERIA = Criteria(PLANNER.schema, Repair.LOSSLESS, has_tools=False)


def judged(text, **choice):
    return judge_choice(said(text, **choice).choices[0], PLAN, CRITERIA)


def test_as_it_is():
    """A valid document is given as it came, and the rest of the choice with it."""
    result = judged(GOOD)

    assert result == Accepted(said(GOOD).choices[0].raw, (), passed_on=False)


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
