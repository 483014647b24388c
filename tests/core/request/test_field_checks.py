"""What is wrong with a field is said in OpenAI's words."""

import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.request import field_checks


def refusal(check):
    with pytest.raises(BadRequest) as refused:
        check()
    error = refused.value.body()["error"]
    return error["message"], error["param"], error["code"]


def test_optional():
    """A field that is there has the right type; one that is not there is None."""
    assert field_checks.optional_field({}, "name", str) is None
    assert field_checks.optional_field({"name": "x"}, "name", str) == "x"
    assert refusal(lambda: field_checks.optional_field({"name": 1}, "name", str, "tools[0]")) == (
        "Invalid type for 'tools[0].name': expected a string, but got an integer instead.",
        "tools[0].name",
        "invalid_type",
    )


def test_integer():
    """A number is whole, and within its bounds."""
    assert field_checks.integer_field({"n": 2}, "n", low=1, high=4) == 2
    assert refusal(lambda: field_checks.integer_field({"n": 5}, "n", low=1, high=4))[2] == (
        "integer_above_max_value"
    )
    assert (
        refusal(lambda: field_checks.integer_field({"n": True}, "n", low=1, high=4))[2]
        == "invalid_type"
    )


def test_only():
    """An unknown field is named."""
    assert (
        refusal(lambda: field_checks.check_known_fields({"a": 1, "b": 2}, {"a"}, "x"))[1] == "x.b"
    )


def test_missing():
    """A missing field is named."""
    assert (
        field_checks.missing_parameter("x").body()["error"]["code"] == "missing_required_parameter"
    )
