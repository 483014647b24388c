"""What the functions of the keywords share while one schema is compiled."""

from collections.abc import Callable
from dataclasses import field
from typing import Any

from strictgate.core.grammar.conjunction import Conjunction, ConjunctionBuilder
from strictgate.core.grammar.lark import RuleBook
from strictgate.core.schema.drafts import Draft
from strictgate.core.value_type import value_type


@value_type
class Context:
    """One compilation: what is given, what has been made, and what is known already."""

    conjunctions: ConjunctionBuilder
    asserts_formats: bool
    expression_for: Callable[[Conjunction | None], str | None]
    """Returns the expression for a value that a conjunction applies to; None if nothing matches."""
    rules: RuleBook = field(default_factory=RuleBook)
    # The rest is memoised. The proofs in unions.py compare every branch of a `oneOf` with every
    # other, up to 4,950 pairs, and need the same facts of the same conjunctions again and again.
    object_expressions: dict[Any, str] = field(default_factory=dict)
    """By `ObjectMembers`."""
    enum_values: dict[Conjunction, list[Any]] = field(default_factory=dict)
    """The values that `enum` and `const` leave."""
    object_constraints: dict[Conjunction, Any] = field(default_factory=dict)
    """The `ObjectConstraints` of conjunctions."""

    @property
    def unsupported_keywords(self) -> set[str]:
        """The keywords that the grammar does not hold exactly, to be added to."""
        return self.conjunctions.unsupported_keywords

    @property
    def draft(self) -> Draft:
        return self.conjunctions.draft
