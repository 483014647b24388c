"""Every error has OpenAI's shape."""

import inspect

import pytest

from strictgate.core import errors
from strictgate.core.errors import (
    BadRequest,
    GatewayError,
    OutputInvalid,
    ToolUseInvalid,
    UpstreamError,
)

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, GatewayError) and not issubclass(kind, OutputInvalid | UpstreamError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_shape(kind):
    """Message, type, param and code, always; the status is an error's."""
    error = kind("what to do", param="p")

    assert list(error.body()["error"]) == ["message", "type", "param", "code"]
    assert error.body()["error"]["param"] == "p"
    assert 400 <= error.status < 600


def test_each_is_in_the_tree():
    """The module's docstring names every error with its status."""
    for kind in [*KINDS, OutputInvalid, ToolUseInvalid]:
        assert f"{kind.__name__} " in errors.__doc__
        assert str(kind.status) in errors.__doc__.split(kind.__name__, 1)[1][:40]


def test_code_can_be_given():
    """One class serves several codes."""
    assert BadRequest("x", code="c").body()["error"]["code"] == "c"
    assert BadRequest("x").body()["error"]["code"] is None


def test_upstream_error_is_quoted():
    """The upstream's own error stays as it is, in its order."""
    error = UpstreamError(418, {"message": "m", "zeta": 1, "alpha": 2}, {"retry-after": "3"})

    assert (error.status, list(error.body()["error"])) == (418, ["message", "zeta", "alpha"])
    assert error.headers == {"retry-after": "3"}


@pytest.mark.parametrize(
    "error",
    [BadRequest("x"), UpstreamError(418, {"message": "m"}, {})],
    ids=["ours", "the upstream's"],
)
def test_details_stand_beside_the_error(error):
    """Where there are some; the error itself stays as it is."""
    before = error.body()
    error.details = {"attempts": []}
    assert error.body() == before | {"x_strictgate": {"attempts": []}}


def test_output_invalid():
    """Groq's keys, in Groq's order, and sent once by OpenAI's SDKs."""
    error = OutputInvalid("m", failed_generation="f")

    assert list(error.body()["error"]) == ["message", "type", "code", "failed_generation"]
    assert list(error.body()) == ["error"]
    assert error.headers["x-should-retry"] == "false"
