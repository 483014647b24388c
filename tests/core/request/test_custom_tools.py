"""Custom tools as functions, and back."""

import json

import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.request.contract import read_contract
from strictgate.core.request.custom_tools import CustomTools, custom_function, has_custom_tools
from strictgate.core.schema.schema import admit

LARK = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: /a+/"}}
PATCH = {"type": "custom", "custom": {"name": "patch", "description": "Patches.", "format": LARK}}
NOTE = {"type": "custom", "custom": {"name": "note"}}
LOOK = {"type": "function", "function": {"name": "look"}}
USER = {"role": "user", "content": "hi"}


def request(**changes):
    return {"model": "m", "messages": [USER], "tools": [LOOK, PATCH, NOTE]} | changes


def as_functions(**changes):
    body = request(**changes)
    return CustomTools.of(body).as_functions(body)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"tools": None},
        {"tools": [LOOK]},
        {"tools": [{"type": "custom"}, {"custom": {}}, 3]},
        {"tools": {"type": "custom"}},
    ],
    ids=str,
)
def test_there_are_none(body):
    """What is no custom tool with a name is left as it is."""
    assert not has_custom_tools(body)
    assert CustomTools.of(body) is None


def test_the_functions():
    """Each stands in the place of its tool, tells of the grammar, and is strict."""
    tools = as_functions()["tools"]
    box = read_contract(as_functions()).toolbox

    assert tools[0] == LOOK
    assert [each["function"]["name"] for each in tools] == ["look", "patch", "note"]
    assert "start: /a+/" in tools[1]["function"]["description"]
    assert [each.strict for each in box.functions] == [False, True, True]
    assert box.others == ()


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (NOTE, {"type": "function", "function": {"name": "note"}}),
        (LOOK, LOOK),
        ("required", "required"),
        (None, None),
    ],
)
def test_choice(choice, told):
    """A choice names the function; in a list, too."""
    assert as_functions(tool_choice=choice)["tool_choice"] == told
    listed = {"mode": "auto", "tools": [choice]}
    given = as_functions(tool_choice={"type": "allowed_tools", "allowed_tools": listed})
    assert given["tool_choice"]["allowed_tools"] == {"mode": "auto", "tools": [told]}
    assert "tool_choice" not in as_functions()


def test_calls_of_earlier_turns():
    """They become calls of functions; what else is said stays."""
    call = {"id": "c1", "type": "custom", "custom": {"name": "note", "input": 'a "b"'}}
    made = {"id": "c2", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    turn = {"role": "assistant", "content": None, "tool_calls": [call, made]}
    result = {"role": "tool", "tool_call_id": "c1", "content": "done"}
    _, told, last = as_functions(messages=[USER, turn, result])["messages"]

    first, second = told["tool_calls"]
    assert (first["id"], first["type"], second, last) == ("c1", "function", made, result)
    assert json.loads(first["function"]["arguments"]) == {"input": 'a "b"'}


@pytest.mark.parametrize(
    ("arguments", "given"),
    [('{"input":"a\\nb"}', "a\nb"), ('{"input":', '{"input":'), ("{}", "{}"), ("[1]", "[1]")],
)
def test_rendered(arguments, given):
    """The model's calls are calls of the tools; those of functions stay."""
    functions = [{"name": "note", "arguments": arguments}, {"name": "look", "arguments": "{}"}]
    calls = [{"id": "c", "type": "function", "function": each} for each in functions]
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    completion = {"choices": [{"index": 0, "message": message}], "usage": {}}
    made = CustomTools.of(request()).rendered(completion)

    first, second = made["choices"][0]["message"]["tool_calls"]
    assert first == {"id": "c", "type": "custom", "custom": {"name": "note", "input": given}}
    assert second == calls[1]
    assert made["usage"] == {}
    text = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}}]}
    assert CustomTools.of(request()).rendered(text) == text


def test_a_name_of_two():
    """Nobody could tell their calls apart."""
    with pytest.raises(BadRequest) as caught:
        CustomTools.of(request(tools=[{"custom": {"name": "look"}, "type": "custom"}, LOOK]))
    assert caught.value.param == "tools"


def test_custom():
    """A custom tool is a function with one string."""
    function = custom_function({"name": "patch", "description": "Patches."})
    schema = admit(function["parameters"], name="x")

    assert function["strict"] is True
    assert function["description"].startswith("Patches.")
    assert schema.is_valid({"input": "*** any\ntext"})
    assert not schema.is_valid({})


def grammar(syntax, definition):
    return {"format": {"type": "grammar", "syntax": syntax, "definition": definition}}


def test_grammar():
    """A regular expression is enforced; any grammar is told to the model."""
    regex = custom_function(grammar("regex", r"[A-Z]{2}-\d{4}"))
    lark = custom_function(grammar("lark", "start: /a+/"))
    schema = admit(regex["parameters"], name="x")

    assert schema.is_valid({"input": "AB-1234"})
    assert not schema.is_valid({"input": "AB-1234 "})
    assert "lark" in lark["description"]
    assert "start: /a+/" in lark["description"]
    assert admit(lark["parameters"], name="x").is_valid({"input": "b"})


@pytest.mark.parametrize("definition", [r"(?<=a)b", "(", "(a)\\1"])
def test_what_is_no_pattern_here(definition):
    """A grammar that cannot be enforced is no reason to refuse the request."""
    function = custom_function(grammar("regex", definition))

    assert definition in function["description"]
    assert "pattern" not in function["parameters"]["properties"]["input"]
