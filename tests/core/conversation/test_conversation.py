"""Ask, judge, ask again, as transcripts."""

import json

import pytest

from strictgate.core.capabilities import Capabilities, Mode, Prefill
from strictgate.core.errors import (
    OutputInvalid,
    OutputTooComplex,
    UpstreamBadResponse,
    UpstreamError,
    UpstreamTimeout,
)
from strictgate.core.repair_steps import Completion, Repair
from strictgate.core.work import Work
from tests.core.talks import (
    BAD,
    GOOD,
    MOOD,
    body,
    contents,
    conversation,
    hold,
    modes,
    refused,
    said,
    streamed,
)

NO_SCHEMA = refused(400, "This model does not support response format `json_schema`.")
NO_OBJECT = refused(400, "'response_format.type' must be 'json_schema' or 'text'")
NO_TOOLS = refused(400, "tools are not supported by this model.")
PLAIN = Capabilities(modes=(Mode.PROMPT,))


def test_first_answer_valid():
    """A valid first answer ends the conversation."""
    outcome, asks = hold(conversation(), said(GOOD))

    assert contents(outcome) == [GOOD]
    assert modes(asks) == ["native"]
    assert outcome.body["usage"] == {"total_tokens": 10}


def test_feedback():
    """A wrong answer is quoted back with what was wrong, and the usage adds up."""
    outcome, asks = hold(conversation(repair=Repair.OFF), said(BAD), said(GOOD))

    assert contents(outcome) == [GOOD]
    roles = [message["role"] for message in asks[1].body["messages"]]
    assert roles == ["user", "assistant", "user"]
    assert "/choice: value must be" in asks[1].body["messages"][-1]["content"]
    assert outcome.body["usage"] == {"total_tokens": 20}


def test_feedback_adds_up():
    """Each further attempt sees what was wrong with all before it, and the same beginning."""
    _, asks = hold(conversation(), said(BAD), said("nonsense"), said(GOOD))

    second, third = (ask.body["messages"] for ask in asks[1:])
    assert third[: len(second)] == second
    assert [message["content"] for message in third[1::2]] == [BAD, "nonsense"]


def test_the_error_of_the_thread():
    """When attempts run out, the error is Groq's, byte for byte; the attempts stand beside it."""
    one_way = MOOD | {"properties": {"choice": {"type": "string", "enum": ["angry"]}}}
    talk = conversation(body(one_way), repair=Repair.OFF)
    with pytest.raises(OutputInvalid) as failed:
        hold(talk, said(BAD), said(BAD), said(BAD))

    told = failed.value.body()
    assert [*told] == ["error", "x_strictgate"]
    assert json.dumps(told["error"], separators=(",", ":")) == (
        '{"message":"Generated JSON does not match the expected schema. Please adjust '
        "your prompt. See 'failed_generation' for more details. Error: jsonschema: '/choice' "
        'does not validate with /properties/choice/enum: value must be \\"angry\\"",'
        '"type":"invalid_request_error","code":"json_validate_failed",'
        '"failed_generation":"{\\"choice\\":\\"happy\\"}"}'
    )
    assert [each["outcome"] for each in told["x_strictgate"]["attempts"]] == ["invalid"] * 3
    assert told["x_strictgate"]["usage"] == {"total_tokens": 30}
    assert failed.value.status == 400
    assert failed.value.headers["x-should-retry"] == "false"
    assert failed.value.headers["x-strictgate-attempts"] == "3"
    assert failed.value.headers["x-strictgate-schema-path"] == "/properties/choice/enum"


def test_an_empty_last_answer():
    """The error has the last that the model wrote, though its last answer was empty."""
    with pytest.raises(OutputInvalid) as failed:
        hold(conversation(), said('{"choice":"happy"}'), said("not this"), said(" "))

    assert failed.value.failed_generation == "not this"


def test_not_json():
    """What is not JSON has an error of its own, with the text."""
    with pytest.raises(OutputInvalid) as failed:
        hold(conversation(max_attempts=1), said("I would say: happy."))

    assert failed.value.body()["error"] == {
        "message": "Failed to validate JSON. Please adjust your prompt. "
        "See 'failed_generation' for more details.",
        "type": "invalid_request_error",
        "code": "json_validate_failed",
        "failed_generation": "I would say: happy.",
    }


def test_an_upstreams_error_after_attempts():
    """What was tried before is told, and what it cost; of a first ask there is nothing to tell."""
    first = refused(429, "slow down")
    with pytest.raises(UpstreamError) as failed:
        hold(conversation(), first)
    assert [*failed.value.body()] == ["error"]

    broken = [*streamed(GOOD[:5])[:1], UpstreamBadResponse("It broke off.")]
    able = Capabilities(prefill=Prefill.TRAILING)
    with pytest.raises(UpstreamBadResponse) as failed:
        hold(conversation(capabilities=able, max_attempts=1, max_continuations=1), *broken, first)
    told = failed.value.body()
    assert told["error"]["code"] == "upstream_bad_response"
    (attempt,) = told["x_strictgate"]["attempts"]
    assert (attempt["outcome"], attempt["end"]) == ("broken", "broken")
    assert told["x_strictgate"]["usage"] == attempt["usage"]


def test_truncated_is_not_asked_again():
    """The client set the budget; the part that came is kept beside Groq's words."""
    with pytest.raises(OutputInvalid) as failed:
        hold(conversation(), said('{"choice":"', finish_reason="length"))

    told = failed.value.body()
    assert told["error"]["failed_generation"] == (
        "max completion tokens reached before generating a valid document"
    )
    assert told["x_strictgate"]["failed_generation"] == '{"choice":"'


def test_truncated_where_one_way_is_left():
    """What the schema leaves no choice about is written without asking, and reported."""
    outcome, asks = hold(conversation(), said('{"choice":"an', finish_reason="length"))
    assert contents(outcome) == [GOOD]
    assert [step.name for _, step in outcome.steps] == [Completion.FORCED]
    assert len(asks) == 1


def test_truncated_after_the_document_is_whole():
    """What is valid is valid, wherever the budget ended."""
    outcome, _ = hold(conversation(), said(GOOD + " I hope", finish_reason="length"))

    assert contents(outcome) == [GOOD]
    assert outcome.body["choices"][0]["finish_reason"] == "stop"


def test_half_a_number_is_a_number_too():
    """A bare number at the end of a truncated answer may have had more digits."""
    request = body({"type": "integer"})
    plain = {"capabilities": PLAIN}
    with pytest.raises(OutputInvalid):
        hold(conversation(request, **plain), said("12", finish_reason="length"))

    whole, _ = hold(conversation(request, **plain), said("12\n", finish_reason="length"))
    assert contents(whole) == ["12"]
    wrapped = said('{"value": 12}', finish_reason="length")
    assert contents(hold(conversation(request), wrapped)[0]) == ["12"]


def test_token_budget():
    """Once the budget is spent no attempt is added."""
    with pytest.raises(OutputInvalid):
        hold(conversation(token_budget=15), said(BAD), said(BAD))


# --- outcomes of their own -----------------------------------------------------------------------


def test_refusal_is_passed_on():
    """A refusal is an answer, and not a document."""
    outcome, _ = hold(conversation(), said(None, refusal="I cannot help with that."))

    assert outcome.body["choices"][0]["message"]["refusal"] == "I cannot help with that."
    assert contents(outcome) == [None]


def test_content_filter_is_passed_on():
    """What a filter stopped is not repaired into success."""
    outcome, _ = hold(conversation(), said('{"cho', finish_reason="content_filter"))

    assert outcome.body["choices"][0]["finish_reason"] == "content_filter"


def test_call_of_the_callers_tools_is_passed_on():
    """With tools of the caller's, a call is an answer."""
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    reply = said(None, finish_reason="tool_calls", tool_calls=[call])
    outcome, asks = hold(
        conversation(body(tools=[{"type": "function", "function": {"name": "f"}}])), reply
    )

    assert outcome.body["choices"][0]["message"]["tool_calls"] == [call]
    assert "tools" in asks[0].body


# --- several choices -----------------------------------------------------------------------------


def test_only_the_bad_choice_is_asked_again():
    """Each choice is judged; a bad one is asked for alone; indices stay."""
    outcome, asks = hold(conversation(body(n=3)), said(GOOD, BAD, GOOD), said(GOOD))

    assert contents(outcome) == [GOOD, GOOD, GOOD]
    assert [choice["index"] for choice in outcome.body["choices"]] == [0, 1, 2]
    assert [ask.body.get("n") for ask in asks] == [3, None]


def test_missing_choices_are_asked_for():
    """An upstream that knows only one choice is asked as often as needed."""
    one = Capabilities(several_choices=False)
    outcome, asks = hold(conversation(body(n=3), one), said(GOOD), said(GOOD), said(GOOD))

    assert len(outcome.body["choices"]) == 3
    assert all("n" not in ask.body for ask in asks)
    assert all(len(ask.body["messages"]) == 1 for ask in asks)


def test_one_bad_choice_fails_the_request():
    """The promise holds for every choice."""
    with pytest.raises(OutputInvalid):
        hold(conversation(body(n=2), max_attempts=2), said(GOOD, BAD), said(BAD))


# --- what stops a conversation -------------------------------------------------------------------


def test_timeout_before_any_answer():
    """Nothing came: that is the answer."""
    with pytest.raises(UpstreamTimeout):
        hold(conversation(), UpstreamTimeout("late"))


@pytest.mark.parametrize("end", [UpstreamTimeout("late"), refused(429, "slow down")])
def test_a_verdict_outlives_what_comes_after(end):
    """Once an answer was judged, its verdict is told, whatever stops the next attempt."""
    with pytest.raises(OutputInvalid) as failed:
        hold(conversation(), said(BAD), end)

    assert failed.value.failed_generation == BAD


def test_a_mended_verdict_does_not_outlive():
    """What was wrong with one choice is not the answer to what stops the next."""
    talk = conversation(body(n=2), Capabilities(several_choices=False))
    with pytest.raises(UpstreamError) as failed:
        hold(talk, said(BAD), said(GOOD), refused(429, "slow down"))

    assert failed.value.status == 429


def test_token_budget_of_missing_choices():
    """Choices that never came are not paid for beyond the budget, either."""
    talk = conversation(body(n=5), Capabilities(several_choices=False), token_budget=15)
    with pytest.raises(UpstreamBadResponse):
        hold(talk, said(GOOD), said(GOOD))


# --- modes ---------------------------------------------------------------------------------------


def test_tool_mode():
    """The arguments of the forced call are the document; the call itself is not shown."""
    call = {"id": "1", "type": "function", "function": {"name": "mood", "arguments": GOOD}}
    reply = said(None, finish_reason="tool_calls", tool_calls=[call])
    outcome, _ = hold(conversation(capabilities=Capabilities(modes=(Mode.TOOL,))), reply)

    choice = outcome.body["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == (GOOD, "stop")
    assert "tool_calls" not in choice["message"]


def test_a_call_without_a_name_is_none():
    """It neither passes for an answer nor hides the content."""
    empty = {"name": "", "arguments": ""}
    request = body(tools=[{"type": "function", "function": {"name": "f"}}])
    outcome, _ = hold(conversation(request), said(GOOD, function_call=empty))

    assert contents(outcome) == [GOOD]
    with pytest.raises(OutputInvalid):
        hold(conversation(request, max_attempts=1), said("not json", function_call=empty))
    assert contents(hold(conversation(), said(GOOD, function_call=empty))[0]) == [GOOD]


def test_json_mode_wants_an_object():
    """Without a schema there is none to violate: what is no object is not JSON enough."""
    request = body(response_format={"type": "json_object"})
    with pytest.raises(OutputInvalid) as failed:
        hold(conversation(request, max_attempts=1), said("[1]"))

    assert failed.value.message.startswith("Failed to validate JSON.")


def test_tool_mode_answered_in_text():
    """A model that writes instead of calling is read all the same."""
    outcome, _ = hold(conversation(capabilities=Capabilities(modes=(Mode.TOOL,))), said(GOOD))

    assert contents(outcome) == [GOOD]


def test_wrapped_root():
    """An array comes wrapped from modes that yield objects, and unwrapped to the caller."""
    request = body({"type": "array", "items": {"type": "number"}})
    outcome, asks = hold(conversation(request), said('{"value": [1.50, 2]}'))

    assert contents(outcome) == ["[1.50, 2]"]
    sent = asks[0].body["response_format"]["json_schema"]["schema"]
    assert sent["properties"]["value"]["type"] == "array"


def test_document_in_the_reasoning_field():
    """Some servers put the whole answer there."""
    outcome, _ = hold(conversation(), said("", reasoning_content=GOOD))

    assert contents(outcome) == [GOOD]
    assert [step.name for _, step in outcome.steps] == ["from_reasoning"]


def test_reasoning_is_kept_beside_the_document():
    """Extra fields of the message stay."""
    outcome, _ = hold(conversation(), said(GOOD, reasoning_content="hm"))

    assert outcome.body["choices"][0]["message"]["reasoning_content"] == "hm"


def test_record():
    """The details tell of each attempt, the refusals and the repairs."""
    talk = conversation()
    outcome, _ = hold(talk, NO_SCHEMA, said(BAD), said(f"Sure:\n{GOOD}"))
    details = talk.record.details(talk.plan, outcome.steps)

    assert details["mode"] == "json_object"
    assert [each["outcome"] for each in details["attempts"]] == ["invalid", "valid"]
    assert details["attempts"][0]["problems"]
    assert details["refused"][0]["mode"] == "native"
    assert [each["choice"] for each in details["repairs"]] == [0]
    assert talk.record.headers(talk.plan, outcome.steps)["x-strictgate-repairs"]


@pytest.mark.parametrize("streams", [False, True])
def test_a_spent_budget_is_an_error_of_its_own(streams):
    """The error names the limit, holds the answer, and nobody is asked again."""
    answers = streamed(BAD[:9], BAD[9:]) if streams else [said(BAD)]
    talk = conversation(body(stream=streams), work=Work(5))
    with pytest.raises(OutputTooComplex, match=r"limits\.work") as raised:
        hold(talk, *answers)

    assert raised.value.code == "output_too_complex"
    assert raised.value.status == 400
    assert BAD.startswith(raised.value.failed_generation)
    assert raised.value.failed_generation
    assert raised.value.headers["x-should-retry"] == "false"
    assert [each["outcome"] for each in raised.value.details["attempts"]] == ["too_complex"]


def test_what_was_dear_to_judge_is_not_asked_for_once_more():
    """The verdict stands, within the budget."""
    _, asks = hold(conversation(), said(BAD), said(GOOD))
    assert len(asks) == 2
    talk = conversation(work=(work := Work(10_000)))
    work.spend(501)
    with pytest.raises(OutputInvalid) as raised:
        hold(talk, said(BAD))
    assert raised.value.code == "json_validate_failed"


def test_a_cancelled_request_stops():
    """What the caller does not wait for is not judged."""
    work = Work()
    work.cancel()
    with pytest.raises(OutputTooComplex):
        hold(conversation(work=work), said(BAD))
