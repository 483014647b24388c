"""A plan for every request that differs from one in its messages alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from strictgate.core.capabilities import Mode
from strictgate.core.plan import prompt
from strictgate.core.plan.plan import Plan
from strictgate.core.plan.planner import Planner
from strictgate.core.value_type import value_type


@value_type
class PlanTemplate:
    """A plan whose body has the place of the messages, and not the messages."""

    plan: Plan
    instructions: str
    """What the messages are made to tell, beside what they say; "": nothing."""

    def filled(self, messages: Sequence[Mapping[str, Any]]) -> Plan:
        """Return the plan with these messages."""
        told = [dict(message) for message in messages]
        if self.instructions:
            told = prompt.with_instructions(told, self.instructions)
        empty = self.plan
        return Plan(
            empty.mode,
            {**empty.body, "messages": told},
            empty.wrapped,
            empty.streamed,
            empty.dropped,
            schema=empty.schema,
            functions=empty.functions,
        )


def plan_template(planner: Planner, plan: Plan) -> PlanTemplate | None:
    """Return the template of `plan`, which `planner` has made for a whole answer; None where more
    of it than the messages hangs on the messages."""
    able, contract, messages = planner.capabilities, planner.contract, planner.body["messages"]
    looks_for_json = plan.mode is Mode.JSON_OBJECT and contract.is_json_object
    if able.without or able.drop_in_messages or looks_for_json:
        return None
    empty = Plan(
        plan.mode,
        {**plan.body, "messages": []},
        plan.wrapped,
        plan.streamed,
        plan.dropped,
        schema=plan.schema,
        functions=plan.functions,
    )
    texts = ("", planner.instructions(plan.mode, wrapped=plan.wrapped))
    templates = (PlanTemplate(empty, text) for text in texts)
    return next((each for each in templates if each.filled(messages) == plan), None)
