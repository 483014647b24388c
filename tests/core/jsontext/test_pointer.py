"""JSON Pointers."""

from strictgate.core.jsontext.pointer import pointer


def test_pointer():
    """Names are escaped as RFC 6901 has it; the root is empty."""
    assert pointer(()) == ""
    assert pointer(("a/b", 0, "m~n", "")) == "/a~1b/0/m~0n/"
