"""Where documents start and end."""

import json
from typing import Any

import pytest
from hypothesis import given

from strictgate.core.jsontext.reader import MAX_DEPTH
from strictgate.core.output.brackets import (
    Region,
    Unclosed,
    closing,
    ends_in_string,
    starts_document,
)
from tests.core.guard.test_judge_text import holds_document, values


@pytest.mark.parametrize(
    "text",
    [
        '{"a"',
        "{'a'",
        "{}",
        "{ a : 1",
        "{1: 2",
        "{// x",
        "[1",
        "[-.5",
        '["x"',
        "[{",
        "[]",
        "[ true",
        "{",
    ],
)
def test_starts(text: str):
    """JSON, and what is written for it, starts like this."""
    assert starts_document(text, 0)


@pytest.mark.parametrize(
    "text", ["{name}", "{x, y}", "{{", "[sic]", "[0, 1)", "{ ...", "{```", "[x]"]
)
def test_does_not_start(text: str):
    """Brackets in prose look like this."""
    assert not starts_document(text, 0)


@pytest.mark.parametrize(("text", "start"), [("`{` x", 1), ("`[`", 1), (":-{", 2), (";-[ ", 2)])
def test_mentions(text: str, start: int):
    """A bracket by itself in backticks opens nothing, nor does a smiley at the end."""
    assert not starts_document(text, start)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ('{"a": "}"} x', 10),
        ("{'a': '}'} x", 10),
        ('{"a": 1 // }\n} x', 14),
        ('["\\"]"] x', 7),
        ("[1, [2], {}] ]", 12),
        ('{"a": "it\'s"} \'', 13),
        ("[1", Unclosed.UNFINISHED),
        ('["x', Unclosed.UNFINISHED),
        ('["x\\"', Unclosed.UNFINISHED),
        ('["x]', Unclosed.MISMATCHED),
        ("[1}", Unclosed.MISMATCHED),
        ("[" * (MAX_DEPTH + 1), Unclosed.MISMATCHED),
    ],
)
def test_closing(text: str, end: int | Unclosed):
    """Brackets in strings and comments do not count."""
    assert closing(text, 0, len(text)) == end


@given(values.filter(holds_document))
def test_every_document_ends_where_it_ends(value: Any):
    """The end is that of the JSON, whatever follows."""
    text = json.dumps(value)
    assert closing(text + ' ]}"', 0, len(text) + 4) == len(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("See [] and", False),
        ('"x": []', True),
        ('[], "b": 1', True),
        ("[], and so on", False),
        ("[]]", False),
        ("see []]", True),
        ("[] ] more", True),
        ('[] "] more"', True),
        ("[] and [1]", False),
        ("[] (x]", True),
        ("[] {x]}", True),
        ('a "title": []', False),
        ('a, "title": []', True),
        ('a\n"title": []', True),
        ('[] or {" x"}', True),
        ('[] or {"x"}.', False),
    ],
)
def test_is_part(text: str, part: bool):
    """Neighbours tell whether something larger has lost its opening bracket."""
    start = text.index("[")
    assert Region(text, 0, len(text)).is_part((start, start + 2)) is part


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ('{"a": "x', True),
        ("{'a': 'x", True),
        ('{"a": "x\\"', True),
        ('So {"a": 1} or ["b", "x ', True),
        ('{"a": "x"', False),
        ("{'a': \"it's", True),
        ('{"a": 1} "x', False),
        ('{name} "x', False),
        ("", False),
    ],
)
def test_ends_in_string(text: str, is_open: bool):
    """A string of an object or array that is open; a quotation in prose is none."""
    assert ends_in_string(text) is is_open
