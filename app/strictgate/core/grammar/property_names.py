"""Members whose names are not declared: `patternProperties` and `additionalProperties`.

Undeclared names are sorted into *classes*: names that match the same patterns are in one class, and
the same schemas apply to their values. Each class has a terminal of its own, which leaves out the
declared names. So every name belongs to one terminal only. If two terminals matched a name, the
parser would follow both readings, and twice as many after each further member.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import combinations
from typing import Any

from strictgate.core.grammar import lark, string_patterns
from strictgate.core.grammar.context import Context
from strictgate.core.grammar.regexes import UnsupportedRegex
from strictgate.core.schema import patterns
from strictgate.core.value_type import value_type

_MAX_PATTERNS = 3
"""Every subset of the patterns is a class, so three patterns make eight classes."""


@lru_cache(maxsize=8)  # each may take megabytes: see core/schema/patterns.py
def _matches(pattern: str) -> Callable[[str], bool]:
    """Return a predicate: whether the validator finds the pattern in a name."""
    return patterns.pattern_predicate(pattern)


@value_type
class PropertyKeywords:
    """The keywords of one conjunct that say which schemas apply to a member, by its name.

    They belong together: `additionalProperties` applies to what the other two leave (core section
    10.3.2).
    """

    properties: dict[str, Any]
    patterns: dict[str, Any]
    additional: Any

    def schemas_of(self, name: str) -> list[Any]:
        """Return the schemas that apply to the value of the member called `name`."""
        found = [self.properties[name]] if name in self.properties else []
        found += [schema for each, schema in self.patterns.items() if _matches(each)(name)]
        return found or [self.additional]

    def schemas_of_class(self, matched: frozenset[str]) -> list[Any]:
        """Return the schemas for undeclared names that match just the patterns `matched`."""
        found = [schema for pattern, schema in self.patterns.items() if pattern in matched]
        return found or [self.additional]


def undeclared_members(
    context: Context, keywords: list[PropertyKeywords], declared: list[str]
) -> list[str]:
    """Return the expressions for members that are not called one of the `declared` names."""
    found = dict.fromkeys(pattern for each in keywords for pattern in each.patterns)
    terminals = {pattern: _terminal(context, pattern) for pattern in found}
    known = {pattern: terminal for pattern, terminal in terminals.items() if terminal}
    if len(known) < len(found) or len(found) > _MAX_PATTERNS:
        context.unsupported_keywords.add("patternProperties")
        return _without_classes(context, keywords, declared, known)
    members = []
    for matched in _subsets(found):
        schemas = [schema for each in keywords for schema in each.schemas_of_class(matched)]
        wanted = [known[pattern] for pattern in found if pattern in matched]
        unwanted = [known[pattern] for pattern in found if pattern not in matched]
        name = _name(context, declared, wanted, unwanted)
        value = context.expression_for(context.conjunctions.of_schemas(*schemas))
        members += [] if value is None else [f"{name} CO {value}"]
    return members


def _without_classes(
    context: Context, keywords: list[PropertyKeywords], declared: list[str], known: dict[str, str]
) -> list[str]:
    """Return one expression for all classes: any of their names with any of their values."""
    schemas = [[each.additional for each in keywords]]
    schemas += [[schema] for each in keywords for schema in each.patterns.values()]
    is_closed = context.conjunctions.of_schemas(*schemas[0]) is None
    all_are_known = len(known) == len({pattern for each in keywords for pattern in each.patterns})
    name = lark.STRING
    if is_closed and all_are_known:  # then a name must match a pattern
        name = context.rules.terminal(lark.alternation(known.values()))
    found = (context.expression_for(context.conjunctions.of_schemas(*each)) for each in schemas)
    values = [value for value in found if value is not None]
    name = _name(context, declared, [name], [])
    return [f"{name} CO {context.rules.rule(values)}"] if values else []


def _subsets(patterns: Iterable[str]) -> Iterator[frozenset[str]]:
    known = list(patterns)
    for size in range(len(known) + 1):
        yield from map(frozenset, combinations(known, size))


def _name(context: Context, declared: list[str], wanted: list[str], unwanted: list[str]) -> str:
    """Return a terminal for names that match all of `wanted`, none of `unwanted`, no declared."""
    literals = lark.alternation(map(lark.json_literal, declared))
    taken = [context.rules.terminal(literals)] if declared else []
    parts = (wanted or [lark.STRING]) + [f"~{each}" for each in unwanted + taken]
    return parts[0] if len(parts) == 1 else context.rules.terminal(lark.intersection(parts))


def _terminal(context: Context, pattern: str) -> str | None:
    try:
        return context.rules.terminal(string_patterns.pattern_terminal(pattern))
    except UnsupportedRegex:
        return None
