"""The functions of a request, their parameters written down to the host's dialect.

Only those are whose arguments are judged by the caller's own schema: what the host was not told is
then enforced here. The arguments of others are the caller's affair, and so is what it sends.
"""

from collections.abc import Mapping
from typing import Any

from strictgate.core.capabilities import Capabilities
from strictgate.core.plan.sent_schema import function_schema
from strictgate.core.request.tools import Toolset

Compiled = Mapping[str, tuple[str, ...]]
"""Where in the parameters of each function the keywords stand that are not sent, by its name."""


def sent_tools(
    tools: list[Any], judged: Toolset | None, capabilities: Capabilities
) -> tuple[list[Any], Compiled]:
    """Return `tools` as they are sent, and what of them is left out.

    Args:
        tools: of a chat completion; they are not changed.
        judged: what calls are judged by; None: nothing.
    """
    if judged is None or not (capabilities.dialect or capabilities.refused_keywords):
        return tools, {}
    sent, left_out = [], {}
    for tool in tools:
        function = tool.get("function") if isinstance(tool, dict) else None
        schema = judged.schemas.get(function["name"]) if isinstance(function, dict) else None
        if function is None or schema is None or function.get("parameters") is None:
            sent.append(tool)
            continue
        strict = function.get("strict") is True
        compiled = function_schema(schema, capabilities, strict=strict)
        if compiled is None:
            sent.append(tool)
            continue
        sent.append({**tool, "function": {**function, "parameters": compiled.source}})
        if compiled.left_out_at:
            left_out[function["name"]] = compiled.left_out_at
    return sent, left_out
