"""A text that repeats itself without end, and the way out that the model itself weighed.

A weak model that has written the same a few times goes on with it until its tokens are spent. Data
repeats itself as well; so only what comes at least 8 times in a row counts, and short pieces only
over a kilobyte: three hundred zeros are a row of zeros. Within a string a third of that will do,
but not for one or two characters, of which lines are drawn.

The way out is not made up: where the upstream gave log-probabilities, the likeliest alternative to
one of the tokens of the second round that the guard allows takes its place, one that closes the
string or the array before all others.
"""

from collections.abc import Sequence

from strictgate.core.guard.guard import Guard
from strictgate.core.guard.logprob_steering import LogprobToken, weighed
from strictgate.core.jsontext.lexer import LexicalToken
from strictgate.core.value_type import value_type

LOOK = 1024  # bytes at the end of a text that are looked at
ROUNDS = 8
_SHORT = 8  # bytes: what is shorter may be data for as long as all of LOOK, …
_SHORT_IN_STRING = 3  # … in a string only what is shorter than this
_LEAST_SHORT = 384  # bytes of what is between these two
_LEAST = 256  # bytes that are repeated
_KEY = 24  # bytes by which an earlier round is found
_CLOSERS = (b"]", b"}", b'"')


def repeated(text: bytes, *, in_string: bool = False) -> int:
    """Return the length of what `text` repeats at its end; 0: it does not.

    Args:
        in_string: it ends in a string.
    """
    tail = text[-LOOK:]
    if len(tail) < _LEAST:
        return 0
    before = tail.rfind(tail[-_KEY:], 0, len(tail) - 1)
    unit = len(tail) - _KEY - before
    if before < 0 or not unit:
        return 0
    wanted = max(_LEAST, ROUNDS * unit)
    if unit < _SHORT:
        wanted = _LEAST_SHORT if in_string and unit >= _SHORT_IN_STRING else LOOK
    if wanted > len(tail):
        return 0
    window = tail[-wanted:]
    is_same = window[unit:] == window[:-unit]
    return unit if is_same and not window.isspace() else 0


@value_type
class _WayOut:
    """An alternative that fits, where it stands, and how good it is."""

    at: int
    data: bytes
    rank: tuple[bool, float]


def leave_repetition(
    guard: Guard, unit: int, tokens: Sequence[LogprobToken], floor: int
) -> bytes | None:
    """Take back all rounds but the first and leave the second by the likeliest way that is allowed.

    Args:
        unit: how long a round is.
        tokens: those that the text ends with, without gaps, as far back as they go.
        floor: how much of the guard's text must stay.

    Returns:
        What the guard has taken in instead; None where there is no way out. The guard then stands
        where it stood.
    """
    text = guard.text
    start = len(text) - unit
    while start > 0 and text[start - 1] == text[start + unit - 1]:
        start -= 1
    second = max(start + unit, floor)
    placed = _placed(tokens, text, second, second + unit)
    if not placed:
        return None
    guard.rollback(len(text) - placed[0][0])
    best: _WayOut | None = None
    for at, token in placed:
        for data, logprob in weighed(token.entry):
            rank = (_closes(guard, data), logprob)
            is_other = data.strip() and not token.data.startswith(data) and data != token.data
            if is_other and (best is None or rank > best.rank) and guard.fits(data):
                best = _WayOut(at, data, rank)
        guard.consume(token.data)
    taken = len(guard.text)
    if best is None:
        guard.consume(text[taken:])
        return None
    guard.rollback(taken - best.at)
    guard.consume(best.data)
    return best.data


def _closes(guard: Guard, data: bytes) -> bool:
    """Whether `data` ends the string that is open, or what is around the value before it."""
    if guard.scanner.token is LexicalToken.STRING:
        return b'"' in data
    return data.lstrip()[:1] in _CLOSERS[:2]


def _placed(
    tokens: Sequence[LogprobToken], text: bytes, low: int, high: int
) -> list[tuple[int, LogprobToken]]:
    """Return those of `tokens` that start from `low` on and before `high`, with their places in
    `text`, which they end; none, where they are not what stands there: something was mended."""
    if not tokens:
        return []
    shift = len(text) - tokens[-1].end
    placed = [(token.start + shift, token) for token in tokens]
    found = [(at, token) for at, token in placed if low <= at < high]
    is_same = all(text.startswith(token.data, at) for at, token in found)
    return found if is_same else []
