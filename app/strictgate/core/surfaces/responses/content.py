"""What the messages and the results of a conversation hold → the content of chat messages."""

from collections.abc import Mapping
from typing import Any

from strictgate.core.errors import BadRequest
from strictgate.core.request.field_checks import missing_parameter, optional_field, wrong_type

Part = dict[str, Any]


def chat_content(content: Any, role: str, at: str) -> dict[str, Any]:
    """Return the members `content` and `refusal` of a chat message.

    Args:
        content: a text, or a list of parts.
        at: where in the request it stands, for messages.

    Raises:
        BadRequest: a part is malformed, or of a kind that no chat completion takes.
    """
    if isinstance(content, str):
        return {"content": content}
    parts = chat_parts(content, at)
    refusals = [part["refusal"] for part in parts if part["type"] == "refusal"]
    if role == "assistant" and refusals:
        return {"content": None, "refusal": "".join(refusals)}
    if all(part["type"] == "text" for part in parts):
        texts = [part["text"] for part in parts]
        if role != "user" or len(texts) == 1:
            return {"content": "".join(texts)}
    return {"content": parts}


def chat_parts(content: Any, at: str) -> list[Part]:
    """Return a text, or a list of parts, as parts of a chat message.

    Raises:
        BadRequest: see chat_content.
    """
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list):
        raise wrong_type(at, "a string or an array", content)
    return [_part(part, f"{at}[{index}]") for index, part in enumerate(content)]


def _part(part: Any, at: str) -> Part:
    if not isinstance(part, dict):
        raise wrong_type(at, "an object", part)
    match part.get("type"):
        case "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text":
            return {"type": "text", "text": text_field(part, "text", at)}
        case "refusal":
            return {"type": "refusal", "refusal": text_field(part, "refusal", at)}
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


def _image(part: Mapping[str, Any], at: str) -> Part:
    url = optional_field(part, "image_url", str, at)
    if url is None:
        raise BadRequest(
            "Images by file_id need an upstream that has /responses itself: give an image_url.",
            param=f"{at}.image_url",
            code="missing_required_parameter",
        )
    detail = {"detail": part["detail"]} if part.get("detail") else {}
    return {"type": "image_url", "image_url": {"url": url} | detail}


def text_field(part: Mapping[str, Any], key: str, at: str) -> str:
    """Return a member that must be there and be text.

    Raises:
        BadRequest: it is not.
    """
    text = part.get(key)
    if text is None:
        raise missing_parameter(f"{at}.{key}")
    if not isinstance(text, str):
        raise wrong_type(f"{at}.{key}", "a string", text)
    return text
