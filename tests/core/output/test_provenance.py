"""How much of a document is the model's own, as it is told."""

from strictgate.core.output.origins import ByteOrigin, DocumentOrigins, OriginRange, edited
from strictgate.core.output.provenance import MOST_PATHS, ScoredToken, is_own, origin_details

TEXT = '{"né": "ü", "age": 7, "tags": ["x", "y"]}'
OWN = DocumentOrigins.of(ByteOrigin.MODEL, len(TEXT.encode()))


def told(text, origins, tokens=()):
    return origin_details(text, origins, tokens, by_path=True)


def test_counts():
    """Bytes by origin; nothing is looked for in the text."""
    origins = edited(b'{"age": "7"}', b'{"age": 7}')
    counts = {"bytes": {"model": 9, "mended": 1}}
    assert origin_details("not looked at", origins, (), by_path=False) == counts
    assert not is_own(origins)
    assert is_own(OWN)


def test_paths():
    """Values and names that are not the model's own, with how much of them is not."""
    ranges = [
        OriginRange(0, 13, ByteOrigin.MODEL),
        OriginRange(13, 22, ByteOrigin.FORCED),
        OriginRange(22, 34, ByteOrigin.MODEL),
        OriginRange(34, 36, ByteOrigin.CHOSEN),
        OriginRange(36, 43, ByteOrigin.CONTINUED),
    ]
    found = told(TEXT, DocumentOrigins(tuple(ranges)))
    assert found["bytes"] == {"model": 25, "continued": 7, "chosen": 2, "forced": 9}
    assert found["paths"] == [
        {"path": "/age", "part": "name", "forced": 5},
        {"path": "/age", "forced": 1},
        {"path": "/tags/0", "chosen": 2},
    ]


def test_confidence():
    """The product over a value's tokens, those included that reach over its ends; none is told
    where a token is not known, and of what is not the model's own."""
    data = TEXT.encode()
    at = data.index(b"7")
    tokens = [
        ScoredToken(0, 8, -1.0),
        ScoredToken(8, 11, -0.5),  # `"ü` and what is before it
        ScoredToken(11, 14, -0.25),  # `",` behind it
        ScoredToken(at - 1, at + 1, -0.125),
    ]
    found = told(TEXT, OWN, tokens)["paths"]
    assert found == [
        {"path": "/né", "confidence": 0.4724},
        {"path": "/age", "confidence": 0.8825},
    ]


def test_many():
    """The list is bounded; of the rest the number is told."""
    text = "[" + ", ".join(["1"] * (MOST_PATHS + 5)) + "]"
    found = told(text, DocumentOrigins.of(ByteOrigin.MENDED, len(text)))
    assert len(found["paths"]) == MOST_PATHS
    assert found["paths"][-1] == {"path": f"/{MOST_PATHS - 1}", "mended": 1}
    assert found["more_paths"] == 5
