"""What can happen, as frozen events. An observer is anything that takes one.

Who tells of an event knows one observer; `tell_all` makes one of all that listen (the log, the
metrics, …), which api/app.py puts together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestFinished:
    """A request was answered, or its client left."""

    request_id: str
    method: str
    path: str
    status: int
    seconds: float
    error: str | None = None
    """The error's code, or else its type."""
    client_left: bool = False


@dataclass(frozen=True, slots=True)
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
    stopped: int
    """Streams of the upstream that were ended early, because the rest was of no use."""
    continuations: int
    """Times that the model was brought to go on behind a valid prefix."""


@dataclass(frozen=True, slots=True)
class ModeRefused:
    """An upstream refused a mode; it is remembered."""

    upstream: str
    model: str
    mode: str
    for_schema: bool
    pattern: str
    """The name of what it was known by; the upstream's own words may quote a prompt, or a key."""


@dataclass(frozen=True, slots=True)
class ModelDemoted:
    """A model broke its native promise repeatedly; native mode is left for a while."""

    upstream: str
    model: str


@dataclass(frozen=True, slots=True)
class PrefillDropped:
    """A model is given no prefix to go on from for a while."""

    upstream: str
    model: str
    refused: bool
    """The upstream refused it; else the model began anew, repeatedly."""


@dataclass(frozen=True, slots=True)
class ToolsDropped:
    """A model's upstream refused tools: for a while they are described in the prompt."""

    upstream: str
    model: str


@dataclass(frozen=True, slots=True)
class FactLearned:
    """An upstream refused something that was then done without; it is remembered."""

    upstream: str
    model: str
    fact: str
    """One of core.capabilities.Fact."""
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoreFailed:
    """The store of responses could not be read or written; what was to be kept may be lost."""

    error: str
    """In SQLite's words: `database is locked`, `database or disk is full`."""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class BreakerChanged:
    """An upstream that is down is not asked any more, is tried again, or is asked as before."""

    upstream: str
    state: str
    """`closed`, `open` or `half_open`; see core/resilience/circuit_breaker.py."""
    failures: int
    """In a row."""


@dataclass(frozen=True, slots=True)
class RequestRepeated:
    """A request to an upstream failed in a way that may pass, and is made again after a while."""

    upstream: str
    reason: str
    """The status."""
    seconds: float


@dataclass(frozen=True, slots=True)
class LogLinesDropped:
    """Nobody read the log for a while: so many of its lines were dropped."""

    lines: int


@dataclass(frozen=True, slots=True)
class OutOfResources:
    """A request could not be served for want of something of this machine."""

    request_id: str
    """"": it was not read."""
    message: str


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Crashed:
    """A bug: the client got a 500 with this request id."""

    request_id: str
    method: str
    path: str
    traceback: str


Event = (
    RequestFinished
    | Enforced
    | ModeRefused
    | ModelDemoted
    | PrefillDropped
    | ToolsDropped
    | FactLearned
    | StoreFailed
    | UpstreamFailed
    | BreakerChanged
    | RequestRepeated
    | LogLinesDropped
    | OutOfResources
    | UpstreamRecognised
    | Crashed
)
Observer = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The observer that does nothing."""


def tell_all(listeners: Sequence[Observer]) -> Observer:
    """Return the observer that hands each event to all of `listeners`, in their order.

    They are called where the event happens, on the event loop: they must be quick, and not raise.
    """
    match tuple(listeners):
        case ():
            return ignore
        case (listener,):
            return listener
        case several:

            def observe(event: Event) -> None:
                for listener in several:
                    listener(event)

            return observe
