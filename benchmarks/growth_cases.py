"""Generators of documents that might cost more than they should, each of any size, with schemas.

A case says what its documents are and which schema they are judged by. `text` takes how many
characters the text should have, and comes close to it. The texts are such as models, or callers who
mean harm, may bring about; most are invalid.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Text = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class GrowthCase:
    """One kind of document."""

    name: str
    schema: Any
    text: Text


def repeated(unit: str, before: str = "", after: str = "", separator: str = "") -> Text:
    """Return texts of as many `unit` as there is room for, in which `{n}` is the number of each."""

    def text(size: int) -> str:
        parts, length = [], len(before) + len(after)
        while length < size:
            parts.append(unit.replace("{n}", str(len(parts))))
            length += len(parts[-1]) + len(separator)
        return before + separator.join(parts) + after

    return text


def filled(before: str, unit: str, after: str = "") -> Text:
    """Return texts that are `unit` over and over."""
    return lambda size: before + unit * (size // len(unit)) + after


def cut(whole: Text) -> Text:
    """Return what `whole` gives, cut off a little before its end."""
    return lambda size: whole(size)[:-3]


_STRING = {"type": "string"}
_INT = {"type": "integer"}
_ROW = {
    "type": "object",
    "properties": {"id": _INT, "name": _STRING, "tags": {"type": "array", "items": _STRING}},
    "required": ["id", "name"],
    "additionalProperties": False,
}
_ROWS = {"type": "array", "items": _ROW}
_TABLE = {"type": "object", "properties": {"rows": _ROWS}, "required": ["rows"]}
_MAP = {"type": "object", "additionalProperties": _STRING}
_OPEN = _MAP | {"properties": {f"field{n}": _STRING for n in range(10)}}
_NAMES = {"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}}
_CLOSED = {"type": "object", "properties": {"a": _STRING}, "additionalProperties": False}
_INTS = {"type": "array", "items": _INT}
_ANYS = {"type": "array"}
_TREE = {"$ref": "#/$defs/n", "$defs": {"n": {"type": "array", "items": {"$ref": "#/$defs/n"}}}}
_WORDS = [f"Option{n}" for n in range(100)]
_ENUMS = {"type": "array", "items": {"enum": _WORDS}}
_UNION = {
    "type": "array",
    "items": {
        "anyOf": [
            {"type": "object", "properties": {"k": {"const": n}, "v": _INT}, "required": ["k", "v"]}
            for n in range(20)
        ]
    },
}
_MANY = {
    "type": "object",
    "properties": {f"field_{n}": _STRING for n in range(1000)},
    "additionalProperties": False,
}
_LOG = {"type": "object", "properties": {"text": _STRING}, "required": ["text"]}
_VALID_ROW = '{"id":{n},"name":"a name","tags":["x","y"]}'
_VALID_ROWS = repeated(_VALID_ROW, "[", "]", ",")
_NESTED = "[" * 100 + "]" * 100

CASES = (
    # --- valid, or nearly so ---
    GrowthCase("valid rows", _ROWS, _VALID_ROWS),
    GrowthCase("valid rows in a fence", _ROWS, repeated(_VALID_ROW, "```json\n[", "]\n```", ",")),
    GrowthCase("valid rows amid prose", _ROWS, repeated(_VALID_ROW, "Sure!\n\n[", "]\nBye.", ",")),
    GrowthCase(
        "valid rows behind thinking", _ROWS, repeated(_VALID_ROW, "<think>x</think>[", "]", ",")
    ),
    GrowthCase("long thinking", _CLOSED, filled("<think>", "so it is ", '</think>{"a":"b"}')),
    GrowthCase("valid map", _MAP, repeated('"name {n}":"value"', "{", "}", ",")),
    GrowthCase("map beside properties", _OPEN, repeated('"name {n}":"value"', "{", "}", ",")),
    GrowthCase("one long string", _LOG, filled('{"text":"', "some words ", '"}')),
    GrowthCase("one long string, escapes", _LOG, filled('{"text":"', "\\u00e9\\n", '"}')),
    GrowthCase("integers", _INTS, repeated("{n}", "[", "]", ",")),
    GrowthCase("depth 100", _TREE, repeated(_NESTED, "[", "]", ",")),
    GrowthCase("valid union", _UNION, repeated('{"k":19,"v":{n}}', "[", "]", ",")),
    # --- wrong somewhere ---
    GrowthCase("wrong at the end", _ROWS, repeated(_VALID_ROW, "[", ',{"id":"x"}]', ",")),
    GrowthCase("wrong at the beginning", _ROWS, repeated(_VALID_ROW, '[{"id":[]},', "]", ",")),
    GrowthCase("wrong everywhere", _INTS, repeated('["{n}x"]', "[", "]", ",")),
    GrowthCase("wrong type in rows", _ROWS, repeated('{"id":true,"name":"a"}', "[", "]", ",")),
    GrowthCase("wrong names", _NAMES, repeated('"N{n}":1', "{", "}", ",")),
    GrowthCase("wrong names, deep", _NAMES, repeated('"N{n}":{"a":[1,2]}', "{", "}", ",")),
    GrowthCase("forbidden names", _CLOSED, repeated('"x{n}":1', "{", "}", ",")),
    GrowthCase("wrong values in a map", _MAP, repeated('"n{n}":{}', "{", "}", ",")),
    GrowthCase("missing names", _ROWS, repeated('{"id":{n}}', "[", "]", ",")),
    GrowthCase("wrong union", _UNION, repeated('{"k":99,"v":{n}}', "[", "]", ",")),
    GrowthCase("duplicate names", _MAP, repeated('"same":"x"', "{", "}", ",")),
    GrowthCase("not unique", _ANYS | {"uniqueItems": True}, repeated('"{n}"', '["0",', "]", ",")),
    GrowthCase("too many items", _ANYS | {"maxItems": 10}, repeated("1", "[", "]", ",")),
    GrowthCase(
        "too many members",
        {"type": "object", "maxProperties": 10},
        repeated('"{n}":1', "{", "}", ","),
    ),
    GrowthCase("contains none", _ANYS | {"contains": _STRING}, repeated("{n}", "[", "]", ",")),
    GrowthCase(
        "string too long",
        {"type": "object", "properties": {"t": {"type": "string", "maxLength": 10}}},
        filled('{"t":"', "x", '"}'),
    ),
    GrowthCase(
        "string of the wrong pattern",
        {"type": "object", "properties": {"t": {"type": "string", "pattern": "^[a-z]+$"}}},
        filled('{"t":"', "x", '!"}'),
    ),
    GrowthCase(
        "depth 100, wrong",
        {"type": "array", "items": {"type": "string"}},
        repeated(_NESTED, "[", "]", ","),
    ),
    # --- misspelt ---
    GrowthCase("names in capitals", _ROWS, repeated('{"ID":{n},"NAME":"a"}', "[", "]", ",")),
    GrowthCase(
        "names in capitals, one object",
        _MANY,
        lambda size: (
            repeated('"FIELD_{n}":"a"', "{", "}", ",")(min(size, 14_000))[:-1]
            + ","
            + '"x":'
            + " " * max(0, size - 14_000)
            + '""}'
        ),
    ),
    GrowthCase(
        "capitals in many objects",
        {"type": "array", "items": _MANY},
        repeated('{"FIELD_{n}":"a","FIELD_1":"b"}', "[", "]", ","),
    ),
    GrowthCase("types misspelt", _INTS, repeated('"{n}"', "[", "]", ",")),
    GrowthCase("types misspelt in rows", _ROWS, repeated('{"id":"{n}","name":"a"}', "[", "]", ",")),
    GrowthCase("numbers for strings", _MAP, repeated('"n{n}":{n}', "{", "}", ",")),
    GrowthCase("floats for integers", _INTS, repeated("{n}.0", "[", "]", ",")),
    GrowthCase("options in capitals", _ENUMS, repeated('"OPTION7"', "[", "]", ",")),
    GrowthCase("options unknown", _ENUMS, repeated('"OTHER{n}"', "[", "]", ",")),
    GrowthCase("unquoted names", _ROWS, repeated('{id:{n},name:"a"}', "[", "]", ",")),
    GrowthCase("unquoted unknown names", _CLOSED, repeated("x{n}:1", "{", "}", ",")),
    GrowthCase("unquoted names in a map", _MAP, repeated('n{n}:"a"', "{", "}", ",")),
    GrowthCase("single quotes", _ROWS, repeated("{'id':{n},'name':'a'}", "[", "]", ",")),
    GrowthCase("single quotes in a map", _MAP, repeated("'n{n}':'v'", "{", "}", ",")),
    GrowthCase("curly quotes", _MAP, repeated("“n{n}”:“v”", "{", "}", ",")),
    GrowthCase("trailing commas", _ROWS, repeated('{"id":{n},"name":"a",}', "[", "]", ",")),
    GrowthCase("missing commas", _ROWS, repeated('{"id":{n},"name":"a"}', "[", "]", "\n")),
    GrowthCase("comments", _ROWS, repeated('{"id":{n},/* c */"name":"a"}', "[", "]", ",")),
    GrowthCase("one long comment", _ROWS, filled('[{"id":1,/*', "comment ", '*/"name":"a"}]')),
    GrowthCase(
        "Python literals",
        {"type": "array", "items": {"type": "boolean"}},
        repeated("True", "[", "]", ","),
    ),
    GrowthCase("raw newlines in a string", _LOG, filled('{"text":"', "a line\n", '"}')),
    GrowthCase("bare quotes in a string", _LOG, filled('{"text":"', 'a "word" in ', '"}')),
    GrowthCase("odd blanks", _INTS, repeated("\u00a0{n}", "[", "]", ",")),
    GrowthCase("doubled braces", _ROWS, repeated('{{"id":{n},"name":"a"}}', "[", "]", ",")),
    GrowthCase(
        "lone values for arrays", _ROWS, repeated('{"id":{n},"name":"a","tags":"x"}', "[", "]", ",")
    ),
    GrowthCase(
        "a mend each hundred bytes",
        _ROWS,
        repeated('{"id":{n},"name":"' + "n" * 60 + '","tags":["x",]}', "[", "]", ","),
    ),
    GrowthCase(
        "the same in one object",
        _TABLE,
        repeated('{"id":{n},"name":"' + "n" * 60 + '","tags":["x",]}', '{"rows":[', "]}", ","),
    ),
    # --- not where it should be ---
    GrowthCase("empty arrays", _ROW, filled("", "[]")),
    GrowthCase("empty objects", _ROW, filled("", "{}")),
    GrowthCase("empty objects, a map", _MAP, filled("", "{}")),
    GrowthCase("empty objects amid prose", _ROW, filled("", "so {} or ")),
    GrowthCase("many candidates", _ROW, repeated('see {"id":{n}} ')),
    GrowthCase("many valid candidates", _ROW, repeated('see {"id":{n},"name":"x"} ')),
    GrowthCase("many misspelt candidates", _ROW, repeated("see {'id':{n}} ")),
    GrowthCase("JSON lines", _ROW, repeated('{"id":{n},"name":"x"}', separator="\n")),
    GrowthCase("JSON lines, wrong", _ROW, repeated('{"id":"{n}x"}', separator="\n")),
    GrowthCase("many fences", _ROW, repeated('```json\n{"id":{n}}\n```\n')),
    GrowthCase("many fences, misspelt", _ROW, repeated("```json\n{'id':{n}}\n```\n")),
    GrowthCase("many open fences", _ROW, filled("", "```json\n{")),
    GrowthCase("many fences without an end", _ROW, filled("", "```\nx ")),
    GrowthCase("many closing thoughts", _ROW, filled("", "</think>")),
    GrowthCase("many opening thoughts", _ROW, filled("", "<think>")),
    GrowthCase("open brackets", _ROW, filled("", "{ ")),
    GrowthCase("open brackets with names", _ROW, filled("", '{"a":')),
    GrowthCase("closing brackets", _ROW, filled('{"id":1', "}")),
    GrowthCase("quotes alone", _ROW, filled("", '"')),
    GrowthCase("apostrophes alone", _ROW, filled("", "'")),
    GrowthCase("quotes in an object", _ROW, filled('{"id":', '"', "}")),
    GrowthCase("backslashes", _LOG, filled('{"text":"', "\\", '"}')),
    GrowthCase("prose", _ROW, filled("", "nothing but words here. ")),
    GrowthCase("blanks", _ROW, filled("{", " ", "}")),
    GrowthCase(
        "digits",
        {"type": "object", "properties": {"n": {"type": "number"}}},
        repeated("9" * 4000, '{"n":[', "]}", ","),
    ),
    # --- cut off ---
    GrowthCase("cut rows", _ROWS, cut(_VALID_ROWS)),
    GrowthCase("cut map", _MAP, cut(repeated('"name {n}":"value"', "{", "}", ","))),
    GrowthCase("cut string", _LOG, cut(filled('{"text":"', "some words ", '"}'))),
    GrowthCase("cut misspelt rows", _ROWS, cut(repeated("{'id':{n},'name':'a'}", "[", "]", ","))),
    GrowthCase("cut depth 100", _TREE, cut(repeated(_NESTED, "[", "]", ","))),
)
