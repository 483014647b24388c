"""Members that a valid document lacks, though the request tells them, in whole conversations."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.capabilities import Capabilities, Prefill
from strictgate.core.errors import UpstreamBadResponse, UpstreamTimeout
from strictgate.core.repair_steps import Completion
from strictgate.core.request.options import Steering
from tests.core.talks import body, contents, conversation, hold, refused, stream

ABLE = Capabilities(prefill=Prefill.TRAILING, top_logprobs=5, prompt_first=True)
NUMBER = {"type": "integer"}
SCHEMA = {
    "type": "object",
    "properties": {"a": NUMBER, "b": NUMBER, "c": NUMBER, "in": {"properties": {"x": NUMBER}}},
}
TOLD = "a: 1\nb: 2\nc: 3"
LACKING = ['{"a"', ": 1", "}"]


def weighed(*pieces, share=0.2):
    """The tokens of an answer, of which a bracket might have been a comma."""
    comma = [{"token": ",", "logprob": math.log(share)}]
    return [
        [{"token": piece, "logprob": -0.3, "top_logprobs": comma if piece in "}]" else []}]
        for piece in pieces
    ]


def answer(*pieces, **options):
    return stream(*pieces, logprobs=weighed(*pieces, **options))


def talk(told=TOLD, capabilities=ABLE, schema=SCHEMA, *, streams=False, **rules):
    request = body(schema, messages=[{"role": "user", "content": told}], stream=streams)
    return conversation(request, capabilities, **rules)


def names(outcome):
    return [step.name for _, step in outcome.steps]


def prefixes(asks):
    return [ask.body["messages"][-1]["content"] for ask in asks[1:]]


@pytest.mark.parametrize("streams", [False, True])
def test_it_is_opened(streams):
    """One after the other, for as long as the model weighs it; the values are the model's."""
    held = talk(streams=streams)
    outcome, asks = hold(held, *answer(*LACKING), *answer(" 2", "}"), *answer(" 3", "}"))
    assert contents(outcome) == ['{"a": 1, "b": 2, "c": 3}']
    assert names(outcome) == [Completion.TOLD] * 2
    assert [step.path for _, step in outcome.steps] == ["/b", "/c"]
    assert prefixes(asks) == ['{"a": 1, "b":', '{"a": 1, "b": 2, "c":']
    origins = [(each.origin.value, each.end) for each in outcome.origins[0].ranges]
    assert origins[:3] == [("model", 7), ("forced", 13), ("continued", 15)]


def test_the_model_may_write_the_others_itself():
    """It is the model that goes on."""
    outcome, asks = hold(talk(), *answer(*LACKING), *answer(" 2", ', "c": 3', "}"))
    assert contents(outcome) == ['{"a": 1, "b": 2, "c": 3}']
    assert len(asks) == 2


def test_a_member_one_level_too_high():
    """The object that it belongs into takes its place."""
    told = "a: 1\nin.x: 5"
    first = answer('{"a"', ': 1, "x": 5', "}")
    outcome, asks = hold(talk(told), *first, *answer(" 5", "}", "}"))
    assert contents(outcome) == ['{"a": 1, "in": {"x": 5}}']
    assert prefixes(asks) == ['{"a": 1, "in": {"x":']


def test_an_item():
    """Of an array that the request tells more of."""
    schema = {"type": "object", "properties": {"l": {"type": "array", "items": NUMBER}}}
    told = "l[0]: 4\nl[1]: 5"
    first = answer('{"l"', ": [4", "]", "}")
    outcome, asks = hold(talk(told, schema=schema), *first, *answer(" 5", "]", "}"))
    assert contents(outcome) == ['{"l": [4, 5]}']
    assert prefixes(asks) == ['{"l": [4,']
    assert [step.path for _, step in outcome.steps] == ["/l/1"]


REST = '{"a": 1}'


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(answer(" 77", "}"), id="what is not told"),
        pytest.param(answer(" 2", ', "d": 99', "}"), id="more than is told"),
        pytest.param(answer('{"b": 2', "}"), id="anew, without what there was"),
        pytest.param([*answer(' "', "two", '"}')] * 9, id="what is not valid"),
        pytest.param([refused(400, "no prefix")], id="a refusal"),
        pytest.param([refused(500, "down")], id="an error"),
        pytest.param([UpstreamBadResponse("broken")], id="a broken answer"),
        pytest.param([UpstreamTimeout("late")], id="the end of its time"),
    ],
)
@pytest.mark.parametrize("streams", [False, True])
def test_the_document_stays(second, streams):
    """Whatever comes of it: what was valid is the answer, as it was."""
    held = talk(streams=streams, max_continuations=3)
    outcome, _ = hold(held, *answer(*LACKING), *second)
    assert contents(outcome) == [REST]
    assert not outcome.steps


parts = st.sampled_from([" 2", "1", ', "c": 3', ', "a"', ":", '{"a": 1', "}", "]", " ", "x", '"'])


@given(st.lists(st.lists(parts, min_size=1, max_size=5), min_size=8, max_size=8), st.booleans())
def test_nothing_is_lost(rest, streams):
    """Whatever the model writes: there is a document, with all that the first had, and what is
    more is told."""
    held = talk(streams=streams, max_continuations=4)
    outcome, _ = hold(held, *answer(*LACKING), *(part for each in rest for part in answer(*each)))
    document = json.loads(contents(outcome)[0])
    assert document["a"] == 1
    assert document.keys() <= {"a", "b", "c"}
    assert {*document.values()} <= {1, 2, 3}


@pytest.mark.parametrize(
    ("told", "options"),
    [
        ("What is b?", {}),
        ("a: 1", {}),
        (TOLD, {"told_members": 0}),
        (TOLD, {"steering": Steering.REFUSED}),
        (TOLD, {"max_continuations": 0}),
        (TOLD, {"capabilities": Capabilities(prefill=Prefill.TRAILING, top_logprobs=5)}),
        (TOLD, {"capabilities": Capabilities(top_logprobs=5, prompt_first=True)}),
    ],
)
def test_not_elsewhere(told, options):
    """Where nothing is told, it is off, the model cannot go on, or was not measured."""
    outcome, asks = hold(talk(told, **options), *answer(*LACKING))
    assert contents(outcome) == [REST]
    assert len(asks) == 1


def test_not_what_the_model_did_not_weigh():
    """It would be made to say it."""
    outcome, _ = hold(talk(), *answer(*LACKING, share=0.001))
    assert contents(outcome) == [REST]


def test_as_often_as_may_be():
    """The setting bounds how many are opened."""
    outcome, _ = hold(talk(told_members=1), *answer(*LACKING), *answer(" 2", "}"))
    assert contents(outcome) == ['{"a": 1, "b": 2}']


def test_what_the_caller_has_stays():
    """In a stream, an inner object is out by the end of the document."""
    inner = {"type": "object", "properties": {"x": NUMBER, "y": NUMBER}}
    schema = {"type": "object", "properties": {"in": inner, "b": NUMBER}}
    first = answer('{"in": {"x": 1', "}", ', "b": 2', "}")
    second = answer(" 5", '}, "b": 2', "}")
    told = "in.x: 1\nin.y: 5\nb: 2"
    outcome, _ = hold(talk(told, schema=schema), *first, *second)
    assert contents(outcome) == ['{"in": {"x": 1, "y": 5}, "b": 2}']
    outcome, asks = hold(talk(told, schema=schema, streams=True), *first)
    assert contents(outcome) == ['{"in": {"x": 1}, "b": 2}']
    assert len(asks) == 1
