"""Where an object or array ends that is not the document."""

import pytest

from strictgate.core.guard.start_extent import End, Ending, Extent


def followed(text: str, *, start: int = 0, step: int = 1) -> End | None:
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
        ('{"a": [1, {}]} x', Ending.CLOSED, '{"a": [1, {}]}'),
        ('{"}": "\\"}"} x', Ending.CLOSED, '{"}": "\\"}"}'),
        ("{'}': 1} x", Ending.CLOSED, "{'}': 1}"),
        ("{[ 'it': 1]} x", Ending.CLOSED, "{[ 'it': 1]}"),
        ("{it's} x", Ending.CLOSED, "{it's}"),
        ("{a: 1 // }\n, b /* } */ : 2} x", Ending.CLOSED, "{a: 1 // }\n, b /* } */ : 2}"),
        ("{a/b: <b>} x", Ending.CLOSED, "{a/b: <b>}"),
        ("[1} x", Ending.BROKEN, "[1}"),
        ("[" * 300, Ending.BROKEN, "[" * 129),
        ("{a: </think> x", Ending.TAGGED, "{a: </think>"),
        ("[a [/THINK] x", Ending.TAGGED, "[a [/THINK]"),
        ("{a ◁/think▷ x", Ending.TAGGED, "{a ◁/think▷"),
        ('{"</think>": "◁/think▷"} x', Ending.CLOSED, '{"</think>": "◁/think▷"}'),
    ],
)
def test_ends(text: str, how: Ending, extent: str, step: int):
    """Its last byte, or the one that breaks it, however the text is cut."""
    assert followed(text, step=step) == End(how, len(extent.encode()))


@pytest.mark.parametrize("text", ['{"a": "}', "{a: // }", "{a /* }", "[[1], ", "{", "{a </thi"])
def test_no_end_yet(text: str):
    """Strings, comments and tags that are open hide it."""
    assert followed(text) is None


def test_from_where_it_starts():
    """What stands before its bracket does not count."""
    assert followed("} ' [1]", start=4) == End(Ending.CLOSED, 7)
