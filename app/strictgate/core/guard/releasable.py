"""How much of a document that is being written is final, and may go to the caller.

Held back is what a mend, or another continuation, could still take back: blanks and a comma at the
end, a name until its colon, a value until something stands behind it, and the end of an object
until it shows what does. The text of a long free string goes out while it is being written, up to a
word's end. Names that may be mended when their object ends are in held_names.py.
"""

import re

from strictgate.core.guard.guard import Guard
from strictgate.core.jsontext.lexer import LexicalToken
from strictgate.core.jsontext.scanner import Scanner

LONG = 32  # bytes of a string, from which on it is text rather than a value to be mended
MOST = 64  # bytes of a long string that are held back
_CUT_SHORT = re.compile(rb"(?:\\[^\\]?|\\u[0-9a-fA-F]{0,3}|[\xc0-\xff][\x80-\xbf]*)\Z")
_LONGEST_CUT = 5  # bytes of what _CUT_SHORT may find: `\u00e`


def final_length(guard: Guard) -> int:
    """Return how many bytes of the guard's text are final. Only its end is looked at."""
    scanner = guard.scanner
    if guard.is_closed():
        return scanner.without_blanks()
    length = len(scanner)
    if (
        scanner.token is LexicalToken.STRING
        and length - scanner.token_start > LONG
        and guard.is_free()
    ):
        return _word_end(scanner, scanner.token_start, length)
    if scanner.token is not None:
        until = settled(scanner, scanner.token_start)
        is_name = scanner.token is LexicalToken.NAME
        return _before_ends(scanner, until) if is_name else until
    if scanner.last is None:
        return _before_ends(scanner, settled(scanner, length))
    kind, start = scanner.last
    end = scanner.without_blanks()
    if kind is LexicalToken.STRING and end - start > 2 * LONG:
        return _word_end(scanner, start, end - 1)
    until = settled(scanner, start)
    return _before_ends(scanner, until) if kind is LexicalToken.NAME else until


def _word_end(scanner: Scanner, start: int, end: int) -> int:
    """Return where the last whole word of a string ends, whose text has come to `end`; not too far
    back."""
    words = max(start + LONG // 2, end - MOST + 1)
    begin = max(min(words, end - _LONGEST_CUT), 0)
    tail = scanner.part(begin, end)
    space = tail.rfind(b" ", words - begin)
    if space >= 0:
        return begin + space
    half = _CUT_SHORT.search(tail, max(len(tail) - _LONGEST_CUT, 0))
    return begin + half.start() if half and not _is_whole(tail[half.start() :]) else end


def _is_whole(character: bytes) -> bool:
    try:
        character.decode()
    except UnicodeDecodeError:
        return False
    return not character.startswith(b"\\")


def _before_ends(scanner: Scanner, end: int) -> int:
    """Return the length of the first `end` bytes without the brackets that close objects at their
    end: a name behind them may show that they came too early (repairs/early_end.py)."""
    while end and scanner.part(end - 1, end) == b"}":
        end = scanner.without_blanks(end - 1)
    return end


def settled(scanner: Scanner, end: int) -> int:
    """Return the length of the first `end` bytes without blanks and a comma at their end."""
    kept = scanner.without_blanks(end)
    is_comma = scanner.part(kept - 1, kept) == b"," if kept else False
    return scanner.without_blanks(kept - 1) if is_comma else kept
