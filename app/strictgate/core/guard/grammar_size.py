"""How much memory a grammar takes, told from its text: so much of the cache it counts for.

The engine makes the states of its lexer while it reads: one for each step of a counted repetition,
and one for each byte of a text that the document must hold. An expression that values are read by
costs more than its text; one that names of members are, of which a document has a few, next to
nothing. The figures are fitted to the resident memory of 20 families of schemas, which
`benchmarks/memory.py` prints beside the size. Counted patterns take half of what is told as long as
only short texts have been read, and twice as much once long ones have.
"""

import re

from strictgate.core.guard.llguidance_matcher import MAX_STATES

_FIXED_SIZE = 72 * 1024
_SIZE_PER_BYTE = 50
_SIZE_PER_BYTE_OF_TERMINAL = 28
_SIZE_PER_BYTE_OF_NAME = 3
_SIZE_PER_EXPRESSION = 7 * 1024
_SIZE_PER_COUNT = 130
_SIZE_PER_LETTER = 900
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*+)"')
_LONG = 256  # characters of a text
_EXPRESSION = re.compile(r"\w+: /")
_TERMINAL = re.compile(r"(T\d+): (/)?")
_VALUE = re.compile(r"\b(T\d+)\b(?! CO)")
_COUNT = re.compile(r"(?<!\\x)\{(?:\d+,)?(\d{2,})\}")  # but not the code of a character


def grammar_size(text: str) -> int:
    """Return about how many bytes a grammar takes, from its text, once documents have been read."""
    counted = min(sum(map(int, _COUNT.findall(text))), MAX_STATES)
    lines = text.splitlines()
    texts = (_TEXT.findall(line) for line in lines if not _EXPRESSION.match(line))
    long = sum(len(each) for found in texts for each in found if len(each) >= _LONG)
    letters = min(long, MAX_STATES)
    states = _SIZE_PER_COUNT * counted + _SIZE_PER_LETTER * letters
    terminals = [(found, len(line)) for line in lines if (found := _TERMINAL.match(line))]
    in_rules = (line for line in lines if not _TERMINAL.match(line))
    values = {name for line in in_rules for name in _VALUE.findall(line)}
    rules = len(text)
    for found, length in terminals:
        is_expression, is_value = found[2] is not None, found[1] in values
        rules -= length
        if is_expression and is_value:
            states += _SIZE_PER_EXPRESSION
        is_name = is_expression and not is_value
        states += length * (_SIZE_PER_BYTE_OF_NAME if is_name else _SIZE_PER_BYTE_OF_TERMINAL)
    return _FIXED_SIZE + _SIZE_PER_BYTE * rules + states
