"""One request as it is kept."""

import json

import pytest

from strictgate.core.capabilities import Mode
from strictgate.core.plan.planner import Purpose
from strictgate.inspector.entries import (
    MAX_BODY,
    Entry,
    KeptAsk,
    judged_asks,
    preview,
    text_of,
)
from strictgate.observe.events import Enforced, RequestFinished


def ask(status, *, judged):
    made = KeptAsk(Mode.NATIVE, Purpose.TRY, False, 0.0, text_of(b""))
    made.status, made.is_judged = status, judged
    return made


def finished(status=200, error=None, *, left=False):
    about = ("req_1", "POST", "/v1/x", status, 0.5, error, left)
    return RequestFinished(*about, tokens_in=3, tokens_out=4)


def enforced(outcome, attempts=1):
    about = ("req_1", "u", "m", "native", attempts, outcome, ("forced",) * 2, 7)
    return Enforced(*about, tokens_in=3, tokens_out=4, tokens_in_vain=0, stopped=0, continuations=0)


def test_bodies_are_cut():
    """And say so."""
    kept = text_of(b"x" * (MAX_BODY + 1))

    assert (len(kept.raw), kept.size, kept.is_whole) == (MAX_BODY, MAX_BODY + 1, False)


@pytest.mark.parametrize(
    ("entry", "outcome"),
    [
        ({}, "open"),
        ({"finished": finished(left=True)}, "left"),
        ({"finished": finished(), "enforced": enforced("valid")}, "valid"),
        (
            {"finished": finished(400, "json_validate_failed"), "enforced": enforced("invalid")},
            "invalid",
        ),
        ({"finished": finished(401, "x"), "enforced": enforced("unanswered", 0)}, "error"),
        ({"finished": finished()}, "passed"),
        ({"finished": finished(404, "model_not_found")}, "error"),
    ],
)
def test_how_it_ended(entry, outcome):
    """In one word."""
    assert Entry("req_1", 0.0, 0.0, **entry).outcome() == outcome


def test_the_row():
    """Repairs are named once."""
    row = Entry("req_1", 1.0, 0.0, finished=finished(), enforced=enforced("valid")).row()

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
    assert preview(text_of(json.dumps(members).encode())) == said


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
