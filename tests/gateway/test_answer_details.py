"""What answers tell of how they came about."""

from strictgate.core.errors import BadRequest
from strictgate.gateway.answer_details import AnswerDetails
from strictgate.settings.tables import Answers
from tests.core.talks import GOOD, conversation, said, turns

BOTH = AnswerDetails(Answers())
NEITHER = AnswerDetails(Answers(headers=False, body=False))


def test_a_completion():
    """The upstream's fields, what was sent already, and how it came about."""
    talk = conversation()
    outcome, _ = turns(talk, said(GOOD))
    told = BOTH.completion(outcome, talk, {"id": "sent"})
    assert told["id"] == "sent"
    assert told["x_strictgate"]["attempts"][0]["outcome"] == "valid"
    assert BOTH.headers(outcome, talk)["x-strictgate-attempts"] == "1"
    assert BOTH.early_headers(talk) == {"x-strictgate-mode": "native"}


def test_nothing_is_told():
    """Where the settings say so: neither in the answer, nor in an error."""
    talk = conversation()
    outcome, _ = turns(talk, said(GOOD))
    assert "x_strictgate" not in NEITHER.completion(outcome, talk, {})
    assert NEITHER.headers(outcome, talk) == NEITHER.early_headers(talk) == {}
    error = BadRequest("no", headers={"x-strictgate-mode": "native", "retry-after": "1"})
    error.details = {"attempts": []}
    NEITHER.quieten(error)
    assert error.details is None
    assert error.headers == {"retry-after": "1"}
