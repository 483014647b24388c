"""Hosts that take tools beside a format whose grammar then forbids every call."""

import pytest

from strictgate.core.capabilities import Fact, Mode
from strictgate.core.errors import OutputInvalid
from tests.core.talks import BAD, GOOD, body, conversation, hold, said

WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}


@pytest.mark.parametrize("given", [GOOD, "hm", ""])
def test_a_call_that_the_format_keeps_the_model_from(given):
    """Where a required call is missing, tools and format are sent apart; if it comes then, that is
    learned."""
    talk = conversation(body(tools=[WEATHER], tool_choice="required"))
    outcome, (pair, apart) = hold(talk, said(given), said(None, tool_calls=[CALL]))

    assert "response_format" in pair.body
    assert "response_format" not in apart.body
    assert apart.body["tools"] == [WEATHER]
    assert apart.plan.mode is Mode.PROMPT
    assert outcome.body["choices"][0]["message"]["tool_calls"][0]["id"] == "c1"
    assert talk.record.facts[: talk.record.proven_facts] == [(Fact.NO_JSON_WITH_TOOLS, ())]


def test_a_model_that_never_calls_teaches_nothing():
    """The pair is to blame only if the call comes without it."""
    talk = conversation(body(tools=[WEATHER], tool_choice="required"))
    with pytest.raises(OutputInvalid):
        hold(talk, said(GOOD), said(GOOD), said(GOOD))

    assert talk.record.facts == []


def test_a_free_choice_says_nothing():
    """Where no call is required, none is missing."""
    talk = conversation(body(tools=[WEATHER]))
    _, asks = hold(talk, said(BAD), said(GOOD))

    assert ["response_format" in ask.body for ask in asks] == [True, True]
