"""Tasks of function calls: a question, the functions, and the calls that are right.

They are those of `function_schemas/bfcl_dev.jsonl` (of the Berkeley Function Calling Leaderboard)
in the folder that STRICTGATE_CORPORA names. The calls of an answer are judged as one document: a
list of names with arguments. A parameter that the right call leaves out may have any value.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from adherence_suite.tasks import Task

SOURCE = "function_schemas/bfcl_dev.jsonl"


def call_tasks(count: int | None = None) -> list[Task]:
    """Return the first `count` tasks.

    Raises:
        FileNotFoundError: the test data is not there.
    """
    folder = Path(os.environ.get("STRICTGATE_CORPORA") or "tests/corpora")
    with (folder / SOURCE).open(encoding="utf-8") as file:
        tasks = [task for line in file if (task := _task(json.loads(line))) is not None]
    return tasks[:count]


def _task(row: Mapping[str, Any]) -> Task | None:
    """Return the task of a row; None where its question is a conversation."""
    messages = row["messages"]
    if len(messages) != 1 or messages[0]["role"] != "user":
        return None
    name = "".join(each if each.isalnum() else "_" for each in row["id"])
    prompt, tools = messages[0]["content"], tuple(row["tools"])
    return Task(name, "calls", prompt, calls_schema(tools), row["expected_calls"], tools=tools)


def calls_schema(tools: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the schema of a list of calls of `tools`."""
    functions = [tool["function"] for tool in tools]
    forms = [
        {
            "type": "object",
            "properties": {
                "name": {"const": each["name"]},
                "arguments": each.get("parameters") or {"type": "object"},
            },
            "required": ["name", "arguments"],
        }
        for each in functions
    ]
    return {"type": "array", "items": {"anyOf": forms}, "minItems": 1}


def calls_text(calls: Mapping[int, Sequence[str]]) -> str:
    """Return calls, given as names and texts of arguments by their place, as one document; their
    texts as they are where one is no JSON."""
    parts = [calls[place] for place in sorted(calls)]
    try:
        told = [{"name": name, "arguments": json.loads(text)} for name, text in parts]
    except ValueError:
        return "\n".join(f"{name}({text})" for name, text in parts)
    return json.dumps(told, ensure_ascii=False)
