"""What several chunks added, as few deltas: the stage after collector.py.

Whoever reads on looks at each delta, and a fast host sends dozens of them in one read, of a few
characters each. Neighbours that hold nothing but text of the same kind are one delta then; whatever
else a delta has keeps it apart, so that all stays in its order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from strictgate.core.wire.collector import Delta


def joined_deltas(deltas: Iterable[Delta]) -> tuple[Delta, ...]:
    """Return the same in as few deltas as can be."""
    joined: list[Delta] = []
    for kind, run in groupby(deltas, _kind):
        alike = [*run]
        joined += alike if kind is None or len(alike) == 1 else [_one(alike)]
    return tuple(joined)


def _kind(delta: Delta) -> tuple[Any, ...] | None:
    """Return what neighbours must have in common to be one; None: it stays alone."""
    if delta.refusal or delta.finish_reason or delta.logprobs:
        return None
    if delta.arguments:
        is_mixed = delta.content or delta.reasoning or len(delta.arguments) > 1
        call = delta.arguments[0][0]
        return None if is_mixed else (delta.index, call, delta.names, delta.first_id)
    if delta.content:
        return None if delta.reasoning else (delta.index,)
    return (delta.index, delta.reasoning_name)


def _one(run: Sequence[Delta]) -> Delta:
    first = run[0]
    arguments = first.arguments
    if arguments:
        arguments = ((arguments[0][0], "".join([each.arguments[0][1] for each in run])),)
    return replace(
        first,
        content="".join([each.content for each in run]),
        reasoning="".join([each.reasoning for each in run]),
        arguments=arguments,
        chunks=sum([each.chunks for each in run]),
    )
