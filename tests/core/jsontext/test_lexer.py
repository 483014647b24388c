"""The steps of strict JSON; scanner.py drives them, and its tests try all of them."""

import pytest

from strictgate.core.jsontext.lexer import LITERALS, LexerEvent
from strictgate.core.jsontext.scanner import Scanner


def events(data):
    """Return what is told of each byte."""
    told = []
    Scanner().consume(data, watch=lambda event, length: told.append((event, length)))
    return told


@pytest.mark.parametrize("first", list(LITERALS))
def test_literals_are_told_apart_by_their_first_byte(first):
    """The word begins with it."""
    assert LITERALS[first][0][0] == first


def test_what_bytes_do():
    """A name is closed, a value begins, a value is closed; a number by what stands behind it."""
    assert events(b'{"a":[1,"x"]}') == [
        *(
            (LexerEvent.OPENED, 1),
            (LexerEvent.NAMED, 4),
            (LexerEvent.OPENED, 6),
            (LexerEvent.OPENED, 7),
        ),
        *(
            (LexerEvent.CLOSED, 8),
            (LexerEvent.OPENED, 9),
            (LexerEvent.CLOSED, 11),
            (LexerEvent.CLOSED, 12),
        ),
        (LexerEvent.CLOSED, 13),
    ]


def test_whoever_watches_may_refuse():
    """The text ends where it says, as if no more had come."""
    scanner = Scanner()
    taken = scanner.consume(b'["abc", 1]', watch=lambda _, length: 4 if length == 6 else None)
    assert (taken, scanner.text, scanner.value) == (4, b'["ab', [])
    assert scanner.consume(b'd"]') == 3
    assert scanner.value == ["abd"]
