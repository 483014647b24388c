"""Answers and schemas that are hard to judge: what benchmarks/loop.py lets an upstream send."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

ROW = {
    "type": "object",
    "properties": {
        "first_name": {"type": "string"},
        "mood": {"enum": ["angry", "calm", "glad"]},
        "size": {"type": "integer"},
    },
    "required": ["first_name", "mood"],
    "additionalProperties": False,
}
ROWS: Mapping[str, Any] = {
    "type": "object",
    "properties": {"rows": {"type": "array", "items": ROW}},
    "required": ["rows"],
    "additionalProperties": False,
}
_ROW = '{"first_name":"somebody","mood":"calm","size":12}'
_PATTERNS = {
    f"p{n}": {"type": "string", "pattern": f"^[a-z]{{1,{50 + n % 50}}}([0-9]{{2,{30 + n % 30}}})?$"}
    for n in range(300)
}
_OPTIONS = [f"option number {n}" for n in range(2000)]


@dataclass(frozen=True, slots=True)
class Hostile:
    """A schema, and an answer of a wanted length."""

    schema: Mapping[str, Any]
    answer: Callable[[int], str]


def _repeated(row: str, head: str = '{"rows":[', end: str = "]}") -> Callable[[int], str]:
    return lambda size: head + ",".join([row] * max(1, size // (len(row) + 1))) + end


def _list_of(items: Any) -> Mapping[str, Any]:
    rows = {"type": "array", "items": items}
    return {"type": "object", "properties": {"rows": rows}, "required": ["rows"]}


HOSTILE: Mapping[str, Hostile] = {
    "valid": Hostile(ROWS, _repeated(_ROW)),
    "wrong at its end": Hostile(ROWS, _repeated(_ROW, end=',{"mood":"x"}]}')),
    "cut": Hostile(ROWS, _repeated(_ROW, end=',{"first_name":"som')),
    "names in capitals": Hostile(ROWS, _repeated(_ROW.replace("first_name", "FIRST_NAME"))),
    "values in capitals": Hostile(ROWS, _repeated(_ROW.replace("calm", "CALM"))),
    "unquoted names": Hostile(ROWS, _repeated('{first_name:"somebody",mood:"calm"}')),
    "single quotes": Hostile(ROWS, _repeated(_ROW.replace('"', "'"))),
    "unknown names": Hostile(
        ROWS, lambda size: "{" + ",".join(f'"n{n}":1' for n in range(size // 8)) + "}"
    ),
    "empty arrays": Hostile(ROWS, lambda size: "[]" * (size // 2)),
    "many fences": Hostile(ROWS, lambda size: "```json\n{}\n```\n" * (size // 15)),
    "deep arrays": Hostile(ROWS, lambda size: ("[" * 100 + "]" * 100 + ",") * (size // 201)),
    "prose": Hostile(ROWS, lambda size: "I think that {it} is [so]. " * (size // 27)),
    "a long string": Hostile(
        {"type": "object", "properties": {"a": {"type": "string", "pattern": "^[a-z]*$"}}},
        lambda size: json.dumps({"a": "x" * size + "0"}),
    ),
    "wide union": Hostile(
        _list_of({"anyOf": [{"maxItems": n} for n in range(300)]}), _repeated("[]")
    ),
    "options in capitals": Hostile(_list_of({"enum": _OPTIONS}), _repeated('"OPTION NUMBER 1999"')),
    "1,000 names missing": Hostile(
        {"type": "object", "required": [f"name{n}" for n in range(1000)]}, lambda size: "{}"
    ),
    "300 patterns": Hostile({"type": "object", "properties": _PATTERNS}, lambda size: '{"p1":"A"}'),
    "union of 300": Hostile(
        {
            "anyOf": [
                {
                    "type": "object",
                    "required": [f"k{n}"],
                    "properties": {f"k{n}": {"enum": [f"v{m}" for m in range(50)]}},
                    "additionalProperties": False,
                }
                for n in range(300)
            ]
        },
        lambda size: '{"k7":"v99"}',
    ),
}
