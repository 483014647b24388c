"""The blanks that a model uses, and what is written with them."""

import json

import pytest

from strictgate.core.guard.layout import layout
from strictgate.core.jsontext.lexer import LexicalToken
from tests.core.guards import PERSON, draft

LINES = '{\n  "a": 1,\n  "b": {\n    "c": 1'


@pytest.mark.parametrize(
    ("text", "data", "laid"),
    [
        ('{"a"', ':"x"', ':"x"'),
        ('{"a": 1, "b"', ':{"c":"x"', ': {"c": "x"'),
        ('{"a":1,"b"', ':{"c":', ':{"c":'),
        ('{"a":1', ',"b":', ',"b":'),
        ('{"a": 1', ',"b":', ', "b": '),
        ("{", '"b":', '"b": '),
        ('{\n  "a', '":{"b":', '": {\n    "b": '),
        ('{\n"a', '":{"b":', '": {\n"b": '),
        ('{\r\n\t"a":', '{"b', ' {\r\n\t\t"b'),
        ('{\n  "a": {"b": 1}, "c"', ':{"d', ': {"d'),
        (LINES, ',"d":[{"e', ',\n    "d": [\n      {\n        "e'),
        (LINES, '},"d":', '},\n  "d": '),
        (LINES, "}}", "}}"),
        ('[\n  "a', '",{"b', '",\n  {\n    "b'),
        ('{\n  "a', '\\"{:,', '\\"{:,'),
        ("", '{"a":', '{"a": '),
    ],
)
def test_what_is_written_looks_like_the_models_own(text, data, laid):
    """Behind colons and commas, and in lines where the model has broken its own."""
    made = draft({}, text)
    scanner = made.guard.scanner
    found = layout(text.encode()).laid_out(
        data.encode(),
        text.encode(),
        len(scanner.containers),
        in_string=scanner.token in (LexicalToken.NAME, LexicalToken.STRING),
    )

    assert found.decode() == laid


def test_blanks_that_are_no_indentation():
    """A run of them is not repeated at each level."""
    assert layout(b"{\n" + b" " * 40 + b'"a').indentation == b""


def test_a_document_stays_what_it_is():
    """Blanks are all that is added."""
    schema = {
        "type": "object",
        "properties": {"user": PERSON},
        "required": ["user"],
        "additionalProperties": False,
    }
    made = draft(schema, '{\n  "')
    made.complete(b"")

    assert made.guard.text.decode() == '{\n  "user": {\n    "'
    assert json.loads(made.guard.text + b'name": ""}}') == {"user": {"name": ""}}
