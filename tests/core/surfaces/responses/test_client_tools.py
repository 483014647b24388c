"""Tools that the client runs, as functions, and back."""

import json

import pytest

from strictgate.core.schema.openai_strict import violations
from strictgate.core.schema.schema import admit
from strictgate.core.surfaces.responses.client_tools import (
    CLIENT_TOOLS,
    custom_function,
    is_run_by_client,
)

CALLS = {
    "local_shell": {
        "action": {
            "type": "exec",
            "command": ["ls", "-l"],
            "env": {},
            "timeout_ms": 5,
            "working_directory": "/",
        }
    },
    "shell": {"action": {"commands": ["ls"], "timeout_ms": 5, "max_output_length": None}},
    "apply_patch": {"operation": {"type": "update_file", "path": "a", "diff": "+x"}},
    "tool_search": {"execution": "client", "arguments": {"query": "crm"}},
}


@pytest.mark.parametrize("kind", CLIENT_TOOLS)
def test_there_and_back(kind):
    """A call is the same after it has been arguments; they keep the strict rules."""
    tool = CLIENT_TOOLS[kind]
    arguments = tool.arguments(CALLS[kind])

    assert not list(violations(tool.parameters))
    assert admit(tool.parameters, name="x").is_valid(arguments)
    assert tool.call_fields(arguments) == CALLS[kind]


@pytest.mark.parametrize("kind", CLIENT_TOOLS)
def test_odd_calls(kind):
    """What is missing in a call, or in arguments that nobody has judged, breaks nothing."""
    tool = CLIENT_TOOLS[kind]

    assert json.dumps(tool.call_fields({}))
    assert json.dumps(tool.arguments({}))
    assert json.dumps(tool.result({}))


@pytest.mark.parametrize(
    ("tool", "is_ours"),
    [
        ({"type": "local_shell"}, True),
        ({"type": "shell"}, True),
        ({"type": "shell", "environment": {"type": "local"}}, True),
        ({"type": "shell", "environment": {"type": "container_auto"}}, False),
        ({"type": "apply_patch"}, True),
        ({"type": "tool_search"}, False),
        ({"type": "tool_search", "execution": "client"}, True),
        ({"type": "web_search"}, False),
        ({"type": "mcp"}, False),
    ],
    ids=str,
)
def test_is_run_by_client(tool, is_ours):
    """Where a tool can be run by both, it says by whom."""
    assert is_run_by_client(tool) is is_ours


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
