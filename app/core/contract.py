"""What the caller asked for: read once, from the body of a chat completion request.

`read` gives None where nothing is to be enforced; such a request passes through untouched. What is
malformed is refused in OpenAI's shape and words (platform.openai.com/docs/api-reference/chat).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.errors import BadRequest

MAX_CHOICES = 16
ANY_OBJECT: Mapping[str, Any] = {"type": "object"}

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}", re.ASCII)
_FORMATS = "'json_object', 'json_schema', and 'text'"


@dataclass(frozen=True, slots=True)
class Contract:
    """One enforced request, as far as it matters for enforcing."""

    model: str
    source: Any
    """The JSON Schema; for `json_object` without one, any object."""
    is_json_object: bool
    """Asked for as `{"type": "json_object"}` without a schema: any object will do."""
    name: str = "response"
    description: str | None = None
    strict: bool = False
    stream: bool = False
    include_usage: bool = False
    choices: int = 1
    has_tools: bool = False
    wants_logprobs: bool = False


def read(body: Mapping[str, Any]) -> Contract | None:
    """Return the contract in `body`, or None where it carries no schema.

    Raises:
        BadRequest: in OpenAI's words.
    """
    wanted = body.get("response_format")
    if wanted is None:
        return None
    if not isinstance(wanted, dict):
        raise _wrong_type("response_format", "an object", wanted)
    match wanted.get("type"):
        case "text":
            return None
        case "json_object":
            return _json_object(body, wanted)
        case "json_schema":
            return _json_schema(body, wanted)
        case None:
            raise _missing("response_format.type")
        case other:
            raise BadRequest(
                f"Invalid value: '{str(other)[:100]}'. Supported values are: {_FORMATS}.",
                param="response_format.type",
                code="invalid_value",
            )


def _json_object(body: Mapping[str, Any], wanted: dict[str, Any]) -> Contract:
    """Together, Fireworks, llama.cpp and others know a `schema` beside the type."""
    _only(wanted, {"type", "schema"}, "response_format")
    bare = wanted.get("schema") is None
    source = dict(ANY_OBJECT) if bare else wanted["schema"]
    return Contract(source=source, is_json_object=bare, **_common(body))


def _json_schema(body: Mapping[str, Any], wanted: dict[str, Any]) -> Contract:
    _only(wanted, {"type", "json_schema"}, "response_format")
    at = "response_format.json_schema"
    inner = wanted.get("json_schema")
    if inner is None:
        raise _missing(at)
    if not isinstance(inner, dict):
        raise _wrong_type(at, "an object", inner)
    _only(inner, {"name", "description", "schema", "strict"}, at)
    if inner.get("schema") is None:
        raise _missing(f"{at}.schema")
    return Contract(
        source=inner["schema"],
        is_json_object=False,
        name=_name(inner.get("name"), f"{at}.name"),
        description=_optional(inner, "description", str, at),
        strict=bool(_optional(inner, "strict", bool, at)),
        **_common(body),
    )


def _common(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `body` that the plan works with, checked."""
    _check_messages(body.get("messages"))
    for budget in ("max_tokens", "max_completion_tokens"):
        _integer(body, budget, low=1, high=None)
    options = _optional(body, "stream_options", dict) or {}
    return {
        "model": _model(body.get("model")),
        "stream": bool(_optional(body, "stream", bool)),
        "include_usage": bool(options.get("include_usage")),
        "choices": _integer(body, "n", low=1, high=MAX_CHOICES) or 1,
        "has_tools": bool(body.get("tools") or body.get("functions")),
        "wants_logprobs": body.get("logprobs") is True,
    }


def _check_messages(messages: Any) -> None:
    if messages is None:
        raise _missing("messages")
    if not isinstance(messages, list):
        raise _wrong_type("messages", "an array of objects", messages)
    if not messages:
        raise BadRequest(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, "
            "but got an empty array instead.",
            param="messages",
            code="empty_array",
        )
    for index, message in enumerate(messages):
        if not isinstance(message, dict):
            raise _wrong_type(f"messages[{index}]", "an object", message)
        if not isinstance(message.get("role"), str):
            raise _missing(f"messages[{index}].role")


def _model(model: Any) -> str:
    if not isinstance(model, str) or not model:
        raise BadRequest("you must provide a model parameter", param="model")
    return model


def _name(name: Any, at: str) -> str:
    if name is None:
        raise _missing(at)
    if not isinstance(name, str):
        raise _wrong_type(at, "a string", name)
    if len(name) > 64:
        raise BadRequest(
            f"Invalid '{at}': string too long. Expected a string with maximum length 64, "
            f"but got a string with length {len(name)} instead.",
            param=at,
            code="string_above_max_length",
        )
    if not _NAME.fullmatch(name):
        raise BadRequest(
            f"Invalid '{at}': string does not match pattern. "
            "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
            param=at,
            code="invalid_value",
        )
    return name


# --- checks, in OpenAI's words -------------------------------------------------------------------

_KINDS: dict[type, str] = {str: "a string", bool: "a boolean", dict: "an object"}


def _optional(body: Mapping[str, Any], key: str, kind: type, at: str = "") -> Any:
    value = body.get(key)
    if value is not None and not isinstance(value, kind):
        raise _wrong_type(f"{at}.{key}" if at else key, _KINDS[kind], value)
    return value


def _integer(body: Mapping[str, Any], key: str, *, low: int, high: int | None) -> int | None:
    value = body.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong_type(key, "an integer", value)
    if value < low:
        raise _out_of_range(key, value, "below", "minimum value. Expected a value >=", low)
    if high is not None and value > high:
        raise _out_of_range(key, value, "above", "maximum value. Expected a value <=", high)
    return value


def _only(value: Mapping[str, Any], known: set[str], at: str) -> None:
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


def _missing(name: str) -> BadRequest:
    return BadRequest(
        f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter"
    )


def _wrong_type(name: str, expected: str, value: Any) -> BadRequest:
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
