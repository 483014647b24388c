"""Tools in what is passed through: which there are, and whether an upstream refuses them."""

from collections.abc import Sequence

from strictgate.core.errors import ToolsRefused
from strictgate.core.request.tools import named_functions
from strictgate.core.wire.error_body import error_of
from strictgate.core.wire.passthrough import RawAnswer, RawRequest
from strictgate.core.wire.refusal import refused_functions, refuses_tools
from strictgate.core.wire.request_body import RequestBody


def callable_functions(request: RawRequest) -> list[str]:
    """Return the names of the functions that a request lets the model call."""
    members = request.body.members if isinstance(request.body, RequestBody) else None
    is_asking = request.path in ("/chat/completions", "/responses")
    functions = named_functions(members) if members is not None and is_asking else ()
    return [each["name"] for each in functions]


def check_tools(answer: RawAnswer, names: Sequence[str]) -> None:
    """Raise ToolsRefused where an error refuses these functions."""
    status, body = answer.status, answer.error
    functions = refused_functions(status, body, names, alone=True)
    if functions or refuses_tools(status, body):
        raise ToolsRefused(status, error_of(status, body), {}, functions)
