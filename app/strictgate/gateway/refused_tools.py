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


def has_custom(request: RawRequest) -> bool:
    """Whether a chat completion offers custom tools."""
    members = request.body.members if isinstance(request.body, RequestBody) else None
    is_chat = request.path == "/chat/completions"
    return is_chat and members is not None and has_custom_tools(members)


def callable_functions(request: RawRequest) -> list[str]:
    """Return the names of the functions that a request lets the model call."""
    members = request.body.members if isinstance(request.body, RequestBody) else None
    is_asking = request.path in ("/chat/completions", "/responses")
    functions = named_functions(members) if members is not None and is_asking else ()
    return [each["name"] for each in functions]


def check_tools(answer: RawAnswer, names: Sequence[str], *, has_custom: bool = False) -> None:
    """Raise ToolsRefused where an error refuses these functions, or the custom tools."""
    status, body = answer.status, answer.error
    if has_custom and refuses_custom_tools(status, body):
        raise CustomToolsRefused(status, error_of(status, body), {})
    functions = refused_functions(status, body, names, alone=True)
    if functions or refuses_tools(status, body):
        raise ToolsRefused(status, error_of(status, body), {}, functions)
