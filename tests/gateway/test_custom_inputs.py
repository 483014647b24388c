"""Custom tools with a grammar, end to end: whoever writes the input, the grammar judges it."""

import json

import pytest

from tests.gates import gate
from tests.reports.script import Script
from tests.reports.upstream import Upstream
from tests.servers import serving

PATCH = """start: begin_patch hunk+ end_patch
begin_patch: "*** Begin Patch" LF
end_patch: "*** End Patch" LF?

hunk: add_hunk | delete_hunk
add_hunk: "*** Add File: " filename LF add_line+
delete_hunk: "*** Delete File: " filename LF

filename: /(.+)/
add_line: "+" /(.*)/ LF -> line

%import common.LF
"""
GOOD = "*** Begin Patch\n*** Add File: é.txt\n+hi\n*** End Patch"
BAD = "*** Begin Patch\n*** Add File: é.txt\nhi\n*** End Patch"
KINDS = ("function", "custom", "native", "told")
"""How the upstream is asked: with a function in place of the tool, with the custom tool itself, in
/responses, or in the prompt."""


def lark(syntax="lark", definition=PATCH):
    return {"type": "grammar", "syntax": syntax, "definition": definition}


def request(kind, given):
    """The request with the tool `patch`, and its path."""
    if kind == "custom":
        inner = {key: given[key] for key in ("syntax", "definition")}
        custom = {"name": "patch", "format": {"type": "grammar", "grammar": inner}}
        body = {"messages": [{"role": "user", "content": "hi"}]}
        return "/v1/chat/completions", body | {"tools": [{"type": "custom", "custom": custom}]}
    tool = {"type": "custom", "name": "patch", "description": "Patches.", "format": given}
    return "/v1/responses", {"input": "hi", "tools": [tool]}


def answer(kind, text):
    """What the upstream says."""
    call = {"id": "call_1", "type": "function"}
    match kind:
        case "function":
            arguments = json.dumps({"input": text})
            function = {"name": "patch", "arguments": arguments}
            return {"tool_calls": [call | {"function": function}], "finish_reason": "tool_calls"}
        case "custom":
            custom = {"name": "patch", "input": text}
            made = call | {"type": kind, kind: custom}
            message = {"role": "assistant", "tool_calls": [made]}
            chunks = [{"tool_calls": [made | {"index": 0}]}]
            return {"message": message, "chunks": chunks, "finish_reason": "tool_calls"}
        case "told":
            made = {"name": "patch", "arguments": {"input": text}}
            return {"content": json.dumps({"tool_calls": [made]})}
        case _:
            made = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1"}
            output = [made | {"name": "patch", "input": text, "status": "completed"}]
            about = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m"}
            return {"response": about | {"status": "completed", "output": output}}


def asked(kind, *texts, given=None, stream=False):
    """The answer of the gateway to a request, and what it asked its upstream."""
    path, body = request(kind, given or lark())
    script = Script([answer(kind, text) for text in texts])
    settings = {"responses": kind == "native"} | ({"tools": False} if kind == "told" else {})
    with (
        serving(Upstream({"x": script})) as url,
        gate(f"{url}/x", upstreams={"demo": settings}, limits={"workers": 0}) as running,
    ):
        return running.post(body | {"model": "m", "stream": stream}, path), script.asked


def given_input(kind, came):
    if kind == "custom":
        (call,) = came.json["choices"][0]["message"]["tool_calls"]
        return call["custom"]["input"]
    (item,) = [each for each in came.json["output"] if each["type"] == "custom_tool_call"]
    return item["input"]


@pytest.mark.parametrize("kind", KINDS)
def test_good(kind):
    """What matches is handed on byte for byte."""
    came, sent = asked(kind, GOOD)

    assert (given_input(kind, came), len(sent)) == (GOOD, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_bad_once(kind):
    """What does not match is asked for again, and the model is told the place."""
    came, sent = asked(kind, BAD, GOOD)

    assert (given_input(kind, came), len(sent)) == (GOOD, 2)
    assert "line 3, column 1" in json.dumps(sent[1])


def test_asked_again_natively():
    """The feedback is the output of a custom call, behind the call."""
    _, sent = asked("native", BAD, GOOD)

    assert [each.get("type") for each in sent[1]["input"][1:]] == [
        "custom_tool_call",
        "custom_tool_call_output",
    ]
    assert sent[1]["tools"] == request("native", lark())[1]["tools"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_bad_for_ever(kind, stream):
    """Otherwise it is Groq's error, and nothing goes out."""
    came, sent = asked(kind, BAD, stream=stream)

    assert (came.status, came.error["code"], len(sent)) == (400, "tool_use_failed", 3)
    assert "did not match its grammar: line 3" in came.error["message"]
    assert "Begin Patch" in came.error["failed_generation"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (lark(definition="start: missing"), "missing"),
        (lark(definition="begin: /a/"), "start"),
        (lark("regex", "(?=a)b"), "look-ahead"),
    ],
    ids=["a rule that is not there", "no start", "no linear pattern"],
)
def test_no_grammar(kind, given, reason):
    """A grammar that cannot be enforced is refused before anything is asked, by its place."""
    came, sent = asked(kind, GOOD, given=given)

    place = "custom.format.grammar" if kind == "custom" else "format"
    assert (came.status, came.error["param"]) == (400, f"tools[0].{place}.definition")
    assert came.error["code"] == "invalid_grammar"
    assert reason in came.error["message"]
    assert not sent


@pytest.mark.parametrize("kind", KINDS)
def test_regex(kind):
    """All of the input must match a regex."""
    came, sent = asked(kind, "12a", "12", given=lark("regex", "[0-9]+"))

    assert (given_input(kind, came), len(sent)) == ("12", 2)
