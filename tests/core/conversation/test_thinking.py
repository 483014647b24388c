"""Thoughts before a document."""

import json

import pytest

from strictgate.core.capabilities import Capabilities, Mode, Prefill
from strictgate.core.conversation.protocol import Ask, ReadMore
from strictgate.core.conversation.thinking import thinks_first
from strictgate.core.errors import OutputInvalid, UpstreamBadResponse
from strictgate.core.plan.plan import Purpose
from strictgate.core.request.options import Enforcement, Think
from tests.core.talks import (
    BAD,
    GOOD,
    body,
    contents,
    conversation,
    hold,
    planner,
    refused,
    said,
    stream,
    turns,
)

TOLD = "They shout, so they are angry."
THOUGHT = said(TOLD, usage={"completion_tokens": 9, "total_tokens": 30})


def talk(request=None, able=None, **rules):
    return conversation(request, able or Capabilities(), **{"think": Think.ALWAYS} | rules)


def test_the_document_is_written_by_what_was_thought():
    """Two calls: the first has no format, the second the thoughts as the model's own turn."""
    held = talk()
    outcome, asks = hold(held, THOUGHT, said(GOOD))
    first, second = (ask.body for ask in asks)
    assert [ask.plan.purpose for ask in asks] == [Purpose.THOUGHT, Purpose.TRY]
    assert "response_format" not in first
    assert "do not write it now" in first["messages"][-1]["content"]
    assert second["response_format"]["type"] == "json_schema"
    assert [each["role"] for each in second["messages"]] == ["user", "assistant", "user"]
    assert second["messages"][1]["content"] == TOLD
    message = outcome.body["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == (GOOD, TOLD)
    assert outcome.body["usage"]["total_tokens"] == 40
    told = held.record.details(held.plan, ())["attempts"][0]
    assert (told["purpose"], told["outcome"]) == ("thought", "answered")
    assert held.record.headers(held.plan)["x-strictgate-attempts"] == "1"


def test_a_thought_is_never_the_document():
    """Not even where it is one."""
    outcome, asks = hold(talk(), said(GOOD), said(BAD), said(GOOD))
    assert len(asks) == 3
    with pytest.raises(OutputInvalid):
        hold(talk(max_attempts=1), said(GOOD), said(BAD))
    assert outcome.body["choices"][0]["message"]["reasoning_content"] == GOOD


def test_every_choice_has_the_same_thoughts():
    """`n` is asked for as it would be without them."""
    outcome, asks = hold(talk(body(n=2)), THOUGHT, said(GOOD, GOOD))
    assert [ask.body.get("n") for ask in asks] == [None, 2]
    told = [each["message"]["reasoning_content"] for each in outcome.body["choices"]]
    assert told == [TOLD, TOLD]


def test_the_budget_is_shared():
    """Thinking has half of it, the document what is left."""
    _, asks = hold(talk(body(max_tokens=100)), THOUGHT, said(GOOD))
    assert [ask.body["max_tokens"] for ask in asks] == [50, 91]


def test_a_new_try_knows_the_thoughts():
    """They stand before the feedback."""
    _, asks = hold(talk(), THOUGHT, said(BAD), said(GOOD))
    roles = [each["role"] for each in asks[2].body["messages"]]
    assert roles == ["user", "assistant", "user", "assistant", "user"]


@pytest.mark.parametrize(
    "answer", [refused(400, "No."), refused(500, "Oops."), UpstreamBadResponse("x"), said("")]
)
def test_without_thoughts_it_is_asked_as_ever(answer):
    """A failure there is no failure of the request."""
    outcome, asks = hold(talk(), answer, said(GOOD))
    assert contents(outcome) == [GOOD]
    assert "reasoning_content" not in outcome.body["choices"][0]["message"]
    assert len(asks[1].body["messages"]) == 1


def test_thoughts_stream():
    """They go out as they come, and count as given."""
    able = Capabilities(prefill=Prefill.TRAILING, modes=(Mode.PROMPT,))
    held = talk(body(stream=True), able)
    outcome, taken = turns(held, *stream("They ", "shout."), *stream(GOOD))
    news = [each for turn in taken if isinstance(turn, ReadMore) for each in turn.news]
    assert "".join(each.delta.get("reasoning_content", "") for each in news) == "They shout."
    assert outcome.sent[0]["reasoning_content"] == len("They shout.")
    asks = [turn for turn in taken if isinstance(turn, Ask)]
    assert asks[0].plan.streamed
    assert json.loads(contents(outcome)[0]) == json.loads(GOOD)


@pytest.mark.parametrize(
    ("think", "able", "request_changes", "expected"),
    [
        (Think.OFF, {"think_first": True}, {}, False),
        (Think.AUTO, {}, {}, False),
        (Think.AUTO, {"think_first": True}, {}, True),
        (Think.ALWAYS, {}, {}, True),
        (Think.ALWAYS, {}, {"response_format": {"type": "json_object"}}, True),
        (Think.ALWAYS, {}, {"tools": [{"type": "function", "function": {"name": "f"}}]}, False),
    ],
)
def test_who_thinks_first(think, able, request_changes, expected):
    """A document without tools, where it is said so."""
    made = planner(body(**request_changes), Capabilities(**able))
    assert thinks_first(made, Enforcement(think=think)) is expected
