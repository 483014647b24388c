"""One request as it is kept."""

import json
from dataclasses import replace

import pytest

from strictgate.inspector.entries import (
    Entry,
    KeptAsk,
    Text,
    judged_asks,
    preview,
)
from strictgate.observe.events import RequestFinished


def ask(status, *, judged):
    made = KeptAsk("u", "m", "native", "try", False, 0.0, b"", 0)
    made.status, made.is_judged = status, judged
    return made


def finished(status=200, error=None, *, left=False):
    about = ("req_1", "POST", "/v1/x", status, 0.5, error, left)
    return RequestFinished(*about, tokens_in=3, tokens_out=4)


def enforced(outcome, status=200, error=None, attempts=1):
    told = {"mode": "native", "outcome": outcome, "attempts": attempts}
    return replace(finished(status, error), **told, repairs=("forced",) * 2)


def whole(text):
    return Text(text.encode(), len(text.encode()))


@pytest.mark.parametrize(
    ("entry", "outcome"),
    [
        ({}, "open"),
        ({"finished": finished(left=True)}, "left"),
        ({"finished": enforced("valid")}, "valid"),
        (
            {"finished": enforced("invalid", 400, "json_validate_failed")},
            "invalid",
        ),
        ({"finished": enforced("unanswered", 401, "x", 0)}, "error"),
        ({"finished": finished()}, "passed"),
        ({"finished": finished(404, "model_not_found")}, "error"),
    ],
)
def test_how_it_ended(entry, outcome):
    """In one word."""
    assert Entry("req_1", 0.0, 0.0, **entry).outcome() == outcome


def test_the_row():
    """Repairs are named once."""
    row = Entry("req_1", 1.0, 0.0, finished=enforced("valid")).row()

    assert row["repairs"] == ["forced"]
    assert (row["tokens"], row["attempts"], row["seconds"]) == (7, 1, 0.5)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant"}]}, "a"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "b"}]}]}, "b"),
        ({"input": "c"}, "c"),
        ({"messages": [{"role": "user", "content": 5}]}, ""),
        ({"messages": "x" * 999}, "x" * 160),
        ({}, ""),
    ],
)
def test_what_the_list_shows_of_a_prompt(members, said):
    """Its beginning, whatever its shape."""
    assert preview(whole(json.dumps(members))) == said


def test_which_asks_are_attempts():
    """Answers are; a refusal is, where the model's own text was in it."""
    refused, judged, answered = (
        ask(400, judged=False),
        ask(400, judged=False),
        ask(200, judged=True),
    )

    assert judged_asks([refused, answered], 1) == [answered]
    assert judged_asks([refused, judged, answered], 2) == [judged, answered]
    assert judged_asks([refused], 0) == []
