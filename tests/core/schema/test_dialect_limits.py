"""How big a compiled schema may be."""

from dataclasses import replace

import pytest

from strictgate.core.jsontext.reader import write_json
from strictgate.core.schema.dialect_limits import MEASURES, check_limits
from strictgate.core.schema.dialect_parts import NotInDialect
from strictgate.core.schema.dialects import DIALECTS, DialectLimits

SOURCE = {
    "type": "object",
    "properties": {
        "a": {"type": "array", "items": {"type": "object", "properties": {"b": {"enum": [1, 2]}}}},
        "c": {"anyOf": [{"type": "string"}, {"type": ["null", "integer"]}, {"$ref": "#/$defs/D"}]},
    },
    "required": ["a"],
    "$defs": {"D": {"type": "object", "properties": {"d": {"type": "null"}}}},
}
MEASURED = {
    "depth": 3,
    "properties": 4,
    "enum_values": 2,
    "optional": 3,
    "unions": 2,
    "branches": 3,
    "characters": len(write_json(SOURCE)),
    "names": 7,
    "enum_characters": 0,
}
WIDE = {"type": "object", "properties": {"e": {"enum": [f"{n:03}" for n in range(251)]}}}


@pytest.mark.parametrize("name", MEASURES)
def test_each_limit(name):
    """What is just within is taken."""
    source = WIDE if name == "enum_characters" else SOURCE
    most = 753 if name == "enum_characters" else MEASURED[name]
    assert MEASURES[name](source) == most
    limited = replace(DIALECTS["free"], limits=DialectLimits(**{name: most}))
    check_limits(source, limited)
    tighter = replace(limited, limits=DialectLimits(**{name: most - 1}))
    with pytest.raises(NotInDialect, match=name.replace("_", " ")):
        check_limits(source, tighter)


def test_an_enum_of_few():
    """The characters of an enum count from so many options on only."""
    assert MEASURES["enum_characters"](SOURCE) == 0
