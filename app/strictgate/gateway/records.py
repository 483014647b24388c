"""What was said in an exchange, as frozen records for whoever shows it: the inspector.

Events (observe/events.py) say what happened, and can be logged as they are. Records have the texts:
bodies of requests and of answers, never headers. They go to one recorder, and nowhere else. They
are tuples, as several are made for each request: a frozen dataclass takes four times as long.

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
from typing import NamedTuple, Protocol

from strictgate.core.capabilities import Capabilities, Mode
from strictgate.core.conversation.attempt_log import AttemptLog
from strictgate.core.conversation.protocol import Outcome
from strictgate.core.errors import GatewayError
from strictgate.core.plan.plan import Body, Plan
from strictgate.core.plan.planner import Planner
from strictgate.core.request.options import Enforcement
from strictgate.core.wire.passthrough import Header
from strictgate.core.wire.reply import Failure, Reply
from strictgate.core.wire.request_body import RequestBody
from strictgate.gateway.planned_request import PlannedRequest


class Opened(NamedTuple):
    """A request of a client was read."""

    request_id: str
    surface: str
    body: RequestBody
    authorization: str | None
    """What the upstream is given of the client's credentials, which must be kept nowhere."""


class Begun(NamedTuple):
    """A conversation is about to be held; `planned_record` has what there is to show of that."""

    request_id: str
    planned: PlannedRequest
    planner: Planner
    """The conversation's, which may come to another one when a mode is refused."""


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


class Asked(NamedTuple):
    """A request to the upstream begins; it may be repeated below."""

    request_id: str
    plan: Plan
    body: Body | bytes
    """What was sent, as a chat completion; as JSON where it has been written already."""


class Heard(NamedTuple):
    """An answer of the upstream is over."""

    request_id: str
    reply: Reply | None
    """A stream's is merged, as far as it came; None: there was none, or it was left."""
    fault: Failure | GatewayError | None
    """The upstream's refusal, or what went wrong; a reply beside it came before that."""
    seconds: float
    """Since it was asked."""
    first: float | None
    """Seconds until the first piece of it, where it streamed."""
    pieces: int
    """In which it came; 0: it came whole, or not at all."""


class Concluded(NamedTuple):
    """A conversation is over."""

    request_id: str
    outcome: Outcome | None
    """None: there is no answer but an error."""
    record: AttemptLog


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


def planned_record(begun: Begun) -> Planned:
    """Return where the question goes and how."""
    request_id, planned, planner = begun
    endpoint, conversation = planned.route.endpoint, planned.conversation
    has_document, schema = planner.contract.has_document, planner.schema
    return Planned(
        request_id,
        endpoint.name,
        endpoint.base_url,
        planned.route.model,
        "/chat/completions" if planned.adapter is None else planned.adapter.path,
        schema.text if has_document else None,
        schema.draft if has_document else "",
        conversation.enforcement,
        _known(planner.capabilities, conversation.refused),
        bool(planner.parts),
        planned.contract.model,
        conversation.handover is not None and bool(conversation.handover.source),
    )


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
