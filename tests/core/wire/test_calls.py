"""Calls as the wire has them."""

import pytest

from strictgate.core.wire.calls import (
    Call,
    call_as_json,
    calls_of,
    default_call_id,
    failed_generation,
)


def function(name, arguments):
    return {"type": "function", "function": {"name": name, "arguments": arguments}}


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ({}, []),
        ({"tool_calls": None}, []),
        ({"tool_calls": {"0": function("f", "{}")}}, []),
        ({"tool_calls": [function("f", "{}"), "odd", {"type": "function"}]}, [("f", "{}")]),
        ({"tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]}, [("f", '{"a":1}')]),
        ({"tool_calls": [{"type": "custom", "custom": {"name": "c", "input": "x"}}]}, [("c", "")]),
        ({"function_call": {"name": "f", "arguments": "{}"}}, [("f", "{}")]),
    ],
)
def test_calls_of(message, found):
    """Every call of a message, whichever way it is given; what is none is left out."""
    assert [(call.name, call.arguments) for call in calls_of(message)] == found


def test_ids_tell_calls_apart():
    """The same call has the same id; another place or turn has another."""
    assert default_call_id("f", "{}", 0) == default_call_id("f", "{}", 0)
    ids = {default_call_id("f", "{}", at, turn) for at in (0, 1) for turn in (0, 1)}
    assert len(ids) == 4


def test_a_call_as_json():
    """The arguments stay as the model wrote them, valid or not."""
    assert call_as_json(Call("f", '{"a": 1', {})) == '{"name": "f", "arguments": {"a": 1}'
    assert call_as_json(Call("f", "", {})) == '{"name": "f", "arguments": null}'


def test_failed_generation():
    """One call stands alone, several are a list, and without any it is the text."""
    one, two = Call("f", "{}", {}), Call("g", "[]", {})
    assert failed_generation((), "text") == "text"
    assert failed_generation((one,), "text") == call_as_json(one)
    assert failed_generation((one, two), "") == f"[{call_as_json(one)}, {call_as_json(two)}]"
