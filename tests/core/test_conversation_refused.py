"""Conversations with upstreams that refuse: the format, the schema, the model's text."""

import pytest

from strictgate.core.capabilities import Capabilities, Mode
from strictgate.core.errors import OutputInvalid, UpstreamError
from tests.core.talks import BAD, GOOD, body, contents, conversation, hold, modes, refused, said

NO_SCHEMA = refused(400, "This model does not support response format `json_schema`.")
NO_OBJECT = refused(400, "'response_format.type' must be 'json_schema' or 'text'")
NO_TOOLS = refused(400, "tools are not supported by this model.")


def test_ladder_down():
    """Each refusal takes the next mode; none is an attempt; all become lessons."""
    talk = conversation()
    outcome, asks = hold(talk, NO_SCHEMA, NO_OBJECT, NO_TOOLS, said(GOOD))

    assert modes(asks) == ["native", "json_object", "tool", "prompt"]
    assert contents(outcome) == [GOOD]
    assert len(talk.record.attempts) == 1
    assert [each.mode.value for each in talk.record.proven_refusals()] == [
        "native",
        "json_object",
        "tool",
    ]


def test_refusal_without_success_is_no_lesson():
    """Only an accepted ask proves that the refusal was one."""
    talk = conversation()
    with pytest.raises(UpstreamError):
        hold(talk, NO_SCHEMA, refused(401, "no key"))

    assert list(talk.record.proven_refusals()) == []


def test_known_refusals_are_not_tried():
    """What was learned is left out from the start."""
    _, asks = hold(conversation(refused={Mode.NATIVE, Mode.JSON_OBJECT}), said(GOOD))

    assert modes(asks) == ["tool"]


def test_dialect_is_a_lesson_for_the_schema():
    """A refused schema takes the next mode for this schema only."""
    talk = conversation()
    dialect = refused(
        400,
        "Invalid request: response_format.json_schema is not a valid moonshot flavored json "
        "schema, details: <At path 'root': unsupported keywords: minItems>",
    )
    hold(talk, dialect, said(GOOD))

    assert [(each.mode.value, each.for_schema) for each in talk.record.proven_refusals()] == [
        ("native", True)
    ]


def test_nothing_left():
    """An upstream that refuses everything is quoted."""
    last = refused(400, "This model does not support response format `json_object`.", type="x")
    only = Capabilities(modes=(Mode.JSON_OBJECT,))
    with pytest.raises(UpstreamError) as failed:
        hold(conversation(capabilities=only), last)

    assert failed.value.body()["error"]["type"] == "x"


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_other_errors_are_passed_on(status):
    """What is no refusal of the format is answered as the upstream put it."""
    failure = refused(status, "response_format json_schema is not supported", code="c")
    with pytest.raises(UpstreamError) as failed:
        hold(conversation(), failure)

    assert failed.value.status == status
    assert failed.value.body()["error"]["code"] == "c"


def test_json_word():
    """An upstream that misses the word JSON gets it."""
    request = body(response_format={"type": "json_object"})
    request["messages"] = [{"role": "user", "content": "as json"}]
    word = refused(400, "'messages' must contain the word 'json' in some form, to use …")
    outcome, asks = hold(conversation(request), word, said("{}"))

    assert contents(outcome) == ["{}"]
    assert "JSON object" in asks[1].body["messages"][0]["content"]


def test_conflict_with_stream():
    """Where format and stream do not go together, the stream is given up, for this request."""
    talk = conversation(body(stream=True))
    conflict = refused(400, "response_format` does not support streaming")
    _, asks = hold(talk, conflict, said(GOOD))

    assert [ask.plan.streamed for ask in asks] == [True, False]
    assert modes(asks) == ["native", "native"]
    assert list(talk.record.proven_refusals()) == []


# --- the upstream's own verdict ------------------------------------------------------------------


def test_upstream_validation_failure_is_an_attempt():
    """Groq's own refusal of the model's text is judged like an answer, and asked again."""
    groq = refused(
        400,
        "Generated JSON does not match the expected schema.",
        code="json_validate_failed",
        failed_generation=BAD,
    )
    outcome, asks = hold(conversation(), groq, said(GOOD))

    assert contents(outcome) == [GOOD]
    assert asks[1].body["messages"][1]["content"] == BAD


def test_upstream_validation_failure_that_can_be_mended():
    """What Groq refused may need only its fence taken off."""
    groq = refused(
        400,
        "Failed to validate JSON.",
        code="json_validate_failed",
        failed_generation=f"```json\n{GOOD}\n```",
    )
    outcome, _ = hold(conversation(), groq)

    assert contents(outcome) == [GOOD]


def test_upstream_truncation_sentence():
    """Its sentence about the budget is no text of the model's."""
    groq = refused(
        400,
        "Failed to validate JSON.",
        code="json_validate_failed",
        failed_generation="max completion tokens reached before generating a valid document",
    )
    with pytest.raises(OutputInvalid) as failed:
        hold(conversation(), groq)

    assert "max completion tokens" in failed.value.failed_generation
