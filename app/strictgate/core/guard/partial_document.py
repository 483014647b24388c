"""One document as far as it has come, over all the replies that it is written in."""

import re
from collections.abc import Callable

from strictgate.core.guard.guard import Guard
from strictgate.core.guard.held_names import HeldNames
from strictgate.core.guard.layout import Layout, layout
from strictgate.core.guard.releasable import final_length, settled
from strictgate.core.guard.token_scores import TokenScores
from strictgate.core.jsontext.lexer import BLANKS, Expects, LexicalToken
from strictgate.core.jsontext.pointer import pointer
from strictgate.core.jsontext.reader import write_json
from strictgate.core.output.origins import ByteOrigin, DocumentOrigins, OriginRecorder
from strictgate.core.repair_steps import Completion, Repair, Step
from strictgate.core.value_type import value_type

Begin = Callable[[], Guard]
_CLOSERS = (b"}", b"]")
_UNIT = re.compile(rb"(?:[a-zA-Z]{1,8}|%|[^\x00-\x7f]{2,3})[ \t\r\n]*[,}\]]")


@value_type
class Beginning:
    """The valid beginning of a document that was not finished, for another model to go on from."""

    text: str
    origins: DocumentOrigins
    steps: tuple[Step, ...]


class PartialDocument:
    """The good part of a document, and how much of it the caller has."""

    def __init__(self, begin: Begin, level: Repair) -> None:
        self._begin = begin
        self._level = level
        self.guard = begin()
        self.wrapper = b""
        """What the model wrote around it: `{"value": `, or nothing."""
        self.released = 0
        """How many bytes of it the caller has: these cannot be taken back."""
        self.steps: list[Step] = []
        self.origins = OriginRecorder()
        """Of its bytes: whoever writes to the guard notes it here."""
        self.scores = TokenScores()
        self._held = HeldNames()
        self._may_rename = level.includes(Repair.LOSSLESS)

    def anew(self) -> "PartialDocument":
        """Return an empty draft of the same document."""
        return PartialDocument(self._begin, self._level)

    def new_guard(self) -> Guard:
        """Return a guard that stands before such a document."""
        return self._begin()

    def __len__(self) -> int:
        return len(self.guard.scanner)

    @property
    def text(self) -> str:
        """The document, without blanks at its end."""
        return self.guard.text.rstrip(BLANKS).decode(errors="ignore")

    def text_origins(self) -> DocumentOrigins:
        """Return the origins of `text`."""
        return self.origins.until(len(self.text.encode()))

    def beginning(self) -> Beginning:
        """Return what there is of it."""
        return Beginning(self.text, self.text_origins(), tuple(self.steps))

    def take_over(self, beginning: Beginning) -> bool:
        """Begin with what there is of the same document; return whether all of it fits."""
        data = beginning.text.encode()
        if self.guard.consume(data) < len(data):
            return False
        for each in beginning.origins.ranges:
            self.origins.write(each.start, each.origin)
        self.steps += beginning.steps
        return True

    def write(self, data: bytes, origin: ByteOrigin) -> int:
        """Add as much of `data` as fits; return how many bytes."""
        before = len(self)
        taken = self.guard.consume(data)
        if taken:
            self.origins.write(before, origin)
        return taken

    def write_text(self, data: bytes, origin: ByteOrigin) -> bool:
        """Add plain characters of ASCII, if the open string may go on with any; return whether it
        may."""
        before = len(self)
        is_taken = self.guard.take_text(data)
        if is_taken:
            self.origins.write(before, origin)
        return is_taken

    @property
    def prefix(self) -> bytes:
        """All that was written, wrapper included."""
        return self.wrapper + self.guard.text

    @property
    def is_whole(self) -> bool:
        """Whether it is a valid document."""
        return self.guard.is_complete()

    @property
    def ends_as_chosen(self) -> bool:
        """Whether its last byte is of the model's own next choice."""
        return bool(len(self)) and self.origins.at(len(self) - 1) is ByteOrigin.CHOSEN

    def final(self) -> int:
        """Return how many of its bytes will not change any more."""
        until = final_length(self.guard)
        if self._may_rename and not self.guard.is_closed():
            first = self._held.first(self.guard)
            until = until if first is None else min(until, settled(self.guard.scanner, first))
        return max(until, self.released)

    def may_cut(self, at: int) -> bool:
        """Whether no character is cut in two there."""
        return at >= len(self) or self.guard.scanner.part(at, at + 1)[0] & 0xC0 != 0x80

    def release(self, until: int) -> str:
        """Return what the caller does not have yet of the first `until` bytes; now it has it."""
        piece = self.guard.scanner.part(self.released, until)
        self.released = max(self.released, until)
        return piece.decode()

    def cut(self, length: int) -> None:
        """Take back what is behind the first `length` bytes, but for what the caller has."""
        self.guard.rollback(max(len(self) - max(length, self.released), 0))

    def drop_token(self) -> None:
        """Take back what there is of an unfinished token, unless the caller has it."""
        scanner = self.guard.scanner
        if scanner.token is not None and scanner.token_start >= self.released:
            self.guard.rollback(len(self) - scanner.token_start)

    def complete(self, ahead: bytes) -> None:
        """Write what the schema leaves no choice about.

        What the model said is not overruled, but where it is a value for which there is one way
        only: a further property or item, or anything else behind a value, is not closed over, and
        a word is not finished as another one that begins alike.

        Args:
            ahead: what the model wrote that was refused; nothing, where it has ended.
        """
        if self._level is Repair.OFF:
            return
        said = ahead.lstrip(BLANKS)
        if self._drop_doubtful(said):
            return
        own = self.origins.at(len(self) - 1)
        style = layout(self.guard.text)
        taken_back = self._drop_begun(said)
        before = len(self)
        if said[:1] in _CLOSERS:
            said = self._close_inner(said, own)
        if not said or said[:1] in _CLOSERS:
            self._open_required(style)
        path = pointer(self.guard.scanner.path)
        says_more = said[:1] == b"," or taken_back[:1] == b","
        written = self._write_forced(style, says_more=says_more)
        if said and taken_back and len(self.guard.text[before:].strip(BLANKS)) <= len(b'"'):
            self.cut(before)
            self.write(taken_back, own)
        elif written:
            self.steps.append(Step(Completion.FORCED, path))

    def _drop_doubtful(self, said: bytes) -> bool:
        """Take back a value behind which neither a comma nor a bracket stands: it may be but the
        beginning of what was meant (`1 000`, `"a" + "b"`), unless it is a number with a unit.
        Return whether there is one."""
        last = self.guard.scanner.last
        if (
            not said
            or said[:1] in (b",", *_CLOSERS)
            or last is None
            or last[0] is LexicalToken.NAME
        ):
            return False
        if last[0] is LexicalToken.NUMBER and _UNIT.match(said):
            return False
        self.cut(last[1])
        return True

    def _drop_begun(self, said: bytes) -> bytes:
        """Take back what is begun, and the comma before a name; return it."""
        scanner = self.guard.scanner
        is_begun = bool(said) and scanner.token not in (None, LexicalToken.NUMBER)
        start = scanner.token_start if is_begun or scanner.token is LexicalToken.NAME else len(self)
        kept = self.guard.text[:start].rstrip(BLANKS)
        if kept.endswith(b",") and (
            scanner.token is LexicalToken.NAME or scanner.expects is Expects.NAME
        ):
            start = len(kept) - 1
        taken_back = self.guard.text[max(start, self.released) :]
        self.cut(start)
        return taken_back

    def _close_inner(self, said: bytes, own: ByteOrigin) -> bytes:
        """Close the array, or the object, whose end the model forgot before it ended what is around
        it; return what is then ahead.

        Args:
            own: the origin of what the model writes.
        """
        inner = b"]" if said[:1] == b"}" else b"}"
        if not self.guard.fits(inner) or len(self.guard.scanner.containers) < 2:
            return said
        self.write(inner, ByteOrigin.FORCED)
        self.steps.append(Step(Completion.CLOSED, pointer(self.guard.scanner.path)))
        return said[self.write(said[:1], own) :] or b" "

    def _open_required(self, style: Layout) -> None:
        """Open the first required property that an object lacks which the model has ended.

        In a closed object the grammar may leave a choice of several, but of their order alone:
        none of them may be left out.
        """
        guard = self.guard
        at_end = guard.scanner.expects in (Expects.COMMA_OR_END, Expects.NAME_OR_END)
        if guard.scanner.token in (LexicalToken.NAME, LexicalToken.STRING) or not at_end:
            return
        self.cut(len(guard.text.rstrip(BLANKS)))
        for name in guard.missing():
            if self._open_member(name, style):
                path = pointer((*guard.scanner.open_path, name))
                self.steps.append(Step(Completion.NAMED, path))
                return

    def reopen(self, at: int, name: str | None, inner: str = "") -> bool:
        """Take back what stands from `at` on, and open the member `name` there; return whether it
        fits.

        Args:
            name: None: an item of an array.
            inner: the member of that to be opened, which is then an object; "": none.
        """
        style = layout(self.guard.text)
        self.cut(at)
        self.scores.cut(at)
        if len(self) != at:
            return False
        if name is None:
            is_open = self._open(b",", style)
            path = self.guard.scanner.path
        else:
            path = (*self.guard.scanner.open_path, name)
            is_open = self._open_member(name, style, inner)
        if is_open:
            self.steps.append(Step(Completion.TOLD, pointer(path)))
        return is_open

    def _open_member(self, name: str, style: Layout, inner: str = "") -> bool:
        """Write a name and its colon, where an object may have a member; return whether it fits."""
        is_first = self.guard.scanner.expects is Expects.NAME_OR_END
        opening = f"{'' if is_first else ','}{write_json(name)}:"
        opening += f"{{{write_json(inner)}:" if inner else ""
        return self._open(opening.encode(), style)

    def _open(self, opening: bytes, style: Layout) -> bool:
        data = self._laid_out(opening, style)
        is_fit = self.guard.fits(data)
        if is_fit:
            self.write(data, ByteOrigin.FORCED)
        return is_fit

    def _write_forced(self, style: Layout, *, says_more: bool) -> bool:
        """Return whether anything was written."""
        if self.guard.scanner.token is LexicalToken.NUMBER:
            return False  # to finish a number in the one way that is left would change what it says
        before = len(self)
        while forced := self.guard.forced():
            overrules = says_more and len(self) == before and forced[:1] in _CLOSERS
            forced = self._laid_out(forced, style)
            if overrules or self.write(forced, ByteOrigin.FORCED) < len(forced):
                break
        return len(self) > before

    def _laid_out(self, forced: bytes, style: Layout) -> bytes:
        """Return `forced` with the blanks that the model would write in it: it goes on best from
        what looks like its own."""
        scanner = self.guard.scanner
        in_string = scanner.token in (LexicalToken.NAME, LexicalToken.STRING)
        behind = self.guard.text[-1:]
        return style.laid_out(forced, behind, len(scanner.containers), in_string=in_string)
