"""Messages between replicas: there and back, and what is none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.capabilities import Fact
from strictgate.core.resilience.messages import (
    BreakerMoved,
    FactsForgotten,
    SharedFact,
    address_digest,
    decode_message,
    encode_message,
)

AT = address_digest("http://x/v1")
FACT = SharedFact("groq", AT, "kimi", ("no_mode", "native"), 60.0)
TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
FACTS = st.tuples(st.sampled_from(list(Fact)), TEXT)
MESSAGES = st.one_of(
    st.builds(SharedFact, TEXT, TEXT, TEXT, FACTS, st.floats(0.1, 1e9)),
    st.builds(FactsForgotten, TEXT, TEXT, TEXT),
    st.builds(BreakerMoved, TEXT, TEXT, st.booleans()),
)


@given(MESSAGES)
def test_there_and_back(message):
    """Whatever the names are, lone surrogates too."""
    raw = encode_message(message, "a")

    assert decode_message(raw, "b") == message
    assert decode_message(raw, "a") is None
    assert raw.isascii()


def spoilt(**fields):
    return json.dumps(json.loads(encode_message(FACT, "a")) | fields).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"kind":"fact","sender":"a"}',
        spoilt(kind="another version's"),
        spoilt(more=1),
        spoilt(seconds=0),
        spoilt(seconds="1"),
        spoilt(seconds=float("nan")),
        spoilt(seconds=float("inf")),
        spoilt(seconds=10**400),
        b"[" * 100_000,
        spoilt(fact=[]),
        spoilt(fact=["unknown"]),
        spoilt(fact=["no_mode", 1]),
        spoilt(fact=[["no_mode"]]),
        spoilt(fact=["no_mode", *"abcdefgh"]),
        spoilt(fact=1),
        spoilt(upstream=None),
        encode_message(BreakerMoved("x", AT, True), "a").replace(b"true", b"1"),
        encode_message(BreakerMoved("x", AT, True), "a").replace(b'"x"', b"1"),
        encode_message(FactsForgotten("x", AT, "m"), "a").replace(b'"m"', b"1"),
    ],
)
def test_no_message(raw):
    """What cannot be read is nobody's, and no error."""
    assert decode_message(raw, "b") is None


def test_addresses():
    """They are not sent themselves."""
    assert address_digest("http://y/v1") != AT
    assert "x/v1" not in AT
