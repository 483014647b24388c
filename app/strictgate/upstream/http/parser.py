"""Bytes from a server → the head and the body of one answer after the other, by llhttp.

| state  | left by                                         | for  | what comes of it               |
|--------|-------------------------------------------------|------|--------------------------------|
| SILENT | `expect`                                        | HEAD | anything else is unasked       |
| HEAD   | the head of the final answer (1xx are skipped)  | BODY | `head_came`                    |
| BODY   | the end by length, chunks, or the connection's  | OVER | `body_came` before, `ended`    |
| OVER   | `expect`                                        | HEAD | all but blank lines is unasked |

What no reading fits raises MalformedHttp before the end of an answer, and is unasked behind it.
"""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Protocol

import httptools

from strictgate.core.wire.passthrough import Header
from strictgate.upstream.http.faults import MalformedHttp

HEAD_BYTES = 64 << 10
"""Of a head with all that comes before it, or of what frames a body between two bytes of it."""
HEAD_FIELDS = 256
_TEXT = ("utf-8", "surrogateescape")
_WITHOUT_BODY = frozenset({"HEAD", "CONNECT"})
"""Methods whose answers end with their heads."""


class ParserState(Enum):
    """See the table above."""

    SILENT = auto()
    HEAD = auto()
    BODY = auto()
    OVER = auto()


_SILENT, _HEAD, _BODY, _OVER = ParserState
"""They are asked for some twenty times an answer, and an enumeration looks each up by a method."""


class AnswerSink(Protocol):
    """Takes what is read of an answer."""

    def head_came(self, status: int, headers: Sequence[Header]) -> None:
        """Take in the head; names are in lower case."""

    def body_came(self, pieces: Sequence[bytes]) -> None:
        """Take in pieces of the body, as it was cut; they are not kept."""

    def ended(self) -> None:
        """Take in that the answer is whole."""


class ResponseParser:
    """Of one connection."""

    def __init__(self, sink: AnswerSink) -> None:
        self.state = _SILENT
        self.is_unasked = False
        """Whether something came that is no part of an answer that was expected."""
        self.may_be_followed = False
        """Whether the server means to answer on this connection again, as far as the head says."""
        self._sink = sink
        self._is_bodiless = False
        self._fields: list[tuple[bytes, bytes]] = []
        """Of the head that is being read."""
        self._headers: list[Header] = []
        self._head_size = self._head_fields = 0
        """Of all heads since the answer was expected."""
        self._unread = 0
        """Bytes since the last that was a body's."""
        self._is_odd = False
        """Whether a head had a status that none has: RFC 9110 §15 begins with 100."""
        self._pieces: list[bytes] = []
        """Of a body, in what is being read: many events come at once, each in a chunk."""
        self.on_body = self._pieces.append
        self._llhttp = httptools.HttpResponseParser(self)
        # What servers do and no other reading fits: bare LFs for line ends, blanks behind a size.
        self._llhttp.set_dangerous_leniencies(
            lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )

    def expect(self, method: str) -> None:
        """Take what comes next for the answer to a request with this method."""
        self.state = _HEAD
        self._is_bodiless = method in _WITHOUT_BODY
        self._head_size = self._head_fields = self._unread = 0
        self._is_odd = False

    def feed(self, data: bytes) -> None:
        """Read on.

        Raises:
            MalformedHttp
        """
        if self.state not in (_HEAD, _BODY):
            self.is_unasked = True
            return
        self._unread += len(data)
        try:
            self._llhttp.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._give_body()
            self._fail(str(error), error)
        self._give_body()
        if self._unread > HEAD_BYTES or self._is_head_too_large():
            self._fail("more than is read of a head, or of what frames a body")
        if self._is_odd:
            self._fail("a status below 100")

    def feed_end(self) -> None:
        """Take in that the connection was closed in order, which ends a body that has no other end
        (RFC 9112 §6.3)."""
        framing = dict(self._headers)
        is_chunked = framing.get("transfer-encoding", "").lower().rstrip().endswith("chunked")
        if self.state is _BODY and not is_chunked and "content-length" not in framing:
            self._end()

    # --- called by llhttp ------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self.state is _OVER:
            self.is_unasked = True
        else:
            self._fields = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.state is _HEAD:  # else a trailer, or unasked
            self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._llhttp.get_status_code()
        is_final = status >= 200 or status == 101
        self._is_odd = self._is_odd or status < 100
        fields, self._fields = self._fields, []
        self._head_fields += len(fields)
        self._head_size += sum([len(name) + len(value) for name, value in fields])
        if self.state is not _HEAD or not is_final or self._is_head_too_large():
            return
        self.state = _BODY
        self._unread = 0
        self._headers = [
            (name.decode("latin-1").lower(), value.strip(b" \t").decode(*_TEXT))
            for name, value in fields
        ]
        self.may_be_followed = self._llhttp.should_keep_alive()
        self._sink.head_came(status, self._headers)
        if self._is_bodiless:  # llhttp does not know, and may wait for a body
            self.may_be_followed = False
            self._end()

    def on_message_complete(self) -> None:
        self._give_body()
        if self.state is _BODY:
            self._end()

    def _give_body(self) -> None:
        """Hand on what has been read of a body."""
        if not self._pieces:
            return
        if self.state is _BODY:
            self._unread = 0
            self._sink.body_came(self._pieces)
        else:
            self.is_unasked = True
        self._pieces.clear()

    def _is_head_too_large(self) -> bool:
        return self._head_size > HEAD_BYTES or self._head_fields > HEAD_FIELDS

    def _fail(self, why: str, cause: Exception | None = None) -> None:
        """Behind the end of an answer, what cannot be read costs no more than the connection."""
        if self.state is not _OVER:
            raise MalformedHttp(why) from cause
        self.is_unasked = True

    def _end(self) -> None:
        self.state = _OVER
        self._unread = 0
        self._sink.ended()
