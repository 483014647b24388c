"""Where the open objects and arrays of a text start."""

import json

from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.guard.repairs import outline
from strictgate.core.jsontext.scanner import Scanner
from tests.core.output.test_validate_text import values


def test_names_and_starts():
    """Each open object has the names that stand in it so far."""
    text = b'{"a": {"x": ["}"]}, "b\\"": [{"c": 1, "d'
    outer, array, inner = outline.open_containers(text)
    assert [text[slice(*span)] for span in outer.names] == [b'"a"', b'"b\\""']
    assert (array.start, array.names) == (27, [])
    assert [text[slice(*span)] for span in inner.names] == [b'"c"', b'"d']


@given(values, st.data())
def test_as_many_are_open_as_the_scanner_says(value: object, data: st.DataObject):
    """Whatever the text, and wherever it is cut."""
    text = json.dumps(value).encode()
    cut = text[: data.draw(st.integers(0, len(text)))]
    scanner = Scanner()
    scanner.consume(cut)
    opened = outline.open_containers(cut)
    assert len(opened) == len(scanner.containers)
    for each, container in zip(opened, scanner.containers, strict=True):
        assert cut[each.start : each.start + 1] == (b"{" if isinstance(container, dict) else b"[")
