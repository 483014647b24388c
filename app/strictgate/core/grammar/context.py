"""What the functions of the keywords share while one schema is compiled."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from strictgate.core.grammar.conjunction import Subject, Subjects
from strictgate.core.grammar.lark import RuleBook
from strictgate.core.schema.drafts import Draft


@dataclass(frozen=True, slots=True)
class Context:
    """The grammar as far as it is made."""

    subjects: Subjects
    asserts_formats: bool
    express: Callable[[Subject], str | None]
    """Returns what matches a subject; None where nothing does."""
    rules: RuleBook = field(default_factory=RuleBook)
    objects: dict[Any, str] = field(default_factory=dict)
    """The rules of objects, by what they were made of."""
    listed: dict[Any, list[Any]] = field(default_factory=dict)
    """The values of subjects that list them."""
    shapes: dict[Any, Any] = field(default_factory=dict)
    """What is known of subjects as objects."""

    @property
    def unsupported_keywords(self) -> set[str]:
        """The keywords that are not held exactly."""
        return self.subjects.unsupported_keywords

    @property
    def draft(self) -> Draft:
        return self.subjects.draft
