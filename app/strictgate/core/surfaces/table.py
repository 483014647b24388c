"""Which surface a path belongs to: a new one is a package beside this file and a line below."""

from strictgate.core.surfaces.chat.surface import CHAT, GROQ_CHAT
from strictgate.core.surfaces.responses.surface import RESPONSES
from strictgate.core.surfaces.surface import Surface

ROOTS = ("/v1", "/openai/v1")
"""Where OpenAI's APIs stand; Groq's SDK puts /openai/v1 after its base URL, whatever that is."""


ROUTES: dict[str, Surface] = {
    "/v1/chat/completions": CHAT,
    "/openai/v1/chat/completions": GROQ_CHAT,
    "/v1/responses": RESPONSES,
    "/openai/v1/responses": RESPONSES,
}
"""The paths to which requests that are enforced are posted."""


def surface_of(path: str) -> Surface:
    """Return the surface whose errors a client at `path` understands.

    That is the surface of the path itself or of one above it; elsewhere it is OpenAI's.
    """
    while path:
        if path in ROUTES:
            return ROUTES[path]
        path = path.rpartition("/")[0]
    return CHAT
