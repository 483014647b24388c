"""Contract and capabilities make the exact upstream body."""

import json
from dataclasses import replace

import pytest

from strictgate.core.capabilities import Capabilities, ForcedTool, MaxTokens, Mode, Prefill
from strictgate.core.plan.plan import Purpose
from tests.core.talks import MOOD, body, planner
from tests.tables import load

CASES = load("plans")
KINDS = {"modes": Mode, "forced_tool": ForcedTool, "max_tokens": MaxTokens}


def capable(**fields):
    fields = {
        key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()
    }
    for key, kind in KINDS.items():
        if key in fields:
            value = fields[key]
            fields[key] = tuple(map(kind, value)) if isinstance(value, tuple) else kind(value)
    return Capabilities(**fields)


@pytest.mark.parametrize("case", CASES["bodies"], ids=lambda case: case["about"])
def test_bodies(case):
    """Fields are sent, renamed, dropped or left as the capabilities have it."""
    made = planner(body(**case.get("request", {})), capable(**case.get("capabilities", {})))
    plan = made.plan(Mode(case["mode"]))

    for key, value in case.get("has", {}).items():
        assert plan.body[key] == value
    for key in case.get("lacks", []):
        assert key not in plan.body
    assert list(plan.dropped) == case.get("dropped", [])
    assert plan.streamed is case.get("streamed", False)


@pytest.mark.parametrize("case", CASES["ladders"], ids=lambda case: case["about"])
def test_ladders(case):
    """The modes come in order, less what is refused or does not combine."""
    made = planner(body(**case.get("request", {})), capable(**case.get("capabilities", {})))
    refused = {Mode(mode) for mode in case.get("refused", [])}

    assert [mode.value for mode in made.ladder(refused)] == case["ladder"]


@pytest.mark.parametrize("mode", [Mode.JSON_OBJECT, Mode.TOOL, Mode.PROMPT])
def test_the_schema_is_in_the_prompt(mode):
    """Every mode but native puts the schema into the system message, with the same bytes."""
    first = planner().plan(mode).body["messages"][0]
    second = planner().plan(mode).body["messages"][0]

    assert first["role"] == "system"
    assert json.dumps(MOOD, separators=(",", ":")) in first["content"]
    assert first == second


def test_native_without_prompt():
    """Native mode leaves the messages alone, unless the capabilities ask for more."""
    assert planner().plan(Mode.NATIVE).body["messages"] == body()["messages"]
    more = planner(capabilities=Capabilities(native_needs_prompt=True)).plan(Mode.NATIVE)
    assert "json_schema" in more.body["messages"][0]["content"]


def test_dollar_schema_is_not_sent():
    """It decides the draft, and stays here."""
    request = body({"$schema": "http://json-schema.org/draft-07/schema#", **MOOD})

    for mode in Mode:
        assert "$schema" not in json.dumps(planner(request).plan(mode).body)


@pytest.mark.parametrize("mode", list(Mode))
def test_wrapping(mode):
    """A root that is no object is wrapped where the mode yields objects only."""
    plan = planner(body({"type": "array", "items": {"type": "number"}})).plan(mode)

    assert plan.wrapped is (mode is not Mode.PROMPT)
    assert (
        '"properties":{"value":{"type":"array"' in json.dumps(plan.body, separators=(",", ":"))
        or '\\"properties\\":{\\"value\\":' in json.dumps(plan.body)
    ) is plan.wrapped


def test_any_object_with_the_word():
    """JSON mode without a schema is passed as it is where the prompt speaks of JSON already."""
    request = body(response_format={"type": "json_object"})
    request["messages"] = [{"role": "user", "content": "as JSON"}]
    plan = planner(request).plan(Mode.JSON_OBJECT)

    assert plan.body["messages"] == request["messages"]
    assert plan.body["response_format"] == {"type": "json_object"}


def test_the_callers_body_is_not_changed():
    """Plans are made of copies."""
    request = body(max_tokens=5, n=2, stream=True, strictgate={})
    before = json.dumps(request)
    made = planner(request, Capabilities(max_tokens=MaxTokens.NEW, drop_in_messages=("name",)))
    for mode in Mode:
        made.plan(mode)

    assert json.dumps(request) == before


def test_continuation():
    """No JSON mode, no `n`, what is left of the budget, no call of a tool, and the prefix last."""
    request = body(
        n=2, max_tokens=50, max_completion_tokens=None, tools=[{"function": {"name": "f"}}]
    )
    made = planner(request, capable(prefill=Prefill.PREFIX, prefill_base="/beta"))
    plan = made.continuation('{"choice":', wrapped=False, hint="mind", spent=20)
    assert (plan.purpose, plan.base, plan.mode) == (Purpose.CONTINUATION, "/beta", Mode.PROMPT)
    assert plan.body["messages"][-1] == {
        "role": "assistant",
        "content": '{"choice":',
        "prefix": True,
    }
    assert plan.body["messages"][-2]["content"] == "hi\n\nmind"
    assert (plan.body["max_tokens"], plan.body["max_completion_tokens"]) == (30, None)
    assert plan.body["tool_choice"] == "none"
    assert not plan.body.keys() & {"n", "response_format"}


NATIVE_REST = {"prefill": Prefill.TRAILING, "prefill_with_native": True}


def test_the_rest_under_the_grammar():
    """The same request, with the format; the root that is wrapped is so in both."""
    made = planner(body(), capable(**NATIVE_REST))
    plan = made.continuation('{"choice":', wrapped=False, hint="", spent=0, native={"type": "x"})
    assert (plan.purpose, plan.mode, plan.streamed) == (Purpose.CONTINUATION, Mode.NATIVE, True)
    assert plan.body["response_format"]["json_schema"]["schema"] == {"type": "x"}
    assert plan.body["messages"][-1]["content"] == '{"choice":'
    plan = made.continuation('{"value": [', wrapped=True, hint="", spent=0, native={"type": "x"})
    wrapped = plan.body["response_format"]["json_schema"]["schema"]
    assert wrapped["properties"] == {"value": {"type": "x"}}


@pytest.mark.parametrize(
    ("request_changes", "able", "can"),
    [
        ({}, NATIVE_REST, True),
        ({}, {"prefill": Prefill.TRAILING}, False),
        ({}, NATIVE_REST | {"modes": (Mode.PROMPT,)}, False),
        ({"response_format": {"type": "json_object"}}, NATIVE_REST, False),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, NATIVE_REST, False),
    ],
)
def test_what_can_hold_the_rest(request_changes, able, can):
    """A grammar of the schema that is known to take a prefix, if the mode is not ruled out."""
    assert planner(body(**request_changes), capable(**able)).can_hold_rest is can


def test_question():
    """Asked about the document so far, for a short answer."""
    plan = planner(body(n=3, seed=7)).question('{"choice":', "Which?")
    assert plan.purpose is Purpose.QUESTION
    assert [message["role"] for message in plan.body["messages"][-2:]] == ["assistant", "user"]
    assert plan.body["max_tokens"] == 64
    assert not plan.streamed


def test_every_ask_has_a_seed_of_its_own():
    """With the same, the model would make the same mistake again."""
    assert planner(body(seed=7)).next_seed(2) == {"seed": 9}
    assert planner().next_seed(2) == {}


@pytest.mark.parametrize(
    ("request_", "steers", "asked"),
    [({}, True, True), ({}, False, False), ({"logprobs": True}, True, False)],
)
def test_alternatives_are_asked_for_where_they_are_of_use(request_, steers, asked):
    """And where the caller has not asked for log-probabilities of its own."""
    able = capable(prefill=Prefill.TRAILING, top_logprobs=5)
    made = replace(planner(body(**request_), able), steers=steers)
    assert ("top_logprobs" in made.plan(Mode.PROMPT).body) is asked


def test_what_can_be_gone_on_from_is_streamed():
    """So that it can be stopped, even if the caller wants it whole."""
    assert planner(None, capable(prefill=Prefill.TRAILING)).plan(Mode.PROMPT).streamed
    assert not planner().plan(Mode.PROMPT).streamed
