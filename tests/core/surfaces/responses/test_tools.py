"""The tools of a request, as functions of a chat completion."""

import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.surfaces.responses.tools import chat_choice, read_tool_table

FUNCTION = {"type": "function", "name": "find", "description": "d", "parameters": {}}
NAMESPACE = {
    "type": "namespace",
    "name": "crm",
    "description": "Customers.",
    "tools": [FUNCTION, {"type": "custom", "name": "note"}],
}
CUSTOM = {"type": "custom", "name": "patch"}
SEARCH = {"type": "web_search"}


def table(*tools, items=()):
    return read_tool_table({"tools": list(tools)}, items)


def names(read):
    return [tool.chat_name for tool in read.tools]


def test_functions():
    """A function is itself, less what only this API knows; an unsaid `strict` stays unsaid."""
    [tool] = table(FUNCTION | {"defer_loading": True, "strict": None}).tools

    assert tool.function == {"name": "find", "description": "d", "parameters": {}}
    assert (tool.name, tool.namespace, tool.at) == ("find", None, "tools[0]")


def test_namespaces():
    """The tools of a namespace are flat, and known by both names."""
    read = table(FUNCTION, NAMESPACE)

    assert names(read) == ["find", "crm__find", "crm__note"]
    assert read.of_chat("crm__find").namespace == "crm"
    assert read.of_chat("crm__note").call == "custom_tool_call"
    assert read.chat_name("function_call", "find", "crm") == "crm__find"
    assert [tool.at for tool in read.tools][1:] == ["tools[1].tools[0]", "tools[1].tools[1]"]


@pytest.mark.parametrize(
    ("namespace", "name", "expected"),
    [
        ("mcp__docs__", "search", "mcp__docs__search"),
        ("a.b", "c", "a_b__c_7f1a8ac6"),
        ("n" * 40, "f" * 40, None),
    ],
)
def test_names(namespace, name, expected):
    """A name has the letters and the length that chat completions allow, and stays one."""
    read = table({"type": "namespace", "name": namespace, "tools": [{**FUNCTION, "name": name}]})
    [made] = names(read)

    assert len(made) <= 64
    assert made.replace("_", "").replace("-", "").isalnum()
    assert expected is None or made.startswith(expected[:6])
    assert read.of_chat(made).name == name


def test_two_of_one_name():
    """Different tools have different functions; the same tool twice is one."""
    shells = table({**FUNCTION, "name": "shell"}, {"type": "shell"}, FUNCTION, FUNCTION)

    assert names(shells) == ["shell", "shell_", "find"]
    assert shells.of_chat("shell_").call == "shell_call"


def test_left_out():
    """What a host runs is told with its place."""
    read = table(SEARCH, FUNCTION, {"type": "mcp", "server_label": "x"})

    assert names(read) == ["find"]
    assert read.dropped == ("tools[0] (web_search)", "tools[2] (mcp)")


def test_found_by_a_search():
    """Tools that a search has brought can be called."""
    output = {"type": "tool_search_output", "execution": "client", "tools": [NAMESPACE, FUNCTION]}

    assert names(table(FUNCTION, items=[output])) == ["find", "crm__find", "crm__note"]


def test_own_words():
    """A search says itself what it takes."""
    parameters = {"type": "object", "properties": {"goal": {"type": "string"}}}
    search = {"type": "tool_search", "execution": "client", "parameters": parameters}
    [tool] = table(search | {"description": "Finds."}).tools

    assert tool.function["parameters"] == parameters
    assert tool.function["description"] == "Finds."
    assert tool.function["strict"] is False


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, None),
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        ({"type": "function", "name": "find"}, "find"),
        ({"type": "function", "name": "find", "namespace": "crm"}, "crm__find"),
        ({"type": "custom", "name": "patch"}, "patch"),
        ({"type": "apply_patch"}, "apply_patch"),
    ],
    ids=str,
)
def test_choice(choice, expected):
    """A choice is of the function that stands for the tool."""
    made = chat_choice(choice, table(FUNCTION, NAMESPACE, CUSTOM, {"type": "apply_patch"}, SEARCH))

    name = made["function"]["name"] if isinstance(made, dict) else made
    assert name == expected


def test_allowed_tools():
    """Those of hosts are left out."""
    choice = {"type": "allowed_tools", "mode": "required", "tools": [SEARCH, CUSTOM]}
    functions = [{"type": "function", "function": {"name": "patch"}}]

    assert chat_choice(choice, table(FUNCTION, CUSTOM, SEARCH)) == {
        "type": "allowed_tools",
        "allowed_tools": {"mode": "required", "tools": functions},
    }
    only_hosted = choice | {"tools": [SEARCH], "mode": "auto"}
    assert chat_choice(only_hosted, table(FUNCTION, SEARCH)) == "none"
    assert chat_choice(only_hosted, table(SEARCH)) is None


@pytest.mark.parametrize(
    ("choice", "tools", "said"),
    [
        ("always", [FUNCTION], "Supported values"),
        (3, [FUNCTION], "a string or an object"),
        ({}, [FUNCTION], "tool_choice.type"),
        ({"type": "function"}, [FUNCTION], "tool_choice.name"),
        ("required", [], "needs a 'tools' parameter"),
        ("required", [SEARCH], r"tools\[0\] \(web_search\)"),
        (SEARCH, [FUNCTION, SEARCH], "'web_search' demands"),
        ({"type": "shell"}, [FUNCTION], "'shell' demands"),
        (
            {"type": "allowed_tools", "mode": "required", "tools": [SEARCH]},
            [FUNCTION, SEARCH],
            "demands a call",
        ),
    ],
    ids=str,
)
def test_choices_refused(choice, tools, said):
    """What only a host could do is refused only where it is demanded."""
    with pytest.raises(BadRequest, match=said) as refused:
        chat_choice(choice, table(*tools))

    assert refused.value.param.startswith("tool_choice")


@pytest.mark.parametrize(
    ("tools", "param"),
    [
        ("x", "tools"),
        (["x"], "tools[0]"),
        ([{}], "tools[0].type"),
        ([{"type": 3}], "tools[0].type"),
        ([{"type": "function"}], "tools[0].name"),
        ([{"type": "custom", "name": ""}], "tools[0].name"),
        ([{"type": "namespace"}], "tools[0].name"),
        ([{"type": "namespace", "name": "n", "tools": 3}], "tools[0].tools"),
        ([{"type": "namespace", "name": "n", "tools": [{}]}], "tools[0].tools[0].type"),
    ],
    ids=str,
)
def test_malformed(tools, param):
    """What is wrong is named with its place."""
    with pytest.raises(BadRequest) as refused:
        read_tool_table({"tools": tools})

    assert refused.value.param == param
