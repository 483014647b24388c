"""A place where the document may start, tried with fresh guards while its text arrives.

Where the model was asked for `{"value": <document>}`, what stands there may be that wrapper, or the
document itself, which may have a property `value` of its own: then both are tried, and what comes
next decides. Blanks are no evidence for anything.
"""

import re
from collections.abc import Callable
from typing import Protocol

from strictgate.core.guard.start_context import StartPlace
from strictgate.core.guard.start_extent import Extent
from strictgate.core.guard.start_markers import BLANKS, WINDOW
from strictgate.core.jsontext.reader import parse_leniently
from strictgate.core.schema.root_wrapper import MEMBER

_EARLY = 64
_PIECE = 1024  # what has died needs no more
_LOOKS_LIKE = re.compile(
    r"""\[|\{\s*+(?:\{\s*+)?
        (?:"[^"\n]*+"|'[^'\n]*+'|`[^`\n]*+`|[“”„][^“”\n]*+[“”]|[\w$-]++)\s*+:""",
    re.VERBOSE,
)
_WRAPPER = re.compile(rb'\{\s*+(?P<name>"(?:[^"\\]|\\.){1,60}+")\s*+:\s*+', re.DOTALL)
_WRAPPER_BEGUN = re.compile(
    rb'\{\s*+(?:"(?:[^"\\]|\\.){0,60}+(?:\\|"\s*+(?::\s*+)?)?)?\Z', re.DOTALL
)


class Checker(Protocol):
    """What a trial asks of the guard."""

    def consume(self, data: bytes) -> int:
        """Take in as much of `data` as fits; return how many bytes."""

    def is_complete(self) -> bool:
        """Whether what was taken in is a whole, valid document."""


Begin = Callable[[], Checker]


class Trial:
    """One guard, from one offset on; without a guard, one that refuses the first byte."""

    def __init__(self, guard: Checker | None, at: int, wrapper: bytes = b"") -> None:
        self.at = at
        self.wrapper = wrapper
        self.reach = at
        """Behind all that was taken in."""
        self.evidence = _weight(wrapper)
        """How many bytes were taken in, without blanks."""
        self.is_alive = guard is not None
        """Nothing was refused."""
        self.is_complete = False
        self._guard = guard

    def feed(self, text: bytearray) -> None:
        """Take in what is new in `text`."""
        if self._guard is None:
            return
        while self.is_alive and self.reach < len(text):
            piece = bytes(text[self.reach : self.reach + _PIECE])
            taken = self._guard.consume(piece)
            self.reach += taken
            self.evidence += _weight(piece[:taken])
            self.is_alive = taken == len(piece)
        self.is_complete = self._guard.is_complete()


class StartCandidate:
    """A bracket that may open the document, or its wrapper."""

    def __init__(self, place: StartPlace, trials: tuple[Trial, ...]) -> None:
        self.place = place
        self.trials = trials
        """At most two: of what the wrapper holds, and of the whole. None: it is a part of something
        larger, to be passed over."""
        self.trial = trials[-1] if trials else None
        """The one that counts."""
        self.needs_whole = False
        """It counts only once the whole document is there."""
        self.waits_for_end = False
        """More of the text may make it a thought, or a part of the prose."""
        self.is_inside = False
        """A bracket of the prose is open where it stands."""
        self.extent = Extent(place.start)
        self.end = place.start

    @property
    def taken(self) -> int:
        """How many bytes were taken in."""
        return self.trial.reach - self.place.start if self.trial else 0

    @property
    def is_complete(self) -> bool:
        """Whether a whole, valid document stands here."""
        return self.trial is not None and self.trial.is_complete

    @property
    def is_proven(self) -> bool:
        """Whether it is whole and was the first that was tried."""
        return self.is_complete and not self.needs_whole

    def is_early(self, text: bytearray, end: int | None) -> bool:
        """Whether it died young, but is the document by its place and its look, and not an example,
        which would have ended soon; `end`: where it does, None: not within `text`."""
        early = self.place.start + _EARLY
        if len(text) < early or (end is not None and end <= early) or self.is_complete:
            return False
        window = text[self.place.start : early].decode(errors="ignore")
        is_likely = self.place.is_certain and not self.needs_whole and self.taken > 0
        return is_likely and bool(_LOOKS_LIKE.match(window))

    def content(self, text: bytearray) -> bytes:
        """Return what was taken in, without blanks around it."""
        return bytes(text[self.trial.at : self.trial.reach]).strip(BLANKS) if self.trial else b""

    def is_empty(self, text: bytearray) -> bool:
        """Whether it is `{}` or `[]`."""
        return self.content(text)[:9].translate(None, BLANKS) in (b"{}", b"[]")

    def feed(self, text: bytearray, *, final: bool) -> Trial | None:
        """Take in what is new; return the trial that counts, None while two of them may."""
        for trial in self.trials:
            trial.feed(text)
        if len(self.trials) < 2:
            return self.trial
        self.trial = _chosen(*self.trials, text=text, final=final)
        return self.trial


def _chosen(inner: Trial, whole: Trial, *, text: bytearray, final: bool) -> Trial | None:
    """Return which of the two it is: what the wrapper holds wins while it can."""
    if inner.is_complete and not inner.is_alive:
        goes_on = whole.reach > inner.reach and text[inner.reach] != ord("}")
        return whole if goes_on else inner
    if not inner.is_alive:
        return whole if whole.reach > inner.reach else inner
    is_container = bytes(text[inner.at : inner.at + 1]) in (b"{", b"[")
    return inner if is_container or final or not whole.is_alive else None


def wrapper(text: bytearray, start: int, *, final: bool) -> bytes | None:
    """Return the wrapper's beginning as the model wrote it, with the blanks behind its colon; empty
    if what stands at `start` is none. None: it is not whole yet; `final`: nor will it be."""
    found = _WRAPPER.match(text, start, start + WINDOW)
    if found and (final or found.end() < len(text)):
        return bytes(found.group()) if _says_member(bytes(found["name"])) else b""
    is_open = len(text) < start + WINDOW
    return None if is_open and _WRAPPER_BEGUN.match(text, start) else b""


def _says_member(name: bytes) -> bool:
    try:
        return bool(parse_leniently(name) == MEMBER)
    except ValueError:  # not a JSON string
        return False


def _weight(data: bytes) -> int:
    return len(data.translate(None, BLANKS))
