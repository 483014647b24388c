"""Schemas with documents that are valid against them or not, and the ways to write a document."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from strictgate.core.errors import GatewayError
from strictgate.core.jsontext.reader import NotJSON, parse_json
from strictgate.core.schema.problems import Problem
from strictgate.core.schema.schema import Schema, admit


@dataclass(frozen=True, slots=True)
class Case:
    """A schema, and documents that are known to be valid against it or not."""

    id: str
    schema: Schema
    valid: tuple[Any, ...] = ()
    invalid: tuple[tuple[int, Any], ...] = ()
    """The documents, each with its number among all documents."""


def rows(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    with (folder / name).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def cases(folder: Path, name: str) -> list[Case]:
    """Return the rows of a file whose schema is admitted; the validator says what is valid."""
    found = []
    for row in rows(folder, name):
        schema = admitted(row["schema"])
        if schema:
            documents = list(enumerate(test["data"] for test in row.get("tests", ())))
            valid = tuple(each for _, each in documents if schema.is_valid(each))
            invalid = tuple(pair for pair in documents if not schema.is_valid(pair[1]))
            found.append(Case(row["id"], schema, valid, invalid))
    return found


def admitted(source: Any) -> Schema | None:
    try:
        return admit(source, name="benchmark")
    except GatewayError:
        return None


def is_valid(schema: Schema, text: str) -> bool:
    """Whether `text` is a document that is valid against `schema`."""
    try:
        return schema.is_valid(parse_json(text))
    except NotJSON:
        return False


# --- spellings -----------------------------------------------------------------------------------


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _shuffled(value: Any) -> Any:
    """Return `value` with the members of its objects in another order, which does not vary."""
    match value:
        case dict():
            members = [(name, _shuffled(each)) for name, each in value.items()]
            random.Random(len(members)).shuffle(members)
            return dict(members)
        case list():
            return [_shuffled(each) for each in value]
        case _:
            return value


SPELLINGS: dict[str, Callable[[Any], str]] = {
    "compact": compact,
    "spaced": lambda value: json.dumps(value, ensure_ascii=False),
    "pretty": lambda value: json.dumps(value, ensure_ascii=False, indent=2),
    "ASCII-escaped": json.dumps,
    r"`\/`-escaped": lambda value: compact(value).replace("/", "\\/"),
    "shuffled": lambda value: compact(_shuffled(value)),
}


# --- where a fault begins ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """The one thing that is wrong with a document."""

    keyword: str
    start: int
    """The offset of the first byte that can show it, in the compact spelling: the start of the
    wrong value, of the name that is not allowed, or of the bracket that closes too early."""


def fault(schema: Schema, value: Any) -> Fault | None:
    """Return the fault of a document; None if it has none, or more than one."""
    found = schema.problems(value)
    if len(found) != 1:
        return None
    problem = found[0]
    start = _start(problem, value)
    return None if start is None else Fault(problem.keyword, start)


def _start(problem: Problem, value: Any) -> int | None:
    start, wrong = _place(value, problem.path)
    if problem.kind in ("Required", "MinItems", "MinProperties"):
        return start + len(compact(wrong).encode()) - 1
    if problem.kind == "AdditionalProperties":
        names = [name for name in wrong if name in problem.expected]
        return _place(value, (*problem.path, names[0]))[0] - _head(names[0]) if names else None
    return start


def _place(value: Any, path: tuple[str | int, ...]) -> tuple[int, Any]:
    """Return the offset of the value at `path` in the compact spelling, and the value itself."""
    start = 0
    for step in path:
        members = value.items() if isinstance(value, dict) else enumerate(value)
        start += 1
        for name, each in members:
            start += _head(name) if isinstance(value, dict) else 0
            if name == step or str(name) == str(step):
                value = each
                break
            start += len(compact(each).encode()) + 1
    return start, value


def _head(name: str) -> int:
    """Return the length of a member's name and colon."""
    return len(compact(name).encode()) + 1
