"""What is looked at before a valid document goes out."""

from dataclasses import replace

import pytest

from strictgate.core.conversation.choice_result import Accepted, Rejected
from strictgate.core.conversation.criteria import Criteria
from strictgate.core.conversation.document_checks import checked_content
from strictgate.core.output.grounding import Source
from strictgate.core.repair_steps import Repair
from tests.core.talks import GOOD, MOOD, said

FREE = Criteria(None, Repair.LOSSLESS)


def accepted(text, *, passed_on=False, **message):
    return Accepted(said(text, **message).choices[0].raw, (), passed_on=passed_on)


def writing(text):
    return replace(FREE, source=Source(text, MOOD))


def test_a_document_of_the_model_s_own():
    """Nothing more is asked of it."""
    result = accepted(GOOD, reasoning_content="hm")
    assert checked_content(result, FREE) is result


def test_what_is_said():
    """It goes out, and nothing of the writer's beside it."""
    result = checked_content(accepted(GOOD, reasoning_content="hm"), writing("he was angry"))
    assert isinstance(result, Accepted)
    assert result.choice["message"] == {"role": "assistant", "content": GOOD}


@pytest.mark.parametrize("content", ['{"choice":"sad"}', '{"choice":-1}', '"sad"'])
def test_what_is_not_said(content):
    """Neither a word nor the sign of a number."""
    result = checked_content(accepted(content), writing("1 choice"))
    assert isinstance(result, Rejected)
    assert "it does not say: " in result.reason


@pytest.mark.parametrize(
    "message", [{"refusal": "no"}, {"content": None, "refusal": "no"}, {"content": GOOD}]
)
def test_a_refusal_of_the_writer_s(message):
    """It is no answer of the caller's model, nor is what a filter has stopped."""
    result = checked_content(accepted(GOOD, passed_on=True, **message), writing("angry"))
    assert isinstance(result, Rejected)
    assert not result.truncated
