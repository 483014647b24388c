"""Regular expressions: whether a text matches, and a text that does.

Patterns in schemas are ECMA 262's; Python's engine reads most of them once a few spellings are
changed. A pattern that it cannot read matches everything and yields nothing.

The generator walks the parse tree of Python's own parser and takes the shortest way; it leaves
look-around to the caller, who has to check what it yields.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from re import _constants as opcodes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_SPELLINGS = (
    (re.compile(r"\(\?<(?=[A-Za-z_])"), "(?P<"),
    (re.compile(r"\\[pP]\{[^}]*\}"), "[A-Za-z]"),
    (re.compile(r"\\/"), "/"),
    (re.compile(r"\\u\{([0-9A-Fa-f]{1,4})\}"), r"\\u\1"),
)
_IN_CLASS = re.compile(r"\[(?:[^\]\\]|\\.)*\]")
_PREFERRED = "a1A0b2cB-_ ./:@"
_MAX_REPEAT = 2000


@lru_cache(512)
def compile_pattern(pattern: str) -> re.Pattern[str] | None:
    """Return `pattern` for Python's engine, or None where that cannot read it."""
    try:
        return re.compile(_python(pattern))
    except (re.error, OverflowError, RecursionError):
        return None


def pattern_matches(pattern: str, text: str) -> bool:
    """Whether `pattern` matches somewhere in `text`."""
    expression = compile_pattern(pattern)
    return expression is None or expression.search(text) is not None


def matching_texts(pattern: str, turn: int, lengths: Iterable[int]) -> Iterator[str]:
    """Yield texts that should match; `turn` picks other characters, `lengths` longer repeats."""
    if compile_pattern(pattern) is not None:
        yield from (_text(pattern, turn, extra) for extra in lengths)


@lru_cache(4096)
def _text(pattern: str, turn: int, extra: int) -> str:
    return "".join(_generate(parser.parse(_python(pattern)), turn, extra))


def _python(pattern: str) -> str:
    pattern = _IN_CLASS.sub(lambda found: re.sub(r"\\[pP]\{[^}]*\}", "A-Za-z", found[0]), pattern)
    for spelling, ours in _SPELLINGS:
        pattern = spelling.sub(ours, pattern)
    return pattern


def _generate(tree: Any, turn: int, extra: int) -> Iterator[str]:
    for operation, argument in tree:
        maker = _MAKERS.get(operation)
        if maker is not None:
            yield from maker(argument, turn, extra)


def _one(accepts: Callable[[str], bool], turn: int) -> str:
    fitting = [character for character in _PREFERRED if accepts(character)]
    return fitting[turn % len(fitting)] if fitting else ""


def _class(members: Any, turn: int, extra: int) -> Iterator[str]:
    """One character of `[…]`; `\\d` and the like are classes with one member."""
    negated = members[0][0] is opcodes.NEGATE
    wanted = _one(lambda character: _member(members, character) is not negated, turn)
    if wanted or negated:
        yield wanted or "~"
        return
    operation, argument = members[0]
    yield chr(argument[0] if operation is opcodes.RANGE else argument)


def _member(members: Any, character: str) -> bool:
    code = ord(character)
    for operation, argument in members:
        if operation is opcodes.LITERAL and argument == code:
            return True
        if operation is opcodes.RANGE and argument[0] <= code <= argument[1]:
            return True
        if operation is opcodes.CATEGORY and _CATEGORIES[str(argument)](character):
            return True
    return False


def _repeat(argument: Any, turn: int, extra: int) -> Iterator[str]:
    low, high, tree = argument
    count = min(int(low) + extra, int(high), _MAX_REPEAT)
    for index in range(count):
        yield from _generate(tree, turn if index == 0 else turn + index * (turn > 0), extra)


def _branch(argument: Any, turn: int, extra: int) -> Iterator[str]:
    branches = argument[1]
    yield from _generate(branches[turn % len(branches)], turn, extra)


_CATEGORIES: dict[str, Callable[[str], bool]] = {
    "CATEGORY_DIGIT": str.isdigit,
    "CATEGORY_NOT_DIGIT": lambda character: not character.isdigit(),
    "CATEGORY_WORD": lambda character: character.isalnum() or character == "_",
    "CATEGORY_NOT_WORD": lambda character: not (character.isalnum() or character == "_"),
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_NOT_SPACE": lambda character: not character.isspace(),
}
_MAKERS: dict[Any, Callable[[Any, int, int], Iterable[str]]] = {
    opcodes.LITERAL: lambda code, turn, extra: (chr(code),),
    opcodes.NOT_LITERAL: lambda code, turn, extra: (_one(lambda each: ord(each) != code, turn),),
    opcodes.ANY: lambda none, turn, extra: (_one(lambda each: True, turn),),
    opcodes.IN: _class,
    opcodes.MAX_REPEAT: _repeat,
    opcodes.MIN_REPEAT: _repeat,
    opcodes.POSSESSIVE_REPEAT: _repeat,
    opcodes.BRANCH: _branch,
    opcodes.SUBPATTERN: lambda group, turn, extra: _generate(group[3], turn, extra),
    opcodes.ATOMIC_GROUP: _generate,
}
