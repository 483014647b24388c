"""Calls, judged one by one."""

import json

import pytest

from strictgate.core.conversation.tool_calls import FROM_TEXT, NO_CALL, judge_calls
from strictgate.core.repair_steps import Repair
from strictgate.core.request.tools import Toolset
from strictgate.core.schema.schema import admit
from strictgate.core.wire.calls import default_call_id, failed_generation
from strictgate.core.wire.reply import parse_reply
from tests.core.talks import MOOD

SCHEMAS = {"mood": admit(MOOD, name="mood"), "free": None}
TOOLS = Toolset(SCHEMAS, frozenset(SCHEMAS), must_call=False)


def choice(*calls, content=None):
    message = {"role": "assistant", "content": content, "tool_calls": list(calls)}
    return parse_reply({"choices": [{"message": message, "finish_reason": "tool_calls"}]}).choices[
        0
    ]


def call(name, arguments, **more):
    return {"type": "function", "function": {"name": name, "arguments": arguments}, **more}


def judged(*calls, tools=TOOLS, repair=Repair.LOSSLESS, content=None):
    return judge_calls(choice(*calls, content=content), tools, repair)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"choice":"calm"}', {"choice": "calm"}),
        ({"choice": "calm"}, {"choice": "calm"}),
        ('"{\\"choice\\": \\"calm\\"}"', {"choice": "calm"}),
        ('<think>hm</think>{"choice": "Calm"}', {"choice": "calm"}),
        ('{"choice": "calm",}', {"choice": "calm"}),
    ],
    ids=str,
)
def test_arguments(arguments, expected):
    """Arguments in all the shapes that servers send are one JSON document as a string."""
    result = judged(call("mood", arguments, id="c1"))

    assert not result.faults
    assert json.loads(result.message["tool_calls"][0]["function"]["arguments"]) == expected


def test_one_by_one():
    """One bad call spoils the choice, and only it is complained of."""
    result = judged(call("mood", '{"choice":"calm"}'), call("mood", "{}"), call("free", "…"))

    assert [fault.position for fault in result.faults] == [1]
    assert result.message["tool_calls"][1]["function"]["arguments"] == "{}"


def test_ids():
    """A call without an id gets one; others keep theirs, and whatever else is there."""
    result = judged(call("free", "{}", extra=1), call("free", "{}", id="theirs"))

    first, second = result.message["tool_calls"]
    assert first["id"].startswith("call_")
    assert (first["extra"], second["id"]) == (1, "theirs")
    assert default_call_id("f", "{}", 0) != default_call_id("f", "{}", 1)


def test_odd_types():
    """A type that is none is taken for a function's."""
    result = judged(call("free", "{}") | {"type": [None]})

    assert result.message["tool_calls"][0]["type"] == "function"


def test_custom_tools():
    """A tool that is no function is handed on as it is."""
    tools = Toolset({**SCHEMAS, "shell": None}, frozenset({"shell"}), must_call=True)
    custom = {"id": "c", "type": "custom", "custom": {"name": "shell", "input": "ls"}}

    assert judged(custom, tools=tools).message["tool_calls"] == [custom]


def test_call_in_a_list_as_text():
    """Several calls may have been written as a list."""
    tools = Toolset(SCHEMAS, frozenset(SCHEMAS), must_call=True)
    text = '[{"name": "free", "parameters": {}}, {"name": "mood", "arguments": {"choice": "calm"}}]'
    result = judged(tools=tools, content=text)

    assert [each["function"]["name"] for each in result.message["tool_calls"]] == ["free", "mood"]
    assert result.message["content"] is None
    assert result.steps[0].name == FROM_TEXT


@pytest.mark.parametrize("text", ["maybe", '{"name": "free"}', '{"choice": "calm"}', "[]", ""])
def test_no_call_as_text(text):
    """Other JSON is no call."""
    tools = Toolset(SCHEMAS, frozenset(SCHEMAS), must_call=True)

    assert judged(tools=tools, content=text).faults[0].message == NO_CALL


def test_generation():
    """What the model wrote is kept to the letter; several calls are a list."""
    result = judged(call("mood", "{'choice'"), call("free", ""))

    assert failed_generation(result.calls, "") == (
        '[{"name": "mood", "arguments": {\'choice\'}, {"name": "free", "arguments": null}]'
    )
    assert failed_generation((), "text") == "text"
