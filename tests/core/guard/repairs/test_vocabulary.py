"""The words of a schema."""

from strictgate.core.guard.repairs import vocabulary
from strictgate.core.schema.schema import admit

SCHEMA = admit(
    {
        "properties": {"Name": {"enum": ["Red", "RED", 5, None]}, "name ": {"const": "blue"}},
        "$defs": {"x": {"properties": {"deep": True}, "prefixItems": [{}, {"items": {}}]}},
    },
    name="x",
)


def test_names():
    """Declared names are found wherever they stand, by what they are but for case and blanks."""
    assert set(vocabulary.names(SCHEMA, "NAME")) == {"Name", "name "}
    assert vocabulary.names(SCHEMA, " DEEP") == ("deep",)
    assert vocabulary.names(SCHEMA, "Red") == ()


def test_meant_names():
    """A name does not mean itself, nor one that is there already."""
    assert vocabulary.meant(SCHEMA, "Name", {}) == ["name "]
    assert vocabulary.meant(SCHEMA, "NAME", {"name ": 1}) == ["Name"]
    assert vocabulary.meant(SCHEMA, None, {}) == []


def test_options():
    """Strings that are listed as values, and nothing else."""
    assert set(vocabulary.options(SCHEMA, " red")) == {"Red", "RED"}
    assert vocabulary.options(SCHEMA, "BLUE") == ("blue",)
    assert vocabulary.options(SCHEMA, "5") == ()


def test_listed_items():
    """The longest list of items with schemas of their own."""
    assert vocabulary.listed(SCHEMA.text) == 2
    assert vocabulary.listed("true") == 0
