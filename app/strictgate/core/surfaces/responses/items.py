"""The items of a conversation → the messages of a chat completion."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from strictgate.core.errors import BadRequest
from strictgate.core.request.field_checks import missing_parameter, optional_field, wrong_type

Item = Mapping[str, Any]
Message = dict[str, Any]

_ROLES = frozenset({"user", "assistant", "system", "developer"})


def listed(given: Any) -> list[Any]:
    """Return `input` as a list of items."""
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    if not isinstance(given, list):
        raise wrong_type("input", "a string or an array", given)
    return given


def messages(given: Any, history: Sequence[Any] = ()) -> list[Message]:
    """Return the messages that the items of `history`, and those of `input`, are.

    Raises:
        BadRequest: an item is malformed, or of a kind that no chat completion takes.
    """
    told: list[Message] = []
    for item in history:
        _add(told, item, "previous_response_id")
    for index, item in enumerate(listed(given)):
        _add(told, item, f"input[{index}]")
    if not told:
        raise BadRequest("Invalid 'input': no message in it.", param="input", code="empty_array")
    return told


def _add(told: list[Message], item: Any, at: str) -> None:
    if not isinstance(item, dict):
        raise wrong_type(at, "an object", item)
    kind = item.get("type") or "message"
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise BadRequest(
            f"Items of type '{str(kind)[:100]}' need an upstream that has /responses itself.",
            param=f"{at}.type",
            code="unsupported_value",
        )
    reader(told, item, at)


def _message(told: list[Message], item: Item, at: str) -> None:
    role = item.get("role")
    if role is None:
        raise missing_parameter(f"{at}.role")
    if not isinstance(role, str) or role not in _ROLES:
        raise BadRequest(
            f"Invalid value: '{str(role)[:100]}'. Supported values are: 'assistant', 'system', "
            "'developer', and 'user'.",
            param=f"{at}.role",
            code="invalid_value",
        )
    content = item.get("content")
    if content is None:
        raise missing_parameter(f"{at}.content")
    told.append({"role": role, **_content(content, role, f"{at}.content")})


def _content(content: Any, role: str, at: str) -> Message:
    if isinstance(content, str):
        return {"content": content}
    if not isinstance(content, list):
        raise wrong_type(at, "a string or an array", content)
    parts = [_part(part, f"{at}[{index}]") for index, part in enumerate(content)]
    refusals = [part["refusal"] for part in parts if part["type"] == "refusal"]
    if role == "assistant" and refusals:
        return {"content": None, "refusal": "".join(refusals)}
    if all(part["type"] == "text" for part in parts):
        texts = [part["text"] for part in parts]
        if role != "user" or len(texts) == 1:
            return {"content": "".join(texts)}
    return {"content": parts}


def _part(part: Any, at: str) -> Message:
    if not isinstance(part, dict):
        raise wrong_type(at, "an object", part)
    match part.get("type"):
        case "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text":
            return {"type": "text", "text": _string(part, "text", at)}
        case "refusal":
            return {"type": "refusal", "refusal": _string(part, "refusal", at)}
        case "input_image":
            return _image(part, at)
        case "input_file":
            keys = ("file_id", "file_data", "filename", "file_url")
            return {"type": "file", "file": {key: part[key] for key in keys if part.get(key)}}
        case "input_audio":
            return {"type": "input_audio", "input_audio": part.get("input_audio")}
        case None:
            raise missing_parameter(f"{at}.type")
        case other:
            raise BadRequest(
                f"Invalid value: '{str(other)[:100]}'. Supported values are: 'input_text', "
                "'input_image', 'input_file', 'input_audio', 'output_text', and 'refusal'.",
                param=f"{at}.type",
                code="invalid_value",
            )


def _image(part: Item, at: str) -> Message:
    url = optional_field(part, "image_url", str, at)
    if url is None:
        raise BadRequest(
            "Images by file_id need an upstream that has /responses itself: give an image_url.",
            param=f"{at}.image_url",
            code="missing_required_parameter",
        )
    detail = {"detail": part["detail"]} if part.get("detail") else {}
    return {"type": "image_url", "image_url": {"url": url} | detail}


def _string(part: Item, key: str, at: str) -> str:
    text = part.get(key)
    if text is None:
        raise missing_parameter(f"{at}.{key}")
    if not isinstance(text, str):
        raise wrong_type(f"{at}.{key}", "a string", text)
    return text


def _call(told: list[Message], item: Item, at: str) -> None:
    """Calls of one turn stand in one message, with the text before them."""
    function = {"name": _string(item, "name", at), "arguments": _string(item, "arguments", at)}
    call = {"id": _string(item, "call_id", at), "type": "function", "function": function}
    last = told[-1] if told else {}
    if last.get("role") == "assistant" and not last.get("refusal"):
        told[-1] = last | {"tool_calls": [*last.get("tool_calls", ()), call]}
    else:
        told.append({"role": "assistant", "content": None, "tool_calls": [call]})


def _result(told: list[Message], item: Item, at: str) -> None:
    output = item.get("output")
    if output is None:
        raise missing_parameter(f"{at}.output")
    content = _content(output, "tool", f"{at}.output")["content"]
    told.append({"role": "tool", "tool_call_id": _string(item, "call_id", at), "content": content})


def _pass_over(told: list[Message], item: Item, at: str) -> None:
    """Reasoning of earlier turns: no chat completion takes it."""


_READERS: dict[str, Callable[[list[Message], Item, str], None]] = {
    "message": _message,
    "function_call": _call,
    "function_call_output": _result,
    "reasoning": _pass_over,
}


def is_known(item: Any) -> bool:
    """Whether a chat completion takes such an item; what is none is not said to be of a kind."""
    kind = item.get("type") or "message" if isinstance(item, dict) else None
    return not isinstance(kind, str) or kind in _READERS
