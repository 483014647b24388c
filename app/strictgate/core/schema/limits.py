"""How big a schema may be, and the measuring of it, which comes before all other checks.

The measuring does not recurse, visits no value twice, and stops at the first limit that is passed.
So a hostile schema cannot make it expensive.
"""

import math
from collections.abc import Iterable
from typing import Any

from strictgate.core.jsontext.pointer import Path
from strictgate.core.jsontext.reader import NotJSON, check_surrogates, write_json
from strictgate.core.value_type import value_type


@value_type
class Limits:
    """The limits of one schema; the defaults refuse 1 of 9,557 schemas from public repositories."""

    size: int = 1024 * 1024
    """Bytes of compact JSON."""
    depth: int = 64
    """Levels of nested objects and arrays."""
    nodes: int = 50_000
    """Values of any kind, counted over the whole document."""
    cost: int = 1_000_000
    """Subschemas that one validation may visit, with every `$ref` expanded: see cost.py."""
    chain: int = 32
    """Subschemas that apply to one value inside each other, references counted. The validator
    recurses over them at every level of the value: without a limit, it overflows the stack. The
    longest chain in 2,796 real schemas has 9."""
    patterns: int = 1_000
    """Different regular expressions; the most in a real schema are 349."""
    pattern_bytes: int = 8 * 1024 * 1024
    """Bytes that all regular expressions together take compiled, each of them at least 8 KiB if it
    is more than a mere text: see patterns.py. The most in 11,428 real schemas are 2.7 MiB."""


@value_type
class Measure:
    """How big a document is."""

    text: str
    """The document as compact JSON."""
    depth: int
    """Levels of nested objects and arrays."""
    nodes: int
    """Values of any kind."""
    containers: int
    """Those of them that are objects or arrays."""


class SchemaFault(ValueError):
    """What is wrong with a schema, and where. error_context.py turns it into an answer."""

    def __init__(self, message: str, path: Path | None = (), code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        """Where in the schema; None if the message speaks of the whole schema."""
        self.code = code
        """OpenAI's `code` of the error, if this fault has one of its own."""


class OverLimit(SchemaFault):
    """The schema is over a limit."""


def measure(document: Any, limits: Limits) -> Measure:
    """Return how big `document` is.

    Raises:
        OverLimit: it is bigger than `limits` allow.
        SchemaFault: it holds something that JSON does not have.
    """
    depth, nodes, containers = _count(document, limits)
    text = write_json(document)
    try:
        check_surrogates(text, document)
    except NotJSON as error:
        raise SchemaFault("the schema holds a lone surrogate, which JSON text cannot.") from error
    size = len(text.encode())
    if size > limits.size:
        raise OverLimit(f"{size} bytes exceeds limit of {limits.size}.")
    return Measure(text, depth, nodes, containers)


@value_type
class _Visit:
    """A value that is to be looked at, and the way to it.

    The path is put together only for an error, since most values never need one.
    """

    value: Any
    depth: int
    parent: "_Visit | None" = None
    step: str | int = ""

    def path(self) -> Path:
        steps: list[str | int] = []
        visit = self
        while visit.parent is not None:
            steps.append(visit.step)
            visit = visit.parent
        return tuple(reversed(steps))


def _count(document: Any, limits: Limits) -> tuple[int, int, int]:
    """Return the depth of a document, the number of its values, and that of its containers."""
    deepest, nodes, containers = 0, 1, 0
    waiting = [_Visit(document, 0)]
    while waiting:
        visit = waiting.pop()
        members = _members(visit)
        if members is None:
            continue
        containers += 1
        depth = visit.depth + 1
        deepest, nodes = max(deepest, depth), nodes + len(visit.value)
        if depth > limits.depth:
            message = f"{depth} levels of nesting exceeds limit of {limits.depth}."
            raise OverLimit(message, visit.path())
        if nodes > limits.nodes:
            message = f"more than {limits.nodes} values exceeds limit of {limits.nodes}."
            raise OverLimit(message, visit.path())
        waiting += [_Visit(value, depth, visit, step) for step, value in members]
    return deepest, nodes, containers


def _members(visit: _Visit) -> Iterable[tuple[str | int, Any]] | None:
    """Return the members of an object or the items of an array; None for other values."""
    match visit.value:
        case dict():
            return visit.value.items()
        case list():
            return enumerate(visit.value)
        case float() if not math.isfinite(visit.value):
            raise SchemaFault("a number is not finite, which JSON cannot say.", visit.path())
        case _:
            return None
