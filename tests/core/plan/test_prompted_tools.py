"""Tools for a model that has none."""

import json

import jsonschema
import pytest

from strictgate.core.errors import OutputInvalid
from strictgate.core.plan import prompted_tools
from strictgate.core.plan.prompted_tools import PromptedToolsReader
from strictgate.core.request.contract import read_contract
from strictgate.core.schema.schema import admit
from tests.core.talks import MOOD

TREE = {
    "type": "object",
    "properties": {
        "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
        "leaf": {"$ref": "#/$defs/leaf"},
    },
    "$defs": {"leaf": {"type": "integer"}},
}
TOOLS = [
    {
        "type": "function",
        "function": {"name": "mood", "description": "Sets it.", "parameters": MOOD},
    },
    {"type": "function", "function": {"name": "tree", "parameters": TREE}},
]
KEPT = {"mood": MOOD, "tree": TREE}


def emulated(**changes):
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "tools": TOOLS,
    } | changes
    return prompted_tools.prompt_tools(read_contract(body), body, KEPT)


def is_valid(schema, document):
    ours = admit(schema, name="x").is_valid(document)
    assert ours == jsonschema.Draft202012Validator(schema).is_valid(document)
    return ours


def calls(*each):
    return {"tool_calls": [{"name": name, "arguments": arguments} for name, arguments in each]}


def test_schema():
    """The document is calls of the functions, each with its own schema, or text."""
    wanted, body = emulated()

    assert is_valid(wanted.source, {"content": "hello"})
    assert is_valid(wanted.source, calls(("mood", {"choice": "calm"}), ("tree", {"leaf": 1})))
    assert is_valid(wanted.source, calls(("tree", {"next": {"next": None, "leaf": 2}})))
    assert not is_valid(wanted.source, calls(("tree", {"next": {"leaf": "x"}})))
    assert not is_valid(wanted.source, calls(("mood", {"leaf": 1})))
    assert not is_valid(wanted.source, calls(("nope", {})))
    assert not is_valid(wanted.source, calls())
    assert not wanted.has_tools
    assert body.keys() == {"model", "messages"}


@pytest.mark.parametrize(
    ("changes", "good", "bad"),
    [
        ({"tool_choice": "required"}, calls(("tree", {})), {"content": "x"}),
        ({"tool_choice": "none"}, {"content": "x"}, calls(("tree", {}))),
        (
            {"tool_choice": {"type": "function", "function": {"name": "tree"}}},
            calls(("tree", {"leaf": 1})),
            calls(("mood", {"choice": "calm"})),
        ),
        ({"parallel_tool_calls": False}, calls(("tree", {})), calls(("tree", {}), ("tree", {}))),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "d", "schema": TREE},
                }
            },
            {"answer": {"next": {"leaf": 1}}},
            {"content": "x"},
        ),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "d", "schema": TREE},
                }
            },
            calls(("mood", {"choice": "calm"})),
            {"answer": {"leaf": "x"}},
        ),
    ],
    ids=str,
)
def test_choices(changes, good, bad):
    """What may, and must, be called shows in the schema."""
    wanted, _ = emulated(**changes)

    assert is_valid(wanted.source, good)
    assert not is_valid(wanted.source, bad)


def test_messages():
    """Functions stand in the system message; calls and their results are in the model's words."""
    call = {"id": "c1", "type": "function", "function": {"name": "tree", "arguments": '{"leaf":1}'}}
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "one"},
        {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "two"}]},
    ]
    _, body = emulated(messages=messages)

    system, user, assistant, results = body["messages"]
    assert system["content"].startswith(
        "Be brief.\n\nYou can call these functions:\n- mood: Sets it."
    )
    assert user == messages[1]
    assert json.loads(assistant["content"]) == calls(("tree", {"leaf": 1}))
    assert results == {
        "role": "user",
        "content": "Results of your function calls:\n- c1: one\n- c2: two",
    }


def answered(document, **options):
    text = document if isinstance(document, str) else json.dumps(document)
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": "stop",
    }
    reader = PromptedToolsReader(is_deprecated=False, turn=1, **options)
    return reader.rendered({"id": "x", "choices": [choice]})["choices"][0]


def test_rendered_calls():
    """Calls are calls, with the model's own characters for arguments."""
    choice = answered('{"tool_calls": [{"name": "tree", "arguments": {"leaf":  1.50}}]}')

    (call,) = choice["message"]["tool_calls"]
    assert call["function"] == {"name": "tree", "arguments": '{"leaf":  1.50}'}
    assert len(call["id"]) == 9
    assert (choice["finish_reason"], choice["message"]["content"]) == ("tool_calls", None)


def test_rendered_text():
    """Text is text."""
    choice = answered({"content": "hello"})

    assert (choice["finish_reason"], choice["message"]["content"]) == ("stop", "hello")


def test_rendered_document():
    """The caller's document is taken out as the model wrote it."""
    assert answered('{"answer": {"leaf":  1}}')["message"]["content"] == '{"leaf":  1}'


def test_refusals_stay():
    """What is no document is left as it is."""
    assert answered("cut off by a fil")["message"]["content"] == "cut off by a fil"


def test_deprecated():
    """A deprecated request gets the deprecated answer."""
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "functions": [{"name": "tree", "parameters": TREE}],
    }
    wanted, _ = prompted_tools.prompt_tools(read_contract(body), body, KEPT)
    assert is_valid(wanted.source, calls(("tree", {})))

    text = json.dumps(calls(("tree", {})))
    choice = {"index": 0, "message": {"content": text}, "finish_reason": "stop"}
    rendered = PromptedToolsReader(is_deprecated=True, turn=0).rendered({"choices": [choice]})[
        "choices"
    ][0]
    assert rendered["message"]["function_call"] == {"name": "tree", "arguments": "{}"}
    assert rendered["finish_reason"] == "function_call"


def test_error():
    """A failure is one to call."""
    error = PromptedToolsReader(is_deprecated=False, turn=0).error(
        OutputInvalid("m", failed_generation="f")
    )

    assert error.body()["error"]["code"] == "tool_use_failed"
    assert error.failed_generation == "f"
