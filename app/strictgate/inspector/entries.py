"""One request as it is kept: its texts as bytes, cut at a size, and what became of it.

What is noted while a request is under way, and how it is kept, is in packing.py: plain values. An
entry is made of them when somebody looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from types import MappingProxyType
from typing import Any

from strictgate.core.conversation.attempt_log import Attempt
from strictgate.core.jsontext.reader import parse_leniently
from strictgate.core.output.origins import DocumentOrigins
from strictgate.core.repair_steps import Step
from strictgate.core.value_type import state_type, value_type
from strictgate.gateway.records import Planned
from strictgate.observe.events import RequestFinished

MAX_BODY = 256 << 10  # bytes of one body that are kept
_NO_ORIGINS: Mapping[int, DocumentOrigins] = MappingProxyType({})
_PREVIEW = 160  # characters of a prompt that the list shows


@value_type
class Text:
    """A body as it is shown."""

    raw: bytes
    size: int
    """Bytes that it had, before it was cut."""

    @property
    def is_whole(self) -> bool:
        return len(self.raw) == self.size

    def shown(self) -> str:
        """Return what there is of it."""
        return self.raw.decode("utf-8", "replace")


@state_type
class KeptAsk:
    """One request to the upstream, and its answer."""

    upstream: str
    model: str
    mode: str
    purpose: str
    wrapped: bool
    at: float
    """Seconds since the client's request was read."""
    sent: bytes
    sent_size: int
    seconds: float | None = None
    """None: it is not over."""
    first: float | None = None
    pieces: int = 0
    status: int = 0
    """0: there was no whole answer."""
    reply: bytes | None = None
    reply_size: int = 0
    fault: str = ""
    """What went wrong, in words, or as the upstream said it."""
    is_judged: bool = False
    """There was something to judge: the log has an attempt for it."""

    @property
    def question(self) -> Text:
        """What was sent."""
        return Text(self.sent, self.sent_size)

    @property
    def answer(self) -> Text | None:
        """What came; None: nothing did."""
        return None if self.reply is None else Text(self.reply, self.reply_size)


@state_type
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
    raw: bytes = b""
    size: int = 0
    """Of its body, before it was cut."""
    target: Planned | None = None
    asks: list[KeptAsk] = field(default_factory=list)
    attempts: tuple[Attempt, ...] = ()
    """As the conversations have noted them: several, where another model or API was asked."""
    contents: Sequence[str] | None = None
    """What each choice of the answer says; None: there is none."""
    steps: tuple[tuple[int, Step], ...] = ()
    origins: Mapping[int, DocumentOrigins] = field(default_factory=lambda: _NO_ORIGINS)
    """Of the bytes of each choice's document."""
    error: Mapping[str, Any] | None = None
    finished: RequestFinished | None = None
    notes: tuple[Mapping[str, Any], ...] = ()
    """What went wrong on the way, for people."""
    _prompt: str | None = None

    @property
    def prompt(self) -> str:
        """The beginning of what it said last, "" where the body was cut; of what was not read,
        where it went."""
        if self._prompt is None:
            told = self.finished
            if told is not None and not self.surface:
                self._prompt = f"{told.method} {told.path}"
            else:
                self._prompt = preview(self.body)
        return self._prompt

    @property
    def body(self) -> Text:
        """What the client sent."""
        return Text(self.raw, self.size)

    def outcome(self) -> str:
        """Return how it ended, in one word."""
        finished = self.finished
        if finished is None:
            return "open"
        if finished.client_left:
            return "left"
        if finished.outcome and (finished.error is None or finished.attempts):
            return finished.outcome
        return "error" if finished.status >= 400 or finished.error else "passed"

    def row(self) -> dict[str, Any]:
        """Return its row in the list."""
        told, target = self.finished, self.target
        return {
            "id": self.id,
            "at": round(self.began, 3),
            "surface": self.surface,
            "model": self.model if isinstance(self.model, str) else "",
            "upstream": target.upstream if target else (told.upstream if told else ""),
            "prompt": self.prompt,
            "stream": self.is_stream,
            "mode": (told and told.mode) or (self.asks[-1].mode if self.asks else ""),
            "outcome": self.outcome(),
            "status": told.status if told else 0,
            "error": told.error if told else None,
            "attempts": told.attempts if told else len(self.asks),
            "continuations": told.continuations if told else 0,
            "repairs": list(dict.fromkeys(told.repairs)) if told else [],
            "tokens": told.tokens_in + told.tokens_out if told else 0,
            "seconds": told.seconds if told else None,
            "key": told.key if told else "",
            "cost": told.cost if told else 0,
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


def cut_error(error: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an error with no more of the model's text than is kept of a body."""
    text = error.get("failed_generation") or ""
    return error if len(text) <= MAX_BODY else {**error, "failed_generation": text[:MAX_BODY]}
