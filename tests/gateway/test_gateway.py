"""Conversations driven, learned from and reported, end to end."""

import json
import urllib.request

import pytest
from jsonschema import validate

from strictgate.observe.events import Enforced, UpstreamAnswered
from tests.gates import gate, guarding_gate
from tests.streams import REPORT, about, frames, read, records


def test_usage_is_the_sum(strictgate):
    """Every attempt is paid for, and told of."""
    told = strictgate.chat("wrong-once").json
    attempts = [attempt["usage"]["total_tokens"] for attempt in told["x_strictgate"]["attempts"]]

    assert len(attempts) == 2
    assert told["usage"]["total_tokens"] == sum(attempts)


def test_learned_modes_are_remembered(demo):
    """What was refused is not asked again; the log says so once."""
    with gate(demo) as fresh:
        first, second = fresh.chat("no-json-schema").json, fresh.chat("no-json-schema").json
        names = [type(event).__name__ for event in fresh.events]

    assert "refused" in first["x_strictgate"]
    assert "refused" not in second["x_strictgate"]
    assert second["x_strictgate"]["not_tried"] == ["native"]
    assert names.count("ModeRefused") == 1


def test_silent_ignorer_is_demoted(demo):
    """A model that breaks its native promise again and again is asked in another mode."""
    with gate(demo) as fresh:
        modes = [fresh.chat("prose").headers["x-strictgate-mode"] for _ in range(4)]
        names = [type(event).__name__ for event in fresh.events]

    assert modes == ["native"] * 3 + ["json_object"]
    assert names.count("ModelDemoted") == 1


def test_details_can_be_switched_off(demo):
    """Headers and body of the record are optional."""
    with gate(demo, answers={"headers": False, "body": False}) as quiet:
        for answer in (quiet.chat("clean"), quiet.chat("truncates"), quiet.chat("wrong-enum")):
            assert "x_strictgate" not in answer.json
            assert not any(name.startswith("x-strictgate") for name in answer.headers)


def test_query_reaches_the_upstream(strictgate, demo):
    """Azure's `api-version` does not depend on whether there is a schema."""
    body = {"model": "demo/clean", "messages": [{"role": "user", "content": "json"}]}
    body |= {"response_format": {"type": "json_object"}}

    assert strictgate.post(body, "/v1/chat/completions?api-version=7").status == 200
    with urllib.request.urlopen(f"{demo}/_requests") as records:
        assert json.load(records)[-1]["query"] == "api-version=7"


@pytest.mark.parametrize("model", ["ignores-prefill", "refuses-prefill", "refuses-prefill-always"])
def test_models_that_do_not_go_on(pair, model):
    """It is noticed and remembered: in the end no prefix is sent, and the answers stay right."""
    demo, running = pair
    for _ in range(4):
        [text], _ = read(running.chat(f"{model}+wrong-twice", REPORT, stream=True))
        validate(json.loads(text), REPORT)
    before = len(records(demo))
    read(running.chat(f"{model}+wrong-twice", REPORT, stream=True))
    roles = [each["body"]["messages"][-1]["role"] for each in records(demo)[before:]]

    assert roles == ["user"] * len(roles)


def test_usage(demo):
    """Asked for, it comes in a last chunk of its own, over all that was asked."""
    wanted = {"stream": True, "stream_options": {"include_usage": True}}
    with guarding_gate(demo) as running:
        *others, last = frames(running.chat("continues+slips-20", REPORT, **wanted, **about(1)))
    attempts = others[-1]["x_strictgate"]["attempts"]

    assert last["choices"] == []
    assert len(attempts) > 1
    totals = [attempt["usage"]["total_tokens"] for attempt in attempts]
    assert last["usage"]["total_tokens"] == sum(totals)
    assert all(chunk["usage"] is None for chunk in others)


def test_what_the_log_says_of_a_failure(pair):
    """It was no success, whatever was asked last."""
    _, running = pair
    assert running.chat("continues+wrong-enum", REPORT).status == 400
    [done] = [event for event in running.events if isinstance(event, Enforced)]

    assert done.outcome == "invalid"
    assert done.tokens_in_vain == done.tokens > 0


def test_what_is_told_of_each_upstream_request(demo):
    """Each with its purpose; the request's own line has the sum, its time the upstream's part."""
    with guarding_gate(demo) as running:
        answer = running.chat("continues+slips-30", REPORT, stream=True)
    asked = [event for event in running.events if isinstance(event, UpstreamAnswered)]
    [finished] = running.finished()
    [told] = [each["x_strictgate"] for each in frames(answer) if "x_strictgate" in each]
    tried = told["attempts"]

    assert [each.purpose for each in asked] == [each.get("purpose", "try") for each in tried]
    assert {each.request_id for each in asked} == {answer.headers["x-request-id"]}
    assert all(0 < each.first_byte <= each.waited <= each.seconds for each in asked)
    assert finished.attempts + finished.continuations == len(tried)
    assert (finished.upstream, finished.outcome, finished.is_stream) == ("demo", "valid", True)
    assert finished.tokens_out > 0
    assert 0 < finished.upstream_seconds < finished.seconds
