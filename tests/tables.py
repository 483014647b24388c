"""Behaviour tables: JSON files under tests/data, most in groups as the JSON-Schema-Test-Suite has.

Each table has a shape, and a row that does not fit is an error: with a misspelt key, a row would
assert less than its author meant. A new table, or a new key, is written into SHAPES.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Row:
    """The keys that a row may have, as words of a string."""

    required: str = ""
    optional: str = ""
    one_of: str = ""
    """Of these a row has exactly one; mostly, what is expected of it."""
    some_of: str = ""
    """Of these a row has at least one."""

    def errors(self, row: Any) -> Iterator[str]:
        """Yield what is wrong with `row`."""
        if not isinstance(row, dict):
            yield f"{row!r} is no object"
            return
        required, one_of, some_of = map(str.split, (self.required, self.one_of, self.some_of))
        known = {*required, *self.optional.split(), *one_of, *some_of}
        yield from (f"unknown key {key!r}" for key in row if key not in known)
        yield from (f"no {key!r}" for key in required if key not in row)
        if one_of and sum(key in row for key in one_of) != 1:
            yield f"not exactly one of {one_of}"
        if some_of and not any(key in row for key in some_of):
            yield f"none of {some_of}"


@dataclass(frozen=True)
class Group:
    """Rows that have something in common, in the group's member `tests`."""

    common: Row
    test: Row

    def errors(self, group: Any) -> Iterator[str]:
        """Yield what is wrong with `group` and with its tests."""
        yield from self.common.errors(group)
        for at, row in enumerate(group["tests"]):
            yield from (f"test {at}: {each}" for each in self.test.errors(row))


Shape = Row | Group | dict[str, Row | None]
"""Of a list of rows; of a list of groups; of an object with lists of rows by name, where None
stands for a text or for a list that may be empty."""

_EXTRACTION = Group(
    Row("description schema tests", "wrapped"),
    Row("description text", "steps unfinished", one_of="document rejected"),
)
_REPAIR = Group(
    Row("description schema tests"),
    Row("description text", "steps", one_of="document rejected"),
)
_GRAMMAR = Row("description schema good bad", "late formats")
_WIRE = "provider status body body_kind meaning cls stream expect_downgrade"
SHAPES: dict[str, Shape] = {
    "contract": {"refused": Row("about body error"), "passed_through": Row("about body")},
    "extract/objects": _EXTRACTION,
    "extract/other_roots": _EXTRACTION,
    "grammar_arrays": _GRAMMAR,
    "grammar_names": _GRAMMAR,
    "grammar_numbers": _GRAMMAR,
    "grammar_objects": _GRAMMAR,
    "grammar_strings": _GRAMMAR,
    "grammar_subjects": _GRAMMAR,
    "grammar_unions": _GRAMMAR,
    "grammar_values": _GRAMMAR,
    "guard_heads": Group(
        Row("description schema tests", "wrapped bare"),
        Row("description text document", "certain known steps wrapper"),
    ),
    "guard_mends": Group(
        Row("description level schema tests"),
        Row("description text", "steps judge", one_of="document refused"),
    ),
    "guard_scanner": Group(Row("description tests"), Row("refused", one_of="text hex")),
    "guard_tracker": Group(Row("description schema tests"), Row("text refused")),
    "jsts_exceptions": {
        "refused": None,
        "verdicts": None,
        "jsonschema": Row("draft group reason"),
    },
    "malformed_exceptions": Row("reason ids"),
    "object_roots": Row("schema is_object"),
    "outcomes": {
        "about": None,
        "good": Row("model mode", "repairs attempts"),
        "forced": Row("model repairs"),
        "bad": Row("model status code"),
    },
    "plans": {
        "bodies": Row("about mode", "request capabilities", some_of="has lacks dropped streamed"),
        "ladders": Row("about ladder", "request capabilities refused"),
    },
    "problems": Row("schema value sentences"),
    "real_schema_exceptions": {"refused": Row("code reason ids"), "verdicts": None},
    "refusals": {
        "description": None,
        "cases": Row("status sent kind body", "modes note pattern failed_generation"),
    },
    "refused_schemas": Row("what schema code says"),
    "repair/lenient": _REPAIR,
    "repair/lossless": _REPAIR,
    "repair/syntax": Group(Row("description tests"), _REPAIR.test),
    "respelling": Group(Row("description tests"), Row("description source plain", "taken")),
    "seed_requests": {"about": None, "requests": Row("name source request")},
    "strict_rules": Row("what schema violations"),
    "wire_fixtures": Row(_WIRE, "request date source refused_type"),
}


def load(name: str) -> Any:
    """Return the table `name`, which has its shape."""
    table = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    found = list(errors(SHAPES[name], table))
    assert not found, f"{name}: {found}"
    return table


def errors(shape: Shape, table: Any) -> Iterator[str]:
    """Yield what in `table` does not fit its shape, with the place."""
    if not isinstance(shape, dict):
        yield from _list_errors(shape, table)
        return
    yield from (f"unknown section {name!r}" for name in table if name not in shape)
    for name, rows in shape.items():
        if name not in table:
            yield f"no section {name!r}"
        elif rows:
            yield from (f"{name} {each}" for each in _list_errors(rows, table[name]))


def _list_errors(shape: Row | Group, rows: Any) -> Iterator[str]:
    if not rows:
        yield "has no rows"
    for at, row in enumerate(rows):
        yield from (f"{at}: {each}" for each in shape.errors(row))


def cases(name: str) -> list[Any]:
    """Return the cases of the table `name`, each with its group, for `parametrize`."""
    return [(group, test) for group in load(name) for test in group["tests"]]


def label(part: Any) -> str:
    return str(part["description"]).replace(" ", "_")
