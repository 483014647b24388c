"""Where a valid prefix may be cut for a model to go on from.

A model reads tokens, not bytes: a prefix that ends inside what would have been one token leads it
astray, and some hosts refuse one that ends in a blank. So a prefix ends behind a structural
character or a whole value, or, in a long string, where a word ends.
"""

from strictgate.core.guard.guard import Guard
from strictgate.core.jsontext.lexer import BLANKS

_TEXT = 20  # bytes of a string, from which on a word's end in it is a better place than its start


def safe_length(guard: Guard, *, exact: bool = False) -> int:
    """Return the length of the longest prefix of the guard's text that is safe to go on from.

    Args:
        exact: its end was chosen: nothing but blanks outside tokens is cut off.
    """
    text = guard.text
    scanner = guard.scanner
    if scanner.token is None:
        return len(text.rstrip(BLANKS))
    if exact:
        return len(text)
    start = scanner.token_start
    space = text.rfind(b" ", start)
    if space > start + _TEXT:
        return space
    return len(text[:start].rstrip(BLANKS))
