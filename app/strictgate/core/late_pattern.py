"""Patterns that are compiled when they are first used.

Python compiles a regular expression in 0.1 to 10 ms, and what is made at the top of a module is
made at every start. Some two hundred patterns here are for what goes wrong: a start that compiles
them all spends a tenth of its time on what most processes never meet. Those of them that are dear
are made by `late_pattern`.
"""

import re
from typing import Any, AnyStr, cast


def late_pattern(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what `re.compile` does, or what behaves like it: it compiles itself when it is used.

    A wrong pattern raises its error only then: a test of each module that has one uses them all.
    """
    return cast(re.Pattern[AnyStr], _LatePattern(pattern, flags))


class _UsedPattern:
    """What has the methods and attributes of a compiled pattern for its own."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags


class _LatePattern(_UsedPattern):
    """A pattern until it is needed: then it takes on the compiled one's attributes, and is found by
    way of `__getattr__` no more, which would cost each use a third."""

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self.pattern, self._flags)
        for each in _ATTRIBUTES:
            setattr(self, each, getattr(compiled, each))
        self.__class__ = _UsedPattern  # type: ignore[assignment]
        return getattr(compiled, name)


_ATTRIBUTES = tuple(each for each in dir(re.Pattern) if each[0] != "_" and each != "pattern")
