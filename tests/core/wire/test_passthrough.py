"""What is passed on unread: only whether it is a form is looked at."""

import pytest

from strictgate.core.wire.passthrough import RawRequest
from strictgate.core.wire.request_body import RequestBody


@pytest.mark.parametrize(
    ("headers", "is_form"),
    [
        ([("content-type", "multipart/form-data; boundary=x")], True),
        ([("x-a", "b"), ("content-type", "Multipart/Form-Data")], True),
        ([("content-type", "application/json")], False),
        ([("accept", "multipart/form-data")], False),
        ([], False),
    ],
)
def test_forms(headers, is_form):
    """They have the model's name in a part of theirs."""
    assert RawRequest("POST", "/x", "", headers, RequestBody(b"")).is_form is is_form
