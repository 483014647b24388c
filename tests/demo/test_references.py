"""Where references lead, within one schema."""

from typing import Any

import pytest

from strictgate.demo.references import References

SCHEMA: Any = {
    "$id": "https://example.com/root.json",
    "$defs": {
        "a/b": {"title": "slash"},
        "list": [{"title": "item"}],
        "anchored": {"$anchor": "here", "title": "anchor"},
        "inner": {"$id": "other.json", "title": "inner", "$defs": {"x": {"title": "deep"}}},
    },
}


@pytest.mark.parametrize(
    ("reference", "title"),
    [
        ("#/$defs/a~1b", "slash"),
        ("#/$defs/a%7E1b", "slash"),
        ("#/$defs/list/0", "item"),
        ("#/$defs/list/1", None),
        ("#/$defs/none", None),
        ("#here", "anchor"),
        ("#nowhere", None),
        ("other.json", "inner"),
        ("other.json#/$defs/x", "deep"),
        ("https://elsewhere.example/x.json", None),
    ],
)
def test_resolve(reference: str, title: str | None):
    """To the schema there; what leads elsewhere accepts everything."""
    found = References(SCHEMA).resolve(reference)
    assert found is True if title is None else found["title"] == title


def test_the_root():
    """By the empty fragment, and by its own name."""
    references = References(SCHEMA)
    assert references.resolve("#") is SCHEMA
    assert references.resolve("https://example.com/root.json") is SCHEMA


def test_meta_schemas_accept_the_empty_object():
    """They are known, and not held here."""
    found = References({}).resolve("https://json-schema.org/draft/2020-12/schema")
    assert found == {"type": "object", "maxProperties": 0}


@pytest.mark.parametrize(
    ("dialect", "alone"),
    [("http://json-schema.org/draft-07/schema#", True), (None, False), ("2020-12", False)],
)
def test_neighbours_of_a_reference(dialect: str | None, alone: bool):
    """Up to draft 7 they do not count."""
    assert References({} if dialect is None else {"$schema": dialect}).ref_stands_alone is alone
    assert References(True).ref_stands_alone is False
