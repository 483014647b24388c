"""What a conversation teaches about its model, and who is told of it.

A `Lesson` is a fact with its details, certain at once or one more case for or against it. `lessons`
reads them off a conversation that is over; the `Learner` remembers them and tells the observer of
what holds from then on.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from strictgate.core.capabilities import Fact, Mode
from strictgate.core.conversation.attempt_log import RefusedMode
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.reply_reader import ReplyEnd
from strictgate.core.errors import CustomToolsRefused
from strictgate.core.plan.plan import Purpose
from strictgate.core.resilience.messages import (
    FactsForgotten,
    SharedFact,
    SharedMessage,
    address_digest,
)
from strictgate.core.value_type import value_type
from strictgate.gateway.planned_request import PlannedRequest
from strictgate.observe.events import (
    Event,
    FactLearned,
    ModelDemoted,
    ModeRefused,
    Observer,
    PrefillDropped,
    ToolsDropped,
)
from strictgate.upstream.learned_capabilities import LearnedCapabilities, exported
from strictgate.upstream.routing import Route

PREFILL_FAILURES = 3  # new starts in a row, before no prefix is given any more


@value_type
class Lesson:
    """One thing that a conversation says about its model."""

    fact: Fact
    details: tuple[str, ...] = ()
    failed: bool | None = None
    """Whether this case speaks for the fact, of those that are counted; None: it is certain."""
    event: Callable[[str, str], Event] | None = None
    """Makes what the observer is told, of upstream and model, if the fact holds from now on."""


_KEPT = Lesson(Fact.NO_MODE, (Mode.NATIVE,), failed=False, event=ModelDemoted)
"""The model has kept its native promise, …"""
_BROKEN = replace(_KEPT, failed=True)
"""… or has broken it: often enough, and that mode is no longer asked for."""


def lessons(conversation: Conversation) -> Iterator[Lesson]:
    """Yield what `conversation`, which is over, says about its model."""
    record = conversation.record
    for refusal in record.proven_refusals():
        yield _of_refusal(refusal, conversation.planner.schema.text)
    if (kept := _kept_native_promise(conversation)) is not None:
        yield _KEPT if kept else _BROKEN
    for fact, details in record.facts[: record.proven_facts]:
        shown = details[:1]  # the text of a schema is the caller's own
        yield Lesson(fact, details, event=partial(FactLearned, fact=fact, details=shown))
    if record.prefix_refused:
        yield Lesson(Fact.NO_PREFILL, event=partial(PrefillDropped, refused=True))
    if record.prefixes:  # one request says one thing: that it can, if it ever did
        kept = any(record.prefixes)
        dropped = partial(PrefillDropped, refused=False)
        yield Lesson(Fact.NO_PREFILL, (), not kept, dropped)
        if kept:
            yield Lesson(Fact.CONTINUES)


def lessons_of_tools(planned: PlannedRequest) -> Iterator[Lesson]:
    """Yield what the refusal of a request's tools says, if there was one.

    The request has been answered without them since, which proves it.
    """
    refused = planned.refused_tools
    if refused is None:
        return
    if isinstance(refused, CustomToolsRefused):
        fact = Fact.NO_CUSTOM_TOOLS
        yield Lesson(fact, event=partial(FactLearned, fact=fact, details=()))
    elif refused.functions:
        yield Lesson(Fact.NO_TOOLS_FOR_SCHEMA)
    else:
        yield Lesson(Fact.NO_TOOLS, event=ToolsDropped)
    for function in planned.contract.toolbox.functions:
        if function.name in refused.functions:
            fact = Fact.NO_TOOLS_FOR_SCHEMA
            event = partial(FactLearned, fact=fact, details=(function.name,))
            yield Lesson(fact, (function.schema_text,), event=event)


def _of_refusal(refusal: RefusedMode, schema: str) -> Lesson:
    event = partial(
        ModeRefused, mode=refusal.mode, for_schema=refusal.for_schema, pattern=refusal.pattern
    )
    if refusal.for_schema:
        return Lesson(Fact.NO_MODE_FOR_SCHEMA, (refusal.mode, schema), event=event)
    return Lesson(Fact.NO_MODE, (refusal.mode,), event=event)


def _kept_native_promise(conversation: Conversation) -> bool | None:
    """Whether the first answer in native mode stood as it was; None: it says nothing of that.

    Later answers are made better by feedback; what the caller's budget or the network cut off was
    not broken by the model.
    """
    attempts = conversation.record.attempts
    if not attempts or not conversation.planner.contract.has_document:
        return None
    first = attempts[0]
    if first.purpose is not Purpose.TRY:
        first = next((each for each in attempts if each.purpose is Purpose.TRY), first)
    if first.mode is not Mode.NATIVE or first.end is ReplyEnd.BROKEN:
        return None
    return None if first.outcome == "truncated" else first.is_clean


class Learner:
    """Remembers lessons; one per process.

    What `publish` is given, other processes should know, too; gateway/sharing.py sets it.
    """

    def __init__(self, ttl: float, native_failures: int, observe: Observer) -> None:
        often = {Fact.NO_MODE: native_failures, Fact.NO_PREFILL: PREFILL_FAILURES}
        self.learned = LearnedCapabilities(ttl, often)
        self.publish: Callable[[SharedMessage], None] | None = None
        self._ttl = ttl
        self._observe = observe

    def learn_of(self, route: Route, conversation: Conversation) -> None:
        """Remember what `conversation`, which is over, says about the model that `route` leads to.

        What was settled says at the most that a promise was kept, which there is nothing to hold
        against where no failure is counted.
        """
        if not conversation.is_settled or self.learned.has_failures:
            self.learn(route, lessons(conversation))

    def learn(self, route: Route, lessons: Iterable[Lesson]) -> None:
        """Remember `lessons` about the model that `route` leads to."""
        for each in lessons:
            about, before = (route.endpoint.name, route.model, time.monotonic()), 0.0
            if self.publish is not None:
                before = self.learned.seconds_left(each.fact, *about, *each.details)
            holds = True
            if each.failed is None:
                self.learned.remember(each.fact, *about, *each.details)
            else:
                holds = self.learned.count(each.fact, *about, *each.details, failed=each.failed)
            if not holds:
                continue
            if self.publish is not None and before < self._ttl / 2:  # some come with every request
                address = address_digest(route.endpoint.base_url)
                model, key = exported(each.fact, route.model, *each.details)
                self.publish(SharedFact(about[0], address, model, key, self._ttl))
            if each.event is not None:
                self._observe(each.event(*about[:2]))

    def hear(self, message: SharedFact | FactsForgotten) -> None:
        """Take over what another process has learned, or was told to forget."""
        about = (message.upstream, message.model)
        match message:
            case SharedFact(fact=key, seconds=seconds):
                self.learned.import_fact(key, *about, time.monotonic(), seconds)
            case FactsForgotten():
                self.learned.forget(*about)

    def facts(self, upstream: str, model: str) -> list[tuple[tuple[str, ...], float]]:
        """Return what holds of a model, each fact with the seconds for which it still does."""
        return self.learned.facts(upstream, model, time.monotonic())

    def forget(self, upstream: str, model: str) -> None:
        """Forget what was learned of a model."""
        self.learned.forget(upstream, model)
        if self.publish is not None:
            self.publish(FactsForgotten(upstream, "", model))

    def forget_upstreams(self, upstreams: Iterable[str]) -> None:
        """Forget what was learned of the models of these, here: they are others now."""
        for each in upstreams:
            self.learned.forget_upstream(each)
