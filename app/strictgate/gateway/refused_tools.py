"""Tools in what is passed through: which there are, and whether an upstream refuses them."""

from collections.abc import Sequence

from strictgate.core.errors import CustomToolsRefused, ToolsRefused
from strictgate.core.request.custom_tools import has_custom_tools
from strictgate.core.request.tools import named_functions
from strictgate.core.wire.error_body import error_of
from strictgate.core.wire.passthrough import RawAnswer, RawRequest
from strictgate.core.wire.refusal import (
    refused_functions,
    refuses_custom_tools,
    refuses_tools,
)
from strictgate.core.wire.request_body import RequestBody

_CHAT, _RESPONSES = "/chat/completions", "/responses"


def offered_tools(request: RawRequest) -> tuple[list[str], bool]:
    """Return the names of the functions that a request lets the model call, and whether it is a
    chat completion with custom tools."""
    members = request.body.members if isinstance(request.body, RequestBody) else None
    is_chat = request.path == _CHAT
    if not members or not (is_chat or request.path == _RESPONSES):
        return [], False
    if not (members.get("tools") or members.get("functions")):
        return [], False
    names = [each["name"] for each in named_functions(members)]
    return names, is_chat and has_custom_tools(members)


def check_tools(answer: RawAnswer, names: Sequence[str], *, has_custom: bool = False) -> None:
    """Raise ToolsRefused where an error refuses these functions, or the custom tools."""
    status, body = answer.status, answer.error
    if has_custom and refuses_custom_tools(status, body):
        raise CustomToolsRefused(status, error_of(status, body), {})
    functions = refused_functions(status, body, names, alone=True)
    if functions or refuses_tools(status, body):
        raise ToolsRefused(status, error_of(status, body), {}, functions)
