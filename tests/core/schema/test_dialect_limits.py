"""How big a compiled schema may be."""

from dataclasses import replace

import pytest

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
}


@pytest.mark.parametrize("name", MEASURES)
def test_each_limit(name):
    """What is just within is taken."""
    assert MEASURES[name](SOURCE) == MEASURED[name]
    limited = replace(DIALECTS["free"], limits=DialectLimits(**{name: MEASURED[name]}))
    check_limits(SOURCE, limited)
    tighter = replace(limited, limits=DialectLimits(**{name: MEASURED[name] - 1}))
    with pytest.raises(NotInDialect, match=name.replace("_", " ")):
        check_limits(SOURCE, tighter)
