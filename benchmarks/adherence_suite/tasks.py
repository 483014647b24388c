"""The tasks: a prompt as one would write it, a schema, and the right answer where there is one.

They are ours, written for this purpose, in `tasks/`: one file for each kind. `expected` holds only
what counts: names that it leaves out may have any value.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema_rs

from strictgate.core.schema.inspection import inspect_schema
from strictgate.core.schema.limits import Limits, SchemaFault

FOLDER = Path(__file__).with_name("tasks")
NOTHING = object()
"""Stands for the right answer of a task that has none, for null may be one."""


@dataclass(frozen=True)
class Task:
    """One document to ask for."""

    name: str
    kind: str
    prompt: str
    schema: Mapping[str, Any]
    expected: Any = NOTHING
    is_exact: bool = False
    """Whether the right answer has nothing but what is expected."""
    tools: tuple[Mapping[str, Any], ...] = ()
    """Functions that are to be called, in place of a document."""

    @cached_property
    def schema_text(self) -> str:
        """The schema as Strictgate shows it to a model."""
        return inspect_schema(self.schema, Limits()).text

    @property
    def is_admitted(self) -> bool:
        """Whether Strictgate takes the schema."""
        try:
            return bool(self.schema_text)
        except SchemaFault:
            return False

    @cached_property
    def validator(self) -> Any:
        """A validator of its own, in which Strictgate has no part."""
        return jsonschema_rs.validator_for(dict(self.schema), validate_formats=True)


def load(count: int | None = None) -> list[Task]:
    """Return the first `count` tasks, of all kinds in turn, so that a few are a fair sample."""
    files = sorted(FOLDER.glob("*.json"))
    kinds = [_read(path) for path in files]
    longest = max(map(len, kinds))
    mixed = [kind[turn] for turn in range(longest) for kind in kinds if turn < len(kind)]
    return mixed[:count]


def _read(path: Path) -> list[Task]:
    entries = json.loads(path.read_text(encoding="utf-8"))
    return [Task(kind=path.stem, **entry) for entry in entries]
