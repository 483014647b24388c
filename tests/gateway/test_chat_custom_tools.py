"""Custom tools of chat completions at hosts that have none: functions stand for them."""

import json

import pytest

from strictgate.observe.events import FactLearned
from tests.gates import gate
from tests.gateway.test_custom_inputs import BAD, GOOD, answer, given_input, lark, request
from tests.gateway.test_input_streams import frames, pieces, streamed
from tests.reports.script import Script
from tests.reports.upstream import Upstream
from tests.servers import serving

NOTE = {"type": "custom", "custom": {"name": "note", "description": "Notes."}}
SEARCH = {"type": "browser_search"}
REFUSAL = {
    "status": 400,
    "body": {"error": {"message": "Invalid value: 'custom'. Supported values are: 'function'."}},
}


def call(name, given):
    function = {"name": name, "arguments": json.dumps({"input": given})}
    made = {"id": "call_1", "type": "function", "function": function}
    return {"tool_calls": [made], "finish_reason": "tool_calls"}


class Functions(Script):
    """An upstream that has functions alone."""

    def answer(self, body):
        if any(each["type"] == "custom" for each in body.get("tools") or ()):
            self.asked.append(body)
            return Script([REFUSAL]).answer(body)
        return super().answer(body)


def told(name, given):
    """The same of a model that has no tools."""
    return {"content": json.dumps({"tool_calls": [{"name": name, "arguments": {"input": given}}]})}


def asked(*answers, script=Functions, settings=None, times=1, **changes):
    """The answers of the gateway to a request with a note, and what its upstream was asked."""
    upstream = script(list(answers))
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": [NOTE]}
    settings = {"responses": False} | (settings or {})
    with (
        serving(Upstream({"x": upstream})) as url,
        gate(f"{url}/x", upstreams={"demo": settings}, limits={"workers": 0}) as running,
    ):
        came = [running.post(body | changes) for _ in range(times)]
    return came, upstream.asked, running.events


PRESET = {"preset": "deepseek"}
"""It is known to have functions alone."""


@pytest.mark.parametrize("settings", [{}, PRESET, PRESET | {"tools": False}], ids=str)
@pytest.mark.parametrize("stream", [False, True])
def test_a_call(settings, stream):
    """The call is one of the tool, whoever refuses what; what its host has not is not sent it."""
    given = 'a "b"\nc'
    told = {
        "content": json.dumps({"tool_calls": [{"name": "note", "arguments": {"input": given}}]})
    }
    reply = told if "tools" in settings else call("note", given)
    [came], sent, _ = asked(reply, settings=settings, stream=stream)

    custom = {"name": "note", "input": given}
    if stream:
        deltas = [each["choices"][0]["delta"] for each in frames(came) if each.get("choices")]
        [[made]] = [each["tool_calls"] for each in deltas if "tool_calls" in each]
    else:
        [choice] = came.json["choices"]
        [made] = choice["message"]["tool_calls"]
        assert choice["finish_reason"] == "tool_calls"
    assert (made["type"], made["custom"]) == ("custom", custom)
    assert "function" not in made
    kinds = [[each["type"] for each in body.get("tools", ())] for body in sent]
    last = [] if "tools" in settings else ["function"]
    assert kinds == ([last] if settings else [["custom"], last])


def test_it_is_remembered():
    """A refusal is paid once, also by requests that carry no schema."""
    came, sent, events = asked(call("note", "x"), times=2)

    assert [given_input("custom", each) for each in came] == ["x", "x"]
    assert len(sent) == 3
    learned = [event.fact for event in events if isinstance(event, FactLearned)]
    assert learned == ["no_custom_tools"]


def test_text():
    """Words are the answer, as without tools."""
    [came], sent, _ = asked({"content": "hello"}, settings=PRESET)
    assert (came.content, len(sent)) == ("hello", 1)


def test_a_choice():
    """What must be called is what was chosen; other words are asked for again."""
    reply = call("note", "x")
    [came], sent, _ = asked({"content": "hm"}, reply, settings=PRESET, tool_choice=NOTE)
    assert given_input("custom", came) == "x"
    assert sent[0]["tool_choice"] == {"type": "function", "function": {"name": "note"}}
    assert len(sent) == 2


def test_another_refusal():
    """A host that has neither is told of them in the prompt."""

    class Nothing(Functions):
        def answer(self, body):
            self.refuse = ["tools"]
            return super().answer(body)

    [came], sent, _ = asked(told("note", "x"), script=Nothing)
    assert given_input("custom", came) == "x"
    assert [bool(body.get("tools")) for body in sent] == [True, True, False]


def test_tools_of_the_host_s_own():
    """What cannot be told in a prompt is left out, and named."""
    given = {"tools": [NOTE, SEARCH], "strictgate": {"modes": ["prompt"]}}
    [came], sent, _ = asked({"content": '{"content":"hm"}'}, **given)
    assert came.content == "hm"
    assert came.json["x_strictgate"]["dropped"] == ["tools[1] (browser_search)"]
    assert "browser_search" not in json.dumps(sent)


def with_grammar(*answers, stream=False, settings=None):
    path, body = request("custom", lark())
    script = Functions(list(answers))
    settings = {"responses": False, "prefill": "trailing"} | (settings or {})
    with (
        serving(Upstream({"x": script})) as url,
        gate(f"{url}/x", upstreams={"demo": settings}, limits={"workers": 0}) as running,
    ):
        return running.post(body | {"model": "m", "stream": stream}, path), script.asked


@pytest.mark.parametrize("settings", [{}, {"tools": False}], ids=str)
def test_a_grammar(settings):
    """It judges the input, wherever that stands."""
    kind = "told" if settings else "function"
    came, sent = with_grammar(answer(kind, BAD), answer(kind, GOOD), settings=settings)
    assert given_input("custom", came) == GOOD
    assert "line 3, column 1" in json.dumps(sent[-1])


@pytest.mark.parametrize("settings", [{}, PRESET | {"prefill": "trailing"}], ids=str)
def test_a_stream(settings):
    """The input goes out as the grammar takes it, as a custom call's."""
    lines = "".join(f"+some line {number} of a text\n" for number in range(8))
    text = f"*** Begin Patch\n*** Add File: é.txt\n{lines}*** End Patch"
    came, _ = with_grammar(streamed("function", text), stream=True, settings=settings)
    parts = pieces("custom", came)
    assert "".join(parts) == text
    assert len(parts) > 3
    assert b'"function"' not in came.raw
