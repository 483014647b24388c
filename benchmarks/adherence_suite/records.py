"""Tasks on real schemas: a real instance, told as lines `path: value`, is to be written as JSON.

The schemas and instances are those of `maskbench/dev.jsonl` and `schemastore/dev.jsonl` in the
folder that STRICTGATE_CORPORA names. *Right* is what equals the instance: nothing lost, nothing
added, so that a grammar that cannot say what the record has shows.
"""

import json
import os
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from adherence_suite.tasks import Task

SOURCES = ("maskbench/dev.jsonl", "schemastore/dev.jsonl")
MAX_SCHEMA = (
    3000  # characters of the schema: small models see no more of a prompt than 8,192 tokens
)
MIN_RECORD, MAX_RECORD = 60, 900  # characters of the instance
LONG_SCHEMA, LONG_RECORD = 6000, 4000
SHORT_SCHEMA, SHORT_RECORD = 800, 200  # for machines on which a long document takes a minute
_TOLD = "Turn this record into one JSON document. Keep every value exactly.\n\n{lines}"


def short_records(count: int | None = None) -> list[Task]:
    """Return the first `count` of those tasks that are short, likewise."""
    return records(count, SHORT_SCHEMA, SHORT_RECORD)


def long_records(count: int | None = None) -> list[Task]:
    """Return the first `count` of those whose record is long."""
    return records(count, LONG_SCHEMA, LONG_RECORD, MAX_RECORD + 1)


def records(
    count: int | None = None,
    max_schema: int = MAX_SCHEMA,
    max_record: int = MAX_RECORD,
    min_record: int = MIN_RECORD,
) -> list[Task]:
    """Return the first `count` tasks, of all families in turn, always the same ones.

    Raises:
        FileNotFoundError: the test data is not there.
    """
    folder = Path(os.environ.get("STRICTGATE_CORPORA") or "tests/corpora")
    families: dict[str, list[Task]] = {}
    for source in SOURCES:
        with (folder / source).open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                task = _task(row, max_schema, range(min_record, max_record + 1))
                if task is not None:
                    families.setdefault(row.get("split") or "schemastore", []).append(task)
    ordered = [sorted(tasks, key=_shuffled) for _, tasks in sorted(families.items())]
    mixed = chain.from_iterable(zip_longest(*ordered))
    return [task for task in mixed if task is not None][:count]


def lines(value: Any, path: str = "") -> Iterator[str]:
    """Yield a line `path: value` for each leaf of `value`; empty lists and objects are leaves."""
    if value and isinstance(value, Mapping):
        for name, each in value.items():
            yield from lines(each, f"{path}.{name}" if path else name)
    elif value and isinstance(value, list):
        for index, each in enumerate(value):
            yield from lines(each, f"{path}[{index}]")
    else:
        yield f"{path}: {json.dumps(value, ensure_ascii=False)}"


def _task(row: Mapping[str, Any], max_schema: int, sizes: range) -> Task | None:
    """Return the task of a row; None where it has no instance that fits, or a schema that
    Strictgate refuses."""
    if len(json.dumps(row["schema"])) > max_schema:
        return None
    for test in row["tests"]:
        record = test["data"]
        size = len(json.dumps(record))
        if test["valid"] and isinstance(record, dict) and size in sizes:
            told = _TOLD.format(lines="\n".join(lines(record)))
            name = "".join(each if each.isalnum() else "_" for each in row["id"])[-60:]
            task = Task(name, "real", told, row["schema"], record, is_exact=True)
            return task if task.is_admitted and task.validator.is_valid(record) else None
    return None


def _shuffled(task: Task) -> str:
    return blake2b(task.name.encode(), digest_size=8).hexdigest()
