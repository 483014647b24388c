"""What each mode puts into the body of the request, beside what it tells in the prompt.

| mode          | fields                              | where the schema is                     |
|---------------|-------------------------------------|-----------------------------------------|
| `native`      | `response_format`: `json_schema`    | in the field; by preset in the prompt   |
| `json_object` | `response_format`: `json_object`    | in the prompt                           |
| `tool`        | `tools`: one; `tool_choice`: it     | the tool's parameters; in the prompt    |
| `prompt`      | none                                | in the prompt                           |

Native mode is the field that OpenAI documents for structured outputs, JSON mode its older form
(platform.openai.com/docs/api-reference/chat/create#response_format).
"""

from collections.abc import Callable, Mapping
from typing import Any

from strictgate.core.capabilities import ForcedTool, Mode, Prefill
from strictgate.core.request.contract import Contract

Body = dict[str, Any]


def native_fields(contract: Contract, schema: Any, forced: ForcedTool) -> Body:
    """Return the caller's own format, with `schema` in it."""
    inner: Body = {"name": contract.name}
    if contract.description is not None:
        inner["description"] = contract.description
    inner["schema"] = schema
    if contract.strict:
        inner["strict"] = True
    return {"response_format": {"type": "json_schema", "json_schema": inner}}


def json_object_fields(contract: Contract, schema: Any, forced: ForcedTool) -> Body:
    """Return JSON mode."""
    return {"response_format": {"type": "json_object"}}


def tool_fields(contract: Contract, schema: Any, forced: ForcedTool) -> Body:
    """Return a function whose arguments are the document, and its call, as far as it is forced."""
    function = {
        "name": contract.name,
        "description": contract.description or "Give the answer.",
        "parameters": schema,
    }
    tools: Body = {"tools": [{"type": "function", "function": function}]}
    match forced:
        case ForcedTool.NAMED:
            choice = {"type": "function", "function": {"name": contract.name}}
            return tools | {"tool_choice": choice}
        case ForcedTool.REQUIRED:
            return tools | {"tool_choice": "required"}
        case ForcedTool.AUTO:
            return tools


def prompt_fields(contract: Contract, schema: Any, forced: ForcedTool) -> Body:
    """Return nothing: the prompt says it all."""
    return {}


MODE_FIELDS: Mapping[Mode, Callable[[Contract, Any, ForcedTool], Body]] = {
    Mode.NATIVE: native_fields,
    Mode.JSON_OBJECT: json_object_fields,
    Mode.TOOL: tool_fields,
    Mode.PROMPT: prompt_fields,
}

PREFILL_FIELDS: Mapping[Prefill, tuple[Body, Body]] = {
    Prefill.NONE: ({}, {}),
    Prefill.TRAILING: ({}, {}),
    Prefill.PARTIAL: ({"partial": True}, {}),
    Prefill.PREFIX: ({"prefix": True}, {}),
    Prefill.CONTINUE_FINAL: (
        {},
        {"continue_final_message": True, "add_generation_prompt": False},
    ),
}
"""For each style, what is added to the message that is to be gone on from, and to the request."""
