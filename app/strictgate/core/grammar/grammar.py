"""What comes out of the compiler: a grammar, or the reason why there is none."""

from dataclasses import dataclass


class NotExpressible(ValueError):
    """The schema cannot be had as a grammar: it is over a limit, or nothing is valid against it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Grammar:
    """A schema as a grammar for llguidance."""

    text: str
    late: frozenset[str]
    """The keywords that it does not hold exactly. It takes more than they allow, never less, so
    that a violation of theirs is seen late, by the validator. Empty: what it takes is valid."""
    rules: int
