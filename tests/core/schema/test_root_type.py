"""Whether a schema describes objects."""

import json

import pytest

from strictgate.core.schema.schema import admit
from tests.tables import load

CASES = load("object_roots")


@pytest.mark.parametrize("case", CASES, ids=lambda case: json.dumps(case["schema"])[:60])
def test_roots(case):
    """What may be something else than an object is wrapped where only objects can be had."""
    assert admit(case["schema"], name="x").is_object_root is case["is_object"]


def test_a_root_behind_too_many_steps_is_wrapped():
    """Wrapping does no harm; following without end would."""
    schema = {"type": "object"}
    for _ in range(12):
        schema = {"anyOf": [schema]}
    assert admit(schema, name="x").is_object_root
