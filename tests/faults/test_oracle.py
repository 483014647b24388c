"""The oracle finds what it is there for: a campaign without complaints would say little else."""

import json
from dataclasses import replace

import pytest

from tests.faults.gateway import FIRST_BYTE
from tests.faults.http_client import NOTHING, Answer
from tests.faults.kinds.framing import STRAY
from tests.faults.oracle import ALWAYS, Case, Complaint, outcome
from tests.faults.reply import DONE, chunk, completion, dumped, event
from tests.faults.upstream import Token

NONCE = "n0nce-0123456789ab"
GOOD = json.dumps({"nonce": NONCE, "choice": "calm"})
WRONG = json.dumps({"nonce": NONCE, "choice": "happy"})
JSON = {"content-type": "application/json"}
EVENTS = {"content-type": "text/event-stream"}


def case(fault="good", **changes):
    fields = {
        "token": Token(NONCE, "choice", ALWAYS, 0.5),
        "surface": "chat",
        "is_stream": False,
        "is_enforced": True,
        "goes_on": False,
    }
    return Case(fault, **(fields | changes))


def whole(text):
    return Answer(200, JSON, dumped(completion(text)))


def streamed(*events):
    return Answer(200, EVENTS, b"".join(events))


def failed(code, message="It did not work.", status=502):
    return Answer(status, JSON, dumped({"error": {"message": message, "code": code}}))


TEXT, END = event(chunk(content=GOOD)), event(chunk("stop"))
ERROR = event({"error": {"message": "no", "code": "upstream_timeout"}})
STREAM = {"is_stream": True}
RESPONSES = {"surface": "responses", "is_stream": True}
COMPLETED = event(
    {
        "type": "response.completed",
        "response": {
            "status": "completed",
            "output": [{"content": [{"type": "output_text", "text": GOOD}]}],
        },
    }
)


@pytest.mark.parametrize(
    ("asked", "answer", "expected"),
    [
        (case(), whole(GOOD), "ok"),
        (case("body-empty"), failed("upstream_bad_response"), "upstream_bad_response"),
        (case("status-429"), failed("odd", status=429), "passed_on"),
        (case(**STREAM), streamed(TEXT, END, DONE), "ok"),
        (case("silence", **STREAM), streamed(ERROR, DONE), "upstream_timeout"),
        (case(**RESPONSES), streamed(COMPLETED), "ok"),
        (case("reset-somewhere", is_enforced=False), Answer(200, JSON, b"{", False), "cut"),
        (case(), replace(failed("upstream_timeout"), seconds=FIRST_BYTE), "upstream_timeout"),
    ],
)
def test_what_may_be(asked, answer, expected):
    """Documents, errors and streams as they are promised."""
    assert outcome(asked, answer) == expected


@pytest.mark.parametrize(
    ("asked", "answer", "words"),
    [
        (case(), whole(WRONG), "an invalid 200"),
        (case(), whole("I cannot."), "not JSON"),
        (case(), whole(GOOD.replace('"calm"', "NaN")), "not JSON"),
        (case(), whole(GOOD.replace(NONCE, STRAY)), "another request's"),
        (case(), whole(GOOD.replace(NONCE, "none")), "without its nonce"),
        (case("body-empty"), whole(GOOD), "came to ok"),
        (case(), failed("upstream_timeout"), "came to upstream_timeout"),
        (case(), failed("internal_error", status=500), "a bare 500"),
        (case(), failed("x", ""), "without words"),
        (case(), Answer(500, {}, b"Internal Server Error"), "not JSON"),
        (case(), Answer(200, JSON, whole(GOOD).body, False), "that is cut"),
        (case(), NOTHING, "no answer"),
        (case(**STREAM), streamed(TEXT, END), "not one [DONE]"),
        (case(**STREAM), streamed(TEXT, END, DONE, DONE), "not one [DONE]"),
        (case(**STREAM), streamed(TEXT, DONE), "not one reason"),
        (case(**STREAM), streamed(TEXT, END, ERROR, DONE), "behind the end"),
        (case(**STREAM), streamed(TEXT, END, DONE[:-1]), "within an event"),
        (case(**RESPONSES), streamed(COMPLETED, COMPLETED), "not one terminal"),
        (case(**RESPONSES), streamed(event({"type": "response.created"})), "not one terminal"),
        (case("reset-somewhere", is_enforced=False), Answer(200, JSON, b"{}"), "seems whole"),
    ],
)
def test_what_may_not_be(asked, answer, words):
    """Each way to break the promise."""
    with pytest.raises(Complaint) as complaint:
        outcome(asked, answer)
    assert words in str(complaint.value)
