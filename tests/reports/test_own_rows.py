"""Rows of our own, of the kinds of the reports: tests/data/report_rows.json.

Each row says what is asked for (a key of ASKS), what the upstream answers in order
(tests/reports/rendering.py), and what is right (`want`, see tests/reports/expecting.py).
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.reports.client import Stage, stage
from tests.reports.expecting import missing
from tests.reports.rows import Case
from tests.tables import load

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "temp": {"type": "integer"}},
    "required": ["city", "temp"],
    "additionalProperties": False,
}
FUNCTION = {
    "name": "get_weather",
    "description": "Tells the weather.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
MESSAGES = {"messages": [{"role": "user", "content": "go"}]}
INPUT = {"input": "go"}
FORMAT = {
    "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": SCHEMA}}
}
TOOLS = {"tools": [{"type": "function", "function": FUNCTION}]}
TEXT = {"text": {"format": {"type": "json_schema", "name": "s", "schema": SCHEMA}}}
CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
ASKS: dict[str, tuple[str, dict[str, Any]]] = {
    "document": (CHAT, MESSAGES | FORMAT),
    "tools": (CHAT, MESSAGES | TOOLS),
    "both": (CHAT, MESSAGES | FORMAT | TOOLS),
    "responses-document": (RESPONSES, INPUT | TEXT),
    "responses-tools": (RESPONSES, INPUT | {"tools": [{"type": "function"} | FUNCTION]}),
}


def cases() -> Iterator[Case]:
    """Every row in all ways; documents in both APIs, and from a host whose models go on as well."""
    for row in load("report_rows")["rows"]:
        for way in row.get("ways", ("whole", "stream")):
            yield _case(row, row["asks"], "generic", way)
            if row["asks"] == "document":
                yield _case(row, "document", "llamacpp", way)
                if "ways" not in row:
                    yield _case(row, "responses-document", "generic", way)


def _case(row: dict[str, Any], asks: str, preset: str, way: str) -> Case:
    path, body = ASKS[asks]
    request = {"path": path, "body": {"model": "m"} | body | row.get("more", {})}
    key = f"{row['key']}/{asks}"
    return Case(key, preset, way, row, (request,), tuple(row["answers"]))


CASES = {f"o{place}": case for place, case in enumerate(cases())}


@pytest.fixture(scope="module")
def running() -> Iterator[Stage]:
    with stage(CASES) as running:
        yield running


@pytest.mark.parametrize("name", CASES, ids=[case.id for case in CASES.values()])
def test_what_comes_is_right(running: Stage, name: str):
    """One of the alternatives of the row comes."""
    case = CASES[name]
    wants = [_of(case, want) for want in case.row["want"]]
    problems = missing(wants, case, running.play(name, case), list)
    assert not problems, "\n  or ".join(problems)


def _of(case: Case, want: dict[str, Any]) -> dict[str, Any]:
    """What is right, in the words of the API that is asked."""
    if case.requests[0]["path"] == CHAT or want.get("finish") != "stop":
        return want
    return want | {"finish": "completed"}


def test_there_are_many():
    """Every row has a key of its own."""
    keys = [row["key"] for row in load("report_rows")["rows"]]
    assert len(keys) == len({*keys}) >= 40
