"""The rows of the three files, as cases to be played."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from tests.corpora import rows

CALLS_PRESET = "generic"
LARGE_ENUM = "(see t7.py: large enum 3000)"
"""What stands in a row for a schema too large for it."""
LOOPS = {
    "X1": ("chat", "whole", {}),
    "X2": ("chat", "stream", {}),
    "X3": ("responses", "whole", {"store": False}),
    "X4": ("responses", "whole", {}),
    "X5": ("responses", "stream", {}),
    "X6": ("responses", "stream", {}),
}
"""Rows of real clients: the API, the way, and more fields of their requests; played as loops."""
ONE_WAY = {"J1": ("whole",), "J2": ("whole",), "F6": ("whole",)}
"""Rows of calls whose `got` is of one way only."""


@dataclass(frozen=True)
class Case:
    """One row, in front of an upstream with one preset, asked in one way."""

    key: str
    """Of the row: its file, its place or name there, and for files without names a digest."""
    preset: str
    way: str
    row: dict[str, Any] = field(repr=False)
    requests: tuple[dict[str, Any], ...] = field(repr=False)
    """Path and body of each, in order."""
    answers: tuple[dict[str, Any], ...] = field(repr=False)
    refuse: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    has_responses: bool = False
    is_forgetful: bool = False
    """Whether the gateway keeps no responses."""
    is_loop: bool = False

    @property
    def id(self) -> str:
        return f"{self.key}/{self.preset}/{self.way}"

    @property
    def got(self) -> str | None:
        """What came of it when the row was written, in the form of tests/reports/telling.py."""
        got = self.row.get("got")
        if isinstance(got, dict):
            return got[self.preset].get(self.way)
        if self.key.startswith("calls-") and " | streamed: " in got:
            whole, _, streamed = got.partition(" | streamed: ")
            return whole.removeprefix("buffered: ") if self.way == "whole" else streamed
        return got


def cases() -> list[Case]:
    """Return every case of every file."""
    return [*_documents(), *_calls(), *_words()]


def _digest(row: dict[str, Any]) -> str:
    told = [row.get(name) for name in ("title", "source", "request", "upstream", "body", "sent")]
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:6]


def _documents() -> Iterator[Case]:
    for place, row in enumerate(rows("reports/documents.jsonl")):
        key = f"doc-{place:03}-{_digest(row)}"
        request = {"path": "/v1/chat/completions", "body": _with_schema(row["request"])}
        for preset in row["presets"]:
            for way in row["streams"]:
                yield Case(key, preset, way, row, (request,), tuple(row["upstream"]))


def _with_schema(body: dict[str, Any]) -> dict[str, Any]:
    """Put in the schema that the row only names."""
    if body["response_format"]["json_schema"]["schema"] != LARGE_ENUM:
        return body
    options = [f"v{number}" for number in range(3000)]
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string", "enum": options}},
        "required": ["a"],
        "additionalProperties": False,
    }
    wanted = body["response_format"]
    inner = wanted["json_schema"] | {"schema": schema}
    return body | {"response_format": wanted | {"json_schema": inner}}


def _calls() -> Iterator[Case]:
    for row in rows("reports/calls_and_responses.jsonl"):
        key, upstream, request = row["key"], row["upstream"], row["request"]
        requests = tuple(request) if isinstance(request, list) else (request,)
        ways: tuple[str, ...] = ONE_WAY.get(key, ("whole", "stream"))
        if key in LOOPS:
            api, way, more = LOOPS[key]
            requests, ways = (_loop(api, more),), (way,)
        for way in ways:
            yield Case(
                f"calls-{key}",
                CALLS_PRESET,
                way,
                row,
                requests,
                tuple(upstream["answers"]),
                tuple(upstream.get("refuse", ())),
                tuple(upstream.get("checks", ())),
                has_responses=upstream.get("config") == "responses = true",
                is_forgetful=key == "J2",
                is_loop=key in LOOPS,
            )


def _loop(api: str, more: dict[str, Any]) -> dict[str, Any]:
    """The first request of a client that runs tools; what it sends next depends on the answer."""
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    function = {"name": "get_weather", "description": "Tells the weather.", "parameters": schema}
    asked = [{"role": "user", "content": "How is the weather in Paris?"}]
    if api == "chat":
        body = {"messages": asked, "tools": [{"type": "function", "function": function}]}
        return {"path": "/v1/chat/completions", "body": {"model": "m"} | body | more}
    body = {"input": asked, "tools": [{"type": "function"} | function]}
    return {"path": "/v1/responses", "body": {"model": "m"} | body | more}


def _words() -> Iterator[Case]:
    """Refusals, end to end: one mode is refused in these words, the prompt's is answered."""
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "s", "schema": schema}}
    for place, row in enumerate(rows("reports/refusal_words.jsonl")):
        body = {
            "model": "m",
            "messages": [{"role": "user", "content": "go"}],
            "response_format": wanted,
            "strictgate": {"modes": list(dict.fromkeys([row["sent"], "prompt"]))},
        }
        request = {"path": "/v1/chat/completions", "body": body}
        answers = ({"status": row["status"], "body": row["body"]}, {"content": '{"city":"Oslo"}'})
        key = f"words-{place:02}-{_digest(row)}"
        yield Case(key, "generic", "whole", row, (request,), answers)
