"""Regular expressions: whether a pattern matches a text, and texts that it matches.

Patterns in schemas have the syntax of ECMA 262. Python's engine reads most of them once a few
spellings are changed. A pattern that it cannot read matches every text, and yields none.

The generator walks the parse tree of Python's own parser, and takes the shortest way through it. It
ignores look-around, so the caller has to check what it yields.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

# Python has no public parser for its regular expressions; these modules are private.
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
"""The characters that a class is tried with."""
_MAX_REPEAT = 2000


@lru_cache(512)
def compile_pattern(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern compiled by Python's engine; None if that cannot read it."""
    try:
        return re.compile(_python(pattern))
    except (re.error, OverflowError, RecursionError):
        return None


def pattern_matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches somewhere in `text`."""
    expression = compile_pattern(pattern)
    return expression is None or expression.search(text) is not None


def matching_texts(pattern: str, variant: int, lengths: Iterable[int]) -> Iterator[str]:
    """Yield texts that the pattern should match.

    Args:
        pattern: the pattern.
        variant: another variant has other characters and branches.
        lengths: for each text, by how many items its repetitions are longer than they must be.
    """
    if compile_pattern(pattern) is not None:
        yield from (_text(pattern, variant, extra) for extra in lengths)


@lru_cache(4096)
def _text(pattern: str, variant: int, extra: int) -> str:
    return "".join(_generate(parser.parse(_python(pattern)), variant, extra))


def _python(pattern: str) -> str:
    """Return a pattern in Python's syntax."""
    pattern = _IN_CLASS.sub(lambda found: re.sub(r"\\[pP]\{[^}]*\}", "A-Za-z", found[0]), pattern)
    for spelling, ours in _SPELLINGS:
        pattern = spelling.sub(ours, pattern)
    return pattern


def _generate(tree: Any, variant: int, extra: int) -> Iterator[str]:
    for operation, argument in tree:
        maker = _MAKERS.get(operation)
        if maker is not None:
            yield from maker(argument, variant, extra)


def _one(accepts: Callable[[str], bool], variant: int) -> str:
    fitting = [character for character in _PREFERRED if accepts(character)]
    return fitting[variant % len(fitting)] if fitting else ""


def _class(members: Any, variant: int, extra: int) -> Iterator[str]:
    """Yield one character of a class; `\\d` and the like are classes with one member."""
    negated = members[0][0] is opcodes.NEGATE
    wanted = _one(lambda character: _member(members, character) is not negated, variant)
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


def _repeat(argument: Any, variant: int, extra: int) -> Iterator[str]:
    low, high, tree = argument
    count = min(int(low) + extra, int(high), _MAX_REPEAT)
    for index in range(count):
        yield from _generate(
            tree, variant if index == 0 else variant + index * (variant > 0), extra
        )


def _branch(argument: Any, variant: int, extra: int) -> Iterator[str]:
    branches = argument[1]
    yield from _generate(branches[variant % len(branches)], variant, extra)


_CATEGORIES: dict[str, Callable[[str], bool]] = {
    "CATEGORY_DIGIT": str.isdigit,
    "CATEGORY_NOT_DIGIT": lambda character: not character.isdigit(),
    "CATEGORY_WORD": lambda character: character.isalnum() or character == "_",
    "CATEGORY_NOT_WORD": lambda character: not (character.isalnum() or character == "_"),
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_NOT_SPACE": lambda character: not character.isspace(),
}
_MAKERS: dict[Any, Callable[[Any, int, int], Iterable[str]]] = {
    opcodes.LITERAL: lambda code, variant, extra: (chr(code),),
    opcodes.NOT_LITERAL: lambda code, variant, extra: (
        _one(lambda each: ord(each) != code, variant),
    ),
    opcodes.ANY: lambda none, variant, extra: (_one(lambda each: True, variant),),
    opcodes.IN: _class,
    opcodes.MAX_REPEAT: _repeat,
    opcodes.MIN_REPEAT: _repeat,
    opcodes.POSSESSIVE_REPEAT: _repeat,
    opcodes.BRANCH: _branch,
    opcodes.SUBPATTERN: lambda group, variant, extra: _generate(group[3], variant, extra),
    opcodes.ATOMIC_GROUP: _generate,
}
