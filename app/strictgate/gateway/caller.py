"""Who asks, and what is told of a caller's request."""

from collections.abc import Sequence
from dataclasses import replace

from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.protocol import Outcome
from strictgate.core.errors import UpstreamFailure, UpstreamUnavailable
from strictgate.core.value_type import value_type
from strictgate.core.wire.passthrough import Header
from strictgate.core.wire.trace_context import TraceContext
from strictgate.gateway.client_keys import ClientKey
from strictgate.observe.events import (
    Enforced,
    Event,
    FellBack,
    Observer,
    RequestRouted,
    UpstreamFailed,
    ignore,
)
from strictgate.observe.redaction import without_credentials
from strictgate.upstream.headers import KEYS
from strictgate.upstream.routing import Endpoint, Route


@value_type
class Caller:
    """Who asks, as far as the upstream or the log needs to know."""

    request_id: str
    authorization: str | None = None
    """The client's own credentials; None where they are for Strictgate."""
    headers: Sequence[Header] = ()
    """All that it sent, names in lower case."""
    query: str = ""
    """Of the URL, as sent."""
    key: ClientKey | None = None
    """The named client key that it came with."""
    trace: TraceContext | None = None
    """Where its request stands in a trace; None: it is not traced here."""
    note: Observer = ignore
    """Is told, beside the gateway's observer, of what happens to this request."""

    def without_credentials(self) -> "Caller":
        """Return who asks, without what proves it to the upstream that the request is for."""
        headers = [each for each in self.headers if each[0] not in KEYS]
        return replace(self, authorization=None, headers=headers, query="")

    def check_model(self, model: str | None) -> None:
        """Check that its key may be used for the model that the request names, if it names one.

        Raises:
            ModelForbidden
        """
        if self.key is not None:
            self.key.check_model(model)


class RequestReports:
    """Tells the observer, and whoever looks after the one request, what comes of it."""

    def __init__(self, observe: Observer) -> None:
        self._observe = observe

    def tell(self, caller: Caller, event: Event) -> None:
        """Tell of what happened to a request of `caller`."""
        caller.note(event)
        self._observe(event)

    def routed(self, endpoint: Endpoint, model: str, caller: Caller, *, is_enforced: bool) -> None:
        """Tell whom a request goes to; `model`: "" where it names none."""
        about = (caller.request_id, endpoint.name, endpoint.base_url)
        name = without_credentials(model, caller.authorization)
        self.tell(caller, RequestRouted(*about, name, is_enforced))

    def failed(self, endpoint: Endpoint, caller: Caller, error: UpstreamFailure) -> None:
        """Tell that a request to an upstream got no whole answer, and why."""
        if isinstance(error, UpstreamUnavailable):  # the failures that led to it have been told
            return
        about = (caller.request_id, endpoint.name, endpoint.base_url)
        self.tell(caller, UpstreamFailed(*about, error.code or error.type, error.message))

    def fell_back(self, route: Route, reason: str, fallback: str, caller: Caller) -> None:
        """Tell that the model of `route` failed, and that another one is asked."""
        name = without_credentials(route.model, caller.authorization)
        self.tell(caller, FellBack(caller.request_id, route.endpoint.name, name, fallback, reason))

    def enforced(
        self,
        route: Route,
        conversation: Conversation,
        caller: Caller,
        outcome: Outcome | None,
    ) -> None:
        """Tell how a conversation ended.

        Args:
            outcome: None: nothing was accepted.
        """
        told = conversation.record.summary(is_accepted=outcome is not None)
        self.tell(
            caller,
            Enforced(
                request_id=caller.request_id,
                upstream=route.endpoint.name,
                model=without_credentials(route.model, caller.authorization),
                mode=conversation.plan.mode,
                attempts=told.tries,
                outcome=told.outcome,
                repairs=tuple([step.name for _, step in outcome.steps]) if outcome else (),
                more_repairs=outcome.more_steps if outcome else (),
                tokens=told.tokens,
                tokens_in=told.tokens_in,
                tokens_out=told.tokens_out,
                tokens_in_vain=told.tokens_in_vain,
                stopped=told.stopped,
                continuations=told.continuations,
            ),
        )
