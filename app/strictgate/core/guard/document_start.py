"""Where the document starts in a model's text that arrives piece by piece.

A start is given only where it is certain: nothing stands before the document that could be meant
instead, whatever follows. Every other text is judged when it has ended, all of it at once
(judge_text.py). What may stand before a certain start: blanks; thinking, up to the tag that closes
it, also where the tag that opens it stood in the prompt; the opening of one fence; and prose that
announces the document: up to 400 bytes without brackets that end with a colon at the end of a line.

    state     what it waits for                        what comes, and the next state
    HEAD      the first mark (start_markers.py)        tag that opens thinking: THOUGHT
                                                       tag that closes it: HEAD, behind it
                                                       fence: HEAD, behind it
                                                       bracket at a certain place: TRIAL
                                                       scalar at the very beginning: SCALAR
                                                       anything else: PROSE
    THOUGHT   the tag that closes the thinking         HEAD, behind it
    TRIAL     8 bytes that a guard takes in            a start
                                                       the guard refuses, or takes `{}`: FAILED
    FAILED    64 bytes, to see what was refused        it looks like a document, and goes on: a
                                                       start, for what is misspelt can be mended
                                                       else it may be an example: PROSE
    SCALAR    40 bytes of a string, or what follows    it is all of the answer or fence: a start
              the scalar                               else: HEAD
    PROSE     a tag that closes thinking               HEAD, behind it
              200 bytes behind what failed, without    a start: of that
              another bracket

At the end of the text, a start is what was on trial, or what has failed if no bracket follows it,
or a misspelt scalar that is all of the text. Blanks are no evidence for anything.

The work is linear: each mark is looked at within a fixed window, each byte is read by at most two
guards and three expressions, and at most 16 answers begin.
"""

import re
from collections.abc import Callable

from strictgate.core.guard import start_markers
from strictgate.core.guard.guard import Guard
from strictgate.core.guard.start_markers import BLANKS, EDGES, WINDOW, Mark, MarkKind
from strictgate.core.late_pattern import late_pattern
from strictgate.core.output import brackets, thinking
from strictgate.core.repair_steps import Extraction, Step
from strictgate.core.value_type import value_type

READ = 64
"""Bytes of a document that need not be read again. So few are read in the same way whole or in
pieces, wherever a reading ends for what it is: there is no room for too many blanks."""
_SURE = 8  # bytes of an object or array
_PROVEN = 40  # bytes of a string
_EXAMPLE = 64  # bytes within which an example would have ended
_SILENCE = 200  # bytes without a bracket: nothing better comes
_MAX_ANSWERS = 16
_PIECE = 1024  # bytes at once: of what a guard refuses, it has read the rest in vain

_SCALARS = b'"-0123456789tfn'
_EDGES_BEGUN = (b"", b"\xef", b"\xef\xbb", b"\xe2", b"\xe2\x80", b"\xe2\x81", b"\xc2")
_BLANK_RUN = late_pattern(rb"[ \t\r\n]*+")
_BRACKET = late_pattern(rb"[{\[]")
_DOCUMENT = late_pattern(rb"\s*+[{\[\"]")
_LOOKS_LIKE = late_pattern(
    r"""\[|\{\s*+(?:\{\s*+)?
        (?:"[^"\n]*+"|'[^'\n]*+'|`[^`\n]*+`|[“”„][^“”\n]*+[“”]|[\w$-]++)\s*+:""",
    re.VERBOSE,
)
_EMPTY = late_pattern(rb"[{\[][ \t\r\n]*+[}\]]")
_BEHIND_SCALAR = late_pattern(rb"[\s,;)}\]]*+(?:(?P<fence>`{3}|~{3})|(?:`{0,2}|~{0,2})\Z)")
_MISSPELT_SCALAR = late_pattern(
    rb"(?:\"(?:[^\"\\]++|\\.)*+\"?|'(?:[^'\\]++|\\.)*+'|[^\s\"'`{}\[\]]{1,200})\s*+(?:`{3,}\s*+)?\Z",
    re.DOTALL,
)


@value_type
class Start:
    """Where the document starts."""

    at: int
    """The offset of its first byte in all that was fed."""
    wrapper: bytes
    """`{"value": ` as the model wrote it, if it wrote it."""
    steps: tuple[Step, ...]
    """What has to be taken off before it."""


class DocumentStart:
    """The search, text in as it comes; it is over once it gave a start."""

    def __init__(self, begin: Callable[[], Guard], *, wrapped: bool, bare: bool) -> None:
        self._begin = begin
        self._wrapped = wrapped
        self._bare = bare
        self._text = bytearray()
        self.blanks = 0
        """In a row, at the end of the text."""
        self._final = False
        self.read: tuple[Guard, int] | None = None
        """What has taken in the first bytes of the document that was found, and how many; None:
        nothing has, or they are more than READ, or all of it."""
        self._given: Start | None = None
        self._takes: dict[int, bool] = {}
        self._answers = 0
        self._string_at = (-1, False)  # a length of the text, and whether a string is open there
        self._answer_at(0, thinks=False)

    @property
    def text(self) -> bytes:
        """All that was fed."""
        return bytes(self._text)

    def beginning(self, count: int) -> bytes:
        """Return the first `count` bytes of what was fed."""
        return bytes(self._text[:count])

    @property
    def is_thinking(self) -> bool:
        """Whether a thinking tag is open."""
        return self._state == self._thought

    @property
    def is_in_string(self) -> bool:
        """Whether the text ends in a string of what may be a document, blanks aside."""
        length = len(self._text) - self.blanks
        if self._string_at[0] != length:
            text = self._text[:length].decode(errors="replace")
            self._string_at = (length, brackets.ends_in_string(text))
        return self._string_at[1]

    def feed(self, data: bytes, *, final: bool = False) -> Start | None:
        """Take in the next piece; return the start once it is known. `final`: it is the last."""
        self._text += data
        self._final = final
        ended = data.rstrip(BLANKS)
        self.blanks = len(data) - len(ended) + (0 if ended else self.blanks)
        while self._given is None and self._state():
            pass
        if final and self._given is None and not self.is_thinking:
            self._given = self._last()
        return self._given

    def _go(self, state: Callable[[], bool]) -> bool:
        """Enter a state: a method that returns whether the search can go on, or needs more text."""
        self._state = state
        return True

    def _give(self, trial: "Trial") -> bool:
        self._given = self._start(trial)
        length = trial.reach - trial.at
        if trial.is_alive and not trial.is_complete and 0 < length <= READ:
            self.read = trial.guard, length
        return True

    def _start(self, trial: "Trial") -> Start:
        return Start(trial.at, trial.wrapper, self._steps(trial.at - len(trial.wrapper)))

    def _answer_at(self, position: int, *, thinks: bool) -> bool:
        """The answer begins at `position`; `thinks`: behind thinking."""
        self._answer = self._position = position
        self._thinks = thinks
        self._fence: Mark | None = None
        self._is_fresh = True  # nothing but blanks came since the answer, or the fence, began
        self._word: Start | None = None  # where a scalar, maybe misspelt, may be all of the answer
        self._left: tuple[Start, int] | None = None  # what has failed, and where that ends
        self._answers += 1
        return self._go(self._head if self._answers <= _MAX_ANSWERS else self._prose)

    def _last(self) -> Start | None:
        """Return the start that is left at the end of the text."""
        if self._left:
            return self._left[0]
        is_word = self._word and _MISSPELT_SCALAR.match(self._text, self._word.at)
        return self._word if is_word else None

    # --- before the document ----------------------------------------------------------------------

    def _head(self) -> bool:
        if self._is_fresh:
            edges = EDGES.match(self._text, self._position)
            self._position = edges.end() if edges else self._position
            begun = bytes(self._text[self._position : self._position + 3])
            if begun in _EDGES_BEGUN and not self._final:
                return False
            self._is_fresh = False
            if self._bare and self._is_certain(self._position):
                self._word = Start(self._position, b"", self._steps(self._position))
                if begun and begun[0] in _SCALARS:
                    self._trials = [Trial(self._begin(), self._position)]
                    return self._go(self._scalar)
        met = start_markers.find(self._text, self._position, final=self._final)
        if isinstance(met, Mark):
            return self._pass(met)
        self._position = met
        return met - self._answer > start_markers.MAX_ANNOUNCEMENT and self._go(self._prose)

    def _pass(self, mark: Mark) -> bool:
        self._position = mark.end
        match mark.kind:
            case MarkKind.OPENING:
                return self._go(self._thought)
            case MarkKind.CLOSING:
                return self._answer_at(mark.end, thinks=True)
            case MarkKind.FENCE if self._fence is None:
                self._fence, self._is_fresh = mark, True
                return True
            case MarkKind.BRACKET if self._is_certain(mark.start):
                self._position = mark.start
                return self._begin_trials(mark.start)
        return self._go(self._prose)

    def _is_certain(self, start: int) -> bool:
        """Whether nothing but what may stand before a document stands before `start`."""
        end, prose = self._before(start)
        return prose >= end or start_markers.announces(
            self._text, self._answer, end, is_fenced=end < start
        )

    def _before(self, start: int) -> tuple[int, int]:
        """Return where what stands before the document ends, a fence that it opens left aside, and
        where that has its first byte that is no blank."""
        edges = EDGES.match(self._text, self._answer)
        fence = self._fence
        is_fenced = fence is not None and _behind_blanks(self._text, fence.end) >= start
        return fence.start if fence and is_fenced else start, edges.end() if edges else 0

    def _steps(self, start: int) -> tuple[Step, ...]:
        """Return what has to be taken off before `start`."""
        end, prose = self._before(start)
        removed = {
            Extraction.THINK: self._thinks,
            Extraction.BLANKS: prose >= end and _behind_blanks(self._text, self._answer) < end,
            Extraction.FENCE: self._fence is not None,
            Extraction.PROSE: prose < end,
        }
        return tuple(Step(name) for name, was_there in removed.items() if was_there)

    def _thought(self) -> bool:
        tag = self._closing()
        return tag is not None and self._answer_at(tag.end(), thinks=True)

    def _prose(self) -> bool:
        text, left = self._text, self._left
        if left and _BRACKET.search(text, left[1]):
            self._left = None
        elif left and len(text) - left[1] >= _SILENCE:
            self._given = left[0]
            return True
        if self._answer == 0 and _DOCUMENT.match(text):
            return False  # a tag in it closes nothing
        while self._answers <= _MAX_ANSWERS and (tag := self._closing()):
            self._position = tag.end()
            answer = text[self._answer : tag.end()].decode(errors="replace")
            if thinking.without_thinking(answer).removed:
                return self._answer_at(tag.end(), thinks=True)
            self._answers += (
                1  # it stands in a string: each is looked at for the price of a new one
            )
        return False

    def _closing(self) -> re.Match[bytes] | None:
        """Return the next tag that closes thinking."""
        tag = start_markers.CLOSING.search(self._text, self._position)
        if tag is None:
            self._position = max(self._position, len(self._text) - WINDOW)
        return tag

    # --- the document -----------------------------------------------------------------------------

    def _scalar(self) -> bool:
        trial, text = self._trials[0], self._text
        trial.feed(text)
        if trial.evidence >= _PROVEN or (trial.is_alive and self._final):
            return self._give(trial)
        if trial.is_alive:
            return False
        behind = _BEHIND_SCALAR.match(text, trial.reach) if trial.is_complete else None
        if behind and (behind["fence"] or self._final):
            return self._give(trial)
        self._position = trial.at + 1
        return behind is None and self._go(self._head)

    def _begin_trials(self, start: int) -> bool:
        """Try what is in the wrapper that is at `start`, and the whole where it may be that."""
        opener, wrapped = self._text[start], None
        if self._wrapped and opener == ord("{"):
            wrapped = start_markers.wrapper(self._text, start, final=self._final)
            if wrapped is None and not (self._final and self._is_taken(opener)):
                return False  # the wrapper may be on its way, and nothing else can be
        self._trials = [Trial(self._begin(), start + len(wrapped), wrapped)] if wrapped else []
        if not wrapped or self._is_taken(opener):
            self._trials.append(Trial(self._begin(), start))
        return self._go(self._trial)

    def _is_taken(self, opener: int) -> bool:
        """Whether the document may begin with this bracket."""
        if opener not in self._takes:
            self._takes[opener] = self._begin().consume(bytes([opener])) == 1
        return self._takes[opener]

    def _trial(self) -> bool:
        enough = _SURE if len(self._trials) == 1 else None  # two are compared by how far they come
        for each in self._trials:
            each.feed(self._text, enough)
        trial: Trial | None = self._trials[0]
        if len(self._trials) > 1:
            trial = _chosen(*self._trials, text=self._text, final=self._final)
        if trial is None:
            return False
        is_empty = _EMPTY.match(self._text, trial.at) is not None
        if trial.evidence >= _SURE or (trial.is_complete and not is_empty):
            return self._give(trial)
        if trial.is_complete or not trial.is_alive:
            self._trials = [trial]
            return self._go(self._failed)
        return self._final and self._give(trial)

    def _failed(self) -> bool:
        trial, text = self._trials[0], self._text
        start = trial.at - len(trial.wrapper)
        is_short = len(text) < start + _EXAMPLE
        if is_short and not self._final:
            return False
        window = text[start : start + _EXAMPLE].decode(errors="ignore")
        closed = brackets.closing(window, 0, len(window))
        is_example = trial.is_complete or isinstance(closed, int)
        if not is_example and (is_short or (trial.reach > start and _LOOKS_LIKE.match(window))):
            return self._give(trial)
        end = start + len(window[: closed if isinstance(closed, int) else None].encode())
        self._left, self._position = (self._start(trial), end), end
        return self._go(self._prose)


class Trial:
    """One guard, from one offset on."""

    def __init__(self, guard: Guard, at: int, wrapper: bytes = b"") -> None:
        self.at = at
        self.wrapper = wrapper
        self.reach = at
        """Behind all that was taken in."""
        self.evidence = _weight(wrapper)
        """How many bytes were taken in, without blanks."""
        self.is_alive = True
        """Nothing was refused."""
        self.is_complete = False
        """A whole, valid document was taken in."""
        self.guard = guard

    def feed(self, text: bytearray, enough: int | None = None) -> None:
        """Take in what is new in `text`; `enough`: how much evidence is waited for, at most."""
        while self.is_alive and self.reach < len(text):
            size = _PIECE if enough is None else enough - self.evidence
            if size <= 0:
                break
            piece = bytes(text[self.reach : self.reach + size])
            taken = self.guard.consume(piece)
            self.reach += taken
            self.evidence += _weight(piece[:taken])
            self.is_alive = taken == len(piece)
        self.is_complete = self.guard.is_complete()


def _chosen(inner: Trial, whole: Trial, *, text: bytearray, final: bool) -> Trial | None:
    """Return what it is: what the wrapper holds, as long as it can be that, or the document itself,
    which may have a property `value` of its own; None: what comes next decides."""
    if inner.is_complete and not inner.is_alive:
        goes_on = whole.reach > inner.reach and text[inner.reach] != ord("}")
        return whole if goes_on else inner
    if not inner.is_alive:
        return whole if whole.reach > inner.reach else inner
    is_container = bytes(text[inner.at : inner.at + 1]) in (b"{", b"[")
    return inner if is_container or final or not whole.is_alive else None


def _behind_blanks(text: bytearray, start: int) -> int:
    return _BLANK_RUN.match(text, start).end()  # type: ignore[union-attr]


def _weight(data: bytes) -> int:
    return len(data.translate(None, BLANKS))
