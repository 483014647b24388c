"""Calls of tools that the request does not list: a fault, unless the host has tools of its own."""

import pytest

from tests.core.talks import hold
from tests.core.test_conversation_tools import TOOLS, called, calls_of, talk

LOOSE = [{"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}]


def test_unlisted_names_where_nothing_else_is_judged():
    """A name that nobody gave is a fault, though no function is strict and no format is asked."""
    held = talk(tools=LOOSE, is_loose=True)
    outcome, asks = hold(held, called(("later", "{}")), called(("now", "{}")))

    assert len(asks) == 2
    assert calls_of(outcome) == [("c0", "now", "{}")]


@pytest.mark.parametrize("is_loose", [True, False])
@pytest.mark.parametrize(
    "own",
    [
        {"type": "browser_search"},
        {"type": "builtin_function", "builtin_function": {"name": "$web_search"}},
        {"type": "mcp", "server_label": "x"},
    ],
)
def test_tools_of_the_host(own, is_loose):
    """Where the host has tools of its own, it may call what is not listed; what is, is judged."""
    tools = [own, *(LOOSE if is_loose else TOOLS)]
    call = called(("$web_search", '{"q": 1}'))
    outcome, asks = hold(talk(tools=tools, is_loose=is_loose), call)

    assert len(asks) == 1
    assert calls_of(outcome) == [("c0", "$web_search", '{"q": 1}')]
