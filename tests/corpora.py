"""Rows of the test data that is not part of the project.

They are looked for in the folder that the environment variable STRICTGATE_CORPORA names, and then
in `.corpora/`, where `make corpora` puts what a public checkout can have (tests/fetch_corpora.py).
Tests whose rows are in neither are skipped, and say so.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NAMED = os.environ.get("STRICTGATE_CORPORA")
"""The folder that the variable names; while tests run, it is not in the environment (conftest)."""
FETCHED = Path(__file__).parent.parent / ".corpora"


def rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of the JSON-lines file `name`, as in `rows("jsts/draft7.jsonl")`."""
    for path in (folder / name for folder in _folders()):
        if path.exists():
            with path.open(encoding="utf-8") as lines:
                found = [json.loads(line) for line in lines]
            assert found, f"{path} has no rows: a loop over it would pass"
            return found
    pytest.skip(f'{name} is missing: run "make corpora" or set STRICTGATE_CORPORA')


def _folders() -> Iterator[Path]:
    if NAMED:
        folder = Path(NAMED)
        if not folder.is_dir():
            raise NotADirectoryError(f"STRICTGATE_CORPORA names {NAMED}, which is no folder.")
        yield folder
    yield FETCHED
