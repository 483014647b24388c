"""Each answer is the same however its bytes are cut; what comes unasked is noted."""

import pytest

from strictgate.upstream.http.faults import MalformedHttp
from strictgate.upstream.http.parser import HEAD_BYTES, HEAD_FIELDS, ParserState, ResponseParser

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
SIZED = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc"


class Sink:
    def __init__(self):
        self.heads, self.body, self.ends = [], b"", 0

    def head_came(self, status, headers):
        self.heads.append((status, headers))

    def body_came(self, pieces):
        self.body += b"".join(pieces)

    def ended(self):
        self.ends += 1


def fed(*pieces, method="POST", is_closed=False):
    """A parser that expects one answer, and what it said."""
    sink = Sink()
    parser = ResponseParser(sink)
    parser.expect(method)
    for piece in pieces:
        parser.feed(piece)
    if is_closed:
        parser.feed_end()
    return parser, sink


ANSWERS = {
    "length": (SIZED, b"abc", True),
    "no body": (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b"", True),
    "chunks": (CHUNKED + b"2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n", b"abc", True),
    "trailers": (CHUNKED + b"3\r\nabc\r\n0\r\nx-late: 1\r\n\r\n", b"abc", True),
    "blanks behind a size": (CHUNKED + b"3  \r\nabc\r\n0\r\n\r\n", b"abc", True),
    "bare line feeds": (SIZED.replace(b"\r\n", b"\n"), b"abc", True),
    "hints before": (b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + SIZED, b"abc", True),
    "go on": (b"HTTP/1.1 100 Continue\r\n\r\n" + SIZED, b"abc", True),
    "a hint with a length": (b"HTTP/1.1 103 H\r\ncontent-length: 9\r\n\r\n" + SIZED, b"abc", True),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    "not modified": (b"HTTP/1.1 304 OK\r\ncontent-length: 9\r\n\r\n", b"", True),
    "closed": (SIZED.replace(b"\r\n", b"\r\nconnection: close\r\n", 1), b"abc", False),
    "of old": (SIZED.replace(b"1.1", b"1.0"), b"abc", False),
    "an upgrade that is none": (
        SIZED.replace(b"\r\n", b"\r\nupgrade: h2c\r\nconnection: upgrade\r\n", 1),
        b"abc",
        True,
    ),
}


@pytest.mark.parametrize(("answer", "body", "follows"), ANSWERS.values(), ids=ANSWERS)
def test_any_cut(answer, body, follows):
    """Whole, cut at every byte, and byte by byte."""
    cuts = [(answer,), [answer[at : at + 1] for at in range(len(answer))]]
    cuts += [(answer[:at], answer[at:]) for at in range(1, len(answer))]
    for cut in cuts:
        parser, sink = fed(*cut)
        assert (sink.body, sink.ends, len(sink.heads)) == (body, 1, 1)
        assert parser.state is ParserState.OVER
        assert parser.may_be_followed is follows
        assert not parser.is_unasked


def test_headers():
    """Names are in lower case, values as they were, of the final answer alone."""
    head = b"HTTP/1.1 200 OK\r\nX-Empty:\r\nX-A:  b c \r\nX-A: \xc3\xa9\xff\r\n\r\n"
    _, sink = fed(b"HTTP/1.1 100 Go\r\nx-early: 1\r\n\r\n" + head)
    assert sink.heads == [(200, [("x-empty", ""), ("x-a", "b c"), ("x-a", "é\udcff")])]


@pytest.mark.parametrize("behind", [SIZED, b"junk", b"\x00", b"HTTP/1.1 408 Request Timeout\r\n"])
@pytest.mark.parametrize("is_apart", [True, False])
def test_what_comes_behind(behind, is_apart):
    """It is no part of the answer, and is noted."""
    pieces = (SIZED, behind) if is_apart else (SIZED + behind,)
    parser, sink = fed(*pieces)
    assert (sink.body, sink.ends, len(sink.heads)) == (b"abc", 1, 1)
    assert parser.is_unasked


def test_what_comes_before_anything_was_asked():
    """It is unasked, too."""
    parser = ResponseParser(Sink())
    parser.feed(SIZED)
    assert parser.is_unasked


@pytest.mark.parametrize(
    ("head", "is_whole"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nab", True),
        (b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n\r\nab", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab", False),
        (CHUNKED + b"2\r\nab\r\n", False),
        (b"HTTP/1.1 200 OK\r\ncontent-le", False),
        (b"HTTP/1.1 100 Continue\r\n\r\n", False),
    ],
)
def test_the_connection_ends(head, is_whole):
    """That ends a body which has no other end, and nothing else."""
    parser, sink = fed(head, is_closed=True)
    assert sink.ends == is_whole
    assert (parser.state is ParserState.OVER) == is_whole
    assert not (is_whole and parser.may_be_followed)


@pytest.mark.parametrize("method", ["HEAD", "CONNECT"])
def test_answers_without_a_body(method):
    """Their heads say how long it would be; the connection is not used again."""
    parser, sink = fed(SIZED[:-3], method=method)
    assert (sink.body, sink.ends, parser.may_be_followed) == (b"", 1, False)
    assert not parser.is_unasked
    parser.feed(b"abc")
    assert parser.is_unasked


@pytest.mark.parametrize(
    "data",
    [
        b"junk",
        b"HTTP/3.7 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx y: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: 1\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: a\x00b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
        CHUNKED + b"zz\r\n",
        CHUNKED + b"2\r\nabc\r\n",
        CHUNKED + b"f" * 40 + b"\r\n",
    ],
)
def test_malformed(data):
    """What has no one reading is not read."""
    with pytest.raises(MalformedHttp):
        fed(data)
    with pytest.raises(MalformedHttp):
        fed(*[data[at : at + 1] for at in range(len(data))])


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"x-filler: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nx: ", b"y" * 1000),
        (b"HTTP/1.1 200 ", b"y" * 1000),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        (CHUNKED + b"1;", b"x=y;" * 1000),
        (CHUNKED + b"0\r\nx: ", b"y" * 1000),
        (CHUNKED + b"0\r\n", b"x: y\r\n"),
    ],
)
def test_endless(start, more):
    """Heads, chunk extensions and trailers end at the limit."""
    with pytest.raises(MalformedHttp, match="more than is read"):
        fed(start, *[more] * (HEAD_BYTES // len(more) + 2))


@pytest.mark.parametrize(
    "headers", [b"x: y\r\n" * (HEAD_FIELDS + 1), b"x: " + b"y" * HEAD_BYTES + b"\r\n"]
)
@pytest.mark.parametrize("behind", [b"content-length: 0\r\n\r\n", b"content-length: 1\r\n\r\nz"])
def test_a_giant_head_that_comes_at_once(headers, behind):
    """It is refused even where it is whole, and its body with it."""
    with pytest.raises(MalformedHttp, match="more than is read"):
        fed(b"HTTP/1.1 200 OK\r\n" + headers + behind)


def test_one_answer_after_the_other():
    """One parser serves a connection."""
    parser, sink = fed(SIZED)
    parser.expect("GET")
    parser.feed(CHUNKED + b"1\r\nd\r\n0\r\n\r\n")
    assert (sink.body, sink.ends) == (b"abcd", 2)
    assert not parser.is_unasked


@pytest.mark.parametrize("status", [b"000", b"099"])
def test_a_status_that_none_has(status):
    """It is no interim answer, behind which another one would be waited for."""
    with pytest.raises(MalformedHttp):
        fed(b"HTTP/1.1 " + status + b" Odd\r\ncontent-length: 0\r\n\r\n")
