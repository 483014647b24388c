"""What the caller asked for: read once, from the body of a chat completion request.

A first look (`carried_schemas`) says what may have to be enforced, and refuses nothing: a request
without a schema passes through untouched. What is then read and is malformed is refused in OpenAI's
shape and words (platform.openai.com/docs/api-reference/chat).
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from strictgate.core.errors import BadRequest
from strictgate.core.request import response_format_aliases
from strictgate.core.request.custom_tools import has_custom_tools
from strictgate.core.request.field_checks import (
    check_known_fields,
    integer_field,
    missing_parameter,
    optional_field,
    wrong_type,
)
from strictgate.core.request.tools import (
    NO_TOOLS,
    Toolbox,
    custom_grammars,
    named_functions,
    read_tools,
)
from strictgate.core.value_type import value_type

MAX_CHOICES = 16
ANY_OBJECT: Mapping[str, Any] = {"type": "object"}

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}", re.ASCII)
_FORMATS = "'json_object', 'json_schema', and 'text'"


@value_type
class Contract:
    """One enforced request, as far as it matters for enforcing."""

    model: str
    source: Any = None
    """The JSON Schema; for `json_object` without one, any object; None: no document is wanted."""
    is_json_object: bool = False
    """Asked for as `{"type": "json_object"}` without a schema: any object will do."""
    name: str = "response"
    description: str | None = None
    strict: bool = False
    stream: bool = False
    include_usage: bool = False
    choices: int = 1
    toolbox: Toolbox = NO_TOOLS
    wants_logprobs: bool = False
    words_member: str = ""
    """The member of the document that plain words are the value of; "": words are no answer."""
    calls_at: str = ""
    """Where in an answer the arguments of a call go that the document has (plan/prompted_tools.py),
    as a JSON Pointer with a place for its position; "": it is the answer itself."""

    @property
    def has_document(self) -> bool:
        """Whether a final answer is to be a document; else it is text."""
        return self.source is not None

    @property
    def has_tools(self) -> bool:
        return bool(self.toolbox.functions or self.toolbox.others)


@value_type
class CarriedSchemas:
    """What of a request may have to be enforced, as a first look at it shows."""

    document: bool = False
    """The answer is to be a document."""
    tools: bool = False
    """There are functions, whose parameters are schemas, or custom tools."""
    strict_tools: bool = False
    """Some of them have `strict: true`, or are custom tools with a grammar."""


_DOCUMENT, _NOTHING = CarriedSchemas(document=True), CarriedSchemas()


def carried_schemas(body: Mapping[str, Any]) -> CarriedSchemas:
    """Look at what schemas the chat completion request `body` carries; nothing is checked."""
    if not (body.get("tools") or body.get("functions")):
        return _DOCUMENT if _wants_document(body) else _NOTHING
    functions = list(named_functions(body))
    has_grammar = next(custom_grammars(body), None) is not None
    return CarriedSchemas(
        document=_wants_document(body),
        tools=bool(functions) or has_custom_tools(body),
        strict_tools=has_grammar or any(each.get("strict") is True for each in functions),
    )


def _wants_document(body: Mapping[str, Any]) -> bool:
    given = body.get("response_format")
    if given is None:
        return response_format_aliases.is_elsewhere(body)
    return not (isinstance(given, dict) and given.get("type") == "text")


def read_contract(body: Mapping[str, Any], *, strict_by_default: bool = False) -> Contract:
    """Return the contract in `body`.

    Args:
        strict_by_default: a function that does not say whether it is strict is so where it can be.

    Raises:
        BadRequest: in OpenAI's words.
    """
    wanted = _document(body) or Contract(**_common(body))
    toolbox = read_tools(body, strict_by_default=strict_by_default)
    return wanted if toolbox is NO_TOOLS else replace(wanted, toolbox=toolbox)


def _document(body: Mapping[str, Any]) -> Contract | None:
    wanted = response_format_aliases.response_format(body)
    if wanted is None:
        return None
    if not isinstance(wanted, dict):
        raise wrong_type("response_format", "an object", wanted)
    match wanted.get("type"):
        case "text":
            return None
        case "json_object":
            return _json_object(body, wanted)
        case "json_schema":
            return _json_schema(body, wanted)
        case None:
            raise missing_parameter("response_format.type")
        case other:
            raise BadRequest(
                f"Invalid value: '{str(other)[:100]}'. Supported values are: {_FORMATS}.",
                param="response_format.type",
                code="invalid_value",
            )


def _json_object(body: Mapping[str, Any], wanted: dict[str, Any]) -> Contract:
    """Together, Fireworks, llama.cpp and others know a `schema` beside the type."""
    check_known_fields(wanted, {"type", "schema"}, "response_format")
    bare = wanted.get("schema") is None
    source = dict(ANY_OBJECT) if bare else wanted["schema"]
    return Contract(source=source, is_json_object=bare, **_common(body))


def _json_schema(body: Mapping[str, Any], wanted: dict[str, Any]) -> Contract:
    check_known_fields(wanted, {"type", "json_schema"}, "response_format")
    at = "response_format.json_schema"
    inner = wanted.get("json_schema")
    if inner is None:
        raise missing_parameter(at)
    if not isinstance(inner, dict):
        raise wrong_type(at, "an object", inner)
    check_known_fields(inner, {"name", "description", "schema", "strict"}, at)
    if inner.get("schema") is None:
        raise missing_parameter(f"{at}.schema")
    return Contract(
        source=inner["schema"],
        is_json_object=False,
        name=_name(inner.get("name"), f"{at}.name"),
        description=optional_field(inner, "description", str, at),
        strict=bool(optional_field(inner, "strict", bool, at)),
        **_common(body),
    )


def _common(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `body` that the plan works with, checked."""
    check_messages(body.get("messages"))
    for budget in ("max_tokens", "max_completion_tokens"):
        integer_field(body, budget, low=1, high=None)
    options = optional_field(body, "stream_options", dict) or {}
    return {
        "model": _model(body.get("model")),
        "stream": bool(optional_field(body, "stream", bool)),
        "include_usage": bool(options.get("include_usage")),
        "choices": integer_field(body, "n", low=1, high=MAX_CHOICES) or 1,
        "wants_logprobs": body.get("logprobs") is True,
    }


def check_messages(messages: Any) -> None:
    """Check the messages of a request.

    Raises:
        BadRequest: in OpenAI's words.
    """
    if messages is None:
        raise missing_parameter("messages")
    if not isinstance(messages, list):
        raise wrong_type("messages", "an array of objects", messages)
    if not messages:
        raise BadRequest(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, "
            "but got an empty array instead.",
            param="messages",
            code="empty_array",
        )
    for message in messages:
        if type(message) is not dict or type(message.get("role")) is not str:
            index = messages.index(message)
            if not isinstance(message, dict):
                raise wrong_type(f"messages[{index}]", "an object", message)
            raise missing_parameter(f"messages[{index}].role")


def _model(model: Any) -> str:
    if not isinstance(model, str) or not model:
        raise BadRequest("you must provide a model parameter", param="model")
    return model


def _name(name: Any, at: str) -> str:
    if name is None:
        raise missing_parameter(at)
    if not isinstance(name, str):
        raise wrong_type(at, "a string", name)
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
