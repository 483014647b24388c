"""Schemas and documents that were made to be dear: what they cost must be theirs alone."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

KIB = 1 << 10
_WORDS = {"type": "object", "additionalProperties": {"type": "string"}}
_TREE = {
    "$defs": {"t": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/t"}}, {"const": 1}]}},
    "type": "object",
    "properties": {"t": {"$ref": "#/$defs/t"}},
    "required": ["t"],
}


@dataclass(frozen=True, slots=True)
class Hostile:
    """A row: what the client asks for, and what the model writes."""

    schema: Callable[[], Any]
    text: Callable[[], str]


def _named(count: int, name: str = "name") -> dict[str, Any]:
    """Return an object schema with so many properties."""
    return {
        "type": "object",
        "properties": {f"{name}{number}": {"type": "integer"} for number in range(count)},
        "required": [f"{name}{number}" for number in range(count)],
        "additionalProperties": False,
    }


def _of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties]}


def _items(schema: Any, **more: Any) -> dict[str, Any]:
    return _of(v={"type": "array", "items": schema, **more})


def _doubling(levels: int) -> dict[str, Any]:
    """Return a schema that says everything twice at each level."""
    twice = {
        f"d{level}": {"allOf": [{"$ref": f"#/$defs/d{level + 1}"}] * 2} for level in range(levels)
    }
    return {"$defs": twice | {f"d{levels}": {"type": "object"}}, "$ref": "#/$defs/d0"}


def _deep(levels: int) -> Any:
    schema: Any = {"type": "string"}
    for _ in range(levels):
        schema = _of(a=schema)
    return schema


def _v(values: str) -> str:
    return f'{{"v": [{values}]}}'


_MANY = 200
HOSTILE: Mapping[str, Hostile] = {
    "counted patterns": Hostile(
        lambda: _of(
            **{f"p{n}": {"type": "string", "pattern": f"^.{{1,{400 + n}}}$"} for n in range(300)}
        ),
        lambda: "{}",
    ),
    "middling patterns": Hostile(
        lambda: _of(
            **{
                f"p{n}": {"type": "string", "pattern": f"^[a-z]{{{n % 50}}}(x|y)+$"}
                for n in range(300)
            }
        ),
        lambda: "{}",
    ),
    "nested quantifiers": Hostile(
        lambda: _of(v={"type": "string", "pattern": "^(a+)+$"}),
        lambda: json.dumps({"v": "a" * 50_000 + "!"}),
    ),
    "doubling": Hostile(lambda: _doubling(30), lambda: "{}"),
    "deep schema": Hostile(lambda: _deep(40), lambda: "{}"),
    "references in a circle": Hostile(
        lambda: {
            "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
            "$ref": "#/$defs/a",
        },
        lambda: "{}",
    ),
    "anyOf of 2,000": Hostile(
        lambda: _of(v={"anyOf": [{"const": f"c{n}"} for n in range(2000)]}),
        lambda: '{"v": "none"}',
    ),
    "allOf of 500": Hostile(
        lambda: _of(v={"allOf": [{"maxLength": 1000 + n} for n in range(500)], "type": "string"}),
        lambda: json.dumps({"v": "x" * 2000}),
    ),
    "anyOf of 300 on 190 KiB": Hostile(
        lambda: _of(v={"anyOf": [{"type": "array", "maxItems": n} for n in range(300)]}),
        lambda: _v(", ".join(["1"] * 60_000)),
    ),
    "enum of 5,000 in the wrong case": Hostile(
        lambda: _items({"enum": [f"value{n}" for n in range(5000)]}),
        lambda: _v(", ".join(f'"VALUE{n}"' for n in range(3000))),
    ),
    "10,000 properties and none": Hostile(lambda: _named(10_000), lambda: "{}"),
    "1,000 required names missing": Hostile(lambda: _named(1000), lambda: '{"other": 1}'),
    "wrong names against propertyNames": Hostile(
        lambda: {"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}},
        lambda: json.dumps({f"N{n}": n for n in range(4000)}),
    ),
    "uniqueItems of 100,000": Hostile(
        lambda: _items({"type": "integer"}, uniqueItems=True),
        lambda: _v(", ".join(map(str, [*range(100_000), 0]))),
    ),
    "contains in 20,000": Hostile(
        lambda: _items({}, contains={"const": "x"}), lambda: _v(", ".join(["[]"] * 20_000))
    ),
    "integers of 4,299 digits": Hostile(
        lambda: _items({"type": "integer", "multipleOf": 7}),
        lambda: _v(", ".join(["1" + "0" * 4298] * _MANY)),
    ),
    "names in capitals": Hostile(
        lambda: _named(8000),
        lambda: "{" + ", ".join(f'"NAME{n}": {n}' for n in range(8000)) + "}",
    ),
    "names without quotes": Hostile(
        lambda: _WORDS, lambda: "{" + ", ".join(f"n{n}: word" for n in range(16_000)) + "}"
    ),
    "many empty arrays": Hostile(lambda: _WORDS, lambda: "[]" * (256 * KIB)),
    "many fences": Hostile(lambda: _WORDS, lambda: "```json\n{\n```\n" * (16 * KIB)),
    "many quotes": Hostile(lambda: _WORDS, lambda: '{"a": "' + 'x" "' * (48 * KIB)),
    "wrong at the end of 1 MiB": Hostile(
        lambda: _items({"type": "integer"}), lambda: _v(", ".join(["12345"] * 150_000 + ['"x"']))
    ),
    "cut behind 1 MiB": Hostile(
        lambda: _items({"type": "integer"}), lambda: '{"v": [' + "12345, " * 150_000
    ),
    "deep arrays": Hostile(
        lambda: _TREE, lambda: '{"t": [' + ", ".join(["[" * 100 + "2" + "]" * 100] * 2000) + "]}"
    ),
    "numbers as texts": Hostile(
        lambda: _items({"type": "integer"}), lambda: _v(", ".join(f'"{n}"' for n in range(30_000)))
    ),
    "a long text against a pattern": Hostile(
        lambda: _of(v={"type": "string", "pattern": "^[a-z]*$"}),
        lambda: json.dumps({"v": "a" * (2 << 20) + "!"}),
    ),
}
