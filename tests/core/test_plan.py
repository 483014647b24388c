"""Contract and capabilities make the exact upstream body."""

import json
from pathlib import Path

import pytest

from app.core.capabilities import Capabilities, ForcedTool, MaxTokens, Mode
from tests.core.talks import MOOD, body, planner

CASES = json.loads((Path(__file__).parent.parent / "data" / "plans.json").read_text())
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
