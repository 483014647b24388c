"""What OpenAI's APIs have in common."""

import pytest

from strictgate.core.errors import BadRequest, OutputInvalid
from strictgate.core.surfaces.openai import OpenAISurface

SURFACE = OpenAISurface()


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"authorization": "Bearer k"}, "Bearer k"),
        ({"x-api-key": "k"}, None),
        ({}, None),
    ],
)
def test_authorization(headers, found):
    """The key stands in the header Authorization, and goes on as it was sent."""
    assert SURFACE.authorization(headers) == found


def test_error():
    """The body is OpenAI's; what is said beside it stays beside it."""
    invalid = OutputInvalid("Bad.", failed_generation="{", details={"attempts": []})
    told = SURFACE.error(invalid)

    assert told.status == 400
    assert list(told.body["error"]) == ["message", "type", "code", "failed_generation"]
    assert told.body["x_strictgate"] == {"attempts": []}
    assert told.headers["x-should-retry"] == "false"


def test_error_frame():
    """One frame without a name, then the end."""
    frame = SURFACE.error_frame(BadRequest("No."))

    assert frame.startswith(b'data: {"error":{"message":"No."')
    assert frame.endswith(b"}\n\ndata: [DONE]\n\n")
