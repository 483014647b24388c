"""What a conversation and its driver say to each other.

The conversation yields an `Ask`, a `Read` or a `Compile`; the driver answers each:

* `Ask`: open a request; whatever was open is closed first, which cancels it. The answer is the
  `Reply` or the `Failure`, or the first `Part` where the upstream streams.
* `Read`: the next `Part` of the stream that is open, or at its end the `Reply` or the `Failure`
  that it came to as a whole.
* `Compile`: the `Machine` made of the schema, or None where there is none.

In the end the conversation returns an `Outcome` or raises a GatewayError; a stream that is still
open is then of no more use.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from strictgate.core.guard.grammar_matcher import CompiledGrammar
from strictgate.core.plan.planner import Body, Plan
from strictgate.core.repair_steps import Step
from strictgate.core.schema.schema import Schema
from strictgate.core.wire.collector import Collector, Delta
from strictgate.core.wire.reply import Failure, Reply


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to the upstream."""

    plan: Plan
    body: Body


@dataclass(frozen=True, slots=True)
class ChoiceDelta:
    """What the caller may have now of one choice, in a stream."""

    index: int
    delta: Mapping[str, Any]
    """As in a chat.completion.chunk: `content`, `reasoning_content`."""
    logprobs: tuple[Any, ...] = ()
    """The entries for the tokens of `content`."""


@dataclass(frozen=True, slots=True)
class ReadMore:
    """Send the caller what is new, then read on."""

    news: tuple[ChoiceDelta, ...] = ()
    patience: float | None = None
    """Seconds after which a Part without deltas is the answer; None: as long as it takes."""


@dataclass(frozen=True, slots=True)
class Compile:
    """Make the grammar of a schema, off the path of other requests."""

    schema: Schema


@dataclass(frozen=True, slots=True)
class StreamPart:
    """What a stream brought, and all that it has brought so far."""

    deltas: tuple[Delta, ...]
    collector: Collector


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the caller gets."""

    body: Mapping[str, Any]
    """A chat.completion object; `id` and `created` may be missing."""
    steps: tuple[tuple[int, Step], ...]
    """The repairs, with the choice that each was made to."""
    sent: Mapping[int, Mapping[str, int]]
    """How many characters of each choice's texts (`content`, `reasoning_content`) have been given
    as `News` already; a choice is missing where there was none."""


Turn = Ask | ReadMore | Compile
DriverAnswer = Reply | Failure | StreamPart | CompiledGrammar | None
ConversationGenerator = Generator[Turn, DriverAnswer, Outcome]
