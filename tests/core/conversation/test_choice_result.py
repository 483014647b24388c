"""One choice, judged."""

from dataclasses import replace

import pytest

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.choice_result import Accepted, Criteria, Rejected, judge_choice
from strictgate.core.repair_steps import Repair
from tests.core.talks import BAD, GOOD, planner, said

PLANNER = planner()
PLAN = PLANNER.plan(Mode.NATIVE)
BY = Criteria(PLANNER.schema, Repair.LOSSLESS, has_tools=False)


def settled(text, **choice):
    return judge_choice(said(text, **choice).choices[0], PLAN, BY)


def test_as_it_is():
    """A valid document is given as it came, and the rest of the choice with it."""
    result = settled(GOOD)

    assert result == Accepted(said(GOOD).choices[0].raw, (), passed_on=False)


def test_rejected():
    """An invalid one is kept whole, with its problems."""
    result = settled(f"Sure: {BAD}")

    assert isinstance(result, Rejected)
    assert result.text == f"Sure: {BAD}"
    assert [problem.kind for problem in result.problems] == ["Enum"]


@pytest.mark.parametrize(("text", "kept"), [(GOOD, True), (f"Sure: {GOOD}", False)])
def test_logprobs(text, kept):
    """Log-probabilities stay with the text that they are of."""
    choice = said(text).choices[0]
    raw = {**choice.raw, "logprobs": {"content": []}}
    again = replace(choice, raw=raw)

    assert (judge_choice(again, PLAN, BY).choice["logprobs"] is not None) is kept


def test_header_values_are_ascii():
    """Property names of any kind can be told in a header."""
    schema = {"type": "object", "properties": {"größe\n": {"type": "integer"}}}
    from_planner = planner(request=None)
    made = planner(
        {
            **from_planner.body,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "x", "schema": schema},
            },
        }
    )
    by = Criteria(made.schema, Repair.OFF, has_tools=False)
    result = judge_choice(said('{"größe\\n": "x"}').choices[0], made.plan(Mode.NATIVE), by)

    path = result.error({}).headers["x-strictgate-schema-path"]
    assert path.isascii()
    assert path.isprintable()
