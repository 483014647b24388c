"""What a witness is told of each exchange, in order."""

import json

import pytest

from strictgate.gateway import records
from tests.gates import MOOD, ONE_WAY, gate
from tests.inspector.witnesses import witnessed


def kinds(told):
    return [type(each).__name__ for each in told]


def said(completion):
    return records.choice_text(completion["choices"][0])


def test_a_request_is_told_from_beginning_to_end(demo):
    """What was asked, what was heard, and what became of it."""
    with witnessed(demo) as (running, told):
        running.chat("wrong-enum", ONE_WAY, strictgate={"max_attempts": 1})
    opened, begun, asked, heard, closed = told[:5]
    planned = begun.aim.planned(begun.request_id)

    assert kinds(told) == ["Opened", "Begun", "Asked", "Heard", "Concluded"]
    assert opened.surface == "chat"
    assert json.loads(planned.schema) == ONE_WAY
    assert (planned.upstream, planned.path) == ("demo", "/chat/completions")
    assert json.loads(asked.body)["model"] == "demo/wrong-enum"
    assert said(json.loads(heard.reply))
    assert heard.seconds > 0
    assert [json.loads(each)["choice"] for each in closed.said.contents] == ["angry"]
    assert len({each.request_id for each in told}) == 1


def test_a_refusal_is_heard_too(demo):
    """The next mode is asked for; only the answer is an attempt."""
    with witnessed(demo) as (running, told):
        running.chat("no-json-schema")
    heard = [each for each in told if isinstance(each, records.Heard)]

    assert [each.fault.status if each.fault else 200 for each in heard] == [400, 200]
    assert heard[0].reply is None


def test_a_stream_is_heard_once_merged(demo):
    """With the time of its first piece."""
    with witnessed(demo) as (running, told):
        running.chat("clean", stream=True)
    [heard] = [each for each in told if isinstance(each, records.Heard)]

    assert heard.pieces > 1
    assert 0 < heard.first <= heard.seconds
    assert said(heard.reply).startswith('{"choice"')


def test_an_error_is_told(demo):
    """Be it of the request, or of what came."""
    with witnessed(demo) as (running, told):
        running.chat("clean", {"type": 5})
        running.chat("truncates", strictgate={"max_attempts": 1})

    errors = [each.error.code for each in told if isinstance(each, records.Failed)]
    assert errors == [None, "json_validate_failed"]


@pytest.mark.parametrize("is_on", [True, False])
def test_the_page_is_told_where_there_is_one(demo, is_on):
    """In the answer, and in the error."""
    with gate(demo, inspector={"enabled": is_on}) as running:
        answers = [running.chat("clean", MOOD).json, running.chat("truncates", MOOD).json]
        pages = [each["x_strictgate"].get("inspect") for each in answers]

    assert all(
        page.startswith(f"{running.url}/inspector#/requests/req_") for page in pages if is_on
    )
    assert is_on or pages == [None, None]


def test_nothing_of_it_is_told_elsewhere():
    """Who has no witness gets no page."""
    assert records.page_of(None, "req_1", [("host", "localhost")]) == {}
