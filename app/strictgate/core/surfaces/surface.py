"""What an API that clients speak has to say for itself: the interface of every surface.

The conversation knows chat completions alone. A surface reads its own requests as chat completions,
and writes their answers and their errors in its own shape, whole and as a stream. It is pure: the
identity and the time of an answer come to it as values.

| in | out |
|---|---|
| a request's body | what may have to be enforced; the chat completion that asks the same |
| a request's headers | the client's credentials, as a chat completion's request carries them |
| a completion | the whole answer |
| news of a completion (`ChoiceDelta`) | frames of a stream |
| an error | status, body and headers; the frame that ends a stream with it |

Which surface a path belongs to is said in table.py, and nowhere else.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from strictgate.core.capabilities import Capabilities
from strictgate.core.errors import GatewayError
from strictgate.core.plan.optional_fields import Origin
from strictgate.core.request.contract import CarriedSchemas
from strictgate.core.request.tools import InputGrammar
from strictgate.core.value_type import value_type
from strictgate.core.wire.choice_delta import ChoiceDelta
from strictgate.core.wire.request_body import RequestBody

Body = Mapping[str, Any]


@value_type
class AnswerIdentity:
    """What an answer has before there is any of it, and what no pure function can make."""

    key: str
    """Random hexadecimal digits, from which ids are made."""
    created_at: int
    """Seconds since the epoch."""
    is_kept: bool = False
    """The answer will be stored, and can be referred to by its id."""


@value_type
class ErrorAnswer:
    """An error as an HTTP answer."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str]


class AnswerWriter(Protocol):
    """Writes one answer, whole or as a stream of frames; it is of use for one answer only."""

    def body(self, completion: Body) -> Body:
        """Return the whole answer."""

    def news(self, head: Body, news: Sequence[ChoiceDelta]) -> bytes:
        """Return the frames for what is new.

        Args:
            head: the fields that every chunk of the completion has: id, created, model.
        """

    def rest(self, completion: Body, sent: Mapping[int, Mapping[str, int]]) -> Iterator[bytes]:
        """Yield the frames for what has not been news yet, and the end of the stream, in pieces.

        Args:
            sent: how many characters of each choice's texts have been news.
        """

    def failed(self, error: GatewayError) -> bytes:
        """Return the frames that end a stream that has begun with `error`."""

    def pause(self) -> bytes:
        """Return a frame that says nothing, for while there is nothing to say."""


class SurfaceRequest(Protocol):
    """One request of a surface, read as a chat completion."""

    @property
    def chat(self) -> Body:
        """The chat completion that asks for the same."""

    @property
    def origin(self) -> Origin:
        """How that came to be."""

    @property
    def strict_by_default(self) -> bool:
        """Whether a function that does not say if it is strict is so where its schema allows it."""

    @property
    def input_grammars(self) -> Sequence[InputGrammar]:
        """The grammars of its custom tools."""

    def writer(self, identity: AnswerIdentity) -> AnswerWriter:
        """Return what writes the answer to it."""

    def translate_error(self, error: GatewayError) -> None:
        """Make an error about the chat completion one about this request, in place."""


class Surface(Protocol):
    """One API that clients speak."""

    name: str
    stream_type: str
    """The content type of its streams."""

    def carried(self, body: RequestBody) -> CarriedSchemas:
        """Look at what of a request may have to be enforced; odd requests are not refused yet.

        Raises:
            BadRequest: the body is no JSON object, or it hides a schema behind a second member
                of the same name.
        """

    def is_spoken_by(self, capabilities: Capabilities) -> bool:
        """Whether an upstream has this API itself, so that requests can be passed on to it."""

    def read_request(self, body: Body) -> SurfaceRequest:
        """Return the request in `body`.

        Raises:
            BadRequest: `body` is malformed, or asks for what no chat completion can say.
        """

    def authorization(self, headers: Mapping[str, str]) -> str | None:
        """Return the client's credentials as an `Authorization` header has them.

        Args:
            headers: the first of each name, which is in lower case.
        """

    def error(self, error: GatewayError) -> ErrorAnswer:
        """Return the answer that `error` is."""

    def error_frame(self, error: GatewayError) -> bytes:
        """Return what ends a stream that `error` has interrupted anywhere between two frames."""


class UpstreamAdapter(Protocol):
    """Asks an upstream in another API than chat completions, for one request."""

    @property
    def path(self) -> str:
        """Where requests are posted, below the API's root: `/responses`."""

    def sent(self, chat: Body) -> Body:
        """Return the request for what the chat completion `chat` would ask."""

    def received(self, answer: Any) -> Any:
        """Return an answer as a chat completion; what is no answer is left as it is."""
