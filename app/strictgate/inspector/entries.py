"""One request as it is kept: its texts as bytes, cut at a size, and what became of it.

An entry grows while its request is under way. Texts are made once, when they come, since the values
that they are made of would keep ten times their size alive; all else is put together when somebody
looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from strictgate.core.capabilities import Capabilities
from strictgate.core.conversation.attempt_log import AttemptLog
from strictgate.core.jsontext.reader import write_json
from strictgate.core.output.origins import DocumentOrigins
from strictgate.core.repair_steps import Step
from strictgate.core.request.options import Enforcement
from strictgate.core.schema.schema import Formats
from strictgate.observe.events import Enforced, RequestFinished

MAX_BODY = 256 << 10  # bytes of one body that are kept
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


def json_of(value: Any) -> Text:
    """Return a value as it would be sent, cut."""
    return text_of(write_json(value).encode("utf-8", "surrogatepass"))


@dataclass(slots=True)
class KeptAsk:
    """One request to the upstream, and its answer."""

    mode: str
    purpose: str
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


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request went, and what it was judged by."""

    upstream: str
    address: str
    model: str
    path: str
    schema: str | None
    """The text of the document's schema; None: the caller wants text, or calls."""
    draft: str
    formats: Formats
    enforcement: Enforcement
    capabilities: Capabilities


@dataclass(slots=True)
class Entry:
    """One request of a client."""

    id: str
    began: float
    """By the wall clock, in seconds since 1970."""
    clock: float
    """The same by the monotonic clock."""
    surface: str = ""
    model: str = ""
    """As the client called it."""
    prompt: str = ""
    """The beginning of what it said last."""
    is_stream: bool = False
    body: Text = NO_TEXT
    target: Target | None = None
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
    weight: int = 0
    """Its size, once it is over."""

    @property
    def size(self) -> int:
        """About how many bytes are kept for it."""
        answer = len(self.answer.raw) if self.answer else 0
        texts = sum(len(each.sent.raw) + len((each.reply or NO_TEXT).raw) for each in self.asks)
        return _FIXED + len(self.body.raw) + answer + texts

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
            "model": self.model,
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


_FIXED = 2048  # bytes of an entry without its texts, roughly


def preview(members: Mapping[str, Any]) -> str:
    """Return the beginning of what a request says last."""
    said = members.get("input") or members.get("messages")
    if isinstance(said, list):
        last = next((each for each in reversed(said) if _is_user(each)), None)
        said = last.get("content") if last else ""
    if isinstance(said, list):
        said = next((part.get("text") for part in said if isinstance(part, Mapping)), "")
    return said[:_PREVIEW] if isinstance(said, str) else ""


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
