"""What is settled at once is what a conversation comes to, and what is not is left as it was."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strictgate.core.capabilities import Capabilities, Mode
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.judging_cost import LIGHT
from strictgate.core.conversation.protocol import Ask
from strictgate.core.errors import GatewayError
from strictgate.core.plan.planner import Planner
from strictgate.core.repair_steps import Repair
from strictgate.core.request.contract import read_contract
from strictgate.core.request.options import Enforcement, Provenance, Think
from strictgate.core.schema.schema import admit
from strictgate.core.wire.reply import parse_reply
from strictgate.core.work import Work
from tests.core.talks import BAD, GOOD, MOOD, body, conversation, planner, said, turns

FUNCTION = {"type": "function", "function": {"name": "mood", "parameters": MOOD, "strict": True}}
CALLED = [{"id": "c1", "type": "function", "function": {"name": "mood", "arguments": GOOD}}]


def calling(choice="auto", *, document=False, **rules):
    """A conversation about a request with a function."""
    asked = body() if document else {**body()}
    if not document:
        del asked["response_format"]
    asked |= {"tools": [FUNCTION], "tool_choice": choice}
    wanted = read_contract(asked)
    schema = admit(wanted.source if wanted.has_document else {"type": "object"}, name="s")
    tools = wanted.toolbox.judged_by({"mood": admit(MOOD, name="mood")})
    made = Planner(wanted, schema, Capabilities(), asked, "m", tools=tools)
    return Conversation(made, Enforcement(**rules))


def list_talk(**rules):
    """A conversation about a document that is no object, which is asked for in a wrapper."""
    return conversation(body({"type": "array"}), Capabilities(modes=(Mode.JSON_OBJECT,)), **rules)


TALKS = {
    "document": conversation,
    "scores": lambda **rules: conversation(body(logprobs=True), **rules),
    "wrapped": list_talk,
    "any number": lambda **rules: conversation(body({"type": "number"}), **rules),
    "tools": calling,
    "required": lambda **rules: calling("required", **rules),
    "both": lambda **rules: calling(document=True, **rules),
}
TEXTS = (
    *(GOOD, BAD, f" {GOOD}\n", f"```json\n{GOOD}\n```", f"Sure: {GOOD}", GOOD[:-1]),
    *('{"choice":"angry","choice":"calm"}', "", "null", "[1]", '{"value":[1]}', "12", "no"),
    *('{"choice":"\\u0061ngry"}', "{}", '{"choice": "Angry"}'),
)
REASONS = (None, "stop", "length", "content_filter", "tool_calls", "timeout", "STOP")
MESSAGES = st.fixed_dictionaries(
    {"content": st.sampled_from((*TEXTS, None, {"choice": "angry"}))},
    optional={
        "refusal": st.sampled_from((None, "no")),
        "reasoning_content": st.sampled_from(("", GOOD, "hm")),
        "tool_calls": st.sampled_from(
            (
                None,
                CALLED,
                CALLED * 2,
                [{"function": {"name": "mood", "arguments": BAD}}],
                [{"function": {"name": "other", "arguments": GOOD}}],
                [{"function": {"name": "mood", "arguments": ""}}],
            )
        ),
        "function_call": st.sampled_from((None, {"name": "mood", "arguments": GOOD})),
        "audio": st.just("x"),
    },
)
CHOICES = st.fixed_dictionaries(
    {"message": MESSAGES},
    optional={
        "index": st.sampled_from((0, 3, None)),
        "finish_reason": st.sampled_from(REASONS),
        "logprobs": st.sampled_from((None, {"content": []}, {"content": [{"token": GOOD}]})),
        "error": st.sampled_from((None, {"message": "down", "code": 503})),
    },
)
REPLIES = st.builds(
    lambda choices, others: parse_reply({"choices": choices, **others}),
    st.lists(CHOICES, min_size=1, max_size=2),
    st.sampled_from(({}, {"id": "c", "usage": {"total_tokens": 3}}, {"usage": None, "x": 1})),
)
RULES = st.fixed_dictionaries(
    {"repair": st.sampled_from(Repair)},
    optional={"provenance": st.sampled_from(Provenance), "max_attempts": st.just(1)},
)


@pytest.mark.parametrize("kind", TALKS)
@given(REPLIES, RULES)
@settings(max_examples=60, deadline=None)
def test_it_is_what_a_conversation_comes_to(kind, reply, rules):
    """The same outcome, the same record, the same work; and nothing has happened where it is not
    settled."""
    early, held = TALKS[kind](**rules), TALKS[kind](**rules)
    first = early.opening()
    assert first == next(held.run())

    settled = early.settle(reply)
    if settled is None:
        assert (early.work.spent, early.record.attempts) == (0, [])
        return
    outcome, taken = turns(held, reply)
    assert (settled, settled.origins, settled.call_origins, settled.scores) == (
        *(outcome, outcome.origins, outcome.call_origins),
        outcome.scores,
    )
    assert json.dumps(settled.body) == json.dumps(outcome.body)
    assert (early.record, early.work, early.plan) == (held.record, held.work, held.plan)
    assert [type(turn) for turn in taken] == [Ask]


@pytest.mark.parametrize(
    ("talk", "reply"),
    [
        (conversation(), said(GOOD)),
        (conversation(), said(f" {GOOD}\n")),
        (conversation(), said("no", finish_reason="content_filter")),
        (calling(), said(None, tool_calls=CALLED, finish_reason="tool_calls")),
        (calling(), said("no call")),
        (calling(document=True), said(GOOD)),
    ],
)
def test_what_stands_is_settled(talk, reply):
    """A document, calls, a refusal, and words where they are an answer."""
    assert talk.opening() is not None
    assert talk.settle(reply) is not None
    assert len(talk.record.attempts) == 1


@pytest.mark.parametrize(
    ("talk", "reply"),
    [
        (conversation(), said(BAD)),
        (conversation(), said(f"```json\n{GOOD}\n```")),
        (conversation(body(n=2)), said(GOOD, GOOD)),
        (conversation(body({"type": "number"})), said("12", finish_reason="length")),
        (conversation(provenance=Provenance.PATHS), said(GOOD)),
        (conversation(work=Work(budget=3)), said(GOOD)),
        (list_talk(), said('{"value":[1]}')),
        (calling("required"), said("no call")),
    ],
)
def test_what_may_take_more_is_not(talk, reply):
    """A mend, another ask, or time."""
    assert talk.settle(reply) is None


def test_a_long_text_is_left_to_the_conversation():
    """It may be judged elsewhere there."""
    schema = {"type": "array", "items": {"anyOf": [{"const": at} for at in range(50)]}}
    talk = conversation(body(schema))
    text = json.dumps([1] * int(200 * LIGHT))
    assert talk.settle(said(text)) is None
    assert talk.work.spent == 0


def test_what_comes_before_the_first_ask_is_no_opening():
    """Parts, thoughts, and what another model has left: those are asked for by the conversation."""
    thinking = conversation(think=Think.ALWAYS)
    assert thinking.opening() is None
    with pytest.raises(GatewayError):
        turns(thinking, *[said(BAD)] * 4)


def test_the_opening_is_asked_again_by_whoever_holds_the_conversation():
    """So that it can be held anywhere, with the answer that is there already."""
    talk = Conversation(replace(planner(), model="other"), Enforcement())
    first = talk.opening()
    assert first.body["model"] == "other"
    assert next(talk.run()) == first
