"""Rows of the test data that is not part of the project.

Its place comes from the environment variable STRICTGATE_CORPORA; where that is not set, the tests
that need it are skipped, and say so.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest


def rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of the JSON-lines file `name`, as in `rows("jsts/draft7.jsonl")`."""
    place = os.environ.get("STRICTGATE_CORPORA")
    if not place:
        pytest.skip("STRICTGATE_CORPORA is not set: it names the folder of the test data")
    with (Path(place) / name).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
