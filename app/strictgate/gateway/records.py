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
from strictgate.core.schema.drafts import Draft
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
    """A conversation is about to be held; `aim_of` has what there is to show of that."""

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


class Aim(NamedTuple):
    """Where the question of a conversation goes and how, as the request's own values have it: it
    takes a tenth of the time of a `Planned`, which is made of it when somebody looks."""

    request_id: str
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

    def planned(self) -> Planned:
        """Return it in values that can be kept."""
        return Planned(
            self.request_id,
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


def aim_of(begun: Begun) -> Aim:
    """Return where the question goes and how, without what holds the request's messages."""
    request_id, planned, planner = begun
    route, conversation, adapter = planned.route, planned.conversation, planned.adapter
    contract, schema, handover = planner.contract, planner.schema, conversation.handover
    endpoint = route.endpoint
    return Aim(
        request_id,
        endpoint.name,
        endpoint.base_url,
        route.model,
        "/chat/completions" if adapter is None else adapter.path,
        None if contract.source is None else schema.text,
        schema.inspected.draft,
        conversation.enforcement,
        planner.capabilities,
        conversation.refused,
        bool(planner.parts),
        contract.model,
        handover is not None and bool(handover.source),
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
