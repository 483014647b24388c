"""What answers tell of how they came about."""

from strictgate.core.errors import BadRequest
from strictgate.core.request.options import Provenance
from strictgate.gateway.answer_details import AnswerDetails
from strictgate.settings.tables import Answers
from tests.core.talks import GOOD, body, conversation, said, stream, turns

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


SCHEMA = {
    "type": "object",
    "properties": {"age": {"type": "integer"}, "mood": {"enum": ["calm"]}},
    "required": ["age", "mood"],
    "additionalProperties": False,
}
SCORED = [
    ('{"', -0.1),
    ("age", -0.1),
    ('":', -0.2),
    (" 7", -0.25),
    (', "mood":', -9),
    (' "calm"}', 0),
]


def provenance(text, pieces=None, **rules):
    """What is told of whom the document in an answer is from; `pieces`: it comes as a stream."""
    request = body(SCHEMA, logprobs=True) | ({"stream": True} if pieces else {})
    talk = conversation(request, **rules)
    entries = [{"token": token, "logprob": score} for token, score in SCORED]
    if pieces:
        answers = stream(*pieces, logprobs=[[entry] for entry in entries])
    else:
        answers = [said(text)]
        answers[0].choices[0].raw["logprobs"] = {"content": entries}
    outcome, _ = turns(talk, *answers)
    return BOTH.completion(outcome, talk, {})["x_strictgate"].get("provenance")


def test_provenance():
    """What is not the model's own is counted, and told by path where that is asked for."""
    counts = {"choice": 0, "bytes": {"model": 18, "forced": 7, "mended": 1}}
    text = '{"age": "7", "mood": "sad"}'
    assert provenance(text) == [counts]
    assert provenance(text, provenance=Provenance.OFF) is None
    assert provenance('{"age": 7, "mood": "calm"}') is None
    [told] = provenance(text, provenance=Provenance.PATHS)
    assert told["bytes"] == counts["bytes"]
    assert told["paths"] == [{"path": "/age", "mended": 1}, {"path": "/mood", "forced": 6}]


def test_confidence():
    """Of a value whose tokens are known, whether it came whole or as a stream."""
    text = '{"age": 7, "mood": "calm"}'
    pieces = [token for token, _ in SCORED]
    for way in (None, pieces):
        [told] = provenance(text, way, provenance=Provenance.PATHS)
        assert told["paths"] == [
            {"path": "/age", "confidence": 0.7788},
            {"path": "/mood", "confidence": 1.0},
        ]


def test_of_what_is_no_document_of_the_caller_s():
    """Nothing is told of a document that calls are made of."""
    talk = conversation(body(SCHEMA), provenance=Provenance.PATHS)
    outcome, _ = turns(talk, said('{"age": "7", "mood": "calm"}'))
    told = BOTH.completion(outcome, talk, {}, is_rendered=True)
    assert "provenance" not in told["x_strictgate"]
