"""What a conversation takes over from those before it."""

import pytest

from strictgate.core.capabilities import Capabilities, Prefill
from strictgate.core.conversation.attempt_log import FailedModel
from strictgate.core.conversation.handover import Handover
from strictgate.core.conversation.judging_cost import LIGHT
from strictgate.core.conversation.protocol import HeavyStep
from strictgate.core.errors import OutputInvalid
from strictgate.core.plan.plan import Purpose
from strictgate.gateway.worker_messages import dumped, loaded
from tests.core.guards import PERSON
from tests.core.talks import body, contents, conversation, hold, said, turns

BEGUN = '{"name": "Ann", "age": 7, "mood": '
ABLE = Capabilities(prefill=Prefill.TRAILING)


def failed(text):
    """The record of a conversation that came to nothing with `text`, and what it leaves."""
    talk = conversation(body(PERSON), max_attempts=1)
    try:
        hold(talk, said(text))
    except OutputInvalid:
        record = talk.record
        before = (FailedModel("x", "json_validate_failed", tuple(record.attempts)),)
        return Handover("y", before, record.spent, record.beginning, work=talk.work.spent)
    raise AssertionError("it is no document")


def taking_over(handover, able=ABLE):
    talk = conversation(body(PERSON), able)
    talk.take_over(handover)
    return talk


def test_the_rest_is_asked_for():
    """What was good is sent as a prefix; who wrote which byte, and what it cost, is kept."""
    handover = failed(BEGUN + '"happy"}')
    talk = taking_over(handover)
    outcome, asks = hold(talk, said(' "calm"}'))
    assert [ask.plan.purpose for ask in asks] == [Purpose.CONTINUATION]
    assert contents(outcome) == [BEGUN + '"calm"}']
    assert [each.origin.value for each in outcome.origins[0].ranges] == ["model", "continued"]
    assert outcome.body["usage"] == {"total_tokens": 20}
    told = talk.record.details(talk.plan, outcome.steps)
    assert [each["model"] for each in told["attempts"]] == ["x", "y"]
    assert told["failed_models"] == [{"model": "x", "reason": "json_validate_failed"}]


def test_a_prefix_that_leads_nowhere():
    """Then the whole is asked for."""
    answers = [said(' "sad"}')] * 3 + [said(BEGUN + '"calm"}')]
    outcome, asks = hold(taking_over(failed(BEGUN + '"happy"}')), *answers)
    assert asks[-1].plan.purpose is Purpose.TRY
    assert contents(outcome) == [BEGUN + '"calm"}']


def test_a_model_that_does_not_go_on():
    """It is asked for the whole, and so is one where nothing was good."""
    for handover, able in ((failed(BEGUN + "1}"), Capabilities()), (failed("sorry"), ABLE)):
        outcome, asks = hold(taking_over(handover, able), said(BEGUN + '"calm"}'))
        assert [ask.plan.purpose for ask in asks] == [Purpose.TRY]
        assert contents(outcome) == [BEGUN + '"calm"}']


def test_it_can_be_moved():
    """Begun anew in another process, it takes over the same."""
    talk = loaded(dumped(taking_over(failed(BEGUN + '"happy"}'))))
    outcome, asks = hold(talk, said(' "calm"}'))
    assert len(asks) == 1
    assert talk.record.failed_models[0].name == "x"
    assert talk.work.spent > 0
    assert contents(outcome) == [BEGUN + '"calm"}']


@pytest.mark.parametrize(("words", "is_heavy"), [(5, False), (40_000, True)])
def test_a_long_text_is_read_elsewhere(words, is_heavy):
    """What the model writes down is compared with the whole text: that is said before."""
    text = "Ann is 7 and calm. " + "and so on " * words
    talk = taking_over(Handover("y", (), source=text), Capabilities())
    outcome, taken = turns(talk, said('{"name": "Ann", "age": 7, "mood": "calm"}'))
    costs = [each.cost for each in taken if isinstance(each, HeavyStep)]
    assert any(cost > LIGHT for cost in costs) is is_heavy
    assert contents(outcome) == ['{"name": "Ann", "age": 7, "mood": "calm"}']
