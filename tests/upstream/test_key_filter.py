"""A key in what is passed on, wherever the pieces are cut."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.upstream.key_filter import KeyFilter

KEY = "sk-sk-secret/1"


def filtered(pieces, key=KEY):
    keys = KeyFilter(key)
    return b"".join([*map(keys.feed, pieces), keys.flush()])


@pytest.mark.parametrize("spelt", [KEY, json.dumps(KEY)[1:-1], KEY.replace("/", "\\/")])
def test_cut_anywhere(spelt):
    """Stars take its place, as many as it had bytes."""
    text = f'{{"error": "key {spelt}sk-sk refused"}}'.encode()
    wanted = text.replace(spelt.encode(), b"*" * len(spelt))
    for cut in range(len(text)):
        assert filtered([text[:cut], text[cut:]]) == wanted
    assert filtered([text[at : at + 1] for at in range(len(text))]) == wanted


@given(st.lists(st.text("sk-1/*").map(str.encode)))
def test_no_cut_matters(pieces):
    """What comes out is the same as in one piece, and has the length of what went in."""
    whole = b"".join(pieces)
    assert filtered(pieces, "sk-s/1k") == filtered([whole], "sk-s/1k")
    assert len(filtered(pieces, "sk-s/1k")) == len(whole)


def test_nothing_waits_without_need():
    """An event that does not end in the beginning of the key goes out at once."""
    assert KeyFilter(KEY).feed(b"data: sk-\n\n") == b"data: sk-\n\n"
