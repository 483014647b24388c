"""How big a schema may be."""

import pytest

from strictgate.core.schema.limits import Limits, OverLimit, SchemaFault, measure


def nested(levels):
    schema = {}
    for _ in range(levels - 1):
        schema = {"not": schema}
    return schema


def test_what_fits_is_measured():
    """Text, depth and number of values of a document within the limits, containers apart."""
    found = measure({"a": [1, {"b": None}]}, Limits())
    assert (found.text, found.depth) == ('{"a":[1,{"b":null}]}', 3)
    assert (found.nodes, found.containers) == (5, 3)


def test_depth_is_limited_to_the_level():
    """64 levels pass, 65 do not, and the error says where."""
    assert measure(nested(64), Limits()).depth == 64
    with pytest.raises(OverLimit, match="65 levels of nesting exceeds limit of 64") as caught:
        measure(nested(65), Limits())
    assert caught.value.path == ("not",) * 64


@pytest.mark.parametrize("levels", [1_000, 100_000])
def test_depth_does_not_overflow_the_stack(levels):
    """Depth that no recursion survives is refused like any other."""
    with pytest.raises(OverLimit, match="levels of nesting"):
        measure(nested(levels), Limits())


def test_values_are_limited():
    """As many values as the limit pass; one more is refused, with its place."""
    assert measure({"enum": [0] * 8}, Limits(nodes=10)).nodes == 10
    with pytest.raises(OverLimit, match="more than 10 values") as caught:
        measure({"enum": [0] * 9}, Limits(nodes=10))
    assert caught.value.path == ("enum",)


def test_shared_parts_count_each_time():
    """A document whose parts are shared in memory is as big as its text."""
    shared = {}
    for _ in range(40):
        shared = {"a": shared, "b": shared}
    with pytest.raises(OverLimit, match="more than 50000 values"):
        measure(shared, Limits())


def test_bytes_are_limited():
    """Bytes of UTF-8 count, not characters."""
    assert measure("ä" * 4, Limits(size=10)).text == '"ääää"'
    with pytest.raises(OverLimit, match="12 bytes exceeds limit of 11"):
        measure("ä" * 5, Limits(size=11))


@pytest.mark.parametrize("value", [float("inf"), float("nan"), "\ud800", {"\udc00": 1}])
def test_what_json_cannot_say_is_refused(value):
    """Numbers that are not finite and lone surrogates are no JSON."""
    with pytest.raises(SchemaFault):
        measure({"const": value}, Limits())


def test_integers_of_any_size_pass():
    """Integers beyond 64 bits are exact."""
    assert measure({"const": 10**30}, Limits()).text == '{"const":1' + "0" * 30 + "}"
