"""Where the document starts in a model's text that arrives piece by piece.

The places are those that the whole-text extraction knows (app/core/extraction): behind thinking, in
fences, amid prose. Here each has to be decided without knowing what follows:

- Tags come first. Behind an unclosed one there is no answer yet; behind a closing one the answer
  begins anew, and all before it was a thought, also where the opening tag stood in the prompt.
- A bracket that opens JSON (brackets.starts_document; also `{{"`) is tried with a fresh guard; one
  at a time, from left to right, so that pieces make no difference. What has died is passed over to
  its end: nothing inside it, nor inside brackets of the prose, is the document.
- A start is *certain*, and may be streamed, where only blanks stand before it, thinking, a fence's
  opening, or up to 400 bytes of prose without brackets that end with a colon at the end of a line.
  It is given once its guard took in 8 bytes, blanks aside, or all of a document.
- A certain start that dies before that is given where it looks like a document: the guard takes its
  bracket, and a name with a colon stands behind it in any spelling (`{'a':`, `{a:`, `{{"a":`), or
  it is an array. Mending and cutting need not wait then. But if it closes within 64 bytes, it may
  be `{"a": 1}? No:`, and the search goes on. So it does behind `{}`, which says nothing.
- The first start behind other prose is given, not certain, once 40 bytes of it were taken in. One
  that is whole before that may be an example, and so may any later one, which has to be whole: it
  is given once a fence closes behind the first, once 200 bytes hold no other, or at the end. Then
  those in prose must say the same, and fences win, the last one first, as the judge has it. Prose
  that is long, or muses, may be thinking without a tag: behind it, the end decides.
- At the end comes what is still alive, else what survived longest; but nothing that died while a
  whole document stands elsewhere, and nothing amid prose that is whole while another breaks off.
- A scalar counts at the very beginning of the answer or of a fence, and only as all of it, for
  prose begins with numbers and quotes too; a string is certain once 40 bytes of it were taken in.

The work is linear: each mark is looked at within a fixed window, each byte read by a fixed number
of guards and scanned once for brackets; at most 64 KiB of prose are searched, six starts tried.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from strictgate.core.guard import start_markers
from strictgate.core.guard.start_candidates import Candidates
from strictgate.core.guard.start_context import OpenFence, StartContext
from strictgate.core.guard.start_extent import ExtentEnding
from strictgate.core.guard.start_following import Following, what_follows
from strictgate.core.guard.start_markers import BLANKS, EDGES, Mark, MarkKind
from strictgate.core.guard.start_trial import Begin, StartCandidate, Trial, wrapper
from strictgate.core.repair_steps import Step

_SURE = 8
_PROVEN = 40
_MAX_PROSE = 65_536
_MAX_TRIES = 6
_DOCUMENTS = (b"{", b"[", b'"')
_SCALARS = b'"-0123456789tfn'
_EDGES_BEGUN = (b"", b"\xef", b"\xef\xbb", b"\xe2", b"\xe2\x80", b"\xe2\x81", b"\xc2")
_TOKEN = re.compile(
    rb"(?:\"(?:[^\"\\]++|\\.)*+\"?|'(?:[^'\\]++|\\.)*+'|[^\s\"'`{}\[\]]{1,200})\s*+(?:`{3,}\s*+)?\Z",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Start:
    """Where the document starts."""

    at: int
    """The offset of its first byte in all that was fed."""
    wrapper: bytes
    """`{"value": ` as the model wrote it, if it wrote it."""
    is_certain: bool
    """It may be streamed: nothing stands before it that could be meant instead."""
    steps: tuple[Step, ...]


_Phase = Callable[..., Start | bool]
"""Returns the start; True: the next phase can go on; False: more text is needed."""


class DocumentStart:
    """The search, text in as it comes; it is over once it gave a start."""

    def __init__(self, begin: Begin, *, wrapped: bool, bare: bool) -> None:
        self._begin = begin
        self._wrapped = wrapped
        self._bare = bare
        self._text = bytearray()
        self.blanks = 0
        """In a row, at the end of the text."""
        self._given: Start | None = None
        self._taken: dict[int, bool] = {}
        self._answer_at(0, thinks=False)

    @property
    def text(self) -> bytes:
        """All that was fed."""
        return bytes(self._text)

    @property
    def is_thinking(self) -> bool:
        """Whether a thinking tag is open."""
        return self._phase == self._think

    def feed(self, data: bytes, *, final: bool = False) -> Start | None:
        """Take in the next piece; return the start once it is known. `final`: it is the last."""
        self._text += data
        ended = data.rstrip(BLANKS)
        self.blanks = len(data) - len(ended) + (0 if ended else self.blanks)
        self._given = self._given or self._advance(final=False)
        if final and not self._given:
            self._given = self._advance(final=True) or self._last()
        return self._given

    def _advance(self, *, final: bool) -> Start | None:
        while going := self._phase(final=final):
            if isinstance(going, Start):
                return going
        return None

    def _go(self, phase: _Phase) -> bool:
        self._phase = phase
        return True

    def _answer_at(self, position: int, *, thinks: bool) -> bool:
        """The answer begins at `position`; `thinks`: behind thinking."""
        self._position = position
        self._around = StartContext(position, thinks)
        self._is_fresh = True  # nothing but blanks came since the answer, or the fence, began
        self._candidates = Candidates(self._text)
        self._tries = 0
        self._scalar_at: int | None = None
        return self._go(self._seek)

    # --- before a candidate -----------------------------------------------------------------------

    def _seek(self, *, final: bool) -> Start | bool:
        """Go to the next mark."""
        if self._is_fresh and self._bare:
            return self._look_for_scalar(final=final)
        found = start_markers.find(self._text, self._position, final=final)
        reached = found.start if isinstance(found, Mark) else found
        if kept := self._candidates.ahead(reached):
            return _start(kept)
        if reached - self._around.answer > _MAX_PROSE:
            return self._go(self._stop)
        self._position = reached
        return self._meet(found) if isinstance(found, Mark) else False

    def _meet(self, mark: Mark) -> bool:
        match mark.kind:
            case MarkKind.OPENING:
                self._position = mark.end
                return self._go(self._think)
            case MarkKind.CLOSING:
                return self._answer_at(mark.end, thinks=True)
            case MarkKind.FENCE:
                self._pass_fence(mark)
            case MarkKind.BRACKET:
                return self._go(self._open)
        return True

    def _pass_fence(self, mark: Mark) -> None:
        byte, fence = self._text[mark.start], self._around.fence
        closes = fence is not None and fence.byte == byte
        self._around.fence = None if closes else OpenFence(byte, mark.start, mark.end)
        self._is_fresh = not closes
        self._position = mark.end

    def _think(self, *, final: bool) -> bool:
        """Go to the tag that closes the thinking."""
        return self._close_thinking()

    def _stop(self, *, final: bool) -> bool:
        """Try nothing more; but a closing tag may yet say that all of it was thought."""
        edges = EDGES.match(self._text)
        start = edges.end() if edges else 0
        is_document = not self._around.thinks and self._text.startswith(_DOCUMENTS, start)
        return not is_document and self._close_thinking()

    def _close_thinking(self) -> bool:
        closing = start_markers.CLOSING.search(self._text, self._position)
        if closing is None:
            self._position = max(self._position, len(self._text) - start_markers.WINDOW)
            return False
        return self._answer_at(closing.end(), thinks=True)

    # --- a scalar ---------------------------------------------------------------------------------

    def _look_for_scalar(self, *, final: bool) -> bool:
        edges = EDGES.match(self._text, self._position)
        at = edges.end() if edges else self._position
        self._position = at
        if not final and bytes(self._text[at : at + 3]) in _EDGES_BEGUN:
            return False
        self._is_fresh = False
        self._scalar_at = at
        self._place = self._around.place(self._text, at)
        if self._text[at : at + 1] and self._text[at] in _SCALARS:
            self._trial = Trial(self._begin(), at)
            return self._go(self._try_scalar)
        return True

    def _try_scalar(self, *, final: bool) -> Start | bool:
        """Feed it to a guard: it counts as all of the answer, or of the fence."""
        trial, place, text = self._trial, self._place, self._text
        trial.feed(text)
        given = Start(trial.at, b"", place.is_certain, place.steps)
        if trial.evidence >= _PROVEN and place.is_certain:
            return given
        if trial.is_alive:
            return given if final else False
        if trial.is_complete:
            match what_follows(text, trial.reach, final=final):
                case Following.UNKNOWN:
                    return False
                case Following.NOTHING | Following.FENCE:
                    return given
        self._position = trial.at + 1
        return self._go(self._seek)

    # --- a candidate ------------------------------------------------------------------------------

    def _open(self, *, final: bool) -> bool:
        """Make the bracket a candidate."""
        text, start, around = self._text, self._position, self._around
        wrapped: bytes | None = b""
        if self._wrapped and text[start] == ord("{"):
            wrapped = wrapper(text, start, final=final)
        if wrapped is None and not (final and self._takes(text[start])):
            return False  # the wrapper may be on its way, and nothing else can be
        trials = () if around.is_named(text, start) else self._trials(start, wrapped or b"")
        self._candidate = candidate = StartCandidate(around.place(text, start), trials)
        if not trials:
            return self._go(self._leave)
        if not wrapped and not self._takes(text[start]):
            return self._go(self._try)
        is_amid = not candidate.place.is_certain and not candidate.place.is_fenced
        candidate.is_inside = is_amid and around.is_inside(text, start)
        candidate.waits_for_end = candidate.is_inside or around.may_be_thinking(text, start)
        candidate.needs_whole = candidate.waits_for_end or self._tries > 0
        self._tries += 1
        return self._go(self._try if self._tries <= _MAX_TRIES else self._stop)

    def _trials(self, start: int, wrapped: bytes) -> tuple[Trial, ...]:
        """Return the trials of what is in the wrapper, and of the whole where it may be that."""
        inner = (Trial(self._begin(), start + len(wrapped), wrapped),) if wrapped else ()
        if self._takes(self._text[start]):
            return (*inner, Trial(self._begin(), start))
        return inner or (Trial(None, start),)

    def _takes(self, opener: int) -> bool:
        """Whether the document may begin with this bracket."""
        if opener not in self._taken:
            self._taken[opener] = self._begin().consume(bytes([opener])) == 1
        return self._taken[opener]

    def _try(self, *, final: bool) -> Start | bool:
        """Feed the candidate to its guard."""
        candidate = self._candidate
        trial = candidate.feed(self._text, final=final)
        if trial is None:
            return False
        if not candidate.needs_whole:
            is_certain = candidate.place.is_certain
            is_whole = is_certain and trial.is_complete and not candidate.is_empty(self._text)
            if is_whole or trial.evidence >= (_SURE if is_certain else _PROVEN):
                return _start(candidate)
        if not trial.is_alive or trial.is_complete:
            return self._go(self._leave)
        return final and self._break_off()

    def _break_off(self) -> bool:
        """The candidate has no end."""
        self._candidates.keep(self._candidate, breaks_off=True)
        return self._go(self._stop)

    def _leave(self, *, final: bool) -> Start | bool:
        """Go to the candidate's end."""
        candidate = self._candidate
        end = candidate.extent.follow(self._text)
        if candidate.is_early(self._text, end.at if end else None):
            return _start(candidate)
        if end is None:
            return final and self._break_off()
        self._position = candidate.end = end.at
        if end.how is ExtentEnding.TAGGED and not candidate.place.is_certain:
            return self._answer_at(end.at, thinks=True)
        if end.how is not ExtentEnding.CLOSED:
            return self._break_off()
        return self._go(self._look_behind if candidate.trials else self._seek)

    def _look_behind(self, *, final: bool) -> Start | bool:
        """See what follows the candidate's end."""
        candidate = self._candidate
        follows = what_follows(self._text, candidate.end, final=final)
        if follows is Following.UNKNOWN:
            return False
        self._phase = self._seek
        if follows is Following.MEMBER and not candidate.place.is_certain:
            return True
        if follows is Following.FENCE and self._around.fence and candidate.is_proven:
            return _start(candidate)
        self._candidates.keep(candidate)
        return True

    def _last(self) -> Start | None:
        """Return the start that is left at the end of the text."""
        if self.is_thinking:
            return None
        if kept := self._candidates.last():
            return _start(kept)
        at = self._scalar_at
        if self._bare and at is not None and _TOKEN.match(self._text, at):
            return Start(at, b"", self._place.is_certain, self._place.steps)
        return None


def _start(candidate: StartCandidate) -> Start:
    place, trial = candidate.place, candidate.trial or candidate.trials[0]
    is_certain = place.is_certain and not candidate.needs_whole
    return Start(trial.at, trial.wrapper, is_certain, place.steps)
