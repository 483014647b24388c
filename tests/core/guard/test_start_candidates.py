"""Which of the candidates it is that were tried and not given."""

import re

import pytest

from strictgate.core.guard.start_candidates import Candidates
from strictgate.core.guard.start_context import StartPlace
from strictgate.core.guard.start_trial import StartCandidate, Trial


class Takes:
    """A guard that takes so many bytes, and then is whole or is not."""

    def __init__(self, count: int, *, whole: bool) -> None:
        self._count = count
        self._whole = whole

    def consume(self, data: bytes) -> int:
        taken = min(len(data), self._count)
        self._count -= taken
        return taken

    def is_complete(self) -> bool:
        return self._whole and not self._count


TRIED = re.compile(r"(?P<fenced>`*)(?P<inside><?)(?P<text>[{\[][^?!]*)(?P<whole>[?!])")
"""`!` behind what is whole, `?` behind what has died half-way."""


def kept(text: str, *, breaks_off: bool = False) -> Candidates:
    data = bytearray(text.encode())
    tried = Candidates(data)
    for found in TRIED.finditer(text):
        start, whole = found.start("text"), found["whole"] == "!"
        place = StartPlace(start, is_certain=start == 0, is_fenced=bool(found["fenced"]), steps=())
        count = len(found["text"]) if whole else len(found["text"]) // 2
        one = StartCandidate(place, (Trial(Takes(count, whole=whole), start),))
        one.is_inside = bool(found["inside"])
        one.end = found.end("text")
        one.feed(data, final=True)
        tried.keep(one, breaks_off=breaks_off)
    return tried


def start(candidate: StartCandidate | None) -> int | None:
    return candidate.place.start if candidate else None


@pytest.mark.parametrize(
    ("text", "which"),
    [
        ("so", None),
        ('{"a": 1}! or {"b": 2}?', 0),
        ('{"a": 1}! or {"a":1}!', 13),
        ('{"a": 1}! or {"a": 2}!', None),
        ('{"a": 1}! or {}!', 0),
        ("{}! or so", 0),
        ('```{"a": 1}! or ```{"a": 2}! not {"a": 3}!', 19),
        ('{"a": 1}? or {"longer": 1}? or {"b": 2}?', 13),
        ('{"a": 1}? or {"b": 2}?', 13),
        ('x <{"a": 1}! y} z', None),
        ('x <{"a": 1}! y z', 3),
    ],
)
def test_at_the_end(text: str, which: int | None):
    """What is whole, in fences first; else what survived longest, the later of equals."""
    assert start(kept(text).last()) == which


def test_what_breaks_off_makes_those_before_it_doubtful():
    """Amid prose; not in fences."""
    assert start(kept('{"a": 1}! or', breaks_off=True).last()) is None
    assert start(kept('```{"a": 1}! or', breaks_off=True).last()) == 3


@pytest.mark.parametrize(
    ("text", "which"),
    [
        ('x {"a": 1}! ', 2),
        ('{"a": 1}? ', 0),
        ('x {"a": 1}? ', None),
        ('{"a": 1}? {"b": 1}? ', None),
    ],
)
def test_some_way_on(text: str, which: int | None):
    """What is whole, and what has died at a certain place, is given once nothing else came."""
    tried = kept(text)
    assert tried.ahead(len(text) + 100) is None
    assert start(tried.ahead(len(text) + 200)) == which


def test_some_way_on_behind_what_may_be_thinking():
    """There the end of the text decides."""
    tried = Candidates(bytearray(b'{"a": 1} '))
    one = StartCandidate(
        StartPlace(0, is_certain=False, is_fenced=False, steps=()),
        (Trial(Takes(8, whole=True), 0),),
    )
    one.waits_for_end = True
    one.feed(bytearray(b'{"a": 1} '), final=True)
    tried.keep(one)
    assert tried.ahead(1000) is None
    assert tried.last() is one
