"""One reply on its way into a draft: start, guard and mends as one stage, with `feed` and `flush`.

A first reply is searched for where its document starts (document_start.py); a reply to a prefix is
told from a new start (continuation_alignment.py). What the guard refuses is mended where one
reading fits (repairs/), once enough text is there to know; else the reading ends in a violation,
and the upstream can be stopped.
"""

import re
from enum import StrEnum

from strictgate.core.guard.continuation_alignment import Aligner, ContinuationKind
from strictgate.core.guard.document_start import DocumentStart
from strictgate.core.guard.logprob_steering import LogprobTokens
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.guard.repairs.repairs import Repaired, repair_violation
from strictgate.core.guard.repairs.violation import WAIT
from strictgate.core.jsontext.lexer import BLANKS
from strictgate.core.jsontext.scanner import Scanner
from strictgate.core.repair_steps import Repair, Step

RUNAWAY = 64  # blanks in a row outside strings: a model that has lost its way
_TAIL = 64  # bytes behind a whole document that are looked at
_GOES_ON = re.compile(rb'\s*(?:"|,\s*["\w])')
_MOST_MENDS = 1000  # in one document, each of which costs up to a millisecond
_PIECE = 4096  # bytes at once
_TALK = 512  # bytes
_OPENER = re.compile(rb"[{\[]")
_BEGINNINGS = (b"{", b"[", b"`", b'"')
_PATIENCE = 512  # bytes that are waited for one by one; then for an eighth more at a time


class DocumentState(StrEnum):
    """How far a reading has come."""

    SEEKING = "seeking"
    """The document has not started, or a continuation is not yet told from a new start."""
    READING = "reading"
    WAITING = "waiting"
    """Something was refused; more text may show how to mend it."""
    CLOSED = "closed"
    """The document is whole; what follows does not count."""
    VIOLATED = "violated"
    """What follows cannot belong to a valid document."""


class DocumentStream:
    """Text in, as it comes; the draft grows."""

    def __init__(
        self,
        draft: PartialDocument,
        level: Repair,
        *,
        wrapped: bool,
        bare: bool,
        aligner: Aligner | None,
    ) -> None:
        self.draft = draft
        """Another one than was given, where the model took no notice of it."""
        self.state = DocumentState.SEEKING
        self.kind = ContinuationKind.UNKNOWN if aligner else ContinuationKind.FRESH
        self.steps: list[Step] = []
        """What was taken off before the document."""
        self.ahead = b""
        """What was fed and is not in the draft; at a violation it begins with what was refused."""
        self.tail = b""
        """What begins behind a document that is whole."""
        self.ran_away = False
        """It wrote blanks without end."""
        self.tokens = LogprobTokens()
        self.start: int | None = None
        """Where the document starts in the reply, in bytes, if it does so in this one."""
        self._level = level
        self._aligner = aligner
        self._head = self._new_head(draft, wrapped=wrapped, bare=bare)
        self._length = 0
        self._retry_at = 0

    @staticmethod
    def _new_head(draft: PartialDocument, *, wrapped: bool, bare: bool) -> DocumentStart:
        return DocumentStart(lambda: draft.anew().guard, wrapped=wrapped, bare=bare)

    @property
    def has_begun(self) -> bool:
        """Whether the document has started, in this reply or in those before it."""
        is_found = self.start is not None or self._aligner is not None
        return is_found and self.state is not DocumentState.SEEKING

    @property
    def is_over(self) -> bool:
        """Whether nothing that follows matters."""
        return self.state in (DocumentState.CLOSED, DocumentState.VIOLATED)

    @property
    def is_closed_early(self) -> bool:
        """Whether what follows belongs to the document: it was closed by a stray character."""
        return _GOES_ON.match(self.tail) is not None

    @property
    def is_mere_talk(self) -> bool:
        """Whether it has been going on for long without anything that looks like a document."""
        if self._aligner or self.start is not None or self._head.is_thinking:
            return False
        if self._head.text.lstrip()[:1] in _BEGINNINGS:
            return False
        is_prose = not _OPENER.search(self._head.text)
        return self._length > (_TALK if is_prose else 4 * _TALK)

    @property
    def refused_at(self) -> int:
        """Where in the reply's text the refused byte stands."""
        return self._length - len(self.ahead)

    @property
    def is_hopeless(self) -> bool:
        """Whether what was refused is JSON, so that no other spelling of it can help."""
        scanner: Scanner = self.draft.guard.scanner.fork()
        return scanner.consume(self.ahead) == len(self.ahead)

    def feed(self, text: str) -> None:
        """Take in the next piece of the reply."""
        data = text.encode("utf-8", "surrogatepass")  # half a pair is refused, not replaced
        for start in range(0, len(data), _PIECE):  # a violation costs no more than what is ahead
            self._take(data[start : start + _PIECE])

    def _take(self, data: bytes) -> None:
        if self.state is DocumentState.CLOSED and len(self.tail) < _TAIL:
            self.tail += data
        if not self.is_over:
            self._length += len(data)
            self.ahead += data
            self._go_on(final=False)

    def flush(self) -> None:
        """The reply is at its end."""
        if not self.is_over:
            self._go_on(final=True)
        if self.state in (DocumentState.READING, DocumentState.WAITING) and self.draft.is_whole:
            self.state = DocumentState.CLOSED

    def _go_on(self, *, final: bool) -> None:
        if self.state is DocumentState.SEEKING:
            self._align(final=final) if self._aligner else self._seek(self.ahead, final=final)
        if self.state in (DocumentState.READING, DocumentState.WAITING):
            self._pump(final=final)

    def _align(self, *, final: bool) -> None:
        assert self._aligner is not None
        aligned = self._aligner.align(self.ahead, final=final)
        self.kind = aligned.kind
        match aligned.kind:
            case ContinuationKind.UNKNOWN:
                if len(self.ahead) > RUNAWAY and not self.ahead.strip():
                    self.state, self.ran_away = DocumentState.VIOLATED, True
            case ContinuationKind.FRESH:
                self._aligner = None
                self.draft = self.draft.anew()
                self._seek(self.ahead, final=final)
            case ContinuationKind.ASTRAY:
                self.state = DocumentState.VIOLATED
            case ContinuationKind.ECHO | ContinuationKind.CONTINUATION:
                self.ahead = self.ahead[aligned.skip :]
                self.state = DocumentState.READING

    def _seek(self, data: bytes, *, final: bool) -> None:
        started = self._head.feed(data, final=final)
        if started is None:
            self.ahead = b""
            if self._head.blanks > RUNAWAY and not self._head.is_in_string:
                self.state, self.ran_away = DocumentState.VIOLATED, True
            return
        self.draft.wrapper = started.wrapper
        self.start = started.at
        self.steps = list(started.steps)
        self.ahead = self._head.text[started.at :]
        self.state = DocumentState.READING

    def _pump(self, *, final: bool) -> None:
        if len(self.ahead) < self._retry_at and not final:
            return
        guard, before = self.draft.guard, (-1, -1)
        while self.ahead:
            size = _up_to_runaway(self.ahead, guard.scanner.blanks)
            taken = guard.consume(self.ahead[:size])
            self.ahead = self.ahead[taken:]
            if guard.is_closed() or (self.ahead and guard.is_complete()):
                self.state, self.tail = DocumentState.CLOSED, self.ahead[:_TAIL]
                return
            if guard.scanner.blanks > RUNAWAY:
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

    def _mend(self, *, final: bool) -> bool:
        """Deal with what was refused; return whether to go on."""
        guard, floor = self.draft.guard, self.draft.released
        if len(self.draft.steps) >= _MOST_MENDS:
            self.state = DocumentState.VIOLATED
            return False
        match repair_violation(guard, self.ahead, self._level, final=final, floor=floor):
            case Repaired() as mended:
                self.ahead = self.ahead[mended.used :]
                self.draft.steps += mended.steps
                self._retry_at = 0
                return True
            case wait if wait is WAIT and not final:
                self.state = DocumentState.WAITING
                length = len(self.ahead)
                self._retry_at = 0 if length < _PATIENCE else length + length // 8
            case _:
                self.state = DocumentState.VIOLATED
        return False


def _up_to_runaway(ahead: bytes, blanks: int) -> int:
    """Return how much of `ahead` comes before there are too many blanks in a row, the last of them
    included; so that it shows wherever the text is cut into pieces."""
    leading = len(ahead) - len(ahead.lstrip(BLANKS))
    if blanks and blanks + leading > RUNAWAY:
        return RUNAWAY + 1 - blanks
    run = _RUN.search(ahead)
    return run.end() if run else len(ahead)


_RUN = re.compile(rb"[ \t\r\n]{%d}" % (RUNAWAY + 1))
