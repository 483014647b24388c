"""Ask, judge, ask again: the exchange about one request, without the network.

`Conversation.run` is a generator in the manner of httpx's `Auth.auth_flow`: it yields each `Ask`,
is sent the `Reply` or the `Failure` that came back, and returns the `Outcome` or raises a
GatewayError. What goes wrong on the way (no connection, a deadline) is thrown into it.

The rules:

* Each choice has `max_attempts` full tries; only those that are bad are asked again.
* A refused format takes the next mode and is no try. It becomes a lesson, to be remembered by the
  driver once an ask that was made because of it has been accepted.
* What is truncated is not asked again: the caller set the budget.
* Once a try has been judged, its verdict is the answer to whatever stops the conversation.
"""

from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core import prompt, reply, usage
from app.core.capabilities import Mode
from app.core.enforcement import Enforcement
from app.core.errors import (
    OutputInvalid,
    UpstreamBadResponse,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from app.core.judge import Step
from app.core.plan import Body, Plan, Planner
from app.core.record import Lesson, Record
from app.core.refusal import Refusal, Refused, classify, error_of
from app.core.reply import Failure, Reply
from app.core.settling import Judging, Rejection, Settled, settle

_FROM_UPSTREAM = (UpstreamError, UpstreamUnreachable, UpstreamBadResponse, UpstreamTimeout)
_KEPT_HEADERS = frozenset({"retry-after", "retry-after-ms"})


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to the upstream."""

    plan: Plan
    body: Body


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the caller gets."""

    body: Mapping[str, Any]
    """A chat.completion object; `id` and `created` may be missing."""
    steps: tuple[tuple[int, Step], ...]
    """The repairs, with the choice that each was made to."""


Answer = tuple[Mapping[str, Any], list[Settled | Rejection]]


@dataclass
class Conversation:
    """The state of one exchange. `run` it once; read the record at any time."""

    planner: Planner
    enforcement: Enforcement
    refused: Collection[Mode] = ()
    record: Record = field(default_factory=Record)

    def __post_init__(self) -> None:
        self._modes = list(self.planner.ladder(self.refused))
        self.plan = self.planner.plan(self._modes[0])
        self._last: Rejection | None = None
        wanted = self.planner.contract
        self._judging = Judging(
            self.planner.schema, self.enforcement.repair, wanted.has_tools, wanted.is_json_object
        )

    def run(self) -> Generator[Ask, Reply | Failure, Outcome]:
        """Hold the conversation.

        Raises:
            OutputInvalid: no valid document came.
            UpstreamError, UpstreamUnreachable, UpstreamBadResponse, UpstreamTimeout: nothing
                came that could be judged.
        """
        try:
            return (yield from self._run())
        except _FROM_UPSTREAM as error:
            if self._last is None:
                raise
            raise self._invalid(self._last) from error

    def _run(self) -> Generator[Ask, Reply | Failure, Outcome]:
        body, results = yield from self._ask(())
        settled = []
        for index in range(self.planner.contract.choices):
            first = results[index] if index < len(results) else None
            settled.append((yield from self._until_settled(first)))
        return self._outcome(body, settled)

    def _until_settled(
        self, result: Settled | Rejection | None
    ) -> Generator[Ask, Reply | Failure, Settled]:
        """Ask about one choice until it is good; None: the upstream gave fewer than asked for."""
        tries = 0 if result is None else 1
        tail: list[prompt.Message] = []  # grows, so that no mistake is made anew
        while not isinstance(result, Settled):
            if result is not None:
                self._check_may_go_on(result, tries)
                tail += prompt.feedback(result.text, result.problems, result.reason)
            elif self._is_spent():
                raise UpstreamBadResponse(
                    "The upstream gave fewer choices than asked for, and the token budget is spent."
                )
            _, again = yield from self._ask(tail)
            result, tries = again[0], tries + 1
        self._last = None  # what was wrong with it is mended
        return result

    def _check_may_go_on(self, rejection: Rejection, tries: int) -> None:
        self._last = rejection
        if rejection.truncated or self._is_spent() or tries >= self.enforcement.max_attempts:
            raise self._invalid(rejection)

    def _is_spent(self) -> bool:
        budget = self.enforcement.token_budget
        return bool(budget) and usage.tokens(self.record.spent) >= budget

    def _invalid(self, rejection: Rejection) -> OutputInvalid:
        return rejection.error(self.record.headers(self.plan))

    def _outcome(self, body: Mapping[str, Any], settled: Sequence[Settled]) -> Outcome:
        choices = [{**each.choice, "index": index} for index, each in enumerate(settled)]
        whole = {**body, "object": "chat.completion", "choices": choices}
        if self.record.spent:
            whole["usage"] = self.record.spent
        steps = [(index, step) for index, each in enumerate(settled) for step in each.steps]
        return Outcome(whole, tuple(steps))

    # --- one ask, until it is answered -----------------------------------------------------------

    def _ask(self, tail: Sequence[prompt.Message]) -> Generator[Ask, Reply | Failure, Answer]:
        """Put the question, in the next mode where one is refused; return the judged choices."""
        while True:
            answer = yield self._question(tail)
            if isinstance(answer, Failure):
                judgeable = self._failed(answer)
                if judgeable is None:
                    continue
                answer = judgeable
            results = [settle(choice, self.plan, self._judging) for choice in answer.choices]
            self.record.accepted(self.plan, answer, results)
            return answer.body, results

    def _question(self, tail: Sequence[prompt.Message]) -> Ask:
        body = self.plan.body
        if self.record.attempts:  # from now on about one choice
            body = {key: value for key, value in body.items() if key != "n"}
            body["messages"] = [*body["messages"], *tail]
        return Ask(self.plan, body)

    def _failed(self, failure: Failure) -> Reply | None:
        """Return the failure as a reply that can be judged, or None to ask anew.

        Raises:
            UpstreamError: neither.
        """
        refusal = classify(failure.status, failure.body, self.plan.mode)
        match refusal.kind:
            case Refused.INVALID_OUTPUT:
                return _as_reply(refusal.failed_generation or "", "stop")
            case Refused.TRUNCATED_OUTPUT:
                return _as_reply("", "length")
            case Refused.FORMAT | Refused.DIALECT:
                self._learn(refusal, failure)
            case Refused.CONFLICT:
                self._part(failure)
            case Refused.JSON_WORD:
                self._remind(failure)
            case Refused.NOT_A_REFUSAL:
                raise _upstream_error(failure)
        return None

    def _learn(self, refusal: Refusal, failure: Failure) -> None:
        reason = str(error_of(failure.status, failure.body).get("message") or "")
        modes = {*refusal.modes, self.plan.mode}
        for_schema = refusal.kind is Refused.DIALECT
        self.record.lessons += [
            Lesson(mode, for_schema, reason, refusal.pattern) for mode in sorted(modes)
        ]
        self._step_down(modes, failure)

    def _part(self, failure: Failure) -> None:
        """Take apart what does not go together: the stream first, else the mode."""
        if self.plan.streamed:
            self.plan = self.planner.plan(self.plan.mode, stream=False)
        else:
            self._step_down({self.plan.mode}, failure)

    def _remind(self, failure: Failure) -> None:
        plan = self.planner.plan(self.plan.mode, stream=self.plan.streamed, remind=True)
        if plan.body == self.plan.body:
            raise _upstream_error(failure)
        self.plan = plan

    def _step_down(self, refused: Collection[Mode], failure: Failure) -> None:
        self._modes = [mode for mode in self._modes if mode not in refused]
        if not self._modes:
            raise _upstream_error(failure)
        self.plan = self.planner.plan(self._modes[0])


def _as_reply(text: str, finish_reason: str) -> Reply:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
    return reply.read({"object": "chat.completion", "choices": [choice]})


def _upstream_error(failure: Failure) -> UpstreamError:
    """Keep what tells the caller when to come back; drop an invitation to repeat a refusal."""
    headers = {
        name: value
        for name, value in failure.headers.items()
        if name in _KEPT_HEADERS
        or name.startswith("x-ratelimit-")
        or (name == "x-should-retry" and value == "false")
    }
    return UpstreamError(failure.status, error_of(failure.status, failure.body), headers)
