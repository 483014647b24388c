"""The functions of a request, read."""

import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.request.tools import named_functions, read_tools

F = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
G = {"type": "function", "function": {"name": "g", "strict": True}}


@pytest.mark.parametrize(
    ("choice", "callable_", "must_call"),
    [
        (None, {"f", "g"}, False),
        ("auto", {"f", "g"}, False),
        ("none", set(), False),
        ("required", {"f", "g"}, True),
        ({"type": "function", "function": {"name": "g"}}, {"g"}, True),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "required",
                    "tools": [{"type": "function", "function": {"name": "f"}}],
                },
            },
            {"f"},
            True,
        ),
    ],
)
def test_choice(choice, callable_, must_call):
    """The choice says which functions may be called, and whether one must."""
    box = read_tools({"tools": [F, G], "tool_choice": choice})

    assert (set(box.callable), box.must_call) == (callable_, must_call)
    assert [each.strict for each in box.functions] == [False, True]


def test_deprecated():
    """`functions` and `function_call` say the same."""
    box = read_tools({"functions": [F["function"]], "function_call": {"name": "f"}})

    assert box.is_deprecated
    assert (set(box.callable), box.must_call, box.parallel) == ({"f"}, True, False)
    assert box.functions[0].schema_context.param == "functions[0].parameters"


def test_other_tools():
    """A tool that is no function is known by its name."""
    box = read_tools({"tools": [F, {"type": "custom", "custom": {"name": "c"}}]})

    assert (box.others, set(box.callable)) == (("c",), {"f", "c"})


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"tools": {}}, None),
        ({"tools": "f"}, "tools"),
        ({"tools": ["f"]}, "tools[0]"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "strict": 1}}]},
            "tools[0].function.strict",
        ),
        ({"tools": [F], "tool_choice": "always"}, "tool_choice"),
        ({"tools": [F], "tool_choice": 1}, "tool_choice"),
        (
            {"tools": [F], "tool_choice": {"type": "function", "function": {"name": "h"}}},
            "tool_choice",
        ),
        ({"tools": [F], "tool_choice": {"type": "function"}}, "tool_choice.function.name"),
        ({"tools": [F], "tool_choice": {"type": []}}, "tool_choice.function.name"),
    ],
)
def test_malformed(body, param):
    """What is malformed is named."""
    with pytest.raises(BadRequest) as refused:
        read_tools(body)

    assert refused.value.body()["error"]["param"] == (param or "tools")


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"tools": [F, G]}, ["f", "g"]),
        ({"functions": [{"name": "f", "strict": True}]}, ["f"]),
        ({"tools": [{"type": "function", "name": "flat"}]}, ["flat"]),
        ({"tools": "odd"}, []),
        ({"tools": [None, {"function": 3}, {"function": {"name": 4}}]}, []),
        ({}, []),
    ],
)
def test_named_functions(body, names):
    """Whatever has a name is found, and what is odd is passed over."""
    assert [each["name"] for each in named_functions(body)] == names


@pytest.mark.parametrize(
    ("choice", "is_named"),
    [
        ("auto", False),
        ("required", False),
        ({"type": "function", "function": {"name": "f"}}, True),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [F]}}, False),
    ],
)
def test_what_calls_are_judged_by(choice, is_named):
    """All tools are known, those without a schema too."""
    box = read_tools({"tools": [F, G], "tool_choice": choice, "parallel_tool_calls": False})
    tools = box.judged_by({})
    assert tools.schemas == {"f": None, "g": None}
    assert (tools.callable, tools.parallel) == (box.callable, False)
    assert tools.is_named is is_named
