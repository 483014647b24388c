"""A violation, as the mends see it, and what they propose instead.

A mend sees what was taken in, what lies ahead of it, and where in the document that is. It answers
with proposals, each of which the guard then tries; or with WAIT, where more text may change the
answer. So that the answer does not depend on how the text arrives, what a mend says of a text it
must say of every longer one too.
"""

import re
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from functools import cached_property

from strictgate.core.guard.guard import Guard
from strictgate.core.jsontext.lexer import Expects, LexicalToken
from strictgate.core.jsontext.pointer import Path
from strictgate.core.output.quoted_strings import Role
from strictgate.core.repair_steps import Step
from strictgate.core.schema.problems import Problem
from strictgate.core.value_type import value_type

BLANKS = b" \t\r\n"
MAX_VALUE = 65536  # characters of a value that is waited for
_WINDOW = 4 * MAX_VALUE + 1024  # bytes that are looked at
_IN_SCALAR = re.compile(r"[\w.+$-]")
_IN_WORD = re.compile(r"[\w(\[{<$@%-]")


@value_type
class NeedsMoreText:
    """More text must come before it can be told."""


WAIT = NeedsMoreText()


@value_type
class Proposal:
    """Put `data` in the place of the text from `start` on and of `used` bytes ahead."""

    start: int
    used: int
    data: bytes
    steps: tuple[Step, ...] = ()
    behind: bytes = b""
    """What must fit behind it, for a proof."""
    plain: bytes = b""
    """How the grammar is to read `data`, where it refuses the spelling."""
    is_nested: bool = False
    """`data` is an object or array, in which there may be more to mend."""


Proposals = Sequence[Proposal] | NeedsMoreText


class ViolationPlace(Enum):
    """What was refused."""

    VALUE = auto()
    NAME = auto()
    COLON = auto()
    SEPARATOR = auto()
    """What comes behind a value: a comma, or the end."""
    NOTHING = auto()
    """The document is closed."""


_PLACES = {
    Expects.VALUE: ViolationPlace.VALUE,
    Expects.VALUE_OR_END: ViolationPlace.VALUE,
    Expects.NAME: ViolationPlace.NAME,
    Expects.NAME_OR_END: ViolationPlace.NAME,
    Expects.COLON: ViolationPlace.COLON,
    Expects.COMMA_OR_END: ViolationPlace.SEPARATOR,
    Expects.NOTHING: ViolationPlace.NOTHING,
}


class Violation:
    """The guard stands before the first byte of `ahead`, which it refuses."""

    def __init__(self, guard: Guard, ahead: bytes, *, final: bool, floor: int) -> None:
        self.guard = guard
        self.ahead = ahead[:_WINDOW]
        self.final = final
        """No more text will come."""
        self.floor = floor
        """How much of the text must stay."""
        self.problems = guard.problems()
        self.text = guard.text
        self.coming = decode(ahead)
        self.place, self.start = self._stand()

    def _stand(self) -> tuple[ViolationPlace, int]:
        """Return what was refused, and where that starts."""
        scanner = self.guard.scanner
        match scanner.token:
            case LexicalToken.NAME:
                return ViolationPlace.NAME, scanner.token_start
            case LexicalToken.STRING:
                return ViolationPlace.VALUE, scanner.token_start
            case None:
                pass
            case _ if _IN_SCALAR.match(self.coming) or not self.guard.fits(b" "):
                return ViolationPlace.VALUE, scanner.token_start
        string = self._string_before()
        if string is not None:
            return ViolationPlace.VALUE, string
        return _PLACES[scanner.expects], len(self.text)

    def _string_before(self) -> int | None:
        """Return where the string starts that a quote has closed in the middle of a word."""
        scanner = self.guard.scanner
        if scanner.last is None or scanner.expects is not Expects.COMMA_OR_END or scanner.blanks:
            return None
        kind, start = scanner.last
        return start if kind is LexicalToken.STRING and _IN_WORD.match(self.coming) else None

    @cached_property
    def source(self) -> str:
        """The refused token, and what follows it."""
        return decode(self.text[self.start :] + self.ahead)

    @cached_property
    def role(self) -> Role:
        containers = self.guard.scanner.containers
        if not containers:
            return Role.ROOT
        return Role.MEMBER if isinstance(containers[-1], dict) else Role.ITEM

    @property
    def path(self) -> Path:
        """Where the refused value stands; for a name, the object."""
        scanner = self.guard.scanner
        is_behind = scanner.token is None and self.start < len(self.text)
        return scanner.last_path if is_behind else scanner.path

    def used(self, end: int) -> int:
        """Return how many bytes of `ahead` belong to the first `end` characters of `source`."""
        return len(self.source[:end].encode()) - (len(self.text) - self.start)


def decode(data: bytes) -> str:
    """Return the text that `data` begins; a character that is not all there is left out."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        return data[: error.start].decode()


def leaves(problems: Sequence[Problem]) -> Iterator[Problem]:
    """Yield the problems and those of the branches within them."""
    for problem in problems:
        yield problem
        for branch in problem.branches:
            yield from leaves(branch)
