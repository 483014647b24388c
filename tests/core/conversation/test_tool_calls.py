"""Calls, judged one by one."""

import json

import pytest

from strictgate.core.conversation.tool_calls import (
    DROPPED,
    EMPTY,
    FROM_TEXT,
    NO_CALL,
    CallFault,
    CallIds,
    judge_calls,
)
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


def judged(*calls, tools=TOOLS, repair=Repair.LOSSLESS, content=None, **more):
    return judge_calls(choice(*calls, content=content), tools, repair, **more)


def ids_of(result):
    return [each["id"] for each in result.message["tool_calls"]]


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


def test_members_of_the_message():
    """What else the upstream said comes in its order, the same each time."""
    said = {"audio": 1, "refusal": None, "x": 2, "annotations": [], "role": "assistant", "y": 3}
    message = said | {"tool_calls": [call("free", "{}")]}
    one = parse_reply({"choices": [{"message": message, "finish_reason": "stop"}]}).choices[0]

    kept = judge_calls(one, TOOLS, Repair.LOSSLESS).message
    others = ["audio", "refusal", "x", "annotations", "y"]
    assert [*kept] == ["role", "content", *others, "tool_calls"]


def test_one_by_one():
    """One bad call spoils the choice, and only it is complained of."""
    result = judged(call("mood", '{"choice":"calm"}'), call("mood", "{}"), call("free", "…"))

    assert [fault.position for fault in result.faults] == [1]
    assert result.message["tool_calls"][1]["function"]["arguments"] == "{}"


def test_ids():
    """A call without an id gets one; others keep theirs, and whatever else is there."""
    result = judged(call("free", "{}", extra=1), call("free", "{}", id="theirs"))

    first, second = result.message["tool_calls"]
    assert len(first["id"]) == 9
    assert (first["extra"], second["id"]) == (1, "theirs")
    assert default_call_id("f", "{}", 0) != default_call_id("f", "{}", 1)


def test_ids_are_unique():
    """What two calls have, or a turn before had, is replaced; so is what is no id."""
    given = [call("free", "{}", id=each) for each in ("a", "a", "before", 5, "")]
    known = CallIds(turn=3, used=frozenset({"before"}))
    first, *others = ids_of(judged(*given, ids=known))
    assert first == "a"
    assert len({first, *others}) == 5
    assert all(len(each) == 9 for each in others)


def test_ids_differ_from_turn_to_turn():
    """The same call without an id has another one in the next turn."""
    messages = [{"role": "user", "content": "hi"}]
    (first,) = ids_of(judged(call("free", "{}"), ids=CallIds.after(messages)))
    messages.append({"role": "assistant", "tool_calls": [call("free", "{}", id=first)]})
    ids = CallIds.after(messages)
    assert ids.used == {first}
    assert ids_of(judged(call("free", "{}"), ids=ids)) != [first]
    (clashing,) = ids_of(judged(call("free", "{}"), ids=CallIds(1)))
    assert ids_of(judged(call("free", "{}"), ids=CallIds(1, frozenset({clashing})))) != [clashing]


@pytest.mark.parametrize("kind", [[None], "tool_use", "", 5])
def test_odd_types(kind):
    """A call of whatever type is one of a function, and judged as such."""
    result = judged(call("mood", '{"choice": "calm"}') | {"type": kind})
    assert result.message["tool_calls"][0]["type"] == "function"
    assert judged(call("mood", "{}") | {"type": kind}).faults


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (call("", "{}"), "tool '' which was not in request.tools"),
        (call("zzz", "{}"), "tool 'zzz' which was not in request.tools"),
        (call("mood ", "{}"), "tool 'mood ' which was not in request.tools"),
        (call("free", "{}"), "tool 'free' which tool_choice does not allow"),
        (
            {"type": "custom", "custom": {"name": "mood", "input": "calm"}},
            "the function 'mood' as a custom tool",
        ),
        ("odd", "tool '' which was not"),
    ],
)
def test_names(given, says):
    """Only what the caller lets be called is a call."""
    tools = Toolset(SCHEMAS, frozenset({"mood"}), must_call=False)
    (fault,) = judged(given, tools=tools).faults
    assert fault.kind is CallFault.NAME
    assert says in fault.message


@pytest.mark.parametrize("text", ["", " ", "null", "None", "undefined", '""', " null\n"])
def test_no_arguments(text):
    """What says that there are none is an empty object, where none are needed."""
    schemas = {"now": admit({"type": "object"}, name="now"), **SCHEMAS}
    tools = Toolset(schemas, frozenset(schemas), must_call=False)
    result = judged(call("now", text), tools=tools)
    assert result.message["tool_calls"][0]["function"]["arguments"] == "{}"
    assert [step.name for step in result.steps] == [EMPTY]
    assert judged(call("now", text), tools=tools, repair=Repair.OFF).faults
    assert judged(call("mood", text), tools=tools).faults


def test_null_may_be_meant():
    """Where the schema takes a null, it is one."""
    schemas = {"now": admit({"type": ["object", "null"]}, name="now")}
    result = judged(call("now", "null"), tools=Toolset(schemas, frozenset(schemas), False))
    assert result.message["tool_calls"][0]["function"]["arguments"] == "null"


ONE = Toolset(SCHEMAS, frozenset(SCHEMAS), must_call=False, parallel=False)
TWO = call("mood", '{"choice":"calm"}', id="a"), call("free", "{}", id="b")


def test_one_call_is_wanted():
    """Several are asked for again; in the last try the first is kept, and that is told."""
    (fault,) = judged(*TWO, tools=ONE).faults
    assert (fault.kind, fault.position) == (CallFault.SEVERAL, 1)
    kept = judged(*TWO, tools=ONE, is_last=True)
    assert ids_of(kept) == ["a"]
    assert [step.name for step in kept.steps] == [DROPPED]
    assert judged(*TWO, tools=ONE, is_last=True, repair=Repair.OFF).faults
    assert not judged(*TWO, is_last=True).steps
    assert judged(call("mood", "{}"), TWO[1], tools=ONE, is_last=True).faults


def test_custom_tools():
    """A tool that is no function is handed on as it is."""
    tools = Toolset({**SCHEMAS, "shell": None}, frozenset({"shell"}), must_call=True)
    custom = {"id": "c", "type": "custom", "custom": {"name": "shell", "input": "ls"}}

    assert judged(custom, tools=tools).message["tool_calls"] == [custom]
    assert judged(custom | {"type": "x"}, tools=tools).message["tool_calls"] == [custom]


def test_call_in_a_list_as_text():
    """Several calls may have been written as a list."""
    tools = Toolset(SCHEMAS, frozenset(SCHEMAS), must_call=True)
    text = '[{"name": "free", "parameters": {}}, {"name": "mood", "arguments": {"choice": "calm"}}]'
    result = judged(tools=tools, content=text)

    assert [each["function"]["name"] for each in result.message["tool_calls"]] == ["free", "mood"]
    assert result.message["content"] is None
    assert result.steps[0].name == FROM_TEXT


MUST = Toolset(SCHEMAS, frozenset(SCHEMAS), must_call=True)


@pytest.mark.parametrize(
    "text",
    [
        '<name>mood</name>\n<arguments>\n  {"choice": "calm"}\n</arguments>\n\n',
        ' <name> mood </name><arguments>{"choice": "calm"}</arguments>',
    ],
)
def test_call_in_tags(text):
    """Name and arguments each in its own."""
    (made,) = judged(tools=MUST, content=text).message["tool_calls"]
    assert made["function"] == {"name": "mood", "arguments": '{"choice": "calm"}'}


@pytest.mark.parametrize(("blanks", "is_call"), [(10, False), (65, True)])
def test_a_call_amid_prose_and_then_blanks(blanks, is_call):
    """What is cut off may have corrected it; nothing follows blanks without end."""
    text = 'So: {"name": "mood", "arguments": {"choice": "calm"}}' + "\n" * blanks
    message = {"role": "assistant", "content": text}
    choice = parse_reply({"choices": [{"message": message, "finish_reason": "length"}]}).choices[0]
    assert bool(judge_calls(choice, MUST, Repair.LOSSLESS).calls) is is_call


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
