"""From where on the strings of a grammar are free: its engine need not be given the rest of them.

The text of a grammar tells it, as grammar/lark.py and its neighbours write it.
"""

import re

_OF_STRINGS = re.compile(
    r'"(?P<text>(?:[^"\\]|\\.)*+)"'
    r"|/(?P<pattern>(?:[^/\\]|\\.)*+)/"
    r"|(?<!\w)CHAR\{(?P<low>\d+),(?P<high>\d*)\}"
)
_BYTES_PER_CHAR = 6  # of a string in the grammar's spelling: \u0001
_FARTHEST = 4096  # bytes


def free_length(text: str) -> int | None:
    """Return how long a string has to be, in bytes with its opening quote, for the grammar to take
    any character in it, and any number of them; None: that may never be.

    Its strings are texts, which the document has to spell; patterns; lengths; and all strings, or
    all but some of these. In a string that has got longer than any text and length, only what is
    left of all strings can be open: behind every further character the grammar stands where it
    stood before. Where there are patterns, nobody knows.
    """
    longest, own = 0, text.partition("\nstart:")[2]  # behind what every grammar begins with
    for found in _OF_STRINGS.finditer(own or text):
        if '"' in (found["pattern"] or ""):
            return None
        if found["low"]:
            longest = max(longest, _BYTES_PER_CHAR * int(found["high"] or found["low"]))
        elif found["text"]:
            longest = max(longest, len(found["text"].encode()))
    longest += len(b'""')
    return longest if longest <= _FARTHEST else None
