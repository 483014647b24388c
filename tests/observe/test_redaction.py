"""Keys are no part of what is logged."""

import pytest

from strictgate.observe.redaction import redactor, without_credentials


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("/v1/models/key-number-1", "/v1/models/***"),
        ("/v1/models/xkey-number-1x", "/v1/models/x***x"),
        ("none", "***"),
        ("/v1/none", "/v1/***"),
        ("nonesuch is known", "nonesuch is known"),
        ("gsk_0123456789abcdef01", "***"),
        ("sk-short", "sk-short"),
    ],
)
def test_redactor(text, clean):
    """Long keys go wherever they stand, short ones, which may be words, only alone."""
    assert redactor({"key-number-1", "none"})(text) == clean


@pytest.mark.parametrize("header", ["Bearer key-number-1", "bearer  key-number-1", "key-number-1"])
def test_credentials(header):
    """The key of the request itself, in whatever way it came."""
    assert without_credentials("/v1/key-number-1/x", header) == "/v1/***/x"
    assert without_credentials("/v1/x", header) == "/v1/x"


@pytest.mark.parametrize("header", [None, "", "Bearer "])
def test_no_credentials(header):
    """Where there is none, nothing is taken out."""
    assert without_credentials("/v1/x", header) == "/v1/x"
