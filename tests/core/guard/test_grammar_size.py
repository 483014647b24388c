"""What a grammar counts for in the cache."""

import pytest

from tests.core.talks import machine

PATTERN = {"type": "string", "pattern": "^[a-z]+$"}


def kib(schema):
    return machine(schema).size >> 10


@pytest.mark.parametrize(
    ("schema", "size"),
    [
        ({"type": "string"}, 97),
        ({"type": "string", "pattern": "^[a-z]{1,500}$"}, 168),
        ({"const": "x" * 1000}, 1007),
        ({"const": "x" * 20_000}, 9433),
    ],
)
def test_sizes(schema, size):
    """By the text, and by the states that counted repetitions lead to, which have a limit."""
    assert kib(schema) == size


def test_expressions():
    """Those that values are read by weigh more than those that names are, of which few are read."""
    names = {f"^{letter}-": {"type": "string"} for letter in "abcdefgh"}
    values = {letter: {"type": "string", "pattern": f"^{letter}-"} for letter in "abcdefgh"}
    of_names = kib({"type": "object", "patternProperties": names, "additionalProperties": False})
    of_values = kib({"type": "object", "properties": values, "additionalProperties": False})
    assert of_names < 110
    assert of_values - of_names > 8 * 7
