"""Accepted choices → the outcome: the completion as the caller gets it, and what is told of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from strictgate.core.conversation.choice_result import Accepted
from strictgate.core.conversation.choice_state import ChoiceState
from strictgate.core.conversation.protocol import Outcome
from strictgate.core.output.origins import DocumentOrigins
from strictgate.core.output.provenance import ScoredToken
from strictgate.core.repair_steps import Rewriting, Step


def outcome_of(
    body: Mapping[str, Any],
    accepted: Sequence[Accepted],
    usage: Mapping[str, Any],
    states: Iterable[ChoiceState] = (),
    *,
    is_written_down: bool = False,
) -> Outcome:
    """Return what the caller gets.

    Args:
        body: the first reply, whose other members stay.
        accepted: its choices, or those that took their places.
        usage: of all replies together; nothing: the first reply's stays.
        states: of the choices, as far as the caller has a part of them.
        is_written_down: the model has only written down what another one had said.
    """
    choices: list[Mapping[str, Any]] = []
    steps = [(0, Step(Rewriting.WRITTEN_DOWN))] if is_written_down else []
    sent: dict[int, Mapping[str, int]] = {}
    origins: dict[int, DocumentOrigins] = {}
    of_calls: dict[int, Mapping[int, DocumentOrigins]] = {}
    scores: dict[int, tuple[ScoredToken, ...]] = {}
    for index, each in enumerate(accepted):
        choices.append({**each.choice, "index": index})
        for step in each.steps:
            steps.append((index, step))
        if each.origins:
            origins[index] = each.origins
        if each.call_origins:
            of_calls[index] = each.call_origins
        if each.scores:
            scores[index] = each.scores
    for state in states:
        if lengths := state.sent_of(choices[state.index]):
            sent[state.index] = lengths
    completion = {**body, "object": "chat.completion", "choices": choices}
    if usage:
        completion["usage"] = usage
    return Outcome(completion, tuple(steps), sent, origins, of_calls, scores)


def settled_outcome(
    body: Mapping[str, Any], accepted: Accepted, usage: Mapping[str, Any]
) -> Outcome:
    """Return what `outcome_of` comes to for the only choice of a first reply, accepted as it
    stands; there is nothing to condense in that."""
    completion = {**body, "object": "chat.completion", "choices": [{**accepted.choice, "index": 0}]}
    if usage:
        completion["usage"] = usage
    origins = {0: accepted.origins} if accepted.origins else {}
    of_calls = {0: accepted.call_origins} if accepted.call_origins else {}
    return Outcome(completion, (), {}, origins, of_calls)
