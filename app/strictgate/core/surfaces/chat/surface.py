"""OpenAI's chat completions: what the conversation itself speaks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain

from strictgate.core.capabilities import Capabilities
from strictgate.core.errors import GatewayError
from strictgate.core.jsontext.reader import write_json
from strictgate.core.plan.optional_fields import Origin
from strictgate.core.request.contract import CarriedSchemas, carried_schemas
from strictgate.core.request.tools import InputGrammar, custom_grammars
from strictgate.core.surfaces.chat.chunks import Chunk, Chunks
from strictgate.core.surfaces.openai import COMMENT, OpenAISurface
from strictgate.core.surfaces.surface import AnswerIdentity, Body
from strictgate.core.value_type import value_type
from strictgate.core.wire import sse
from strictgate.core.wire.choice_delta import ChoiceDelta
from strictgate.core.wire.request_body import RequestBody


class ChatSurface(OpenAISurface):
    """POST /v1/chat/completions."""

    name = "chat"

    def __init__(self, nulls: Sequence[str] = ()) -> None:
        """Take what a completion has as null where the upstream gives nothing."""
        self._nulls = nulls

    def carried(self, body: RequestBody) -> CarriedSchemas:
        """Look at `response_format`, its other spellings, and the tools."""
        if body.raw.count(b'"response_format"') > 1:
            body.strict()
        return carried_schemas(body.look())

    def is_spoken_by(self, capabilities: Capabilities) -> bool:
        """Every upstream has chat completions."""
        return True

    def read_request(self, body: Body) -> "ChatSurfaceRequest":
        """Return the request, which is a chat completion's as it stands."""
        return ChatSurfaceRequest(body, tuple(self._nulls))


@value_type
class ChatSurfaceRequest:
    """A chat completion request."""

    chat: Body
    nulls: tuple[str, ...] = ()
    origin: Origin = Origin.CHAT
    strict_by_default: bool = False

    @property
    def input_grammars(self) -> Sequence[InputGrammar]:
        """The grammars of its custom tools."""
        return [*custom_grammars(self.chat)] if self.chat.get("tools") else ()

    def writer(self, identity: AnswerIdentity) -> "ChatWriter":
        """Return the writer; a completion has its upstream's id and time, not ours."""
        options = self.chat.get("stream_options")
        wants_usage = isinstance(options, dict) and bool(options.get("include_usage"))
        return ChatWriter(include_usage=wants_usage, nulls=self.nulls)

    def translate_error(self, error: GatewayError) -> None:
        """Leave `error` as it is: it speaks of a chat completion."""


class ChatWriter:
    """Writes a chat.completion, or its chunks."""

    def __init__(self, *, include_usage: bool, nulls: Sequence[str] = ()) -> None:
        self._nulls = nulls
        self._include_usage = include_usage

    @cached_property
    def _chunks(self) -> Chunks:
        return Chunks(include_usage=self._include_usage)

    def body(self, completion: Body) -> Body:
        """Return the completion itself."""
        return dict.fromkeys(self._nulls) | dict(completion) if self._nulls else completion

    def news(self, head: Body, news: Sequence[ChoiceDelta]) -> bytes:
        """Return the chunks for what is new."""
        return b"".join(
            _frames(
                chunk
                for each in news
                for chunk in self._chunks.news(
                    head, each.index, each.delta, each.logprobs, each.call
                )
            )
        )

    def rest(self, completion: Body, sent: Mapping[int, Mapping[str, int]]) -> Iterator[bytes]:
        """Yield the chunks for what is left, and `[DONE]`, in pieces."""
        frames = _frames(self._chunks.rest(completion, sent))
        return sse.joined_frames(chain(frames, (sse.DONE,)))

    def failed(self, error: GatewayError) -> bytes:
        """Return the error in one frame, and `[DONE]`."""
        return CHAT.error_frame(error)

    def pause(self) -> bytes:
        """Return a comment."""
        return COMMENT


def _frames(chunks: Iterable[Chunk]) -> Iterator[bytes]:
    return (sse.encode_event(write_json(chunk)) for chunk in chunks)


CHAT = ChatSurface()
GROQ_CHAT = ChatSurface(nulls=("system_fingerprint", "service_tier"))
"""As Groq has it: LiteLLM's `groq/` route fails on an answer without `service_tier`."""
