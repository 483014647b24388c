"""The dialects of JSON Schema that hosts take in their native modes: what dialects.toml says.

No two hosts take the same of JSON Schema, and most refuse the whole request for one keyword. A
dialect is what one of them takes; dialect_compiler.py writes a schema down to it.
"""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from enum import StrEnum
from importlib import resources
from typing import Any

from strictgate.core.value_type import value_type

PLAIN = "plain"
"""The dialect of what is refused without a reason."""
FREE = "free"
"""The dialect that leaves out nothing but what was refused by name."""


class Objects(StrEnum):
    """What an object must say of members that it does not name."""

    AS_WRITTEN = "as_written"
    CLOSED = "closed"
    EXPLICIT = "explicit"
    UNSAID = "unsaid"

    @property
    def holds_named_only(self) -> bool:
        """Whether an object has no members but those that are named."""
        return self in (Objects.CLOSED, Objects.UNSAID)


class Enums(StrEnum):
    """What an enum may hold."""

    ANY = "any"
    PRIMITIVES = "primitives"
    ALIKE = "alike"
    STRINGS = "strings"


@value_type
class DialectLimits:
    """How big a compiled schema may be; 0: as big as it is."""

    depth: int = 0
    properties: int = 0
    enum_values: int = 0
    optional: int = 0
    unions: int = 0
    branches: int = 0
    characters: int = 0
    names: int = 0
    enum_characters: int = 0


@value_type
class Dialect:
    """What one host takes; the fields are explained at the head of dialects.toml."""

    name: str
    keeps: frozenset[str]
    formats: frozenset[str] | None = None
    is_for_strict: bool = False
    """It holds only for schemas with `strict: true`."""
    sends_strict: bool = False
    in_tools: bool = False
    in_strict_tools: bool = False
    objects: Objects = Objects.AS_WRITTEN
    requires_all: bool = False
    needs_type: bool = False
    needs_items: bool = False
    type_lists: bool = True
    null_lists: bool = False
    enums: Enums = Enums.ANY
    refs: bool = True
    recursion: bool = True
    beside_ref: bool = True
    unions: bool = True
    plain_patterns: bool = False
    min_items: frozenset[int] | None = None
    notes: bool = False
    limits: DialectLimits = DialectLimits()

    def takes_types(self, types: Collection[str]) -> bool:
        """Whether these types can be said in one schema."""
        is_list = self.type_lists and (not self.null_lists or (len(types) == 2 and "null" in types))
        return len(types) == 1 or is_list

    def without(self, keyword: str) -> "Dialect":
        """Return this dialect for a host that has refused `keyword`, too."""
        return replace(self, **_WITHOUT.get(keyword, {"keeps": self.keeps - {keyword}}))


_WITHOUT: Mapping[str, Mapping[str, Any]] = {
    "additionalProperties": {"objects": Objects.UNSAID},
    "$ref": {"refs": False},
    "$defs": {"refs": False},
    "anyOf": {"unions": False},
}
"""How it is done without a keyword that is no mere limit: it is not left out, but put otherwise."""

_WORDS = {"strict": True, "all": False, "plain": True}


def _dialect(name: str, table: Mapping[str, Any]) -> Dialect:
    fields = dict(table)
    if "holds_for" in fields:
        fields["is_for_strict"] = _WORDS[fields.pop("holds_for")]
    if "patterns" in fields:
        fields["plain_patterns"] = _WORDS[fields.pop("patterns")]
    if fields.get("in_tools") == "strict":
        fields |= {"in_tools": False, "in_strict_tools": True}
    for key in ("keeps", "formats", "min_items"):
        if key in fields:
            fields[key] = frozenset(fields[key])
    fields["objects"] = Objects(fields.get("objects", Objects.AS_WRITTEN))
    fields["enums"] = Enums(fields.get("enums", Enums.ANY))
    return Dialect(name, **fields | {"limits": DialectLimits(**fields.get("limits", {}))})


DIALECTS: Mapping[str, Dialect] = {
    name: _dialect(name, table)
    for name, table in tomllib.loads(
        resources.files(__package__).joinpath("dialects.toml").read_text("utf-8")
    ).items()
}
"""Every dialect, by name."""


def plainest(own: Dialect | None) -> Dialect:
    """Return the plainest dialect for a host: PLAIN, and within it what is known of the host's own.

    Not every host takes all of PLAIN: Gemini refuses `additionalProperties`, Anthropic a schema
    without `strict: true`.
    """
    plain = DIALECTS[PLAIN]
    if own is None:
        return plain
    if own.objects is Objects.UNSAID:
        plain = replace(plain, objects=own.objects, requires_all=own.requires_all)
    return replace(
        plain,
        sends_strict=own.sends_strict,
        enums=max(plain.enums, own.enums, key=[*Enums].index),
        unions=own.unions,
        limits=own.limits,
    )
