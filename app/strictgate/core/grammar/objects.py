"""Objects: `properties`, `patternProperties`, `additionalProperties`, `required`, counts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from strictgate.core.grammar import lark, object_rules
from strictgate.core.grammar.conjunction import Conjunct, Subject
from strictgate.core.grammar.context import Context
from strictgate.core.grammar.names import Naming, free_members
from strictgate.core.grammar.object_rules import Member, ObjectMembers

Keywords = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of an object."""

    required: tuple[str, ...] = ()
    low: int = 0
    high: int | None = None
    said: tuple[Naming, ...] = ()
    """Of its members, by each part that says something."""

    @property
    def names(self) -> list[str]:
        """The names that are declared, in the order written."""
        written = (name for naming in self.said for name in naming.properties)
        return list(dict.fromkeys([*written, *self.required]))


def expression(context: Context, subject: tuple[Conjunct, ...]) -> str | None:
    """Return the objects of `subject`."""
    shape = gather(context, subject)
    if shape == Shape():
        return "object"
    required: list[Member] = []
    optional: list[Member] = []
    for name in shape.names:
        value = context.express(member(context, shape, name))
        if value is not None:
            kept = required if name in shape.required else optional
            kept.append((lark.word(name), value))
        elif name in shape.required:
            return None
    free = free_members(context, list(shape.said), shape.names)
    members = ObjectMembers(tuple(required), tuple(optional), tuple(free), shape.low, shape.high)
    return object_rules.expression(context, members)


def gather(context: Context, subject: tuple[Conjunct, ...]) -> Shape:
    """Return what the parts of `subject` say of an object."""
    shape: Shape | None = context.shapes.get(subject)
    if shape is None:
        shape = context.shapes[subject] = _gathered(subject)
    return shape


def _gathered(subject: tuple[Conjunct, ...]) -> Shape:
    shape = Shape()
    for part in subject:
        for keyword in sorted(part.keywords.keys() & KEYWORDS.keys()):
            shape = KEYWORDS[keyword](shape, part.keywords)
    return shape


def member(context: Context, shape: Shape, name: str) -> Subject:
    """Return the subject of the member `name`, which is declared."""
    schemas = [schema for naming in shape.said for schema in naming.declared(name)]
    return context.subjects.of(*schemas)


def _naming(shape: Shape, keywords: Keywords) -> Shape:
    """The three keywords on names speak together, whichever of them comes first."""
    naming = Naming(
        keywords.get("properties", {}),
        keywords.get("patternProperties", {}),
        keywords.get("additionalProperties", True),
    )
    return shape if naming in shape.said else replace(shape, said=(*shape.said, naming))


def _required(shape: Shape, keywords: Keywords) -> Shape:
    return replace(shape, required=tuple(dict.fromkeys((*shape.required, *keywords["required"]))))


def _min_properties(shape: Shape, keywords: Keywords) -> Shape:
    return replace(shape, low=max(shape.low, int(keywords["minProperties"])))


def _max_properties(shape: Shape, keywords: Keywords) -> Shape:
    high = int(keywords["maxProperties"])
    return replace(shape, high=high if shape.high is None else min(shape.high, high))


KEYWORDS: dict[str, Callable[[Shape, Keywords], Shape]] = {
    "additionalProperties": _naming,
    "maxProperties": _max_properties,
    "minProperties": _min_properties,
    "patternProperties": _naming,
    "properties": _naming,
    "required": _required,
}
