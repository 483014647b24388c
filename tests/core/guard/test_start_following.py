"""What follows the end of a document."""

import pytest

from strictgate.core.guard.start_following import Following, what_follows


@pytest.mark.parametrize(
    ("text", "follows", "at_the_end"),
    [
        ("", Following.UNKNOWN, Following.NOTHING),
        (" \n", Following.UNKNOWN, Following.NOTHING),
        ("``", Following.UNKNOWN, Following.OTHER),
        (",", Following.UNKNOWN, Following.NOTHING),
        (" ;", Following.UNKNOWN, Following.NOTHING),
        ("\n```", Following.FENCE, Following.FENCE),
        (");~~~", Following.FENCE, Following.FENCE),
        (" }", Following.MEMBER, Following.MEMBER),
        (', "b": 1}', Following.MEMBER, Following.MEMBER),
        (", and so", Following.OTHER, Following.OTHER),
        ("? No", Following.OTHER, Following.OTHER),
        (" " * 300, Following.OTHER, Following.OTHER),
    ],
)
def test_behind(text: str, follows: Following, at_the_end: Following):
    """As far as it can be told from what is there."""
    whole = bytearray(b"{}" + text.encode())
    assert what_follows(whole, 2, final=False) is follows
    assert what_follows(whole, 2, final=True) is at_the_end
