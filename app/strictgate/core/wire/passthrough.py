"""A request and an answer that are passed on unread."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from strictgate.core.value_type import value_type
from strictgate.core.wire.request_body import RequestBody

Header = tuple[str, str]


@value_type
class RawRequest:
    """What a client sent."""

    method: str
    path: str
    """Below the API's root, as sent: `/embeddings`, percent-encoding kept."""
    query: str
    headers: Sequence[Header]
    """Names in lower case."""
    body: RequestBody | AsyncIterator[bytes]
    """JSON is read whole, as the model in it says where it goes; anything else streams."""

    @property
    def is_form(self) -> bool:
        """Whether it is a form with files in it."""
        kinds = [value for name, value in self.headers if name == "content-type"]
        return any(kind.lower().startswith("multipart/form-data") for kind in kinds)


@value_type
class RawAnswer:
    """What the upstream answers, but for its body."""

    status: int
    headers: Sequence[Header]
    """Names in lower case."""
    error: Any = None
    """The body of an error, parsed, as the upstream sent it."""

    @property
    def is_event_stream(self) -> bool:
        """Whether it is server-sent events, as far as its headers say."""
        return dict(self.headers).get("content-type", "").startswith("text/event-stream")


class RawAnswerSink(Protocol):
    """Takes an answer as it comes: its beginning, then its body; or whole."""

    async def whole(self, answer: RawAnswer, data: bytes) -> None:
        """Take all of an answer at once, in place of the other two."""

    async def begin(self, answer: RawAnswer) -> None:
        """Take what stands before the body."""

    async def piece(self, data: bytes) -> None:
        """Take the next piece of the body."""
