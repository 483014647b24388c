"""The text of one document, from its first byte: guard and repairs as one stage.

The same stage reads a text that streams, behind the search for its start (document_stream.py), and
one that has ended (`read_document`): `feed`, then `flush`. What the guard refuses is mended where
one reading fits (repairs/), once enough text is there to know; else the reading ends in a
violation.

    state      what it means                           what comes, and the next state
    SEEKING    the document has not started            its start: READING
    READING    all that was fed is in the document     the guard refuses a byte: as the repair says
                                                       the document is whole: CLOSED
    WAITING    a byte was refused; more text may       READING, or VIOLATED
               show how to mend it
                                                       it was mended MOST_MENDS times: what comes is
                                                       not read, and its end is VIOLATED
    CLOSED     what follows is no part of it         (text_behind.py keeps it)
    VIOLATED   what follows cannot belong to a valid document
"""

import re
from enum import StrEnum

from strictgate.core.guard.guard import Guard
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.guard.repairs import tokens
from strictgate.core.guard.repairs.repairs import Repaired, repair_violation
from strictgate.core.guard.repairs.violation import WAIT
from strictgate.core.guard.text_behind import TextBehind
from strictgate.core.jsontext.lexer import BLANKS, LexicalToken
from strictgate.core.jsontext.scanner import Scanner
from strictgate.core.output.origins import ByteOrigin
from strictgate.core.repair_steps import Repair, Step, SyntaxRepair, distinct_steps
from strictgate.core.value_type import value_type

_GOES_ON = re.compile(rb'\s*(?:"|,\s*["\w])')
MOST_MENDS = 10_000
"""Of one document as it is read; beyond that the text goes on unread, to be judged whole at its end
as one that has not been streamed: else one text would have two results."""
_A_MEND = 200
"""Units of work, to find one; what it puts is counted where it is read."""
_PIECE = 4096  # bytes at once: a violation costs no more than what is ahead
_BLANKS = BLANKS.decode()
_PATIENCE = 512  # bytes that are waited for one by one; then for an eighth more at a time, …
_MUCH = 4000  # … and from here on for as many again: what is waited for is read anew each time


class DocumentState(StrEnum):
    """How far a reading has come: see the table above."""

    SEEKING = "seeking"
    READING = "reading"
    WAITING = "waiting"
    CLOSED = "closed"
    VIOLATED = "violated"


class DocumentReader:
    """Text in, as it comes; the document grows."""

    state = DocumentState.READING
    most_blanks: int | None = None
    """How many there may be in a row outside strings; None: any number."""
    origin = ByteOrigin.MODEL
    """Of what is read."""

    def __init__(self, document: PartialDocument, level: Repair) -> None:
        self.draft = document
        """Another one than was given, where the model took no notice of it."""
        self.ahead = b""
        """What was fed and is not in the document; at a violation it begins with what was refused,
        at its end with what follows."""
        self.behind = TextBehind()
        """What stands behind a document that is whole."""
        self.ran_away = False
        """It wrote blanks without end."""
        self._level = level
        self._length = 0
        self._retry_at = 0
        self._unread: list[bytes] | None = None
        """What came since it was mended as often as may be; None: it was not."""

    @property
    def is_over(self) -> bool:
        """Whether nothing that follows belongs to the document."""
        return self.state in (DocumentState.CLOSED, DocumentState.VIOLATED)

    @property
    def is_settled(self) -> bool:
        """Whether nothing that follows matters, also not behind the document."""
        is_closed = self.state is DocumentState.CLOSED and self.behind.is_over
        return is_closed or self.state is DocumentState.VIOLATED

    @property
    def is_closed_early(self) -> bool:
        """Whether what follows belongs to the document: it was closed by a stray character."""
        return _GOES_ON.match(self.behind.text) is not None

    @property
    def refused_at(self) -> int:
        """Where in the reply's text the refused byte stands, or the one behind the document."""
        return self._length - len(self.ahead)

    @property
    def is_hopeless(self) -> bool:
        """Whether what was refused is JSON, so that no other spelling of it can help."""
        scanner: Scanner = self.draft.guard.scanner.fork()
        return scanner.consume(self.ahead) == len(self.ahead)

    def feed(self, text: str) -> None:
        """Take in the next piece of the reply."""
        if self.state is DocumentState.READING and self._take_text(text):
            return
        data = text.encode("utf-8", "surrogatepass")  # half a pair is refused, not replaced
        for start in range(0, len(data), _PIECE):
            self._take(data[start : start + _PIECE])

    def _take_text(self, text: str) -> bool:
        """Take in what does no more than to lengthen an open string, as most pieces of a stream of
        text do; return whether `text` does. `_take` comes to the same, by a longer way."""
        if self.ahead or self.draft.guard.scanner.token is not LexicalToken.STRING:
            return False
        is_plain = text.isascii() and text.isprintable() and '"' not in text and "\\" not in text
        if not is_plain or not self.draft.write_text(text.encode(), self.origin):
            return False
        self._length += len(text)
        return True

    def _take(self, data: bytes) -> None:
        if self.state is DocumentState.CLOSED:
            self.behind.feed(data)
        if self._unread is not None:
            self._unread.append(data)
        elif not self.is_over:
            self._length += len(data)
            self.ahead += data
            self._go_on(final=False)

    def flush(self) -> None:
        """The reply is at its end."""
        if self._unread is not None:
            self.ahead += b"".join(self._unread)
            self._length += sum(map(len, self._unread))
            self._unread, self.state = None, DocumentState.VIOLATED
        if not self.is_over:
            self._go_on(final=True)
        if self.state in (DocumentState.READING, DocumentState.WAITING) and self.draft.is_whole:
            self.state = DocumentState.CLOSED
        self.behind.flush()

    def _go_on(self, *, final: bool) -> None:
        if self.state in (DocumentState.READING, DocumentState.WAITING):
            self._pump(final=final)

    def _pump(self, *, final: bool) -> None:
        if len(self.ahead) < self._retry_at and not final:
            return
        guard, before = self.draft.guard, (-1, -1)
        while self.ahead:
            size = self._up_to_runaway(guard)
            taken = self._write(self.ahead[:size])
            self.ahead = self.ahead[taken:]
            if guard.is_closed() or (self.ahead and guard.is_complete()):
                self.state = DocumentState.CLOSED
                blanks = len(guard.scanner) - guard.scanner.blanks  # the guard took some in
                self.behind.feed(guard.text[blanks:] + self.ahead)
                return
            if self.most_blanks is not None and guard.scanner.blanks > self.most_blanks:
                guard.rollback(guard.scanner.blanks)
                self.state, self.ran_away = DocumentState.VIOLATED, True
                return
            if taken == size:
                continue
            here = (len(self.ahead), len(guard.scanner))
            if before == here or not self._mend(final=final):
                return
            before = here
        self.state = DocumentState.READING

    def _write(self, data: bytes) -> int:
        """Put as much of `data`, with which `ahead` begins, into the document as fits."""
        return self.draft.write(data, self.origin)

    def _mend(self, *, final: bool) -> bool:
        """Deal with what was refused; return whether to go on."""
        guard, floor = self.draft.guard, self.draft.released
        if len(self.draft.steps) >= MOST_MENDS:
            if final:
                self.state = DocumentState.VIOLATED
            else:
                self.state, self._unread = DocumentState.WAITING, []
            return False
        guard.work.spend(_A_MEND)
        match repair_violation(guard, self.ahead, self._level, final=final, floor=floor):
            case Repaired() as mended:
                self.ahead = self.ahead[mended.used :]
                self.draft.steps += mended.steps
                self.draft.origins.write(mended.length, self.origin)
                self.draft.origins.replace(mended.changes, ByteOrigin.MENDED)
                if mended.changes:
                    self.draft.scores.cut(mended.changes[0].old_start)
                self._retry_at = 0
                return True
            case wait if wait is WAIT and not final:
                self.state = DocumentState.WAITING
                length = len(self.ahead)
                more = length if length >= _MUCH else length // 8
                self._retry_at = 0 if length < _PATIENCE else length + more
            case _:
                self.state = DocumentState.VIOLATED
        return False

    def _up_to_runaway(self, guard: Guard) -> int:
        """Return how much of what is ahead comes before there are too many blanks in a row, the
        last of them included; so that it shows wherever the text is cut into pieces."""
        if self.most_blanks is None:
            return len(self.ahead)
        most, before = self.most_blanks + 1, guard.scanner.blanks
        leading = len(self.ahead) - len(self.ahead.lstrip(BLANKS))
        if before and before + leading >= most:
            return most - before
        if len(self.ahead) < most:
            return len(self.ahead)
        run = re.search(rb"[ \t\r\n]{%d}" % most, self.ahead)
        return run.end() if run else len(self.ahead)


@value_type
class DocumentText:
    """A whole document, valid by its guard, and what was done to it."""

    text: str
    steps: tuple[Step, ...]


def read_document(text: str, guard: Guard, level: Repair) -> DocumentText | DocumentReader:
    """Return the document that all of `text` is; where it is none, how far it was read.

    Comments may stand behind it, but no other text.
    """
    document = PartialDocument(guard.fork, level)
    reader = DocumentReader(document, level)
    reader.feed(text + "\n")  # the blank ends a number, and a comment
    reader.flush()
    if reader.state is not DocumentState.CLOSED:
        return reader
    steps: list[Step] = list(document.steps)
    end = reader.refused_at - document.guard.scanner.blanks
    rest = (text + "\n").encode("utf-8", "surrogatepass")[end:].decode(errors="replace")
    if Step(SyntaxRepair.DOUBLED_BRACE) in steps:
        rest = rest.removeprefix("}")
    if rest.strip(_BLANKS):
        if level is Repair.OFF or tokens.gap(rest + "0", 0, final=True) != len(rest):
            return reader
        steps.append(Step(SyntaxRepair.COMMENT))
    return DocumentText(document.text.strip(_BLANKS), distinct_steps(steps))
