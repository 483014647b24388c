"""What OpenAI's APIs have in common: where the key stands, and the shape of errors.

platform.openai.com/docs/api-reference/authentication and …/docs/guides/error-codes.
"""

from collections.abc import Mapping

from strictgate.core.errors import GatewayError
from strictgate.core.jsontext.reader import json_bytes
from strictgate.core.surfaces.surface import ErrorAnswer
from strictgate.core.wire import sse

COMMENT = b": waiting\n\n"
"""A comment of server-sent events: clients skip it, and proxies see that the stream lives."""


class OpenAISurface:
    """The part of a surface that is the same in all of OpenAI's APIs."""

    stream_type = "text/event-stream; charset=utf-8"

    def authorization(self, headers: Mapping[str, str]) -> str | None:
        """Return the header `Authorization`, as it was sent."""
        return headers.get("authorization")

    def error(self, error: GatewayError) -> ErrorAnswer:
        """Return OpenAI's error body: `{"error": {"message", "type", "param", "code"}}`."""
        return ErrorAnswer(error.status, error.body(), error.headers)

    def error_frame(self, error: GatewayError) -> bytes:
        """Return the body in one frame, then the end.

        Without an `event:` line, on which some clients break (sashabaranov/go-openai#1057).
        """
        return b"".join((b"data: ", json_bytes(error.body()), b"\n\n", sse.DONE))
