"""What an upstream may say, and what it may not."""

import pytest

from strictgate.core.errors import UpstreamBadResponse
from strictgate.core.wire.reply import parse_reply


def first(message, **choice):
    return parse_reply({"choices": [{"message": message} | choice]}).choices[0]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a", "a"),
        (None, ""),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab"),
        ([{"type": "thinking", "thinking": [{"text": "no"}]}, {"type": "text", "text": "b"}], "b"),
        ([{"text": "a"}], "a"),
        ([{"type": "output_json", "json": {"a": 1}}], '{"a":1}'),
        ([{"type": "text", "text": {"a": 1}}], '{"a":1}'),
        ([], ""),
        ({"a": 12345678901234567890123}, '{"a":12345678901234567890123}'),
        ([1, 2], "[1,2]"),
        (5, "5"),
        (False, "false"),
    ],
)
def test_text(content, text):
    """Content is a string, or parts, of which thinking is not the answer; or a parsed value."""
    assert first({"content": content}).text == text


@pytest.mark.parametrize(
    ("content", "is_value"),
    [({"a": 1}, True), (5, True), ([1], True), ("a", False), (None, False), ([], False)],
)
def test_values(content, is_value):
    """What some hosts have parsed already is told from text and parts."""
    assert first({"content": content}).is_value is is_value


def test_reasoning_that_is_a_value():
    """It is no text, and no document."""
    assert first({"reasoning": {"a": 1}}).reasoning == ""


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"error": {"message": "Provider gone", "code": 502}}, "Provider gone"),
        ({"error": "Provider gone", "finish_reason": "stop"}, "Provider gone"),
        ({"finish_reason": "insufficient_system_resource"}, "insufficient_system_resource"),
        ({"finish_reason": "ERROR"}, "ERROR"),
    ],
)
def test_errors_of_a_choice(more, message):
    """A host that failed says so in the choice."""
    assert message in first({"content": "Hel"}, **more).error.message


def test_no_error():
    """Other reasons to finish are an end."""
    assert first({"content": "x"}, finish_reason="length", error=None).error is None


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_reasoning(field):
    """Reasoning has two names."""
    assert first({"content": "", field: "hm"}).reasoning == "hm"


@pytest.mark.parametrize("arguments", ['{"a":1}', {"a": 1}])
def test_arguments(arguments):
    """Arguments are a string; some servers send an object."""
    call = {"function": {"name": "f", "arguments": arguments}}

    assert first({"tool_calls": [call]}).arguments == '{"a":1}'
    assert first({"function_call": call["function"]}).arguments == '{"a":1}'


@pytest.mark.parametrize("calls", [None, [], "", [None], [{}], [{"function": {}}]])
def test_no_arguments(calls):
    """What says nothing is no call."""
    assert first({"tool_calls": calls}).calls == ()
    assert first({"tool_calls": calls}).arguments == ""


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "x",
        {},
        {"choices": None},
        {"choices": []},
        {"choices": [None]},
        {"choices": [{}]},
        {"choices": [{"message": "hi"}]},
    ],
)
def test_not_a_completion(body):
    """What has no choices with messages is no answer."""
    with pytest.raises(UpstreamBadResponse):
        parse_reply(body)


def test_oddities_that_do_not_matter():
    """An index, a finish_reason or a usage of the wrong type is as good as none."""
    read = parse_reply(
        {"choices": [{"index": "0", "finish_reason": 1, "message": {}}], "usage": "none"}
    )

    assert (read.choices[0].index, read.choices[0].finish_reason, read.usage) == (0, None, None)


def test_refusals():
    """A refusal is one by its field or by the filter's finish_reason."""
    assert first({"refusal": "no"}).is_refusal
    assert first({"content": "x"}, finish_reason="content_filter").is_refusal
    assert not first({"content": "x", "refusal": None}, finish_reason="stop").is_refusal


@pytest.mark.parametrize("odd", [7, 0.1, True, ["no"], {"a": 1}])
def test_refusals_that_are_none(odd):
    """What is no text refuses nothing, and does not reach the caller as if it did."""
    choice = first({"content": "x", "refusal": odd})

    assert not choice.is_refusal
    assert choice.message["refusal"] is None


@pytest.mark.parametrize(
    ("given", "reason", "has_ended"),
    [
        ("stop", "stop", True),
        ("STOP", "stop", True),
        ("FINISH_REASON_STOP", "stop", True),
        ("end_turn", "stop", True),
        ("eos_token", "stop", True),
        ("COMPLETE", "stop", True),
        ("MAX_TOKENS", "length", False),
        ("model_length", "length", False),
        ("tool_calls", "tool_calls", True),
        ("", None, True),
        (None, None, True),
        ("timeout", "timeout", False),
        ("cancelled", "cancelled", False),
    ],
)
def test_reasons_to_finish(given, reason, has_ended):
    """Other APIs' words are OpenAI's; behind one that nobody knows may be a limit."""
    choice = first({"content": "x"}, finish_reason=given)

    assert (choice.finish_reason, choice.has_ended) == (reason, has_ended)
