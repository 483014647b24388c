"""What follows the end of a document."""

import pytest

from strictgate.core.guard.start_following import Behind, behind


@pytest.mark.parametrize(
    ("text", "follows", "at_the_end"),
    [
        ("", Behind.UNKNOWN, Behind.NOTHING),
        (" \n", Behind.UNKNOWN, Behind.NOTHING),
        ("``", Behind.UNKNOWN, Behind.OTHER),
        (",", Behind.UNKNOWN, Behind.NOTHING),
        (" ;", Behind.UNKNOWN, Behind.NOTHING),
        ("\n```", Behind.FENCE, Behind.FENCE),
        (");~~~", Behind.FENCE, Behind.FENCE),
        (" }", Behind.MEMBER, Behind.MEMBER),
        (', "b": 1}', Behind.MEMBER, Behind.MEMBER),
        (", and so", Behind.OTHER, Behind.OTHER),
        ("? No", Behind.OTHER, Behind.OTHER),
        (" " * 300, Behind.OTHER, Behind.OTHER),
    ],
)
def test_behind(text: str, follows: Behind, at_the_end: Behind):
    """As far as it can be told from what is there."""
    whole = bytearray(b"{}" + text.encode())
    assert behind(whole, 2, final=False) is follows
    assert behind(whole, 2, final=True) is at_the_end
