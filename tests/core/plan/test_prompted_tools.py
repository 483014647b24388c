"""Tools for a model that has none."""

import json

import jsonschema
import pytest

from strictgate.core.capabilities import LADDER, Capabilities, Mode
from strictgate.core.errors import OutputInvalid
from strictgate.core.plan import prompted_tools
from strictgate.core.plan.prompted_tools import PromptedToolsReader, plain_words, telling_modes
from strictgate.core.request.contract import read_contract
from strictgate.core.schema.schema import admit
from strictgate.core.wire.calls import CallIds
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
    return prompted_tools.prompt_tools(read_contract(body), body, KEPT, {})[:2]


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
        "content": "Results of your function calls:\n- tree: one\n- c2: two",
    }


def test_what_was_said_beside_calls_is_kept():
    """The text comes first; results come in the order of the calls, each told from the others."""
    made = [
        {"id": f"c{at}", "type": "function", "function": {"name": "tree", "arguments": arguments}}
        for at, arguments in enumerate(['{"leaf":0}', '{"leaf":1}'])
    ]
    messages = [
        {"role": "assistant", "content": [{"type": "text", "text": "Wait."}], "tool_calls": made},
        {"role": "tool", "tool_call_id": "c1", "content": "one"},
        {"role": "tool", "tool_call_id": "c0", "content": "zero"},
        {"role": "user", "content": "So?"},
    ]
    _, body = emulated(messages=messages)

    _, assistant, results, user = body["messages"]
    text, _, document = assistant["content"].partition("\n")
    assert (text, json.loads(document)["tool_calls"][1]["arguments"]) == ("Wait.", {"leaf": 1})
    assert results["content"].splitlines()[1:] == [
        '- tree {"leaf":0}: zero',
        '- tree {"leaf":1}: one',
    ]
    assert user == messages[-1]


@pytest.mark.parametrize(
    ("strict", "loose"), [({}, {}), (KEPT, {}), ({}, KEPT), ({"mood": MOOD}, {"tree": TREE})]
)
def test_each_schema_is_told_once(strict, loose):
    """In the schema of the document, or else in the list of the functions."""
    request = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": TOOLS}
    wanted, body, _ = prompted_tools.prompt_tools(read_contract(request), request, strict, loose)
    told = json.dumps([wanted.source, body["messages"][0]["content"]])

    assert told.count("angry") == 1
    assert told.count("leaf") == json.dumps(TREE).count("leaf")


def test_arguments_that_nobody_enforces():
    """They may be what the schema of the function says, references and all, or any object."""
    request = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": TOOLS}
    wanted, *_ = prompted_tools.prompt_tools(read_contract(request), request, {}, KEPT)

    assert is_valid(wanted.source, calls(("tree", {"next": {"leaf": 1}})))
    assert is_valid(wanted.source, calls(("tree", {"next": {"leaf": "x"}})))
    assert not is_valid(wanted.source, calls(("tree", "x")))
    assert not is_valid(wanted.source, calls(("nope", {})))


def test_modes_that_tell_the_schema():
    """A field alone does not tell the model what functions take; the caller's own choice stays."""
    assert telling_modes(Capabilities()) == LADDER[1:]
    assert telling_modes(Capabilities(native_needs_prompt=True)) == LADDER
    assert telling_modes(Capabilities(modes=(Mode.NATIVE,))) == (Mode.NATIVE,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" It is sunny. ", "It is sunny."),
        ("<think>Shall I call?</think>\nIt is sunny.", "It is sunny."),
        ("<think>Shall I", None),
        ("", None),
        ('{"tool_calls": [', None),
        ("Let me see: tool_calls", None),
        ("<tool_call>get_weather", None),
        ("```\nget_weather\n```", None),
        ("See [1].", None),
    ],
)
def test_plain_words(text, words):
    """What can only be words is an answer; what may be a call that went wrong is none."""
    assert plain_words(text) == words


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({}, "content"),
        ({"tool_choice": "required"}, ""),
        ({"response_format": {"type": "json_object"}}, ""),
    ],
)
def test_where_words_are_an_answer(changes, member):
    """Where the answer may be in words."""
    assert emulated(**changes)[0].words_member == member


def answered(document, **options):
    text = document if isinstance(document, str) else json.dumps(document)
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": "stop",
    }
    reader = PromptedToolsReader(is_deprecated=False, ids=CallIds(1), **options)
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
    wanted, *_ = prompted_tools.prompt_tools(read_contract(body), body, KEPT, {})
    assert is_valid(wanted.source, calls(("tree", {})))

    text = json.dumps(calls(("tree", {})))
    choice = {"index": 0, "message": {"content": text}, "finish_reason": "stop"}
    rendered = PromptedToolsReader(is_deprecated=True, ids=CallIds()).rendered(
        {"choices": [choice]}
    )["choices"][0]
    assert rendered["message"]["function_call"] == {"name": "tree", "arguments": "{}"}
    assert rendered["finish_reason"] == "function_call"


def test_ids_of_calls():
    """An id differs from those of the turns before, and from the others of its message."""
    text = json.dumps(calls(("tree", {}), ("tree", {})))
    choice = {"index": 0, "message": {"content": text}, "finish_reason": "stop"}

    def ids(used):
        reader = PromptedToolsReader(is_deprecated=False, ids=CallIds(1, frozenset(used)))
        (rendered,) = reader.rendered({"choices": [choice]})["choices"]
        return [call["id"] for call in rendered["message"]["tool_calls"]]

    first = ids([])
    assert len({*first, *ids(first)}) == 4


def test_error():
    """A failure is one to call."""
    error = PromptedToolsReader(is_deprecated=False, ids=CallIds()).error(
        OutputInvalid("m", failed_generation="f")
    )

    assert error.body()["error"]["code"] == "tool_use_failed"
    assert error.failed_generation == "f"
