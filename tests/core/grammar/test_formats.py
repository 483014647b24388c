"""Patterns for formats."""

import pytest
from jsonschema_rs import Draft202012Validator

from strictgate.core.grammar import string_patterns
from strictgate.core.grammar.formats import FORMAT_PATTERNS
from strictgate.core.schema import patterns
from strictgate.core.schema.formats import FORMAT_SINCE
from tests.corpora import rows


@pytest.mark.parametrize("name", FORMAT_PATTERNS)
def test_each_is_known_and_read(name):
    """A format that is not asserted needs no pattern, and one that is not read is of no use."""
    assert name in FORMAT_SINCE
    assert string_patterns.pattern_terminal(FORMAT_PATTERNS[name])


@pytest.mark.parametrize("name", FORMAT_PATTERNS)
def test_none_is_stricter_than_the_validator(name):
    """On all strings that the suite has for any format."""
    is_valid = Draft202012Validator({"format": name}, validate_formats=True).is_valid
    matches = patterns.pattern_predicate(FORMAT_PATTERNS[name])
    texts = {
        row["data"]
        for row in rows("jsts/draft2020-12.jsonl")
        if row["format_test"] and isinstance(row["data"], str)
    }
    assert [text for text in texts if is_valid(text) and not matches(text)] == []
