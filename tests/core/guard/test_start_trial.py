"""One place where the document may start, tried."""

import pytest

from strictgate.core.guard.start_context import StartPlace
from strictgate.core.guard.start_trial import StartCandidate, Trial, wrapper


class Takes:
    """A guard that takes one text, blanks behind it included."""

    def __init__(self, text: bytes) -> None:
        self._left = text
        self._is_whole = False

    def consume(self, data: bytes) -> int:
        taken = 0
        for byte in data:
            if self._left[:1] != bytes([byte]):
                break
            self._left, taken = self._left[1:], taken + 1
        return taken

    def is_complete(self) -> bool:
        return not self._left


def candidate(*takes: bytes) -> StartCandidate:
    place = StartPlace(0, is_certain=True, is_fenced=False, steps=())
    head = b'{"value": '
    if len(takes) == 1:
        return StartCandidate(place, (Trial(Takes(takes[0]), 0),))
    return StartCandidate(
        place, (Trial(Takes(takes[0]), len(head), head), Trial(Takes(takes[1]), 0))
    )


def test_what_was_taken_in():
    """How far, and how much of it is no blank."""
    one = candidate(b'{  "a": 1}')
    one.feed(bytearray(b'{  "a'), final=False)
    assert one.trial
    assert (one.taken, one.trial.evidence, one.trial.is_alive, one.is_complete) == (
        5,
        3,
        True,
        False,
    )
    one.feed(bytearray(b'{  "a": 1} x'), final=False)
    assert (one.taken, one.trial.evidence, one.trial.is_alive, one.is_complete) == (
        10,
        7,
        False,
        True,
    )


@pytest.mark.parametrize(
    ("text", "inner", "whole", "wins"),
    [
        (b'{"value": [1', b"[1]", b'{"value": [1]}', 0),
        (b'{"value": 1', b"1", b'{"value": 1}', None),
        (b'{"value": 1}', b"1", b'{"value": 1}', 0),
        (b'{"value": 1, "b"', b"1", b'{"value": 1, "b": 2}', 1),
        (b'{"value": 1, "b"', b"1", b'{"value": 1}', 0),
        (b'{"value": "x"', b"1", b'{"value": "x"}', 1),
        (b'{"value": "x"', b"1", b'{"b"}', 0),
    ],
)
def test_the_wrapper_or_the_document(text: bytes, inner: bytes, whole: bytes, wins: int | None):
    """What the wrapper holds, as long as it can be that."""
    both = candidate(inner, whole)
    chosen = both.feed(bytearray(text), final=False)
    assert chosen is (None if wins is None else both.trials[wins])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{ "value" : [', '{ "value" : '),
        ('{"v\\u0061lue":1', '{"v\\u0061lue":'),
        ('{"value": ', None),
        ('{"val', None),
        ("{", None),
        ('{"values": 1', ""),
        ('{"\\x": 1', ""),
        ("{'value': 1", ""),
        ("{}", ""),
        ('{"' + "v" * 300, ""),
    ],
)
def test_wrappers(text: str, found: str | None):
    """As the model wrote it, with the blanks behind its colon; not in other quotes."""
    read = wrapper(bytearray(text.encode()), 0, final=False)
    assert (None if read is None else read.decode()) == found


def test_a_wrapper_that_nothing_follows():
    """At the end of the text it is one all the same."""
    assert wrapper(bytearray(b'{"value": '), 0, final=True) == b'{"value": '


@pytest.mark.parametrize(
    ("text", "end", "is_early"),
    [
        ("{'a': 1" + "x" * 60, None, True),
        ("{a: 1" + "x" * 60, 65, True),
        ("{a: 1" + "x" * 60, 64, False),
        ("{a: 1", None, False),
        ("{a 1" + "x" * 60, None, False),
        ("x{a: 1" + "x" * 60, None, False),
    ],
)
def test_early_deaths(text: str, end: int | None, is_early: bool):
    """The look of a document, and no end within its first bytes."""
    one = candidate(b'{"')
    one.feed(bytearray(text.encode()), final=False)
    assert one.is_early(bytearray(text.encode()), end) == is_early


def test_empty():
    """Braces with nothing between them, but blanks."""
    one = candidate(b"{ \n }")
    one.feed(bytearray(b"{ \n } x"), final=False)
    assert one.is_empty(bytearray(b"{ \n } x"))
    assert one.content(bytearray(b"{ \n } x")) == b"{ \n }"
