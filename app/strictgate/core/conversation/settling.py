"""Settle the first reply, where all of it stands as it is: nothing is made then that only a bad one
needs.

What judges here is what judges in a conversation (whole_choice.py), but for the texts: one that is
not valid as it stands, or that takes long, is left to the conversation, which begins from the same
ask and the same reply.
"""

from strictgate.core.conversation.choice_result import Accepted
from strictgate.core.conversation.criteria import Criteria
from strictgate.core.conversation.judging_cost import LIGHT, validation_cost
from strictgate.core.conversation.whole_choice import judge_choice
from strictgate.core.guard.judge_text import (
    NOT_STANDING,
    InvalidText,
    ValidText,
    judge_standing_text,
)
from strictgate.core.plan.plan import Plan
from strictgate.core.repair_steps import Repair
from strictgate.core.schema.schema import Schema
from strictgate.core.wire.reply import Reply
from strictgate.core.work import Work, WorkSpent

_LIGHT = LIGHT / 2  # milliseconds: a text that does not stand is looked at once more


def settled_choice(reply: Reply, plan: Plan, criteria: Criteria) -> Accepted | None:
    """Return the only choice of `reply`, which answers `plan`, accepted without a change; None: it
    takes a conversation. Only what is settled counts as work."""
    choice, tools = reply.choices[0], criteria.tools
    is_missing = tools is not None and tools.must_call and not choice.calls
    is_special = criteria.source is not None or criteria.inputs or plan.has_nulls
    if len(reply.choices) > 1 or choice.error is not None or is_missing or is_special:
        return None
    before = criteria.work.spent
    try:
        judged = judge_choice(choice, plan, criteria, judge=_LightJudge())
    except WorkSpent:
        judged = None
    if isinstance(judged, Accepted) and not judged.steps:
        return judged
    criteria.work.spent = before
    return None


class _LightJudge:
    """Judges whether the texts of one choice stand as they are, as far as that is light."""

    def __init__(self) -> None:
        self._cost = 0.0

    def __call__(
        self, text: str, schema: Schema, repair: Repair, /, *, wrapped: bool, work: Work
    ) -> ValidText | InvalidText:
        self._cost += validation_cost(len(text), schema)
        if self._cost >= _LIGHT:
            return NOT_STANDING
        return judge_standing_text(text, schema, repair, wrapped=wrapped, work=work)
