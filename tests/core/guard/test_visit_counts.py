"""Ways through a schema."""

import pytest

from strictgate.core.guard.schema_features import features
from strictgate.core.guard.visit_counts import VisitCounts
from strictgate.core.schema.schema import admit

TWICE = {"allOf": [{"properties": {"a": {"$ref": "#"}}}, {"additionalProperties": {"$ref": "#"}}]}
CASES = [
    ({"properties": {"a": {}}}, (), 1),
    ({"properties": {"a": {}}}, ("a",), 2),
    ({"properties": {"a": {}}}, ("b",), 1),
    ({"additionalProperties": {}, "items": {"type": "null"}}, ("b",), 2),
    ({"prefixItems": [{}], "items": {"type": "null"}}, (0,), 3),
    ({"prefixItems": [{}], "items": {"type": "null"}}, (1,), 2),
    ({"unevaluatedProperties": {}, "allOf": [{"title": "a"}]}, (), 4),
    (TWICE, (), 3),
    (TWICE, ("a",), 3 + 2 + 2 * 3),
    (True, ("a",), 0),
]


@pytest.mark.parametrize(("schema", "path", "expected"), CASES)
def test_visits(schema, path, expected):
    """Of every schema from the root on, once for each way that leads to it."""
    assert VisitCounts(features(admit(schema, name="x").inspected).nodes).visits(path) == expected


def test_a_recursion_that_branches():
    """The ways are counted, not walked."""
    ways = VisitCounts(features(admit(TWICE, name="x").inspected).nodes)
    assert ways.visits(("a",) * 100) > 2**100
