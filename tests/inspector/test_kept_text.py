"""What is kept of a text."""

import pytest

from strictgate.inspector.entries import MAX_BODY
from strictgate.inspector.kept_text import kept_text

KEY = b"sk-very/secret+key"


@pytest.mark.parametrize(
    "spelt",
    [
        b"sk-very/secret+key",
        rb"sk-very\/secret+key",
        rb"sk-very\/secret\u002Bkey",
        rb"\u0073k-very\u002fsecret\u002bkey",
        rb"sk-very\\\/secret+key",
    ],
)
def test_no_spelling_of_a_key_is_kept(spelt):
    """JSON has several, and servers use them."""
    assert kept_text(b'{"echo":"Bearer %s","at":"a\\/b"}' % spelt, KEY) == (
        b'{"echo":"Bearer ***","at":"a\\/b"}'
    )


def test_without_a_key_it_is_kept_as_it_is():
    """As far as it is not too long."""
    assert kept_text(rb'{"at":"a\/b\u002b"}', b"") == rb'{"at":"a\/b\u002b"}'
    assert len(kept_text(b"x" * (MAX_BODY + 1), KEY)) == MAX_BODY
