"""Behaviour tables: JSON files of groups of tests, shaped like the JSON-Schema-Test-Suite."""

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def cases(name: str) -> list[Any]:
    """Return the cases of the table `name`, each with its group, for `parametrize`."""
    groups = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return [pair for group in groups for pair in _of(group)]


def _of(group: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(group, test) for test in group["tests"]]


def label(part: Any) -> str:
    return str(part["description"]).replace(" ", "_")
