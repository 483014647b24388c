"""What is left of an outcome where it leaves the conversation: never more than its document.

A model may need a mend for each of 30,000 values, and each mend is a step and two ranges of
origins: values that take a hundred times as long to copy between processes as the document itself,
and that nobody reads to their end. So the first of them stay, and the others are counted. What is
told of the origins to the caller is worked out here, from all of them; where the text is long, in
the worker that has judged it.
"""

from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from strictgate.core.conversation.attempt_log import MAX_REPAIRS
from strictgate.core.conversation.judging_cost import LIGHT, telling_cost
from strictgate.core.conversation.protocol import DriverAnswer, HeavyStep, Outcome, Turn
from strictgate.core.output.origins import DocumentOrigins
from strictgate.core.output.provenance import ScoredToken, is_own, origin_details
from strictgate.core.plan.prompted_tools import arguments_at, rendered_parts
from strictgate.core.request.options import Provenance
from strictgate.core.wire.calls import read_calls

MAX_RANGES = 1000
"""Ranges of origins that are kept for whoever shows the document; what stands behind them is shown
as being of unknown origin."""

_Told = tuple[int, str, str, DocumentOrigins, Sequence[ScoredToken]]
"""The choice; the place in its message, "" for the content; the text, its origins and tokens."""


def condense(
    outcome: Outcome, provenance: Provenance, calls_at: str = ""
) -> Generator[Turn, DriverAnswer, Outcome]:
    """Return `outcome` condensed; where that takes long, it is said before.

    Args:
        provenance: how much the caller is told.
        calls_at: see Contract.
    """
    if provenance is Provenance.PATHS:
        of_calls = (each for calls in outcome.call_origins.values() for each in calls.values())
        cost = telling_cost(sum(each.length for each in chain(outcome.origins.values(), of_calls)))
        if cost > LIGHT:
            yield HeavyStep(cost)
    return condensed(outcome, provenance, calls_at)


def condensed(outcome: Outcome, provenance: Provenance, calls_at: str = "") -> Outcome:
    """Return `outcome` with what is told of its origins, and without what is too much to keep."""
    if provenance is not Provenance.PATHS and _stands(outcome):
        return outcome
    told = tuple(_provenance(outcome, provenance, calls_at))
    of_calls = outcome.call_origins
    is_short = len(outcome.steps) <= MAX_REPAIRS and all(
        len(each.ranges) <= MAX_RANGES
        for group in (outcome.origins, *of_calls.values())
        for each in group.values()
    )
    if is_short and not told:
        return outcome
    more = Counter(str(step.name) for _, step in outcome.steps[MAX_REPAIRS:])
    return replace(
        outcome,
        steps=outcome.steps[:MAX_REPAIRS],
        more_steps=tuple(more.items()),
        origins={at: _first(origins) for at, origins in outcome.origins.items()},
        call_origins={
            index: {at: _first(origins) for at, origins in calls.items()}
            for index, calls in of_calls.items()
        },
        scores={},
        provenance=told,
    )


def _first(origins: DocumentOrigins) -> DocumentOrigins:
    return origins if len(origins.ranges) <= MAX_RANGES else origins.first(MAX_RANGES)


def _provenance(outcome: Outcome, wanted: Provenance, calls_at: str) -> Iterator[Mapping[str, Any]]:
    """Yield what is told of whom each document is from, and the arguments of each call."""
    if wanted is Provenance.OFF:
        return
    by_path = wanted is Provenance.PATHS
    for index, place, text, origins, tokens in _told(outcome, calls_at):
        if by_path or not is_own(origins):
            about = {"choice": index} | ({"path": place} if place else {})
            yield about | origin_details(text, origins, tokens, by_path=by_path)


def _stands(outcome: Outcome) -> bool:
    """Whether all is the model's own and as it wrote it: there is nothing to tell, and little to
    keep."""
    for group in (outcome.origins, *outcome.call_origins.values()):
        for origins in group.values():
            if len(origins.ranges) > MAX_RANGES or not is_own(origins):
                return False
    return not outcome.steps


def _told(outcome: Outcome, calls_at: str) -> Iterator[_Told]:
    choices = outcome.body["choices"]
    for index, origins in outcome.origins.items():
        tokens = outcome.scores.get(index, ())
        text = str(choices[index]["message"]["content"])
        whole = index, "", text, origins, tokens
        yield from _parts(whole, calls_at) if calls_at else [whole]
    for index, calls in outcome.call_origins.items():
        message = choices[index]["message"]
        made = read_calls(message)
        place = arguments_at(is_deprecated="function_call" in message)
        for at, origins in calls.items():
            yield index, place.format(at), made[at].arguments, origins, ()


def _parts(whole: _Told, calls_at: str) -> Iterator[_Told]:
    """Yield the parts of a document that the caller gets as documents of their own."""
    index, _, text, origins, tokens = whole
    for place, span in rendered_parts(text, calls_at):
        part = text[span.start : span.end]
        start = len(text[: span.start].encode())
        end = start + len(part.encode())
        near = [each for each in tokens if each.start < end and each.end > start]
        moved = [ScoredToken(each.start - start, each.end - start, each.logprob) for each in near]
        yield index, place, part, origins.part(start, end), moved
