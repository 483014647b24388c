"""The parts of a document, put together."""

from strictgate.core.output.origins import ByteOrigin, DocumentOrigins, edited
from strictgate.core.output.part_merging import OriginText, merge_parts


def part(text, old=None):
    data = text.encode()
    own = DocumentOrigins.of(ByteOrigin.MODEL, len(data))
    return OriginText(text, edited(old.encode(), data) if old else own)


def test_characters_stay():
    """Numbers, escapes and blanks inside of values are the model's own; what joins them is not."""
    made = merge_parts([part('{"a":1.50, "é": "\\u00fc" }'), part('{ "c" : [1,  2]}')], [()])
    assert made.text == '{"a": 1.50, "é": "\\u00fc", "c": [1,  2]}'
    assert made.origins.counts() == {"model": 29, "forced": 12}
    assert made.origins.length == len(made.text.encode())


def test_divided_objects():
    """Their members are gathered; of two the first counts."""
    parts = [
        part('{"x": 1, "in": {"a": 1}}'),
        part('{"in": {"b": 2, "a": 3}, "y": {}}'),
        part("{}"),
    ]
    assert merge_parts(parts, [(), ("in",)]).text == '{"x": 1, "in": {"a": 1, "b": 2}, "y": {}}'


def test_origins_move_along():
    """What was mended in a part is mended in the whole."""
    made = merge_parts([part('{"a": 1}'), part('{"b": 2}', old='{"b": "2"}')], [()])
    mended = [each for each in made.origins.ranges if each.origin is ByteOrigin.MENDED]
    assert [made.text[each.start : each.end] for each in mended] == ["2"]
