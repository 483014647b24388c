"""The fields of a request, checked; what is wrong with one is said in OpenAI's words."""

from collections.abc import Mapping
from typing import Any

from strictgate.core.errors import BadRequest

_KINDS: dict[type, str] = {
    str: "a string",
    bool: "a boolean",
    dict: "an object",
    list: "an array",
}


def optional_field(body: Mapping[str, Any], key: str, kind: type, at: str = "") -> Any:
    value = body.get(key)
    if value is not None and not isinstance(value, kind):
        raise wrong_type(f"{at}.{key}" if at else key, _KINDS[kind], value)
    return value


def integer_field(body: Mapping[str, Any], key: str, *, low: int, high: int | None) -> int | None:
    value = body.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong_type(key, "an integer", value)
    if value < low:
        raise _out_of_range(key, value, "below", "minimum value. Expected a value >=", low)
    if high is not None and value > high:
        raise _out_of_range(key, value, "above", "maximum value. Expected a value <=", high)
    return value


def check_known_fields(value: Mapping[str, Any], known: set[str], at: str) -> None:
    for key in value:
        if key not in known:
            name = f"{at}.{key[:100]}"
            raise BadRequest(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")


def _out_of_range(key: str, value: int, side: str, expected: str, bound: int) -> BadRequest:
    return BadRequest(
        f"Invalid '{key}': integer {side} {expected} {bound}, but got {str(value)[:40]} instead.",
        param=key,
        code=f"integer_{side}_{expected[:3]}_value",
    )


def missing_parameter(name: str) -> BadRequest:
    return BadRequest(
        f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter"
    )


def wrong_type(name: str, expected: str, value: Any) -> BadRequest:
    got = {
        type(None): "null",
        bool: "a boolean",
        int: "an integer",
        float: "a decimal number",
        str: "a string",
        list: "an array",
        dict: "an object",
    }[type(value)]
    return BadRequest(
        f"Invalid type for '{name}': expected {expected}, but got {got} instead.",
        param=name,
        code="invalid_type",
    )
