"""Which surface a path belongs to."""

import pytest

from strictgate.core.surfaces.chat.surface import CHAT
from strictgate.core.surfaces.responses.surface import RESPONSES
from strictgate.core.surfaces.table import surface_of


@pytest.mark.parametrize(
    ("path", "surface"),
    [
        ("/v1/chat/completions", CHAT),
        ("/v1/responses", RESPONSES),
        ("/openai/v1/responses", RESPONSES),
        ("/v1/responses/resp_1/input_items", RESPONSES),
        ("/v1/responsesx", CHAT),
        ("/v1/models", CHAT),
        ("/healthz", CHAT),
        ("/", CHAT),
        ("", CHAT),
        ("*", CHAT),
    ],
)
def test_surface_of(path, surface):
    """The path's own, or that of the nearest above it; OpenAI's where there is none."""
    assert surface_of(path) is surface
