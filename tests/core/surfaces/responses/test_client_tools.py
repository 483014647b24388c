"""Tools that the client runs, as functions, and back."""

import json

import pytest

from strictgate.core.schema.openai_strict import violations
from strictgate.core.schema.schema import admit
from strictgate.core.surfaces.responses.client_tools import (
    CLIENT_TOOLS,
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
