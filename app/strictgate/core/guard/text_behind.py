"""What stands behind a document that is whole, as far as it counts.

A model may go on behind its document: with a fence's end, with an explanation, or with another
document that takes the place of the first. So a reply is read on behind a document, but not for
ever: `MOST` bytes of UTF-8 count, or what comes before a long run of blanks. How the text is cut
into pieces makes no difference, and whether it came whole or as a stream makes none either.
"""

import re

MOST = 2048  # bytes
RUNAWAY = 64  # blanks in a row outside strings: a model that has lost its way
_RUN = re.compile(rb"[ \t\r\n]{%d}" % (RUNAWAY + 1))


class TextBehind:
    """A stage that keeps what counts of the text behind a document: `feed`, then `flush`."""

    def __init__(self) -> None:
        self.text = b""
        self.is_over = False
        """Nothing that comes counts any more: the reply has ended, or enough has come."""
        self.is_cut = False
        """There was more than counts, or a run of blanks without end."""

    def feed(self, data: bytes) -> None:
        """Take in the next piece of the reply."""
        if self.is_over:
            return
        start = max(len(self.text) - RUNAWAY, 0)
        text = (self.text + data)[:MOST]
        run = _RUN.search(text, start)
        self.text = text[: run.end()] if run else text
        self.is_cut = self.is_over = run is not None or len(text) == MOST

    def end(self, length: int) -> None:
        """Let only the first `length` bytes count."""
        self.text = self.text[:length]
        self.is_cut = self.is_over = True

    def flush(self) -> None:
        """The reply is at its end."""
        self.is_over = True
