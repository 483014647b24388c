"""What holds of the guard, whatever the text and however it comes; see docs/invariants.md."""

import json
from itertools import pairwise

import jsonschema
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from strictgate.core.guard.releasable import final_length
from strictgate.core.guard.repairs.repairs import Repaired, repair_violation
from strictgate.core.guard.repairs.violation import WAIT
from strictgate.core.repair_steps import Repair
from tests.core.guards import PERSON, draft, guard

MANY = settings(max_examples=3 * settings.default.max_examples)
LIST = {"type": "array", "items": {"type": ["integer", "boolean"]}, "uniqueItems": True}
NESTED = {
    "type": "object",
    "properties": {"a": {"$ref": "#"}, "n": {"type": "number", "multipleOf": 0.5}},
    "additionalProperties": False,
}
SCHEMAS = st.sampled_from([PERSON, LIST, NESTED, True])
SCRAPS = (
    *"{}[]:,\"' \n1-.",
    *('{"name"', '"name": "Ann"', '"age": 7', '"mood": "calm"', '"notes": ["x"]', '{"a": '),
    *('"n": 1.5', '"n": "2"', "[1, 2", "true", "True", "None", "é", "\\n", "\\u00e9", "// x\n"),
    *('"it was a long day, and nobody knew why"', '"ANGRY"', "'calm'", "/*", "*/", "“", "”"),
)
TEXTS = st.lists(st.sampled_from(SCRAPS), max_size=10).map(lambda found: "".join(found).encode())
BEGINNINGS = st.sampled_from([b"", b'{"name": "Ann", ', b'{"a": {', b"[1, ", b'{"age": "7'])
GRAMMAR = st.booleans()


def state(made):
    """All that can be seen of a guard."""
    seen = (made.text, made.is_complete(), made.is_closed(), made.missing(), made.is_free())
    return (*seen, made.forced(), made.options(), final_length(made))


@MANY
@given(SCHEMAS, GRAMMAR, BEGINNINGS, TEXTS, st.lists(st.integers(0, 60)))
def test_the_cut_makes_no_difference(schema, grammar, beginning, text, cuts):
    """Whole, in pieces and byte by byte, the same bytes are taken in."""
    text = beginning + text
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    found = []
    for places in ([0, len(text)], edges, range(len(text) + 1)):
        made = guard(schema, grammar=grammar)
        for start, end in pairwise(places):
            if made.consume(text[start:end]) < end - start:
                break
        found.append(state(made))
    assert found == found[:1] * 3


@MANY
@given(SCHEMAS, GRAMMAR, BEGINNINGS, TEXTS, TEXTS, st.integers(0, 60))
def test_rollback_leaves_nothing(schema, grammar, beginning, text, other, count):
    """A guard that went back is as one that never went further, and goes on alike."""
    made, fresh = guard(schema, grammar=grammar), guard(schema, grammar=grammar)
    made.consume(beginning + text)
    made.rollback(min(count, len(made.text)))
    assert fresh.consume(made.text) == len(made.text)
    assert state(made) == state(fresh)
    assert made.consume(other) == fresh.consume(other)
    assert state(made) == state(fresh)


@MANY
@given(SCHEMAS, GRAMMAR, BEGINNINGS, TEXTS)
def test_what_is_whole_is_valid(schema, grammar, beginning, text):
    """The verdict on a whole document is that of the package `jsonschema`."""
    made = guard(schema, grammar=grammar)
    made.consume(beginning + text)
    if made.is_complete():
        document = json.loads(made.text)
        assert jsonschema.Draft202012Validator(schema).is_valid(document)


@MANY
@given(SCHEMAS, GRAMMAR, BEGINNINGS, TEXTS, st.lists(st.integers(0, 60), min_size=1))
def test_what_is_released_stays(schema, grammar, beginning, text, cuts):
    """As a document grows and is cut back, it goes on beginning with all that was released."""
    made, given = draft(schema, grammar=grammar), ""
    for at, byte in enumerate(beginning + text):
        if not made.guard.consume(bytes([byte])):
            made.cut(cuts[at % len(cuts)])
        given += made.release(made.final())
        assert made.guard.text.startswith(given.encode())
        assert made.final() == len(given.encode())


@MANY
@given(SCHEMAS, GRAMMAR, BEGINNINGS, TEXTS, TEXTS, st.sampled_from(Repair))
def test_repairs_are_monotone(schema, grammar, beginning, text, more, level):
    """What a repair makes of a text it makes of every longer one: more text may only tell where
    it asked to wait."""
    made = guard(schema, grammar=grammar)
    text = beginning + text
    ahead = text[made.consume(text) :]
    assume(ahead)
    floor = final_length(made)
    early = repaired(made, ahead, level, floor, final=False)
    if early[0] is not WAIT:
        for final in (False, True):
            assert repaired(made, ahead + more, level, floor, final=final) == early


@MANY
@given(SCHEMAS, GRAMMAR, BEGINNINGS, TEXTS, st.sampled_from(Repair))
def test_what_is_final_outlives_repairs(schema, grammar, beginning, text, level):
    """A repair leaves what the caller has, and leaves the guard alone where it finds nothing."""
    made = guard(schema, grammar=grammar)
    text = beginning + text
    ahead = text[made.consume(text) :]
    before, floor = made.text, final_length(made)
    result = repair_violation(made, ahead, level, final=True, floor=floor)
    assert result is not WAIT
    assert made.text[:floor] == before[:floor]
    assert isinstance(result, Repaired) or made.text == before


def repaired(made, ahead, level, floor, *, final):
    """What comes of a repair, and the text that the guard has then."""
    twin = made.fork()
    return repair_violation(twin, ahead, level, final=final, floor=floor), twin.text


@pytest.mark.parametrize("grammar", [True, False])
def test_the_properties_are_not_empty(grammar):
    """The texts above do meet documents, violations and repairs."""
    made = guard(grammar=grammar)
    text = b'{"name": "Ann", "age": "7", "mood": "calm"}'
    ahead = text[made.consume(text) :]
    assert ahead
    result = repair_violation(made, ahead, Repair.LOSSLESS, final=False, floor=0)
    assert isinstance(result, Repaired)
    assert made.consume(ahead[result.used :]) == len(ahead) - result.used
    assert made.is_complete()
