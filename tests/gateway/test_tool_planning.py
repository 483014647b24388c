"""How the tools of a request are put for a host that has none; see test_chat_custom_tools.py."""

import pytest

from strictgate.core.request.contract import read_contract
from strictgate.core.request.custom_tools import CustomTools
from strictgate.core.request.options import Enforcement
from strictgate.core.schema.schema import admit
from strictgate.gateway.tool_planning import ReadRequest, ToolPlanner
from tests.gates import MOOD, gate
from tests.gateway.test_request_planning import MOOD_TOOL

NOTE = {"type": "custom", "custom": {"name": "note"}}
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": [NOTE]}


class Admitting:
    """Admits every schema at once."""

    def get(self, source, *, name, **_):
        return admit(source, name=name)


def test_custom_tools_as_functions():
    """What is read of the request is read anew; the rest of it stays."""
    read = ReadRequest(read_contract(BODY), BODY, admit(MOOD, name="x"), None, {})
    made = ToolPlanner(Admitting()).with_functions(read, CustomTools.of(BODY), Enforcement())

    assert made.contract.toolbox.callable == {"note"}
    assert made.tools.schemas["note"].is_valid({"input": "x"})
    assert made.schema is read.schema
    assert read.body is BODY


@pytest.mark.parametrize("kind", ["mcp", "browser_search"])
def test_tools_that_nobody_can_be_told_of(demo, kind):
    """Where only they may be called, the error says what to send instead."""
    tools = [MOOD_TOOL, {"type": kind, kind: {"name": "sum"}}]
    choice = {"type": kind, kind: {"name": "sum"}}
    with gate(demo, upstreams={"demo": {"tools": False}}) as running:
        answer = running.chat("clean", schema=None, tools=tools, tool_choice=choice)

    assert answer.status == 400
    assert (answer.error["param"], answer.error["code"]) == ("tools", "unsupported_value")
