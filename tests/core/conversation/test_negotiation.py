"""Conversations with upstreams that refuse: the format, the schema, a field, the tools, a text."""

import json
from dataclasses import replace

import pytest

from strictgate.core.capabilities import Capabilities, Fact, Mode, Prefill
from strictgate.core.conversation.protocol import Ask
from strictgate.core.errors import OutputInvalid, ToolsRefused, UpstreamError
from strictgate.core.request.options import StreamMode
from tests.core.talks import (
    BAD,
    GOOD,
    body,
    contents,
    conversation,
    hold,
    modes,
    refused,
    said,
    stream,
    turns,
)

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
    assert talk.record.facts == [(Fact.NO_JSON_WITH_STREAM, ())]


TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}


def test_conflict_with_tools():
    """Where format and tools do not go together, the tools are sent and the format is told."""
    talk = conversation(body(tools=[TOOL], stream=True))
    _, asks = hold(talk, refused(400, "Cannot use JSON response type with tools"), said(GOOD))

    assert modes(asks) == ["native", "prompt"]
    assert asks[1].body["tools"] == [TOOL]
    assert "<json_schema>" in asks[1].body["messages"][0]["content"]
    assert list(talk.record.proven_refusals()) == []
    assert talk.record.facts == [(Fact.NO_JSON_WITH_TOOLS, ())]


def test_conflict_with_something_else():
    """The next mode may go together with it; nothing is learned of that."""
    talk = conversation(body(web_search_options={}, stream=True))
    _, asks = hold(talk, refused(400, "Web Search cannot be used with JSON mode."), said(GOOD))

    assert modes(asks) == ["native", "json_object"]
    assert asks[1].plan.streamed
    assert (list(talk.record.proven_refusals()), talk.record.facts) == ([], [])


# --- what can be done without --------------------------------------------------------------------


def test_an_addition_is_left_out():
    """What the plan added is left out in the same mode, and that is no try."""
    talk = conversation(body(stream=True))
    no = refused(422, "body.stream_options.include_usage: Extra inputs are not permitted")
    _, asks = hold(talk, no, said(GOOD))

    assert modes(asks) == ["native", "native"]
    assert [ask.body.get("stream_options") is None for ask in asks] == [False, True]
    assert asks[1].plan.streamed
    assert talk.record.tries == 1
    assert talk.record.facts == [(Fact.NO_FIELD, ("stream_options",))]


def test_several_are_left_out_one_after_the_other():
    """As long as the upstream names another, and together with a step to another mode."""
    talk = conversation(body(store=True, metadata={}, max_tokens=9))
    answers = [
        refused(400, "property 'store' is unsupported"),
        NO_SCHEMA,
        refused(400, "Unsupported parameter: 'max_tokens'", param="max_tokens"),
        refused(400, "property 'metadata' is unsupported"),
        said(GOOD),
    ]
    _, asks = hold(talk, *answers)

    assert modes(asks) == ["native", "native", "json_object", "json_object", "json_object"]
    assert asks[-1].body["max_completion_tokens"] == 9
    assert not asks[-1].body.keys() & {"store", "metadata", "max_tokens"}
    assert asks[-1].plan.dropped == ("store", "metadata")


def test_what_is_left_out_stays_out_of_later_asks():
    """Feedback that carries a refused field is sent without it."""
    talk = conversation(body(n=2))
    _, asks = hold(talk, refused(400, "n=2 is not supported"), said(BAD), said(GOOD), said(GOOD))

    assert ["n" in ask.body for ask in asks] == [True, False, False, False]
    assert talk.record.facts == [(Fact.NO_FIELD, ("n",))]


def test_a_field_is_left_out_once():
    """An upstream that goes on refusing it is quoted."""
    no = refused(400, "property 'store' is unsupported")
    with pytest.raises(UpstreamError):
        hold(conversation(body(store=True)), no, no)


def test_the_tool_of_a_mode_is_no_longer_forced():
    """A document is judged whether its call was forced or not."""
    only = Capabilities(modes=(Mode.TOOL, Mode.PROMPT))
    no = refused(400, "tool_choice 'specified' is incompatible with thinking enabled")
    talk = conversation(capabilities=only)
    _, asks = hold(talk, no, no, said(GOOD))

    assert [ask.body.get("tool_choice") for ask in asks[1:]] == ["required", None]
    assert modes(asks) == ["tool"] * 3


@pytest.mark.parametrize("field", ["seed", "temperature", "reasoning_effort"])
def test_what_the_caller_sent_is_not_left_out(field):
    """Its refusal is the answer."""
    no = refused(400, f"Unsupported parameter: '{field}'", param=field)
    with pytest.raises(UpstreamError):
        hold(conversation(body(**{field: 1})), no)


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


# --- tools ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "functions"),
    [
        ("tools are not supported by this model.", set()),
        ("Invalid schema for function 'f': 'oneOf' is not permitted.", {"f"}),
    ],
)
def test_refused_tools(message, functions):
    """Tools, or what some of them take, are left to be told in the prompt."""
    with pytest.raises(ToolsRefused) as refused_tools:
        hold(conversation(body(tools=[TOOL])), refused(400, message))

    assert refused_tools.value.functions == functions
    assert refused_tools.value.body()["error"]["message"] == message


FREE_FIRST = Capabilities(prompt_first=True, prefill=Prefill.TRAILING)
NO_WAY = said("I would rather not.")


def test_the_grammar_is_the_last_try_of_a_free_answer():
    """Where the free answer comes first, what has no beginning ends under the host's grammar."""
    talk = conversation(capabilities=FREE_FIRST, max_continuations=1)
    outcome, asks = hold(talk, NO_WAY, NO_WAY, NO_WAY, said(GOOD))

    assert modes(asks) == ["prompt", "prompt", "prompt", "native"]
    assert contents(outcome) == [GOOD]
    assert talk.plan.mode is Mode.NATIVE


def test_one_try_is_free():
    """A first try is never the last one that the grammar takes."""
    _, asks = hold(conversation(capabilities=FREE_FIRST, max_attempts=1), said(GOOD))

    assert modes(asks) == ["prompt"]


def test_a_grammar_that_is_refused_leaves_the_free_answer():
    """A refusal in the last try is no try; known refusals are not asked for at all."""
    talk = conversation(capabilities=FREE_FIRST, max_attempts=2, max_continuations=1)
    _, asks = hold(talk, NO_WAY, NO_WAY, NO_SCHEMA, said(GOOD))
    assert modes(asks) == ["prompt", "prompt", "native", "prompt"]
    assert [each.mode for each in talk.record.proven_refusals()] == [Mode.NATIVE]

    talk = conversation(
        refused={Mode.NATIVE}, capabilities=FREE_FIRST, max_attempts=2, max_continuations=1
    )
    _, asks = hold(talk, NO_WAY, NO_WAY, said(GOOD))
    assert modes(asks) == ["prompt", "prompt", "prompt"]


@pytest.mark.parametrize(
    ("message", "taken", "noted"),
    [
        ("This model does not support response format `json_schema`.", "json_object", ["native"]),
        ("'response_format.type' must be 'json_schema' or 'text'", "native", ["json_object"]),
        ("`response_format` is not supported.", "tool", ["json_object", "native"]),
        ("Invalid schema for response_format 's': 'oneOf' is not permitted.", "json_object", []),
        ("response_format cannot be used with web search.", "native", []),
    ],
)
def test_a_format_refused_in_answer_to_the_prompt_is_a_format_refused(message, taken, noted):
    """What stands before the model may speak of a format that was not sent: another mode is taken,
    and never is it noted that the prompt is refused."""
    talk = conversation(capabilities=FREE_FIRST)
    outcome, asks = hold(talk, refused(400, message), said(GOOD))

    assert modes(asks) == ["prompt", taken]
    assert contents(outcome) == [GOOD]
    known = [each for each in talk.record.proven_refusals() if not each.for_schema]
    assert sorted(each.mode.value for each in known) == noted
    assert all(each.mode is not Mode.PROMPT for each in talk.record.proven_refusals())


def test_what_is_no_refusal_of_a_format_ends_a_free_answer():
    """Nothing else is tried behind an error that says something else."""
    with pytest.raises(UpstreamError):
        hold(conversation(capabilities=FREE_FIRST), refused(400, "The model m does not exist."))


def test_the_prompt_as_the_last_mode_has_no_format_to_refuse():
    """The same words are the caller's answer where no other mode is left."""
    talk = conversation(capabilities=replace(FREE_FIRST, modes=(Mode.PROMPT,)))
    with pytest.raises(UpstreamError):
        hold(talk, NO_SCHEMA)


def test_modes_that_follow_their_order_stay_in_it():
    """Without `prompt_first` a prompt that fails is not left for the grammar."""
    able = Capabilities(modes=(Mode.PROMPT, Mode.NATIVE))
    _, asks = hold(conversation(capabilities=able), NO_WAY, NO_WAY, said(GOOD))

    assert modes(asks) == ["prompt", "prompt", "prompt"]


def test_no_grammar_behind_what_the_caller_has():
    """An answer under the grammar need not begin with what went out: it is asked freely again."""
    talk = conversation(
        body(stream=True),
        FREE_FIRST,
        max_attempts=2,
        max_continuations=1,
        stream=StreamMode.GUARDED,
    )
    outcome, taken = turns(
        talk,
        *stream('{"choice": ', '"hap'),
        *stream(" no way"),
        *stream(GOOD),
    )

    asks = [turn for turn in taken if isinstance(turn, Ask)]
    assert modes(asks) == ["prompt", "prompt", "prompt"]
    assert json.loads(contents(outcome)[0]) == json.loads(GOOD)
