"""How much counts of what stands behind a document."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.guard.text_behind import MOST, RUNAWAY, TextBehind


def kept(*pieces):
    made = TextBehind()
    for piece in pieces:
        made.feed(piece)
    return made.text, made.is_over, made.is_cut


@pytest.mark.parametrize(
    ("text", "length", "cut"),
    [
        (b"", 0, False),
        (b"\n```\n", 5, False),
        (b"x" * (MOST - 1), MOST - 1, False),
        (b"x" * MOST, MOST, True),
        (b"x" * (MOST + 9), MOST, True),
        (b"x" + b" \n" * (RUNAWAY // 2) + b"y", RUNAWAY + 2, False),
        (b"x" + b" \n" * RUNAWAY + b"y", RUNAWAY + 2, True),
        (b"x" * (MOST - RUNAWAY) + b" " * 900, MOST, True),
    ],
)
def test_how_much_counts(text, length, cut):
    """Up to a number of bytes, or a run of blanks."""
    assert kept(text) == (text[:length], cut, cut)


PIECES = st.lists(st.sampled_from([b" " * 40, b"x", b"\n" * 20, b"so " * 300, b"\t", b""]))


@given(PIECES)
def test_pieces_make_no_difference(pieces):
    """Whole, in pieces and byte by byte, the same counts."""
    text = b"".join(pieces)
    assert kept(*pieces) == kept(text) == kept(*(bytes([byte]) for byte in text))


def test_the_end():
    """When the reply has ended nothing more is taken in, and nothing was cut."""
    made = TextBehind()
    made.feed(b" So")
    made.flush()
    made.feed(b" much")
    assert (made.text, made.is_over, made.is_cut) == (b" So", True, False)
