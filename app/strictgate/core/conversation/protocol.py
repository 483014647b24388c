"""What a conversation and its driver say to each other.

The conversation is a generator. It yields a `Turn`; the driver sends the answer:

| turn       | what the driver does, and what it answers                                          |
|------------|------------------------------------------------------------------------------------|
| `Ask`      | Opens a request; whatever was open is closed first, which cancels it. The answer   |
|            | is the `Reply` or the `Failure`, or the first `StreamPart` if the upstream streams.|
| `ReadMore` | Gives the caller what is new and reads on. The answer is the next `StreamPart` of  |
|            | the open stream, or at its end the `Reply` or the `Failure` that it came to.       |
| `Stop`     | Closes the open stream. The answer is the `Reply` as far as it has come.           |
| `Compile`  | Compiles a schema. The answer is the `CompiledGrammar`, or None if there is none.  |
| `HeavyStep`| Lets others run first, or computes what follows elsewhere. The answer is None.     |

An error on the way is thrown into the generator. In the end the conversation returns an `Outcome`
or raises a GatewayError; a stream that is still open is closed then.
"""

from collections.abc import Generator, Mapping
from dataclasses import field
from typing import Any

from strictgate.core.guard.grammar_matcher import CompiledGrammar
from strictgate.core.output.origins import DocumentOrigins
from strictgate.core.output.provenance import ScoredToken
from strictgate.core.plan.plan import Body, Plan
from strictgate.core.repair_steps import Step, StepCounts
from strictgate.core.schema.schema import Schema
from strictgate.core.value_type import value_type
from strictgate.core.wire.choice_delta import ChoiceDelta
from strictgate.core.wire.collector import Delta
from strictgate.core.wire.reply import Failure, Reply


@value_type
class Ask:
    """One request to the upstream."""

    plan: Plan
    body: Body
    raw: bytes = b""
    """The body as JSON, if a worker has written it: then `body` is empty, as an object takes the
    event loop ten times as long to be sent."""


@value_type
class ReadMore:
    """Send the caller what is new, then read on."""

    news: tuple[ChoiceDelta, ...] = ()
    patience: float | None = None
    """Seconds after which a StreamPart without deltas is the answer; None: no limit."""


@value_type
class Stop:
    """Read no further in the open stream."""


@value_type
class Compile:
    """Compile the grammar of a schema, off the path of other requests."""

    schema: Schema


@value_type
class HeavyStep:
    """What comes next is computing that others may notice.

    A conversation depends on nothing but its answers, so that it can go on in another process: it
    is begun there anew with the same answers (gateway/moving.py).
    """

    cost: float
    """About how many milliseconds it takes, at the most; infinite where it cannot be done here."""


@value_type
class StreamPart:
    """What the next piece of a stream added; without deltas: nothing came in time."""

    deltas: tuple[Delta, ...]


@value_type
class Outcome:
    """What the caller gets."""

    body: Mapping[str, Any]
    """A chat.completion object; `id` and `created` may be missing."""
    steps: tuple[tuple[int, Step], ...]
    """The repairs, with the choice that each was made to; once it is condensed, the first ones."""
    sent: Mapping[int, Mapping[str, int]]
    """How many characters of each choice's texts (`content`, `reasoning_content`) have been given
    as `ChoiceDelta`s already; a choice is missing where there was none."""
    origins: Mapping[int, DocumentOrigins] = field(default_factory=dict)
    """Who the bytes of each choice's document are from; a choice is missing that is none."""
    call_origins: Mapping[int, Mapping[int, DocumentOrigins]] = field(default_factory=dict)
    """The same of the arguments of each choice's calls, by their positions."""
    scores: Mapping[int, tuple[ScoredToken, ...]] = field(default_factory=dict)
    """How likely the tokens of each document were, where that was asked for and is known."""
    more_steps: StepCounts = ()
    """How many repairs there were besides `steps`; see condensing.py."""
    provenance: tuple[Mapping[str, Any], ...] = ()
    """What the caller is told of the origins of each document, as `x_strictgate` has it."""


Turn = Ask | ReadMore | Stop | Compile | HeavyStep
DriverAnswer = Reply | Failure | StreamPart | CompiledGrammar | None
ConversationGenerator = Generator[Turn, DriverAnswer, Outcome]
