"""The model's own next choice in the place of what it wrote, in whole conversations."""

from dataclasses import replace

import pytest

from strictgate.core.capabilities import Capabilities, Prefill
from strictgate.core.repair_steps import Resumption
from strictgate.core.request.options import Steering
from tests.core.talks import body, contents, conversation, hold, said, stream

STRINGS = {"type": "array", "items": {"type": "string"}}


def talk(capabilities, schema, request=None, **rules):
    return conversation(body(schema, **request or {}), capabilities, **rules)


def test_what_repeats_itself_is_left():
    """By the model's own next choice, and from there it goes on."""
    able = Capabilities(prefill=Prefill.TRAILING, top_logprobs=5)
    end = [{"token": "]", "logprob": -5}, {"token": "}", "logprob": -4}]
    words = ["[", *['"CREATE_TYPE"', ", "] * 30]
    tokens = [[{"token": word, "top_logprobs": end if word == ", " else []}] for word in words]
    outcome, asks = hold(talk(able, STRINGS), *stream(*words, logprobs=tokens))
    assert contents(outcome) == ['["CREATE_TYPE", "CREATE_TYPE"]']
    assert len(asks) == 1
    assert [step.name for _, step in outcome.steps] == [Resumption.UNREPEATED]


def test_an_object_begins_with_a_declared_name():
    """The one that the model weighed itself; behind it, it may write others."""
    able = Capabilities(prefill=Prefill.TRAILING, top_logprobs=5)
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    tops = [{"token": "type", "logprob": -0.4}, {"token": "name", "logprob": -2}]
    tokens = [[{"token": '{"'}], [{"token": "type", "top_logprobs": tops}]]
    first = stream('{"', "type", '": "object", "pro', logprobs=tokens)
    names = {"steering": Steering.NAMES}
    outcome, asks = hold(talk(able, schema, **names), *first, *stream('": "Ann", "x": 1}'))
    assert contents(outcome) == ['{"name": "Ann", "x": 1}']
    assert asks[1].body["messages"][-1]["content"] == '{"name'
    assert [step.name for _, step in outcome.steps] == [Resumption.DECLARED]
    measured = replace(able, prompt_first=True)
    outcome, _ = hold(talk(measured, schema), *first, *stream('": "Ann", "x": 1}'))
    assert contents(outcome) == ['{"name": "Ann", "x": 1}']
    held = talk(able, schema, {"stream": True}, **names)
    outcome, asks = hold(held, *first, *stream('": "Ann", "x": 1}'))
    assert contents(outcome) == ['{"name": "Ann", "x": 1}']
    outcome, asks = hold(talk(able, schema, max_continuations=0), said('{"type": "object"}'))
    assert contents(outcome) == ['{"type": "object"}']


@pytest.mark.parametrize(
    ("steering", "first"),
    [(Steering.AUTO, False), (Steering.REFUSED, True), (Steering.OFF, True)],
)
def test_a_name_that_is_allowed_stays(steering, first):
    """But where it was measured that this is a mistake: the document is valid, and the model's."""
    able = Capabilities(prefill=Prefill.TRAILING, top_logprobs=5, prompt_first=first)
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    tops = [{"token": "kind", "logprob": -0.4}, {"token": "name", "logprob": -2}]
    tokens = [[{"token": '{"'}], [{"token": "kind", "top_logprobs": tops}]]
    reply = stream('{"', "kind", '": "a"}', logprobs=tokens)
    outcome, _ = hold(talk(able, schema, steering=steering), *reply)

    assert contents(outcome) == ['{"kind": "a"}']
    assert not outcome.steps


def test_a_number_goes_on_behind_its_blank():
    """What the model has put there as a token of its own is sent with it."""
    able = Capabilities(prefill=Prefill.TRAILING, top_logprobs=5)
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    tops = [{"token": " ", "logprob": -1}, {"token": "1", "logprob": -6}]
    tokens = [[{"token": '{"age":'}], [{"token": " {", "top_logprobs": tops}]]
    first = stream('{"age":', " {", logprobs=tokens)
    outcome, asks = hold(talk(able, schema), *first, *stream("45}"))

    assert asks[1].body["messages"][-1]["content"] == '{"age": '
    assert contents(outcome) == ['{"age": 45}']
    assert [step.name for _, step in outcome.steps] == [Resumption.STEERED]
