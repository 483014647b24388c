"""Calls as the wire has them."""

import pytest

from strictgate.core.wire.calls import (
    Call,
    call_as_json,
    default_call_id,
    failed_generation,
    read_calls,
    render_call,
    with_input,
)


def function(name, arguments):
    return {"type": "function", "function": {"name": name, "arguments": arguments}}


FLAT = {"id": "a", "name": "f", "arguments": {"a": 1}}
CUSTOM = {"id": "a", "type": "custom", "custom": {"name": "c", "input": "x", "more": 1}}


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ({}, []),
        ({"tool_calls": None}, []),
        ({"tool_calls": []}, []),
        ({"tool_calls": function("f", "{}")}, [("f", "{}")]),
        ({"tool_calls": {"0": function("f", "{}"), "1": FLAT}}, [("f", "{}"), ("f", '{"a":1}')]),
        (
            {"tool_calls": [function("f", "{}"), "odd", None]},
            [("f", "{}"), ("", '"odd"')],
        ),
        ({"tool_calls": "odd"}, [("", '"odd"')]),
        ({"tool_calls": [{"type": "function"}, {"function": {"name": "", "arguments": ""}}]}, []),
        ({"tool_calls": [function("", "{}")]}, [("", "{}")]),
        ({"tool_calls": [function("f", "{}") | {"type": "tool_use"}]}, [("f", "{}")]),
        (
            {"tool_calls": [function("f", {"a": 12345678901234567890123})]},
            [("f", '{"a":12345678901234567890123}')],
        ),
        ({"tool_calls": [CUSTOM]}, [("c", "x")]),
        ({"function_call": {"name": "f", "arguments": "{}"}}, [("f", "{}")]),
        ({"tool_calls": [], "function_call": {"name": "f"}}, [("f", "")]),
        ({"function_call": "odd"}, []),
    ],
    ids=str,
)
def test_read_calls(message, found):
    """Every call of a message, whichever way it is given; what is no call has no name."""
    assert [(call.name, call.arguments) for call in read_calls(message)] == found


@pytest.mark.parametrize(
    ("given", "rendered"),
    [
        (FLAT, {"id": "i", "type": "function", "function": {"name": "f", "arguments": "{}"}}),
        (
            {"type": "tool_use", "function": {"name": "f", "arguments": "x", "more": 1}, "b": 2},
            {
                "type": "function",
                "function": {"name": "f", "arguments": "{}", "more": 1},
                "b": 2,
                "id": "i",
            },
        ),
        (CUSTOM, CUSTOM | {"id": "i"}),
    ],
)
def test_a_call_rendered(given, rendered):
    """In the one form that clients know, with whatever else stood there."""
    (call,) = read_calls({"tool_calls": [given]})
    assert render_call(call, "{}", "i") == rendered


def test_ids_tell_calls_apart():
    """The same call has the same id; another place or turn has another."""
    assert default_call_id("f", "{}", 0) == default_call_id("f", "{}", 0)
    ids = {default_call_id("f", "{}", at, turn) for at in (0, 1) for turn in (0, 1)}
    assert len(ids) == 4
    assert all(len(each) == 9 and each.isalnum() and each.isascii() for each in ids)


def test_a_call_as_json():
    """The arguments stay as the model wrote them, valid or not."""
    assert call_as_json(Call("f", '{"a": 1', {})) == '{"name": "f", "arguments": {"a": 1}'
    assert call_as_json(Call("c", 'x"', {}, is_custom=True)) == '{"name":"c","input":"x\\""}'
    assert call_as_json(Call("f", "", {})) == '{"name": "f", "arguments": null}'


def test_failed_generation():
    """One call stands alone, several are a list, and without any it is the text."""
    one, two = Call("f", "{}", {}), Call("g", "[]", {})
    assert failed_generation((), "text") == "text"
    assert failed_generation((one,), "text") == call_as_json(one)
    assert failed_generation((one, two), "") == f"[{call_as_json(one)}, {call_as_json(two)}]"


def test_with_another_input():
    """The call of a custom tool keeps all else."""
    (call,) = read_calls({"tool_calls": [CUSTOM]})
    changed = with_input(call, "y")

    assert changed.arguments == "y"
    assert changed.raw == CUSTOM | {"custom": CUSTOM["custom"] | {"input": "y"}}
