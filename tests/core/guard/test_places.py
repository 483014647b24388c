"""The way to an open container, made once for all of the values in it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.guard.incremental_validator import IncrementalValidator
from strictgate.core.guard.places import Places
from strictgate.core.guard.pruned_tree import PruneLimits
from strictgate.core.schema.schema import admit

NOTHING, SOMETHING = PruneLimits(items=0, members=0), PruneLimits(items=1, members=8)


def entered(kept, *around, path=()):
    places = Places(kept)
    enter(places, around, path)
    return places


def enter(places, around, path=()):
    places.enter(around, len(around) - 1, lambda depth: path[depth])


def test_a_value_in_its_place():
    """Nothing beside the way, where nothing there matters; else what stays of a thinned tree."""
    rows = [{"a": 1}, {"a": 2, "b": "x"}]
    around = [{"kind": "k", "rows": rows}, rows, rows[1]]
    alone = entered(NOTHING, *around, path=("rows", 1))
    assert alone.filled("c", 0) == {"rows": [{"c": 0}]}
    beside = entered(SOMETHING, *around, path=("rows", 1))
    assert beside.filled("c", 0) == {"kind": "k", "rows": [{"a": 1}, {"a": 2, "b": "x", "c": 0}]}
    assert entered(SOMETHING, [7, 8, 9]).filled(3, 5) == [7, 5]


def test_what_is_known():
    """By the names on the way alone; of an array, all items are alike."""
    rows = [{}, {}]
    places = entered(NOTHING, rows, rows[0], path=(0,))
    places.learn("a", "text")
    assert places.is_known("a", "text")
    assert not places.is_known("a", "number")
    enter(places, [rows, rows[1]])
    assert places.is_known("a", "text")
    enter(places, [rows])
    assert not places.is_known(0, "text")
    places.learn(2, "text")
    assert places.is_known(9, "text")


def test_what_is_known_where_more_matters():
    """Only of the later items of one array: all have the same beside them."""
    items = [1]
    places = entered(SOMETHING, items)
    places.learn(0, "text")
    assert not places.is_known(5, "text")
    places.learn(1, "text")
    assert places.is_known(5, "text")
    members = {}
    enter(places, [members])
    places.learn("a", "text")
    assert not places.is_known("a", "text")


class Slow(IncrementalValidator):
    """Looks at every value closely."""

    def _look(self, event, length):
        self._places.is_known = lambda step, kind: False
        self._judge.is_fine = lambda tree, leaf, kinds: False
        return super()._look(event, length)


ROW = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"enum": [1, "x"]}}}
SCHEMAS = [
    admit(each, name="x")
    for each in (
        {"properties": {"a": {"items": ROW}, "b": {"maxItems": 2, "items": {"type": "string"}}}},
        {"items": ROW | {"required": ["b"], "additionalProperties": False}},
        {"items": {"anyOf": [ROW | {"required": ["a"]}, {"type": "array"}, {"const": 1}]}},
        {"prefixItems": [{"type": "integer"}, ROW], "items": {"type": ["string", "object"]}},
        {"additionalProperties": {"items": {"uniqueItems": True}}, "maxProperties": 2},
        {"propertyNames": {"maxLength": 1}, "additionalProperties": {"type": ["array", "null"]}},
        {"items": {"oneOf": [{"required": ["a"]}, {"required": ["b"]}, {"type": "number"}]}},
        {
            "items": {
                "contains": {"const": 1},
                "if": {"maxItems": 1},
                "then": {"items": {"const": 1}},
            }
        },
        {
            "unevaluatedProperties": False,
            "properties": {"a": True},
            "patternProperties": {"b": ROW},
        },
    )
]
SCALARS = st.sampled_from([None, True, 0, 1, 1.5, "", "x", "xyz"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(
    schema=st.sampled_from(SCHEMAS),
    value=VALUES,
    cuts=st.lists(st.integers(0, 60), max_size=3),
    back=st.integers(0, 20),
)
def test_the_same_byte_is_refused(schema, value, cuts, back):
    """As if each value were looked at on its own; also after going back, and in copies."""
    data = json.dumps(value).encode()
    quick, slow = (kind(schema) for kind in (IncrementalValidator, Slow))
    for cut in [*sorted(cuts), len(data)]:
        at = len(slow.scanner)
        assert quick.consume(data[at:cut]) == slow.consume(data[at:cut])
        assert quick.problems() == slow.problems()
        quick = quick.fork()
        for each in (quick, slow):
            each.rollback(min(back, len(each.scanner)))
        rest = data[len(slow.scanner) :]
        assert quick.fork().consume(rest) == slow.fork().consume(rest)
