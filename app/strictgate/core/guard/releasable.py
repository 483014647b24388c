"""How much of a document that is being written is final, and may go to the caller.

Held back is what a mend, or another continuation, could still take back: blanks and a comma at the
end, a name until its colon, and a value until something stands behind it. The text of a long free
string goes out while it is being written, up to a word's end.
"""

import re

from strictgate.core.guard.guard import Guard
from strictgate.core.jsontext.lexer import BLANKS, LexicalToken

LONG = 32  # bytes of a string, from which on it is text rather than a value to be mended
MOST = 64  # bytes of a long string that are held back
_CUT_SHORT = re.compile(rb"(?:\\[^\\]?|\\u[0-9a-fA-F]{0,3}|[\xc0-\xff][\x80-\xbf]*)\Z")
_LONGEST_CUT = 5  # bytes of what _CUT_SHORT may find: `\u00e`


def final_length(guard: Guard) -> int:
    """Return how many bytes of the guard's text are final."""
    text = guard.text
    if guard.is_closed():
        return len(text.rstrip(BLANKS))
    scanner = guard.scanner
    if (
        scanner.token is LexicalToken.STRING
        and _is_long(text, scanner.token_start)
        and guard.is_free()
    ):
        return _word_end(text, scanner.token_start)
    if scanner.token is not None:
        return _settled(text[: scanner.token_start])
    if scanner.last is None:
        return _settled(text)
    kind, start = scanner.last
    end = len(text.rstrip(BLANKS))
    if kind is LexicalToken.STRING and end - start > 2 * LONG:
        return _word_end(text[: end - 1], start)
    return _settled(text[:start])


def _is_long(text: bytes, start: int) -> bool:
    return len(text) - start > LONG


def _word_end(text: bytes, start: int) -> int:
    """Return where the last whole word of the string ends, not too far back."""
    space = text.rfind(b" ", max(start + LONG // 2, len(text) - MOST + 1))
    if space >= 0:
        return space
    half = _CUT_SHORT.search(text, len(text) - _LONGEST_CUT)
    return half.start() if half and not _is_whole(text[half.start() :]) else len(text)


def _is_whole(character: bytes) -> bool:
    try:
        character.decode()
    except UnicodeDecodeError:
        return False
    return not character.startswith(b"\\")


def _settled(text: bytes) -> int:
    """Return the length without blanks and a comma at the end."""
    return len(text.rstrip(BLANKS).removesuffix(b",").rstrip(BLANKS))
