"""What answers tell of how they came about."""

import pytest

from strictgate.core.capabilities import Capabilities
from strictgate.core.conversation.condensing import condensed
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.protocol import Outcome
from strictgate.core.errors import BadRequest
from strictgate.core.output.origins import ByteOrigin, DocumentOrigins, OriginRange
from strictgate.core.plan.planner import Planner
from strictgate.core.plan.prompted_tools import arguments_at
from strictgate.core.request.contract import read_contract
from strictgate.core.request.options import Enforcement, Provenance
from strictgate.core.request.tools import Toolset
from strictgate.core.schema.schema import admit
from strictgate.gateway.answer_details import AnswerDetails
from strictgate.settings.tables import Answers
from tests.core.talks import GOOD, body, conversation, said, stream, stream_of, turns

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


TAKES = {
    "type": "object",
    "properties": {"age": {"type": "integer"}, "mood": {"enum": ["angry", "calm"]}},
    "required": ["age", "mood"],
    "additionalProperties": False,
}
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": TAKES, "strict": True}}
MENDED = '{"age": "7", "mood": "calm"}'
AT = "/tool_calls/0/function/arguments"


def calling(arguments, streamed_, **rules):
    """What is told of an answer that calls `f`."""
    asked = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": [FUNCTION]}
    asked["stream"] = streamed_
    schemas = {"f": admit(TAKES, name="f")}
    tools = Toolset(schemas, frozenset(schemas), must_call=False)
    wanted = read_contract(asked)
    made = Planner(wanted, admit(True, name="x"), Capabilities(), asked, "m", tools=tools)
    talk = Conversation(made, Enforcement(**rules))
    function = {"name": "f", "arguments": arguments}
    call = {"index": 0, "id": "c", "type": "function", "function": function}
    if streamed_:
        pieces = [arguments[:9], arguments[9:]]
        deltas = [{"tool_calls": [call | {"function": function | {"arguments": pieces[0]}}]}]
        deltas.append({"tool_calls": [{"index": 0, "function": {"arguments": pieces[1]}}]})
        replies = stream_of(*deltas, finish_reason="tool_calls")
    else:
        replies = [said(None, tool_calls=[call])]
    outcome, _ = turns(talk, *replies)
    return BOTH.completion(outcome, talk, {})["x_strictgate"].get("provenance")


@pytest.mark.parametrize("streamed_", [False, True])
def test_of_arguments(streamed_):
    """Of a call, by where its arguments stand; where all is the model's own, nothing by itself."""
    counts = {"choice": 0, "path": AT, "bytes": {"model": 25, "mended": 1}}
    assert calling(MENDED, streamed_) == [counts]
    paths = [{"path": "/age", "mended": 1}]
    assert calling(MENDED, streamed_, provenance=Provenance.PATHS) == [counts | {"paths": paths}]
    assert calling(MENDED, streamed_, provenance=Provenance.OFF) is None
    good = MENDED.replace('"7"', "7")
    assert calling(good, streamed_) is None
    assert calling(good, streamed_, provenance=Provenance.PATHS) == [
        {"choice": 0, "path": AT, "bytes": {"model": 26}, "paths": []}
    ]


def test_of_a_document_that_calls_are_made_of():
    """Where tools are told in the prompt, it is told of the arguments as the caller gets them."""
    talk = conversation(body(True), provenance=Provenance.PATHS)
    text = f'{{"tool_calls": [{{"name": "é", "arguments": [1]}}, {{"arguments": {MENDED}}}]}}'
    start = len(text[: text.index(MENDED)].encode())
    ranges = (
        OriginRange(0, start + 8, ByteOrigin.MODEL),
        OriginRange(start + 8, start + 11, ByteOrigin.MENDED),
        OriginRange(start + 11, len(text.encode()), ByteOrigin.MODEL),
    )
    message = {"role": "assistant", "content": text}
    outcome = Outcome({"choices": [{"message": message}]}, (), {}, {0: DocumentOrigins(ranges)})
    at = arguments_at(is_deprecated=False)
    made = condensed(outcome, Provenance.COUNTS, at)
    [told] = BOTH.completion(made, talk, {})["x_strictgate"]["provenance"]
    second = AT.replace("0", "1")
    assert told == {"choice": 0, "path": second, "bytes": {"model": 25, "mended": 3}}

    answer = '{"answer": [1]}'
    whole = DocumentOrigins.of(ByteOrigin.FORCED, len(answer))
    outcome = Outcome({"choices": [{"message": {"content": answer}}]}, (), {}, {0: whole})
    assert condensed(outcome, Provenance.COUNTS, at).provenance == (
        {"choice": 0, "bytes": {"forced": 3}},
    )
    words = '{"content": "[1]"}'
    outcome = Outcome({"choices": [{"message": {"content": words}}]}, (), {}, {0: whole})
    assert condensed(outcome, Provenance.PATHS, at).provenance == ()
