"""Loops, cost and chains. The words of the refusals are in test_inspection.py."""

import pytest

from strictgate.core.schema.cost import measure_expansion
from strictgate.core.schema.drafts import DEFAULT
from strictgate.core.schema.references import schema_graph


def expanded(document):
    return measure_expansion(schema_graph(document, DEFAULT))


def doubling(levels, keyword):
    """A schema whose every level applies the next one twice."""
    defs = {
        f"d{level}": {keyword: [{"$ref": f"#/$defs/d{level + 1}"}] * 2} for level in range(levels)
    }
    return {"$defs": defs | {f"d{levels}": {}}, "$ref": "#/$defs/d0"}


@pytest.mark.parametrize(
    ("document", "cost"),
    [
        (True, 1),
        ({}, 1),
        ({"$defs": {"a": {}}}, 1),
        ({"properties": {"a": {}, "b": {"items": {}}}}, 4),
        ({"$defs": {"a": {"not": {}}}, "allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}, 7),
        ({"items": {"$ref": "#"}}, 2),
        ({"unevaluatedProperties": False, "allOf": [{}]}, 4),
    ],
)
def test_cost(document, cost):
    """One for each schema that is visited; definitions count where they are referred to."""
    assert expanded(document).cost == cost


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf", "prefixItems"])
def test_doubling_is_priced_without_being_done(keyword):
    """59 levels cost 2 to the 59th and more; computed at once, and capped."""
    assert expanded(doubling(10, keyword)).cost == 2**12 - 2
    assert expanded(doubling(59, keyword)).cost == 10**18


def test_doubling_hidden_in_a_recursion_is_priced():
    """A way back at the end, down into the value, does not make the doubling cheap."""
    document = doubling(59, "allOf")
    document["$defs"]["d59"] = {"items": {"$ref": "#/$defs/d0"}}
    assert expanded(document).cost == 10**18


def test_recursion_among_many_is_cheap():
    """30 kinds of node that each hold all others, as syntax trees do, are not a bomb."""
    kinds = {
        f"k{kind}": {"properties": {f"p{each}": {"$ref": f"#/$defs/k{each}"} for each in range(30)}}
        for kind in range(30)
    }
    assert expanded({"$defs": kinds, "$ref": "#/$defs/k0"}).cost < 2_000


def test_the_longest_chain_counts():
    """Of several ways at one value; what goes down into the value starts anew."""
    document = {"allOf": [{}, {"not": {"not": {}}}, {"items": {"not": {}}}]}
    assert expanded(document).chain == 4


def test_long_chains_are_counted_without_recursion():
    """10,000 references in a row are a chain, not an overflow."""
    defs = {f"d{at}": {"$ref": f"#/$defs/d{at + 1}"} for at in range(10_000)} | {"d10000": {}}
    found = expanded({"$defs": defs, "$ref": "#/$defs/d0"})
    assert (found.chain, found.cost) == (10_002, 10_002)


@pytest.mark.parametrize(
    ("document", "width"),
    [
        (True, 1),
        ({"properties": {"a": {}, "b": {"items": {}}}}, 1),
        ({"properties": {"a": {"anyOf": [{}, {"not": {}}]}, "b": {"allOf": [{}]}}}, 4),
        ({"enum": list(range(160))}, 11),
        ({"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"oneOf": [{}, {"items": {}}]}}}, 4),
    ],
)
def test_width(document, width):
    """As many as one value meets, not those of all values; a long `enum` counts as some."""
    assert expanded(document).width == width
