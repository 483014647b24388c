"""What is left of an outcome where it leaves the conversation: never more than its document.

A model may need a mend for each of 30,000 values, and each mend is a step and two ranges of
origins: values that take a hundred times as long to copy between processes as the document itself,
and that nobody reads to their end. So the first of them stay, and the others are counted. What is
told of the origins to the caller is worked out here, from all of them; where the text is long, in
the worker that has judged it.
"""

from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from typing import Any

from strictgate.core.conversation.attempt_log import MAX_REPAIRS
from strictgate.core.conversation.judging_cost import LIGHT, telling_cost
from strictgate.core.conversation.protocol import DriverAnswer, HeavyStep, Outcome, Turn
from strictgate.core.output.origins import DocumentOrigins
from strictgate.core.output.provenance import is_own, origin_details
from strictgate.core.request.options import Provenance

MAX_RANGES = 1000
"""Ranges of origins that are kept for whoever shows the document; what stands behind them is shown
as being of unknown origin."""


def condense(outcome: Outcome, provenance: Provenance) -> Generator[Turn, DriverAnswer, Outcome]:
    """Return `outcome` condensed; where that takes long, it is said before.

    Args:
        provenance: how much the caller is told.
    """
    if provenance is Provenance.PATHS:
        cost = telling_cost(sum(each.length for each in outcome.origins.values()))
        if cost > LIGHT:
            yield HeavyStep(cost)
    return condensed(outcome, provenance)


def condensed(outcome: Outcome, provenance: Provenance) -> Outcome:
    """Return `outcome` with what is told of its origins, and without what is too much to keep."""
    told = tuple(_provenance(outcome, provenance))
    is_short = len(outcome.steps) <= MAX_REPAIRS and all(
        len(each.ranges) <= MAX_RANGES for each in outcome.origins.values()
    )
    if is_short and not told:
        return outcome
    more = Counter(str(step.name) for _, step in outcome.steps[MAX_REPAIRS:])
    return replace(
        outcome,
        steps=outcome.steps[:MAX_REPAIRS],
        more_steps=tuple(more.items()),
        origins={at: _first(origins) for at, origins in outcome.origins.items()},
        scores={},
        provenance=told,
    )


def _first(origins: DocumentOrigins) -> DocumentOrigins:
    return origins if len(origins.ranges) <= MAX_RANGES else origins.first(MAX_RANGES)


def _provenance(outcome: Outcome, wanted: Provenance) -> Iterator[Mapping[str, Any]]:
    """Yield what is told of whom each document is from."""
    for index, origins in outcome.origins.items() if wanted is not Provenance.OFF else ():
        if wanted is Provenance.PATHS or not is_own(origins):
            text = str(outcome.body["choices"][index]["message"]["content"])
            tokens, by_path = outcome.scores.get(index, ()), wanted is Provenance.PATHS
            yield {"choice": index} | origin_details(text, origins, tokens, by_path=by_path)
