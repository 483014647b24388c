"""A key in JSON, in each of its spellings."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.wire.secret import Secret

KEY = "sk/Ab+1"


def escaped(text, which=lambda character: True):
    """`text` with `\\u` and digits for each character of which `which` says so."""
    return "".join(f"\\u{ord(each):04x}" if which(each) else each for each in text)


SPELLINGS = [
    KEY,
    KEY.replace("/", "\\/"),
    KEY.replace("+", "\\u002B"),
    KEY.replace("/", "\\/").replace("+", "\\u002b"),
    escaped(KEY),
    escaped(KEY, str.isupper),
]


@pytest.mark.parametrize("spelt", SPELLINGS)
def test_each_spelling_is_found(spelt):
    """In a text of JSON, and in one that stands in another, whose backslashes are doubled."""
    raw = f'{{"a": "is {spelt}!"}}'
    for _ in range(3):
        assert Secret(KEY).is_in(raw.encode())
        assert json.loads(json.dumps(Secret(KEY).blotted(raw))) == '{"a": "is ***!"}'
        raw = json.dumps(raw)
        assert Secret(KEY).is_in(raw.encode())
        raw = f'{{"a": "is {json.dumps(spelt)[1:-1]}!"}}'
        spelt = json.dumps(spelt)[1:-1]


@pytest.mark.parametrize(
    "text", ["", "sk/Ab", "sk\\\\Ab+1", "sk\\u0020Ab+1", "\\u0073k/Ab", "caf\\u00e9 \\/ \\u002b"]
)
def test_what_is_no_key(text):
    """A part of it, or another character in its place, stays as it is."""
    assert not Secret(KEY).is_in(text.encode())
    assert Secret(KEY).blotted(text) == text


def test_everywhere_in_a_value():
    """Texts and names, however deep; what is no text stays."""
    value = {"a": [{f"x {KEY}": 1, "y": [None, escaped(KEY), 2.5]}], KEY: KEY}
    assert Secret(KEY).blotted(value) == {
        "a": [{"x ***": 1, "y": [None, "***", 2.5]}],
        "***": "***",
    }


KEYS = st.text("sk-1/+=._~", min_size=4, max_size=9)


@given(st.text(), KEYS, st.sets(st.integers(0, 8)))
def test_any_key(before, key, which):
    """With whichever of its characters escaped; one has those of a token (RFC 6750 §2.1)."""
    spelt = "".join(escaped(each) if at in which else each for at, each in enumerate(key))
    inner = json.dumps(before, ensure_ascii=False)[:-1] + spelt + '"'
    raw = json.dumps({"a": inner})

    assert Secret(key).is_in(raw.encode())
    told = json.loads(Secret(key).blotted(json.loads(raw))["a"])
    assert not any(key in part for part in told.split("***"))


@given(st.text(min_size=1))
def test_a_key_that_is_none(key):
    """One with other characters is found as it stands, and as JSON spells it."""
    assert Secret(key).is_in(json.dumps({"a": key}, ensure_ascii=False).encode("utf-8", "replace"))
    assert key not in Secret(key).blotted({"a": f"<{key}>"})["a"].replace("***", "")
