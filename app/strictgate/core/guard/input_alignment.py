"""What a model made of the beginning of an input that it was asked to go on from.

As with documents (continuation_alignment.py): some hosts repeat the prefix, and some models take no
notice of it and begin anew. In free text every character counts, blanks as well.
"""

from strictgate.core.guard.continuation_alignment import ContinuationKind
from strictgate.core.guard.input_text import InputText

_TELLING = 6  # characters in common with the beginning that are no accident
_MARKS = ("```", "<think")


class InputAligner:
    """Feeds the answer to a prefix to the text that it goes on with."""

    def __init__(self, text: InputText, fresh: InputText, prefix: str) -> None:
        """Begin before the answer.

        Args:
            text: ends where the prefix does.
            fresh: takes the place of `text` where the model begins anew.
            prefix: all of the text.
        """
        self.kind = ContinuationKind.UNKNOWN
        self.text = text
        self._fresh = fresh
        self._prefix = prefix
        self._answer = ""

    def feed(self, piece: str) -> None:
        """Take in the next piece of the answer."""
        if self.kind is not ContinuationKind.UNKNOWN:
            self.text.feed(piece)
            return
        self._answer += piece
        self._decide(final=False)

    def flush(self) -> None:
        """The answer is at its end; the text need not be."""
        if self.kind is ContinuationKind.UNKNOWN:
            self._decide(final=True)

    def _decide(self, *, final: bool) -> None:
        answer, prefix = self._answer, self._prefix
        bare = answer.lstrip()
        is_short = len(answer) < len(prefix) and prefix.startswith(answer)
        is_begun = any(mark.startswith(bare) and mark != bare for mark in _MARKS)
        if (is_short or is_begun) and not final:
            return
        if answer.startswith(prefix) and len(prefix) >= _TELLING:
            self._go_on(ContinuationKind.ECHO, answer[len(prefix) :])
        elif answer[:_TELLING] == prefix[:_TELLING] != "" or self._is_marked(bare):
            self.text = self._fresh
            self._go_on(ContinuationKind.FRESH, answer)
        else:
            is_doubled = prefix.endswith("\n") and answer[:1] == "\n" and not self.text.fits(b"\n")
            self._go_on(ContinuationKind.CONTINUATION, answer[is_doubled:])

    def _is_marked(self, bare: str) -> bool:
        return bare.startswith(_MARKS) and not self.text.fits(bare[:1].encode())

    def _go_on(self, kind: ContinuationKind, text: str) -> None:
        self.kind = kind
        self.text.feed(text)
