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


class _LatePattern:
    """A pattern until it is needed, and from then on the methods of the compiled one: each is kept
    as an attribute when it is first asked for, so that a second use is one look-up."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._compiled(), name)
        setattr(self, name, found)
        return found

    def _compiled(self) -> "re.Pattern[Any]":
        compiled = self.__dict__.get("_pattern")
        if compiled is None:
            compiled = self._pattern = re.compile(self.pattern, self._flags)
        return compiled
