"""The words of a schema."""

from strictgate.core.guard.repairs import vocabulary
from strictgate.core.guard.schema_features import features
from strictgate.core.schema.schema import admit

FEATURES = features(
    admit(
        {
            "properties": {"Name": {"enum": ["Red", "RED", 5, None]}, "name ": {"const": "blue"}},
            "items": {"$ref": "#/$defs/x"},
            "$defs": {"x": {"properties": {"deep": True}}, "y": {"properties": {"unused": True}}},
        },
        name="x",
    ).inspected
)


def test_names():
    """Declared names are found wherever they apply, by what they are but for case and blanks."""
    assert set(vocabulary.names(FEATURES, "NAME")) == {"Name", "name "}
    assert vocabulary.names(FEATURES, " DEEP") == ("deep",)
    assert vocabulary.names(FEATURES, "Red") == ()
    assert vocabulary.names(FEATURES, "UNUSED") == ()


def test_meant_names():
    """A name does not mean itself, nor one that is there already."""
    assert vocabulary.meant(FEATURES, "Name", {}) == ["name "]
    assert vocabulary.meant(FEATURES, "NAME", {"name ": 1}) == ["Name"]
    assert vocabulary.meant(FEATURES, None, {}) == []


def test_options():
    """Strings that are listed as values, and nothing else."""
    assert set(vocabulary.options(FEATURES, " red")) == {"Red", "RED"}
    assert vocabulary.options(FEATURES, "BLUE") == ("blue",)
    assert vocabulary.options(FEATURES, "5") == ()
