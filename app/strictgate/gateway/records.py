"""What was said in an exchange, as frozen records for whoever shows it: the inspector.

Events (observe/events.py) say what happened, and can be logged as they are. Records have the texts:
bodies of requests and of answers, never headers. They go to one recorder, and nowhere else. They
are tuples, as several are made for each request: a frozen dataclass takes four times as long. And
they hold texts, and what is shared by all requests of a kind, but nothing that was parsed or made
for one request: that they wait for a moment must keep none of it from being freed.

| record    | when                                     | how often              |
|-----------|------------------------------------------|------------------------|
| `Opened`  | a request has been read                  | once                   |
| `Begun`   | it is known where it goes and how        | for each conversation  |
| `Asked`   | a request to the upstream begins         | for each               |
| `Heard`   | its answer is over, whole or not         | for each               |
| `Concluded` | the conversation is over                 | for each conversation  |
| `Failed`  | the client is about to get an error      | at most once           |
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

from strictgate.core.capabilities import Capabilities, Mode
from strictgate.core.conversation.attempt_log import Attempt
from strictgate.core.conversation.protocol import Outcome
from strictgate.core.errors import GatewayError
from strictgate.core.output.origins import DocumentOrigins
from strictgate.core.plan.plan import Body, Purpose
from strictgate.core.repair_steps import Step
from strictgate.core.request.options import Enforcement
from strictgate.core.schema.drafts import Draft
from strictgate.core.wire.passthrough import Header
from strictgate.core.wire.reply import Failure
from strictgate.core.wire.request_body import RequestBody


class Opened(NamedTuple):
    """A request of a client was read."""

    request_id: str
    surface: str
    raw: bytes
    model: Any
    """What it says is its model."""
    is_stream: bool
    authorization: str | None
    """What the upstream is given of the client's credentials, which must be kept nowhere."""


class Planned(NamedTuple):
    """Where the question of a conversation goes and how, in values that can be kept."""

    request_id: str
    upstream: str
    address: str
    """The upstream's base_url."""
    model: str
    """As the upstream calls it."""
    path: str
    """Below the base_url."""
    schema: str | None
    """Of the document, as JSON; None: the caller wants text, or calls."""
    draft: str
    """In which it is read."""
    enforcement: Enforcement
    capabilities: Capabilities
    """What was known of the upstream, less the modes that it is known to refuse."""
    is_split: bool
    """The document is asked for in parts, each by a schema of its own."""
    name: str = ""
    """The model, as clients know it."""
    is_written_down: bool = False
    """It only writes down what another model has said (`repair_model`)."""
    before: tuple["Planned", ...] = ()
    """The models that failed before it was asked, in their order, as a recorder has noted them."""

    def behind(self, last: "Planned | None") -> "Planned":
        """Return this with those before it, where `last` was planned last for the same request."""
        if last is None:
            return self
        is_same = last.name == self.name and last.is_written_down == self.is_written_down
        others = last.before if is_same else (*last.before, last._replace(before=()))
        return self._replace(before=others) if others else self


class Aim(NamedTuple):
    """Where the question of a conversation goes and how, as all requests of its kind have it; it
    takes a tenth of the time of a `Planned`, which is made of it when somebody looks."""

    upstream: str
    address: str
    model: str
    path: str
    schema: str | None
    draft: Draft
    enforcement: Enforcement
    capabilities: Capabilities
    refused: Collection[Mode]
    is_split: bool
    name: str
    is_written_down: bool

    def planned(self, request_id: str) -> Planned:
        """Return it in values that can be kept."""
        return Planned(
            request_id,
            self.upstream,
            self.address,
            self.model,
            self.path,
            self.schema,
            "" if self.schema is None else self.draft.label,
            self.enforcement,
            _known(self.capabilities, self.refused),
            self.is_split,
            self.name,
            self.is_written_down,
        )


class Begun(NamedTuple):
    """A conversation is about to be held."""

    request_id: str
    aim: Aim


class Asked(NamedTuple):
    """A request to the upstream begins; it may be repeated below."""

    request_id: str
    mode: Mode
    purpose: Purpose
    is_wrapped: bool
    body: Body | bytes
    """What was sent, as a chat completion; as JSON where it has been written already."""


class Heard(NamedTuple):
    """An answer of the upstream is over."""

    request_id: str
    reply: Mapping[str, Any] | bytes | None
    """As it came, where that is not long; a stream's is merged, as far as it came; None: there was
    none, or it was left."""
    fault: Failure | GatewayError | None
    """The upstream's refusal, or what went wrong; a reply beside it came before that."""
    seconds: float
    """Since it was asked."""
    first: float | None
    """Seconds until the first piece of it, where it streamed."""
    pieces: int
    """In which it came; 0: it came whole, or not at all."""


class Said(NamedTuple):
    """What came of a conversation."""

    contents: list[str]
    """What each choice says."""
    steps: tuple[tuple[int, Step], ...]
    origins: Mapping[int, DocumentOrigins]
    call_origins: Mapping[int, DocumentOrigins]
    """Of what a choice says that has calls and no text."""


class Concluded(NamedTuple):
    """A conversation is over."""

    request_id: str
    attempts: tuple[Attempt, ...]
    said: Said | None
    """None: there is no answer but an error."""


class Failed(NamedTuple):
    """There is no answer but an error."""

    request_id: str
    error: GatewayError


Record = Opened | Begun | Asked | Heard | Concluded | Failed


class Witness(Protocol):
    """Whoever is told what is said, and shows it."""

    def record(self, record: Record) -> None:
        """Take note of it; it must cost next to nothing."""

    def page(self, request_id: str, host: str) -> str | None:
        """Return the URL where a request is shown; None: not to whom it comes from.

        Args:
            host: by which name the client has reached this gateway.
        """


def opened(request_id: str, surface: str, body: RequestBody, authorization: str | None) -> Opened:
    """Return what is told of a request that was read."""
    members = body.members or {}
    about = (members.get("model"), members.get("stream") is True)
    return Opened(request_id, surface, body.raw, *about, authorization)


def said_by(outcome: Outcome) -> Said:
    """Return what is told of how a conversation came out."""
    choices = outcome.body["choices"]
    of_calls = {
        at: calls[0]
        for at, calls in outcome.call_origins.items()
        if 0 in calls and not choices[at]["message"].get("content")
    }
    contents = [choice_text(each) for each in choices]
    return Said(contents, outcome.steps, outcome.origins, of_calls)


def choice_text(choice: Any) -> str:
    """Return what a choice says: its text, or the arguments of its first call."""
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        return ""
    content = message.get("content")
    if isinstance(content, str) and content:
        return content
    calls = message.get("tool_calls")
    first = calls[0] if isinstance(calls, list) and calls else None
    function = first.get("function") if isinstance(first, dict) else None
    arguments = function.get("arguments") if isinstance(function, dict) else None
    return arguments if isinstance(arguments, str) else ""


def _known(known: Capabilities, refused: Collection[Mode]) -> Capabilities:
    if not refused:
        return known
    left = tuple(mode for mode in known.modes if mode not in refused)
    return replace(known, modes=left or known.modes[-1:])


def page_of(
    witness: Witness | None, request_id: str, headers: Sequence[Header]
) -> Mapping[str, str]:
    """Return where a request is shown, as `x_strictgate` tells it; nothing, where it is not."""
    if witness is None:
        return {}
    host = ""
    for name, value in headers:
        if name == "host":
            host = value
            break
    page = witness.page(request_id, host)
    return {} if page is None else {"inspect": page}
