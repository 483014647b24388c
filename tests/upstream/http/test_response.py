"""A body is given as it came, however much of it is asked for, and a slow reader holds it back."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.upstream.http.faults import BodyCutOff
from strictgate.upstream.http.response import HIGH, HttpResponse


class Source:
    """A connection on which `later` comes, one thing for each wait."""

    def __init__(self, *later):
        self.later = list(later)
        self.did = []
        self.response = HttpResponse(self, 200, [("content-type", "Text/X; a=b"), ("x", "1")])

    async def wait(self, seconds):
        if not self.later:
            raise TimeoutError
        piece = self.later.pop(0)
        self.response.push(piece) if isinstance(piece, bytes) else self.response.end(piece)

    def pause(self):
        self.did.append("pause")

    def resume(self):
        self.did.append("resume")

    def release(self):
        self.did.append("release")

    def close(self):
        self.did.append("close")


def read(source, most=None):
    return asyncio.run(source.response.read(most, 1.0))


def test_the_head():
    """Names are given in lower case, and the first counts."""
    response = Source().response
    assert response.content_type == "text/x"
    assert (response.header("x"), response.header("y"), response.header("y", "z")) == ("1", "", "z")


@given(st.lists(st.binary(min_size=1, max_size=9)), st.integers(1, 20), st.booleans())
def test_any_cut(pieces, most, is_there):
    """Whether it is there or comes later, all of it is given, never more at once than asked."""
    source = Source(*([] if is_there else pieces), None)
    if is_there:
        for piece in pieces:
            source.response.push(piece)
    got = []
    while piece := read(source, most):
        got.append(piece)
    assert b"".join(got) == b"".join(pieces)
    assert all(len(piece) <= most for piece in got)
    assert source.response.is_over


def test_all_that_has_come():
    """Without a limit it is one piece."""
    source = Source()
    for piece in (b"a", b"b", b"c"):
        source.response.push(piece)
    assert read(source) == b"abc"


def test_all_at_once():
    """It is given once its end has come, in order."""
    source = Source()
    source.response.push(b"ab")
    assert source.response.whole() is None
    source.response.push(b"c")
    source.response.end()
    assert source.response.whole() == b"abc"
    assert source.response.is_over
    assert source.response.whole() == b""


def test_a_fault_is_no_end():
    """What has come before it is to be read as it comes."""
    source = Source()
    source.response.push(b"ab")
    source.response.end(BodyCutOff())
    assert source.response.whole() is None


def test_whole_pieces():
    """What came as one is given as one where that can be, and cut only where it must."""
    source = Source()
    for piece in (b"aa", b"bbb", b"cc", b"dddddddd", b"e"):
        source.response.push(piece)
    assert [read(source, 5) for _ in range(4)] == [b"aabbb", b"cc", b"ddddd", b"ddde"]


def test_a_fault_comes_after_the_rest():
    """What came before it is not lost; then it is told each time."""
    source = Source(b"abc", BodyCutOff())
    assert read(source) == b"abc"
    for _ in range(2):
        with pytest.raises(BodyCutOff):
            read(source)
    source.response.release()
    assert source.did[-1] == "close"


def test_silence():
    """It is told, and the body can be read on."""
    source = Source()
    with pytest.raises(TimeoutError):
        read(source)
    source.later = [b"a"]
    assert read(source) == b"a"


def test_a_slow_reader():
    """Above HIGH nothing more is read, until most was taken."""
    source = Source()
    source.response.push(b"x" * HIGH)
    assert source.did == []
    source.response.push(b"x")
    assert source.did == ["pause"]
    read(source, 1000)
    assert source.did == ["pause"]
    read(source)
    assert source.did == ["pause", "resume"]


@pytest.mark.parametrize(
    ("is_ended", "is_taken", "end"),
    [(True, True, "release"), (True, False, "close"), (False, True, "close")],
)
def test_released(is_ended, is_taken, end):
    """Only what was taken to its end may serve again, and is given back once."""
    source = Source()
    source.response.push(b"abc")
    if is_ended:
        source.response.end()
    if is_taken:
        read(source)
    source.response.release()
    source.response.release()
    source.response.close()
    assert [each for each in source.did if each != "resume"] == [end]
    assert not is_taken or read(source) == b""


def test_closed():
    """Even where it could serve again."""
    source = Source()
    source.response.end()
    source.response.close()
    source.response.close()
    assert source.did == ["close"]
