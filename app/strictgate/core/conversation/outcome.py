"""Accepted choices → the outcome: the completion as the caller gets it, and what is told of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from strictgate.core.conversation.choice_result import Accepted
from strictgate.core.conversation.choice_state import ChoiceState
from strictgate.core.conversation.protocol import Outcome
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
    choices = [{**each.choice, "index": index} for index, each in enumerate(accepted)]
    completion = {**body, "object": "chat.completion", "choices": choices}
    if usage:
        completion["usage"] = usage
    steps = [(index, step) for index, each in enumerate(accepted) for step in each.steps]
    if is_written_down:
        steps.insert(0, (0, Step(Rewriting.WRITTEN_DOWN)))
    lengths = {each.index: each.sent_of(choices[each.index]) for each in states}
    sent = {index: each for index, each in lengths.items() if each}
    origins = {index: each.origins for index, each in enumerate(accepted) if each.origins}
    scores = {index: each.scores for index, each in enumerate(accepted) if each.scores}
    of_calls = {at: each.call_origins for at, each in enumerate(accepted) if each.call_origins}
    return Outcome(completion, tuple(steps), sent, origins, of_calls, scores)
