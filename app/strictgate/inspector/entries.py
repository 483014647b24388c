"""One request as it is kept: its texts as bytes, cut at a size, and what became of it.

An entry grows while its request is under way. Texts are made once, when they come, since the values
that they are made of would keep ten times their size alive; all else is put together when somebody
looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.attempt_log import AttemptLog
from strictgate.core.jsontext.reader import parse_leniently
from strictgate.core.output.origins import DocumentOrigins
from strictgate.core.plan.planner import Purpose
from strictgate.core.repair_steps import Step
from strictgate.gateway.records import Planned
from strictgate.observe.events import Enforced, RequestFinished

MAX_BODY = 256 << 10  # bytes of one body that are kept
_FIXED = 2048  # bytes of an entry without its texts, roughly
_PREVIEW = 160  # characters of a prompt that the list shows


@dataclass(frozen=True, slots=True)
class Text:
    """A body as it is kept."""

    raw: bytes
    size: int
    """Bytes that it had."""

    @property
    def is_whole(self) -> bool:
        return len(self.raw) == self.size

    def shown(self) -> str:
        """Return what there is of it."""
        return self.raw.decode("utf-8", "replace")


NO_TEXT = Text(b"", 0)


def text_of(raw: bytes) -> Text:
    """Return a body, cut."""
    return Text(raw if len(raw) <= MAX_BODY else raw[:MAX_BODY], len(raw))


@dataclass(slots=True)
class KeptAsk:
    """One request to the upstream, and its answer."""

    mode: Mode
    purpose: Purpose
    wrapped: bool
    at: float
    """Seconds since the client's request was read."""
    sent: Text
    seconds: float | None = None
    """None: it is not over."""
    first: float | None = None
    pieces: int = 0
    status: int = 0
    """0: there was no whole answer."""
    reply: Text | None = None
    fault: str = ""
    """What went wrong, in words, or as the upstream said it."""
    is_judged: bool = False
    """There was something to judge: the log has an attempt for it."""


@dataclass(slots=True)
class Entry:
    """One request of a client."""

    id: str
    began: float
    """By the wall clock, in seconds since 1970."""
    clock: float
    """The same by the monotonic clock."""
    surface: str = ""
    model: Any = ""
    """As the client called it; it may be no text."""
    is_stream: bool = False
    body: Text = NO_TEXT
    target: Planned | None = None
    asks: list[KeptAsk] = field(default_factory=list)
    log: AttemptLog | None = None
    answer: Text | None = None
    """As a chat completion."""
    steps: tuple[tuple[int, Step], ...] = ()
    origins: Mapping[int, DocumentOrigins] = field(default_factory=dict)
    """Of the bytes of each choice's document."""
    error: Mapping[str, Any] | None = None
    enforced: Enforced | None = None
    finished: RequestFinished | None = None
    notes: list[Mapping[str, Any]] = field(default_factory=list)
    """Events on the way, for people."""
    key: bytes = b""
    """The client's own, for as long as the request is under way: what must not be kept."""
    weight: int = _FIXED
    """About how many bytes are kept for it."""
    _prompt: str | None = None

    @property
    def prompt(self) -> str:
        """The beginning of what it said last; "" where the body was cut."""
        if self._prompt is None:
            self._prompt = preview(self.body)
        return self._prompt

    def outcome(self) -> str:
        """Return how it ended, in one word."""
        if self.finished is None:
            return "open"
        if self.finished.client_left:
            return "left"
        if self.enforced is not None and (self.finished.error is None or self.enforced.attempts):
            return self.enforced.outcome
        return "error" if self.finished.status >= 400 or self.finished.error else "passed"

    def row(self) -> dict[str, Any]:
        """Return its row in the list."""
        told, finished, target = self.enforced, self.finished, self.target
        return {
            "id": self.id,
            "at": round(self.began, 3),
            "surface": self.surface,
            "model": self.model if isinstance(self.model, str) else "",
            "upstream": target.upstream if target else (finished.upstream if finished else ""),
            "prompt": self.prompt,
            "stream": self.is_stream,
            "mode": told.mode if told else (self.asks[-1].mode if self.asks else ""),
            "outcome": self.outcome(),
            "status": finished.status if finished else 0,
            "error": finished.error if finished else None,
            "attempts": told.attempts if told else len(self.asks),
            "continuations": told.continuations if told else 0,
            "repairs": list(dict.fromkeys(told.repairs)) if told else [],
            "tokens": finished.tokens_in + finished.tokens_out if finished else 0,
            "seconds": finished.seconds if finished else None,
        }


def preview(body: Text) -> str:
    """Return the beginning of what a request says last."""
    members = parsed(body)
    said = members.get("input") or members.get("messages")
    if isinstance(said, list):
        last = next((each for each in reversed(said) if _is_user(each)), None)
        said = last.get("content") if last else ""
    if isinstance(said, list):
        said = next((part.get("text") for part in said if isinstance(part, Mapping)), "")
    return said[:_PREVIEW] if isinstance(said, str) else ""


def parsed(text: Text) -> Mapping[str, Any]:
    """Return the object in a body; an empty one where it was cut, or is none."""
    if not text.is_whole or not text.raw:
        return {}
    try:
        value = parse_leniently(text.raw)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, Mapping) else {}


def _is_user(message: Any) -> bool:
    return isinstance(message, Mapping) and message.get("role") == "user"


def judged_asks(asks: Sequence[KeptAsk], attempts: int) -> list[KeptAsk]:
    """Return the asks that the attempts of a log are about, in their order.

    An answer that can be judged is an attempt. A refusal is none, unless the model's own text was
    in it: of refusals there are as many as are left over, the latest.
    """
    left = attempts - sum(each.is_judged for each in asks)
    chosen = []
    for each in reversed(asks):
        is_one = each.is_judged or (left > 0 and each.status >= 400)
        left -= is_one and not each.is_judged
        if is_one:
            chosen.append(each)
    return chosen[::-1][:attempts] if attempts else []
