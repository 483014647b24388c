"""Other spellings of the wish for a schema, understood as OpenAI's own `response_format`.

| spelling | whose |
|---|---|
| `guided_json: {…}` or the schema as a string | vLLM before 0.12, which newer ones ignore |
| `structured_outputs: {"json": {…}}` | vLLM |
| `format: {…}`, `format: "json"` | Ollama's own API |
| `response_format: {"type": "json_schema", "schema": {…}}` | flat: llama.cpp, Ollama, Cloudflare |
| `response_format: {"type": "json_object", "schema": {…}}` | Together, llama.cpp (contract.py) |
| `{"type": "json_object", "response_schema": {…}}` | instructor, litellm (Gemini's word) |

OpenRouter's `plugins: [{"id": "response-healing"}]` asks for repair, which is on.
"""

from collections.abc import Mapping
from typing import Any

from strictgate.core.errors import BadRequest
from strictgate.core.jsontext.reader import NotJSON, parse_json
from strictgate.core.request.field_checks import wrong_type

FIELDS = frozenset({"guided_json", "structured_outputs", "format"})
"""Of a request; they are not sent on."""
_NAME = "response"
_FLAT = frozenset({"schema", "name", "strict", "description"})
_HEALING = "response-healing"


def response_format(body: Mapping[str, Any]) -> Any:
    """Return `body`'s response_format, in OpenAI's spelling; None where there is none.

    Raises:
        BadRequest: a spelling is there, and is wrong.
    """
    given = body.get("response_format")
    if isinstance(given, dict):
        return _unflattened(given)
    return given if given is not None else _elsewhere(body)


def is_elsewhere(body: Mapping[str, Any]) -> bool:
    """Whether one of the other fields wants a document; nothing is checked."""
    structured, wanted = body.get("structured_outputs"), body.get("format")
    return (
        body.get("guided_json") is not None
        or (isinstance(structured, dict) and _wants_json(structured))
        or wanted == "json"
        or isinstance(wanted, dict)
    )


def without_healing(plugins: Any) -> Any:
    """Return OpenRouter's `plugins` less the one whose work is done here."""
    if not isinstance(plugins, list):
        return plugins
    return [each for each in plugins if not (isinstance(each, dict) and each.get("id") == _HEALING)]


def _unflattened(given: dict[str, Any]) -> dict[str, Any]:
    if given.get("type") == "json_schema" and "json_schema" not in given and "schema" in given:
        inner = {key: given[key] for key in _FLAT & given.keys()}
        rest = {key: value for key, value in given.items() if key not in _FLAT}
        return rest | {"json_schema": {"name": _NAME} | inner}
    if given.get("type") == "json_object" and "response_schema" in given:
        rest = {key: value for key, value in given.items() if key != "response_schema"}
        return {"schema": given["response_schema"]} | rest
    return given


def _elsewhere(body: Mapping[str, Any]) -> dict[str, Any] | None:
    if body.get("guided_json") is not None:
        return _schema(body["guided_json"], "guided_json")
    structured = body.get("structured_outputs")
    if isinstance(structured, dict) and _wants_json(structured):
        if structured.get("json") is None:
            return {"type": "json_object"}
        return _schema(structured["json"], "structured_outputs.json")
    wanted = body.get("format")
    if wanted == "json":
        return {"type": "json_object"}
    return _schema(wanted, "format") if isinstance(wanted, dict) else None


def _wants_json(structured: Mapping[str, Any]) -> bool:
    return structured.get("json") is not None or structured.get("json_object") is True


def _schema(source: Any, at: str) -> dict[str, Any]:
    if isinstance(source, str):  # vLLM takes it as JSON in a string, too
        try:
            source = parse_json(source)
        except NotJSON as error:
            raise BadRequest(
                f"Invalid '{at}': not JSON: {error.message} at character {error.position}.",
                param=at,
                code="invalid_value",
            ) from error
    if not isinstance(source, dict | bool):
        raise wrong_type(at, "an object", source)
    return {"type": "json_schema", "json_schema": {"name": _NAME, "schema": source}}
