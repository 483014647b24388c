"""Where an object or array ends that is not the document."""

import pytest

from strictgate.core.guard.start_extent import Extent, ExtentEnd, ExtentEnding


def followed(text: str, *, start: int = 0, step: int = 1) -> ExtentEnd | None:
    extent, arrived, data = Extent(start), bytearray(), text.encode()
    for position in range(0, len(data), step):
        arrived += data[position : position + step]
        if end := extent.follow(arrived):
            return end
    return None


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "how", "extent"),
    [
        ('{"a": [1, {}]} x', ExtentEnding.CLOSED, '{"a": [1, {}]}'),
        ('{"}": "\\"}"} x', ExtentEnding.CLOSED, '{"}": "\\"}"}'),
        ("{'}': 1} x", ExtentEnding.CLOSED, "{'}': 1}"),
        ("{[ 'it': 1]} x", ExtentEnding.CLOSED, "{[ 'it': 1]}"),
        ("{it's} x", ExtentEnding.CLOSED, "{it's}"),
        ("{a: 1 // }\n, b /* } */ : 2} x", ExtentEnding.CLOSED, "{a: 1 // }\n, b /* } */ : 2}"),
        ("{a/b: <b>} x", ExtentEnding.CLOSED, "{a/b: <b>}"),
        ("[1} x", ExtentEnding.BROKEN, "[1}"),
        ("[" * 300, ExtentEnding.BROKEN, "[" * 129),
        ("{a: </think> x", ExtentEnding.TAGGED, "{a: </think>"),
        ("[a [/THINK] x", ExtentEnding.TAGGED, "[a [/THINK]"),
        ("{a ◁/think▷ x", ExtentEnding.TAGGED, "{a ◁/think▷"),
        ('{"</think>": "◁/think▷"} x', ExtentEnding.CLOSED, '{"</think>": "◁/think▷"}'),
    ],
)
def test_ends(text: str, how: ExtentEnding, extent: str, step: int):
    """Its last byte, or the one that breaks it, however the text is cut."""
    assert followed(text, step=step) == ExtentEnd(how, len(extent.encode()))


@pytest.mark.parametrize("text", ['{"a": "}', "{a: // }", "{a /* }", "[[1], ", "{", "{a </thi"])
def test_no_end_yet(text: str):
    """Strings, comments and tags that are open hide it."""
    assert followed(text) is None


def test_from_where_it_starts():
    """What stands before its bracket does not count."""
    assert followed("} ' [1]", start=4) == ExtentEnd(ExtentEnding.CLOSED, 7)
