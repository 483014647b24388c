"""What tools write is read as they mean it."""

from typing import Any

import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.schema.schema import admit
from strictgate.core.schema.tool_dialects import as_meant
from tests.tables import cases, label


def closed(**properties):
    return {"type": "object", "properties": properties, "additionalProperties": False}


@pytest.mark.parametrize(("group", "test"), cases("tool_dialects"), ids=label)
def test_what_is_meant(group: dict[str, Any], test: dict[str, Any]):
    """A table of spellings, and of values that are good and bad by them."""
    schema = admit(test["schema"], name="s")
    for value in test["good"]:
        assert schema.is_valid(value), value
    for value in test["bad"]:
        assert not schema.is_valid(value), value
    assert schema.source == {
        name: value for name, value in test["schema"].items() if name != "$schema"
    }


@pytest.mark.parametrize(
    "document",
    [
        True,
        {"type": "string", "pattern": "^a$", "const": None, "default": None},
        {"properties": {"nullable": True, "pattern": {"nullable": False}}},
        {"enum": [{"nullable": True, "pattern": None}]},
    ],
)
def test_what_is_no_spelling_stays_itself(document):
    """Data, names, and null where it may stand."""
    assert as_meant(document, is_declared=False) is document


def test_the_callers_own_is_left_alone():
    """What is meant is written into a copy."""
    source = closed(a={"type": "string", "nullable": True, "minLength": None})
    kept = {"type": "string", "nullable": True, "minLength": None}
    assert as_meant(source, is_declared=False)["properties"]["a"] == {"type": ["string", "null"]}
    assert source["properties"]["a"] == kept


def test_what_is_referred_to_stays_in_its_place():
    """Where something refers into a union that null would be added to, the letter counts."""
    union = {"anyOf": [{"type": "integer"}], "nullable": True}
    schema = admit(closed(a=union, b={"$ref": "#/properties/a/anyOf/0"}), name="s")
    assert schema.is_valid({"a": 1, "b": 1})
    assert not schema.is_valid({"a": None})


def test_null_is_no_cure():
    """What is wrong otherwise is refused in the words of the meta-schema."""
    with pytest.raises(BadRequest, match="5 is not of type 'string'"):
        admit({"pattern": 5, "minLength": None}, name="s")
