"""The tools of a request that is passed through, and their refusal."""

import json

import pytest

from strictgate.core.errors import CustomToolsRefused, ToolsRefused
from strictgate.core.wire.passthrough import RawAnswer, RawRequest
from strictgate.core.wire.request_body import RequestBody
from strictgate.gateway.refused_tools import check_tools, offered_tools

TOOLS = [{"type": "function", "function": {"name": "look", "parameters": {}}}]


def request(path="/chat/completions", body=None):
    sent = {"model": "m", "tools": TOOLS} if body is None else body
    return RawRequest("POST", path, "", (), RequestBody(json.dumps(sent).encode()))


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (request(), ["look"]),
        (request("/responses", {"tools": [{"type": "function", "name": "look"}]}), ["look"]),
        (request("/embeddings"), []),
        (request(body={}), []),
        (request(body=[]), []),
    ],
)
def test_functions(asked, names):
    """They are named where a model is asked that may call them."""
    assert offered_tools(asked)[0] == names


@pytest.mark.parametrize(
    ("asked", "offers"),
    [
        (request(body={"tools": [{"type": "custom", "custom": {"name": "note"}}]}), True),
        (request("/embeddings", {"tools": [{"type": "custom", "custom": {"name": "x"}}]}), False),
        (request(), False),
        (request(body=[]), False),
    ],
)
def test_custom(asked, offers):
    """They are looked for where they can be."""
    assert offered_tools(asked)[1] is offers


def answer(status, message):
    return RawAnswer(status, (), {"error": {"message": message}})


def test_a_refusal():
    """An error that refuses tools is one of its own; any other is the answer."""
    with pytest.raises(ToolsRefused):
        check_tools(answer(400, "`tools` is not supported with this model"), ["look"])
    check_tools(answer(400, "The model does not exist."), ["look"])


def test_a_refusal_of_custom_tools():
    """It is one of its own, where there are any."""
    refusal = answer(400, "Invalid value: 'custom'. Supported values are: 'function'.")
    check_tools(refusal, ["look"])
    with pytest.raises(CustomToolsRefused):
        check_tools(refusal, [], has_custom=True)
