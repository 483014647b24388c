"""What the compiler returns: a grammar, or the reason why there is none."""

from strictgate.core.value_type import value_type


class NotExpressible(ValueError):
    """The schema has no grammar: it is over a limit, or no document is valid against it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@value_type
class Grammar:
    """A schema as a grammar for llguidance."""

    text: str
    """The grammar in llguidance's dialect of Lark: see lark.py."""
    unsupported_keywords: frozenset[str]
    """The keywords that the grammar does not hold exactly. It accepts more documents than they
    allow, never fewer, so only the validator sees a violation of them. If there are none, every
    document that the grammar accepts is valid."""
    rules: int
    """The number of rules and terminals, those of the common head not counted."""
