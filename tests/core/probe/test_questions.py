"""The questions of the probe: what they cost, and what is sent."""

import pytest

from strictgate.core.capabilities import LADDER, MaxTokens, Mode, Prefill
from strictgate.core.jsontext.reader import write_json
from strictgate.core.probe.questions import MAX_CALLS, PREFIX, QUESTIONS, cost_bound

BY_NAME = {each.name: each for each in QUESTIONS}


def body(name, field=MaxTokens.EITHER):
    return BY_NAME[name].body("m", 64, field)


def test_there_is_room_for_repetitions():
    """All of them are asked within the calls that are promised, with some to spare."""
    assert sum(each.times for each in QUESTIONS) <= MAX_CALLS - 10


def test_every_mode_and_every_way_to_go_on_is_asked_for():
    """So that the pins say something of each."""
    assert {each.via for each in QUESTIONS} == set(LADDER)
    assert {each.prefix for each in QUESTIONS} == set(Prefill)


def test_the_bound_holds():
    """No choice of MAX_CALLS questions, each at least as often as planned, costs more."""
    bound = cost_bound(QUESTIONS, 64)
    sizes = [len(write_json(body(each.name))) - 1 for each in QUESTIONS for _ in range(each.times)]
    answers = [each.choices for each in QUESTIONS for _ in range(each.times)]
    spare = MAX_CALLS - len(sizes)
    assert bound.calls == MAX_CALLS
    assert bound.tokens_in >= sum(sizes) + spare * max(sizes)
    assert bound.tokens_out == 64 * (sum(answers) + spare * max(answers))


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("native-stream", "stream", True),
        ("native-choices", "n", 2),
        ("json-object-array", "response_format", {"type": "json_object"}),
        ("tool", "tool_choice", {"type": "function", "function": {"name": "answer"}}),
        ("tools", "tool_choice", "auto"),
        ("tools-parallel", "parallel_tool_calls", True),
        ("logprobs", "top_logprobs", 5),
        ("prefix-continue", "continue_final_message", True),
    ],
)
def test_fields(name, key, value):
    """What a question is about is in its request."""
    assert body(name)[key] == value


def test_strict():
    """It stands where OpenAI has it: in the function, and in the json_schema."""
    assert body("tool-strict")["tools"][0]["function"]["strict"] is True
    assert "strict" not in body("tool-strict")
    assert body("native")["response_format"]["json_schema"]["strict"] is True


def test_the_schema_is_told_where_no_field_carries_it():
    """In the prompt, in the words that the gateway has for it; else not."""
    for each in QUESTIONS:
        said = body(each.name)["messages"][0]["content"]
        is_told = each.via in (Mode.JSON_OBJECT, Mode.PROMPT) and each.schema is not None
        assert said.startswith(each.prompt)
        assert (each.schema is not None and each.schema.text in said) is is_told


def test_prefixes_are_marked():
    """As each host wants it."""
    last = body("prefix-partial")["messages"][-1]
    assert last == {"role": "assistant", "content": PREFIX, "partial": True}
    assert body("prefix-trailing")["messages"][-1] == {"role": "assistant", "content": PREFIX}


def test_the_budget_has_the_name_that_the_host_takes():
    """The old one, where either will do."""
    assert body("plain")["max_tokens"] == 64
    assert body("plain", MaxTokens.NEW)["max_completion_tokens"] == 64
