"""Items of a conversation, as messages."""

import json

import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.surfaces.responses.items import items_in, opened, read_messages, sealed
from strictgate.core.surfaces.responses.tools import ToolTable, read_tool_table

CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "done"}
TOOLS = [
    {"type": "custom", "name": "patch"},
    {"type": "local_shell"},
    {"type": "shell", "environment": {"type": "local"}},
    {"type": "apply_patch"},
    {"type": "tool_search", "execution": "client"},
    {"type": "namespace", "name": "crm", "tools": [{"type": "function", "name": "find"}]},
]


def messages(*items, tools=()):
    return read_messages(items, read_tool_table({"tools": list(tools)}, items))[0]


def test_input():
    """A string is the user's."""
    assert items_in({"input": "hi"}) == [{"type": "message", "role": "user", "content": "hi"}]
    assert items_in({"input": [1]}) == [1]


def test_a_conversation():
    """Calls of one turn are one message, with the text before them; results are messages."""
    user, assistant, first, second = messages(
        {"role": "user", "content": "hi"},
        {"type": "reasoning", "id": "rs", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]},
        CALL,
        CALL | {"call_id": "c2"},
        OUTPUT,
        OUTPUT | {"call_id": "c2", "output": [{"type": "input_text", "text": "two"}]},
    )

    assert user == {"role": "user", "content": "hi"}
    assert assistant["content"] == "a"
    assert [call["id"] for call in assistant["tool_calls"]] == ["c1", "c2"]
    assert first == {"role": "tool", "tool_call_id": "c1", "content": "done"}
    assert second["content"] == "two"


@pytest.mark.parametrize(
    ("call", "output", "name", "arguments", "result"),
    [
        (
            {"type": "custom_tool_call", "call_id": "c", "name": "patch", "input": '*** "x"\n'},
            {"type": "custom_tool_call_output", "call_id": "c", "output": "ok"},
            "patch",
            {"input": '*** "x"\n'},
            "ok",
        ),
        (
            {"type": "local_shell_call", "call_id": "c", "action": {"command": ["ls", "-l"]}},
            {"type": "local_shell_call_output", "id": "c", "output": "a\nb"},
            "local_shell",
            {"command": ["ls", "-l"], "working_directory": None, "timeout_ms": None},
            "a\nb",
        ),
        (
            {"type": "shell_call", "call_id": "c", "action": {"commands": ["ls"]}},
            {"type": "shell_call_output", "call_id": "c", "output": [{"stdout": "a"}]},
            "shell",
            {"commands": ["ls"], "timeout_ms": None, "max_output_length": None},
            '[{"stdout":"a"}]',
        ),
        (
            {
                "type": "apply_patch_call",
                "call_id": "c",
                "operation": {"type": "delete_file", "path": "a"},
            },
            {"type": "apply_patch_call_output", "call_id": "c", "status": "failed", "output": "no"},
            "apply_patch",
            {"type": "delete_file", "path": "a", "diff": ""},
            "failed: no",
        ),
        (
            {
                "type": "tool_search_call",
                "execution": "client",
                "call_id": "c",
                "arguments": {"query": "x"},
            },
            {
                "type": "tool_search_output",
                "execution": "client",
                "call_id": "c",
                "tools": [{"type": "function", "name": "g", "description": "d"}],
            },
            "tool_search",
            {"query": "x"},
            '[{"type":"function","name":"g","description":"d"}]',
        ),
        (
            CALL | {"call_id": "c", "name": "find", "namespace": "crm"},
            OUTPUT | {"call_id": "c"},
            "crm__find",
            {},
            "done",
        ),
    ],
    ids=lambda each: each.get("type") if isinstance(each, dict) else None,
)
def test_calls_of_other_kinds(call, output, name, arguments, result):
    """A call of every kind that a client runs is one of the function that stands for the tool."""
    made, told = messages(call, output, tools=TOOLS)
    function = made["tool_calls"][0]["function"]

    assert function["name"] == name
    assert json.loads(function["arguments"]) == arguments
    assert told == {"role": "tool", "tool_call_id": "c", "content": result}


def test_what_hosts_do():
    """It is left out, and said so."""
    items = [
        {"role": "user", "content": "hi"},
        {"type": "web_search_call", "id": "ws"},
        {"type": "tool_search_call", "execution": "server", "id": "ts", "arguments": {}},
    ]
    read, dropped = read_messages(items, ToolTable())

    assert read == [{"role": "user", "content": "hi"}]
    assert dropped == ("input[1] (web_search_call)", "input[2] (tool_search_call)")


@pytest.mark.parametrize(
    ("reasoning", "expected"),
    [
        ({"content": [{"type": "reasoning_text", "text": "hm"}]}, {"reasoning_content": "hm"}),
        (
            {"summary": [{"type": "summary_text", "text": each} for each in "ab"]},
            {"reasoning_content": "a\n\nb"},
        ),
        (
            {
                "summary": [{"type": "summary_text", "text": "a"}],
                "content": [{"type": "reasoning_text", "text": "hm"}],
            },
            {"reasoning_content": "hm"},
        ),
        (
            {"encrypted_content": sealed({"reasoning_details": [{"data": "x"}]})},
            {"reasoning_details": [{"data": "x"}]},
        ),
        (
            {"encrypted_content": sealed({"reasoning_content": "hm"}), "content": []},
            {"reasoning_content": "hm"},
        ),
        (
            {
                "encrypted_content": sealed({"reasoning_content": "hm"}),
                "content": [{"type": "reasoning_text", "text": "hm"}],
            },
            {"reasoning_content": "hm"},
        ),
        ({"encrypted_content": "gAAAA", "summary": []}, {}),
        ({"summary": [], "content": None}, {}),
    ],
)
def test_reasoning(reasoning, expected):
    """Thinking goes back as the upstream gave it; what only another host can read does not."""
    made, _ = messages({"type": "reasoning", **reasoning}, CALL, OUTPUT)

    assert {key: each for key, each in made.items() if key.startswith("reasoning")} == expected


@pytest.mark.parametrize("content", [None, 3, "", "x", "gAAAA", sealed({}), sealed({"x": 1})])
def test_what_another_has_sealed(content):
    """Nothing is read into it."""
    assert opened(content) == {}


def test_history():
    """Items of earlier responses are not blamed on this input."""
    with pytest.raises(BadRequest) as refused:
        read_messages([{"role": "user", "content": "a"}, {"role": "boss"}], ToolTable(), None, 1)

    assert refused.value.param == "input[0].role"


@pytest.mark.parametrize(
    ("given", "param"),
    [
        (None, "input"),
        (3, "input"),
        ([], "input"),
        ([{"type": "reasoning", "summary": []}], "input"),
        (["hi"], "input[0]"),
        ([{"content": "x"}], "input[0].role"),
        ([{"role": "boss", "content": "x"}], "input[0].role"),
        ([{"role": "user"}], "input[0].content"),
        ([{"role": [], "content": "x"}], "input[0].role"),
        ([{"type": [None]}], "input[0].type"),
        ([{"role": "user", "content": [{"text": "x"}]}], "input[0].content[0].type"),
        ([{"type": "item_reference", "id": "x"}], "input[0].id"),
        ([{"type": "compaction", "encrypted_content": "x"}], "input[0].type"),
        ([{"type": "function_call", "call_id": "c", "name": "f"}], "input[0].arguments"),
        ([{"type": "function_call_output", "call_id": "c"}], "input[0].output"),
        ([{"type": "function_call_output", "call_id": "c", "output": "x"}], "input[0].call_id"),
        ([{"type": "shell_call", "action": {}}], "input[0].id"),
        ([{"type": "reasoning", "summary": "x"}], "input[0].summary"),
    ],
    ids=str,
)
def test_malformed(given, param):
    """What is wrong is named with its place."""
    with pytest.raises(BadRequest) as refused:
        messages(*items_in({"input": given}))

    assert refused.value.param == param


def test_references():
    """Where nothing is kept, it is said what to do."""
    with pytest.raises(BadRequest, match=r"\[store\].*whole items"):
        messages({"type": "item_reference", "id": "fc_1"})


def test_additional_tools():
    """Codex sends tools as an item, which is no message."""
    tools = [{"type": "namespace", "name": "fs", "tools": [{"type": "custom", "name": "exec"}]}]
    item = {"type": "additional_tools", "role": "developer", "tools": tools}
    call = {"type": "custom_tool_call", "call_id": "c", "name": "exec", "namespace": "fs"}
    items = [item, {"role": "user", "content": "hi"}, call | {"input": "ls"}]
    _, made, _ = messages(*items)

    assert made["tool_calls"][0]["function"]["name"] == "fs__exec"
    assert [tool.chat_name for tool in read_tool_table({}, items).tools] == ["fs__exec"]
