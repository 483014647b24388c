"""What can happen, as events: values that nobody changes. An observer is anything that takes one.

Who tells of one knows one observer; `tell_all` makes it of all that listen (api/app.py).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from strictgate.core.value_type import value_type
from strictgate.observe.process_events import (
    BackgroundCrashed,
    ConfigurationRejected,
    ConfigurationReloaded,
    Crashed,
    LogLinesDropped,
    LoopBlocked,
    MessagesDropped,
    OutOfResources,
    ProcessEnded,
    TurnedAway,
)


@value_type
class RequestFinished:
    """A request was answered, or its client left: all that a line about it needs."""

    request_id: str
    """The client's own `x-request-id`, or one that was made; unique among those under way."""
    method: str
    path: str
    status: int
    seconds: float
    error: str | None = None
    """The error's code, or else its type."""
    client_left: bool = False
    key: str = ""
    """The label of the client key that it came with; "": it has none."""
    is_stream: bool = False
    first_byte: float = 0.0
    """Seconds until the first byte of the answer's body; 0: there was none."""
    upstream: str = ""
    """The one asked last; "": none was. What follows is filled in by observe/summary.py."""
    model: str = ""
    mode: str = ""
    """In which a document was asked for; "": nothing was enforced."""
    outcome: str = ""
    """Of the last attempt; see Enforced."""
    attempts: int = 0
    continuations: int = 0
    repairs: tuple[str, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_in_vain: int = 0
    """Of both, those that are no part of what the answer was made of."""
    cost: float = 0.0
    """Money, by the prices of the configuration."""
    upstream_seconds: float = 0.0
    """Of `seconds`, those that upstreams were waited for."""
    cause: str = ""
    """Why the upstream that was asked last gave no answer; "": it did."""
    address: str = ""
    """Its base_url, where there is a cause."""
    trace_id: str = ""
    """W3C Trace Context; "": its spans are not recorded."""
    span_id: str = ""
    parent_id: str = ""
    """The caller's span; "": the trace begins here."""


@value_type
class RequestRouted:
    """It is known whom a request goes to; of several such events for one, the last holds."""

    request_id: str
    upstream: str
    address: str
    """The upstream's base_url."""
    model: str
    """What the upstream calls it; "": the request names none."""
    is_enforced: bool


@value_type
class UpstreamAnswered:
    """One request to an upstream came to its end, in whatever way."""

    request_id: str
    """Of the client's request."""
    upstream: str
    model: str
    purpose: str
    """`try`, `continuation` or `question`; `passthrough` where the client's own was passed on."""
    mode: str
    """"": nothing was enforced."""
    status: int
    """0: there was no answer."""
    first_byte: float
    """Seconds until the head of the answer was there."""
    seconds: float
    """From its beginning to its end."""
    waited: float
    """Of `seconds`, those that the upstream was waited for, and not the client."""
    tokens_in: int
    tokens_out: int
    error: str = ""
    """The code of the error that it ended with; "": it did not."""
    trace_id: str = ""
    """Of the client's request (W3C Trace Context); "": its spans are not recorded."""
    span_id: str = ""
    parent_id: str = ""


@value_type
class Enforced:
    """An enforced request came to its end."""

    request_id: str
    upstream: str
    model: str
    mode: str
    attempts: int
    outcome: str
    repairs: tuple[str, ...]
    tokens: int
    tokens_in: int
    tokens_out: int
    tokens_in_vain: int
    """Of attempts that were given up for a new one, or that came to no document."""
    stopped: int
    """Streams of the upstream that were ended early, because the rest was of no use."""
    continuations: int
    """Times that the model was brought to go on behind a valid prefix."""
    more_repairs: tuple[tuple[str, int], ...] = ()
    """How many repairs there were besides `repairs`, which has the first, by their names."""


@value_type
class FellBack:
    """A model failed at an enforced request, and another one is asked in its place."""

    request_id: str
    upstream: str
    model: str
    """The one that failed, as its upstream calls it."""
    fallback: str
    """The one that is asked, by its name under [models]."""
    reason: str
    """The code of the error that the first came to."""


@value_type
class ModeRefused:
    """An upstream refused a mode; it is remembered."""

    upstream: str
    model: str
    mode: str
    for_schema: bool
    pattern: str
    """The name of what it was known by; the upstream's own words may quote a prompt, or a key."""


@value_type
class ModelDemoted:
    """A model broke its native promise repeatedly; native mode is left for a while."""

    upstream: str
    model: str


@value_type
class PrefillDropped:
    """A model is given no prefix to go on from for a while."""

    upstream: str
    model: str
    refused: bool
    """The upstream refused it; else the model began anew, repeatedly."""


@value_type
class ToolsDropped:
    """A model's upstream refused tools: for a while they are described in the prompt."""

    upstream: str
    model: str


@value_type
class FactLearned:
    """An upstream refused something that was then done without; it is remembered."""

    upstream: str
    model: str
    fact: str
    """One of core.capabilities.Fact."""
    details: tuple[str, ...]


@value_type
class StoreFailed:
    """The store of responses could not be read or written; what was to be kept may be lost."""

    error: str
    """In SQLite's words: `database is locked`, `database or disk is full`."""


@value_type
class SharedStoreChanged:
    """The store that replicas share does not answer, or does again; meanwhile each is alone."""

    is_up: bool
    error: str = ""
    """Why not; without the URL, which may have a password in it."""


@value_type
class UpstreamFailed:
    """A request to an upstream got no whole answer: no connection, silence, an answer that broke
    off or cannot be understood. What it means for the client is told by other events."""

    request_id: str
    """Of the client's request; several upstream requests may be made for one."""
    upstream: str
    address: str
    """The upstream's base_url."""
    error: str
    """The code: `upstream_unreachable`, `upstream_timeout` or `upstream_bad_response`."""
    message: str


@value_type
class BreakerChanged:
    """An upstream that is down is not asked any more, is tried again, or is asked as before."""

    upstream: str
    state: str
    """`closed`, `open` or `half_open`; see core/resilience/circuit_breaker.py."""
    failures: int
    """In a row."""
    is_hearsay: bool = False
    """Whether it was another replica that found it."""


@value_type
class RequestRepeated:
    """A request to an upstream failed in a way that may pass, and is made again after a while."""

    upstream: str
    reason: str
    """The status."""
    seconds: float


@value_type
class KeyLimited:
    """A request was refused because its client key has used up what it may."""

    request_id: str
    key: str
    """Its label."""
    limit: str
    """What is limited: `requests`, `tokens` or `insufficient_quota`."""


@value_type
class UpstreamRecognised:
    """An upstream without a preset in the configuration was looked at, to see what it is."""

    upstream: str
    preset: str
    """The one that is used from now on: `generic` where nothing was recognised."""
    sign: str
    """What it was known by, for people; "": by nothing."""
    problem: str
    """Why nothing was seen of it, or what is wrong with its address; "": nothing."""
    has_answered: bool
    """If it has not, it is looked at again until it has."""


Event = (
    RequestFinished
    | RequestRouted
    | UpstreamAnswered
    | Enforced
    | FellBack
    | ModeRefused
    | ModelDemoted
    | PrefillDropped
    | ToolsDropped
    | FactLearned
    | StoreFailed
    | SharedStoreChanged
    | UpstreamFailed
    | BreakerChanged
    | RequestRepeated
    | KeyLimited
    | LogLinesDropped
    | MessagesDropped
    | OutOfResources
    | TurnedAway
    | LoopBlocked
    | UpstreamRecognised
    | ConfigurationReloaded
    | ConfigurationRejected
    | ProcessEnded
    | Crashed
    | BackgroundCrashed
)
Observer = Callable[[Event], None]


class Attentive(Protocol):
    """An observer of some kinds of events: of most that happen it is not told."""

    @property
    def heeds(self) -> Mapping[type, Observer]:
        """What takes note of each kind."""


def ignore(event: Event) -> None:
    """The observer that does nothing."""


def tell_all(listeners: Sequence[Observer], attentive: Sequence[Attentive] = ()) -> Observer:
    """Return the observer that hands each event to all of `listeners`, in their order, and then to
    those of `attentive` that heed its kind.

    They are called where the event happens, on the event loop: they must be quick, and not raise.
    """
    if not attentive and len(listeners) < 2:
        return listeners[0] if listeners else ignore
    by_kind: dict[type, tuple[Observer, ...]] = {}

    def those_for(kind: type) -> tuple[Observer, ...]:
        heeding = (each.heeds[kind] for each in attentive if kind in each.heeds)
        return by_kind.setdefault(kind, (*listeners, *heeding))

    def observe(event: Event) -> None:
        kind = type(event)
        for listener in by_kind.get(kind) or those_for(kind):
            listener(event)

    return observe
