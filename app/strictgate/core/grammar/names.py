"""The names that an object may have besides those it declares: `patternProperties` and the rest.

Names that match the same patterns are a *class*; each class has a terminal of its own, which leaves
out the names that are declared. So every name can be read in one way only: where there are two, the
matcher follows both, and twice as many after each further member.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

from strictgate.core.grammar import lark, string_patterns
from strictgate.core.grammar.context import Context
from strictgate.core.grammar.regexes import Unclear
from strictgate.core.schema import patterns

_MAX_PATTERNS = 3  # of which every combination is a class


@lru_cache(maxsize=128)
def _matcher(pattern: str) -> Callable[[str], bool]:
    """Return whether the validator finds `pattern` in a name."""
    return patterns.matcher(pattern)


@dataclass(frozen=True, slots=True)
class Naming:
    """What one part says of members by their names."""

    properties: dict[str, Any]
    patterns: dict[str, Any]
    additional: Any

    def declared(self, name: str) -> list[Any]:
        """Return the schemas of the member `name`."""
        found = [self.properties[name]] if name in self.properties else []
        found += [schema for each, schema in self.patterns.items() if _matcher(each)(name)]
        return found or [self.additional]

    def free(self, matched: frozenset[str]) -> list[Any]:
        """Return the schemas of a member that is not declared and matches just `matched`."""
        found = [schema for pattern, schema in self.patterns.items() if pattern in matched]
        return found or [self.additional]


def free_members(context: Context, said: list[Naming], declared: list[str]) -> list[str]:
    """Return what matches the members that are not declared."""
    found = dict.fromkeys(pattern for naming in said for pattern in naming.patterns)
    terminals = {pattern: _terminal(context, pattern) for pattern in found}
    known = {pattern: terminal for pattern, terminal in terminals.items() if terminal}
    if len(known) < len(found) or len(found) > _MAX_PATTERNS:
        context.unsupported_keywords.add("patternProperties")
        return _roughly(context, said, declared, known)
    members = []
    for matched in _subsets(found):
        schemas = [schema for naming in said for schema in naming.free(matched)]
        wanted = [known[pattern] for pattern in found if pattern in matched]
        unwanted = [known[pattern] for pattern in found if pattern not in matched]
        name = _name(context, declared, wanted, unwanted)
        members += _member(context, name, schemas)
    return members


def _roughly(
    context: Context, said: list[Naming], declared: list[str], known: dict[str, str]
) -> list[str]:
    """Return the same without telling the classes apart: any of the values for any of the names."""
    schemas = [[naming.additional for naming in said]]
    schemas += [[schema] for naming in said for schema in naming.patterns.values()]
    is_closed = context.subjects.of(*schemas[0]) is None
    is_known = len(known) == len({each for naming in said for each in naming.patterns})
    name = lark.STRING
    if is_closed and is_known:
        name = context.rules.terminal(lark.either(known.values()))
    values = [context.express(context.subjects.of(*each)) for each in schemas]
    options = [value for value in values if value is not None]
    name = _name(context, declared, [name], [])
    return [f"{name} CO {context.rules.rule(options)}"] if options else []


def _member(context: Context, name: str, schemas: list[Any]) -> list[str]:
    value = context.express(context.subjects.of(*schemas))
    return [] if value is None else [f"{name} CO {value}"]


def _subsets(patterns: Iterable[str]) -> Iterator[frozenset[str]]:
    known = list(patterns)
    for size in range(len(known) + 1):
        yield from map(frozenset, combinations(known, size))


def _name(context: Context, declared: list[str], wanted: list[str], unwanted: list[str]) -> str:
    """Return the terminal of the names that are `wanted`, not `unwanted` and not declared."""
    taken = [context.rules.terminal(lark.either(map(lark.word, declared)))] if declared else []
    parts = (wanted or [lark.STRING]) + [f"~{each}" for each in unwanted + taken]
    return parts[0] if len(parts) == 1 else context.rules.terminal(lark.both(parts))


def _terminal(context: Context, pattern: str) -> str | None:
    try:
        return context.rules.terminal(string_patterns.terminal(pattern))
    except Unclear:
        return None
