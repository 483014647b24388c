"""Strings that are free: what the grammar is not given makes no difference to it."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.guard.free_strings import free_length
from tests.core.talks import machine

LONG = "it was a long day, and nobody knew why; so they went home, and slept"
RECORD = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "kind": {"anyOf": [{"enum": [LONG[:40], "a"]}, {"type": "string", "minLength": 3}]},
        "short": {"type": "string", "maxLength": 4},
        "next": {"$ref": "#"},
    },
    "additionalProperties": {"type": "string"},
}
SCHEMAS = (RECORD, {"type": "array", "items": {"enum": [LONG, "b"]}}, {"type": "string"})
SCRAPS = (
    *(
        '{"text": "',
        '{"kind": "',
        '{"short": "',
        '{"other": "',
        '{"next": ',
        '["',
        '"',
        '", "',
        "}",
    ),
    *(LONG, LONG[:40], LONG[40:], "é", "\\n", "\\u00e9", "\\", "\x7f", "\n", ", 1", "é" * 40),
)
TEXTS = st.lists(st.sampled_from(SCRAPS), max_size=8).map(lambda found: "".join(found).encode())
CUTS = st.lists(st.integers(0, 300), max_size=5)


def state(matcher):
    """What can be seen of a matcher."""
    follows = [byte for byte in range(256) if matcher.fork().consume(bytes([byte]))]
    seen = (matcher.is_accepting(), matcher.is_free(), matcher.forced(), matcher.options())
    return (*seen, follows)


@given(st.sampled_from(SCHEMAS), TEXTS, CUTS, st.integers(0, 300))
def test_it_is_as_if_it_were_given_all(schema, text, cuts, back):
    """As much is taken, the same may follow, and one can go back anywhere, however it is cut."""
    made = machine(schema)
    assert made.free_from is not None
    matcher, other = made.start(), replace(made, free_from=None).start()
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    count = other.consume(text)
    taken = 0
    for start, end in pairwise(edges):
        taken += (more := matcher.consume(text[start:end]))
        if more < end - start:
            break
    assert taken == count
    assert state(matcher) == state(other)
    for each in (matcher, other):
        each.rollback(min(back, count))
    assert state(matcher) == state(other)
    rest = text[count - min(back, count) :]
    assert matcher.consume(rest) == other.consume(rest)
    assert state(matcher) == state(other)


@given(st.sampled_from(SCHEMAS), TEXTS, st.sampled_from(["x", " and so on", LONG]))
def test_mere_text(schema, text, more):
    """What is taken as mere text would be taken at any rate, and leads to the same."""
    matcher, other = machine(schema).start(), machine(schema).start()
    assert matcher.consume(text) == other.consume(text)
    if matcher.take_text(more.encode()):
        assert other.consume(more.encode()) == len(more)
        assert state(matcher) == state(other)


def test_the_engine_is_not_given_it():
    """Only what makes a difference counts against what the engine keeps for each byte."""
    matcher = machine(RECORD).start()
    text = b'{"text": "' + LONG.encode() * 100
    assert matcher.consume(text) == len(text)
    assert matcher.take_text(b"mere text")
    assert len(matcher._respeller) == len(text) + len(b"mere text")
    assert matcher._respeller.plain_length < 100


@pytest.mark.parametrize(
    ("schema", "length"),
    [
        ({"type": "string"}, 2),
        ({"type": "string", "maxLength": 5}, 32),
        ({"type": "string", "minLength": 3}, 20),
        ({"type": "string", "maxLength": 5000}, None),
        ({"enum": ["a/b", "ccc"]}, 9),
        ({"type": "string", "pattern": "^a"}, None),
        ({"type": "string", "format": "date"}, None),
        ({"type": "number", "minimum": 3}, 2),
        ({"type": "object", "properties": {"name": True}}, 10),
        ({"type": "object", "patternProperties": {"^n": True}}, None),
    ],
)
def test_lengths(schema, length):
    """By the longest text and the longest length; a pattern may never come to an end."""
    assert machine(schema).free_from == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ('start: "a" T\nT: /[ab]/ | "\\"x/\\""\n', 8),
        ('start: T\nT: /"[ab]*"/\n', None),
        ('%llguidance {}\nCHAR: /"/\nstart: T\nT: "abc" & ("\\"" CHAR{1,} "\\"")\n', 8),
    ],
)
def test_other_grammars(text, length):
    """What every grammar begins with does not count, where it begins so."""
    assert free_length(text) == length
