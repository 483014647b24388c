"""The tools of a request that is passed through, and their refusal."""

import json

import pytest

from strictgate.core.errors import ToolsRefused
from strictgate.core.wire.passthrough import RawAnswer, RawRequest
from strictgate.core.wire.request_body import RequestBody
from strictgate.gateway.refused_tools import callable_functions, check_tools

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
    assert callable_functions(asked) == names


def answer(status, message):
    return RawAnswer(status, (), None, {"error": {"message": message}})


def test_a_refusal():
    """An error that refuses tools is one of its own; any other is the answer."""
    with pytest.raises(ToolsRefused):
        check_tools(answer(400, "`tools` is not supported with this model"), ["look"])
    check_tools(answer(400, "The model does not exist."), ["look"])
