"""What stands before the document in a model's text: thinking tags, fences, brackets, in order.

The text arrives piece by piece, so each mark is either decided by the bytes that are there,
whatever may follow, or has to wait for more; no mark is looked at further than WINDOW bytes. Which
bracket opens JSON, and how thinking is tagged, is said in app/core/extraction, of which this is the
counterpart for text that is still being written.
"""

import re
from collections.abc import Callable
from enum import Enum, auto

from strictgate.core.jsontext.reader import parse_leniently
from strictgate.core.late_pattern import late_pattern
from strictgate.core.output import thinking
from strictgate.core.output.brackets import starts_document
from strictgate.core.schema.root_wrapper import WRAPPER_PROPERTY
from strictgate.core.value_type import value_type

WINDOW = 256
MAX_ANNOUNCEMENT = 400  # bytes
BLANKS = b" \t\r\n"
EDGES = late_pattern(
    rb"(?:[ \t\r\n\f\v]|\xef\xbb\xbf|\xe2\x80[\x8b-\x8d\xa8\xa9]|\xe2\x81\xa0|\xc2\xa0)*+"
)
"""What the whole-text extraction takes off at the edges, zero-width characters included."""
_MARK = late_pattern(rb"[`~<{\[]|\xe2(?=\x97\x81|\x97?\Z)")
_OPENING = late_pattern(thinking.OPENING.encode(), re.IGNORECASE)
CLOSING = late_pattern(thinking.CLOSED.pattern.encode(), re.IGNORECASE)
_TAG_BEGUN = late_pattern(
    rb"""
    (?: </?[\w:]{0,20}(?:[ \t][^<>]{0,120})? | <\|/?\w*+[|>]? | <channel\|?
      | <\|channel[|]?>[^{]*+ | <\|end\|>\s*+ | <\|END_THINKING\|><?[|\w]*+ | \[/?[A-Za-z]{0,5}
      | \[BEGIN[ ]?[A-Z ]{0,15}
      | \xe2 (?: \x97 (?: \x81 (?: /?[A-Za-z]{0,5} (?: \xe2\x96? )? )? )? )? ) \Z
    """,
    re.VERBOSE,
)
_RUN = late_pattern(rb"`{1,16}+|~{1,16}+")
_LABEL = late_pattern(rb"[ \t]*+[\w+#.-]*+")
_UNDECIDED = late_pattern(
    r"""
    (?: \{ \s*+ (?: \{ \s*+ )?
        (?: / | `{1,2} | [^\W\d][\w$-]*+ \s*+ | \$[\w$-]*+ \s*+ | \d++ \s*+ )?
      | \[ \s*+
        (?: / | `{1,2} | [-+]?\.? | [A-Za-z]{1,5}
          | [-+]?[\d.]++ \s*+ (?: , \s*+ (?: [-+]?[\d.]*+ \s*+ )? )? )? ) \Z
    """,
    re.VERBOSE,
)
_DOUBLED = late_pattern(r"\{\s*+\{\s*+[\"'“]")

_ANNOUNCED = late_pattern(
    rb"[^{\[`~]{1,%d}(?::|\xef\xbc\x9a)[*_]{0,4}[ \t]*+(?P<line>\r?\n\s*+)?\Z" % MAX_ANNOUNCEMENT
)
_MUSES = late_pattern(
    rb"(?:Hmm|(?:Okay|Ok|Alright|All right),? (?:so|the user|let me think)|The user|Wait,"
    rb"|We (?:need|are given|are asked|could|should)|First,|analysis)"
    rb"|[^{\[]{0,400}?\b(?:thoughts?|thinking|reasoning|draft|perhaps|maybe)\b",
    re.IGNORECASE,
)
_NAME_BEFORE = late_pattern(
    rb"(?:^|[{\[,])[ \t]*+[\"'][^\"'\n]{0,200}[\"']\s{0,9}:\s{0,9}\Z", re.MULTILINE
)
_WRAPPER = late_pattern(rb'\{\s*+(?P<name>"(?:[^"\\]|\\.){1,60}+")\s*+:\s*+', re.DOTALL)
_WRAPPER_BEGUN = late_pattern(
    rb'\{\s*+(?:"(?:[^"\\]|\\.){0,60}+(?:\\|"\s*+(?::\s*+)?)?)?\Z', re.DOTALL
)


class MarkKind(Enum):
    """What was met."""

    OPENING = auto()
    """A tag that opens thinking."""
    CLOSING = auto()
    """A tag that closes it."""
    FENCE = auto()
    BRACKET = auto()
    """One that opens JSON, not `{name}` in prose."""


@value_type
class Mark:
    """What was met, from `start` to `end`; a fence with its label."""

    kind: MarkKind
    start: int
    end: int


def find(text: bytearray, position: int, *, final: bool) -> Mark | int:
    """Return the first mark from `position` on; where there is none, the offset to go on from once
    more text is there. `final`: none will come."""
    while met := _MARK.search(text, position):
        read = _READERS[bytes(met.group())](text, met.start(), final=final)
        if isinstance(read, Mark):
            return read
        if read is None:
            return met.start()
        position = read
    return len(text)


def tag(text: bytearray, start: int, *, final: bool) -> Mark | int | None:
    """Return the thinking tag at `start`, or where to go on; None: more text is needed."""
    for kind, pattern in ((MarkKind.OPENING, _OPENING), (MarkKind.CLOSING, CLOSING)):
        if found := pattern.match(text, start, start + WINDOW):
            return Mark(kind, start, found.end())
    if _is_open(text, start, final=final) and _TAG_BEGUN.match(text, start):
        return None
    return start + 1


def _is_open(text: bytearray, start: int, *, final: bool) -> bool:
    return not final and len(text) < start + WINDOW


def _square(text: bytearray, start: int, *, final: bool) -> Mark | int | None:
    read = tag(text, start, final=final)
    return _bracket(text, start, final=final) if isinstance(read, int) else read


def _bracket(text: bytearray, start: int, *, final: bool) -> Mark | int | None:
    before = text[max(0, start - 2) : start].decode(errors="ignore")  # a backtick, or a smiley's
    window = before + text[start : start + WINDOW].decode(errors="ignore")
    if _is_open(text, start, final=final) and _UNDECIDED.match(window, len(before)):
        return None
    if starts_document(window, len(before)) or _DOUBLED.match(window, len(before)):
        return Mark(MarkKind.BRACKET, start, start + 1)
    return start + 1


def _fence(text: bytearray, start: int, *, final: bool) -> Mark | int | None:
    run = _RUN.match(text, start)
    end = run.end() if run else start + 1
    if end == len(text) and end - start < 16 and not final:
        return None
    if end - start < 3 or (start and text[start - 1] in b"`~\"'"):
        return end
    label = _LABEL.match(text, end, end + WINDOW)
    behind = label.end() if label else end
    if behind == len(text) and _is_open(text, end, final=final):
        return None
    return Mark(MarkKind.FENCE, start, behind)


_READERS: dict[bytes, Callable[..., Mark | int | None]] = {
    **dict.fromkeys((b"`", b"~"), _fence),
    **dict.fromkeys((b"<", b"\xe2"), tag),
    b"[": _square,
    b"{": _bracket,
}


# --- what is not a mark but stands before the document --------------------------------------------


def announces(text: bytearray, start: int, end: int, *, is_fenced: bool) -> bool:
    """Whether the prose from `start` to `end` announces the document that stands behind it, and
    is no musing, nor a property's name. `is_fenced`: a fence opens at `end`, which may then stand
    on the same line."""
    edges = EDGES.match(text, start, end)
    if _MUSES.match(text, edges.end() if edges else start, end):
        return False
    found = _ANNOUNCED.match(text, start, end)
    if found is None or thinking.has_unknown_tag(text[start:end].decode(errors="ignore")):
        return False
    if _NAME_BEFORE.search(text[max(start, end - WINDOW) : end]):
        return False
    return is_fenced or found["line"] is not None


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
        return bool(parse_leniently(name) == WRAPPER_PROPERTY)
    except ValueError:  # not a JSON string
        return False
