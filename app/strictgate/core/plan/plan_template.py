"""A plan for every request that differs from one in its messages, and in what it carries, alone."""

from collections.abc import Mapping
from typing import Any

from strictgate.core.capabilities import Mode
from strictgate.core.plan import prompt
from strictgate.core.plan.plan import Body, Plan
from strictgate.core.plan.planner import Planner
from strictgate.core.value_type import value_type

CARRIED = frozenset({"metadata", "prompt_cache_key", "safety_identifier", "seed", "user"})
"""Members beside the messages that are often others in each request. They only go along: a first
plan is the same with any of their values."""


def emptied(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request `body` with the places of its messages, and of what it carries, alone."""
    empty = {**body, "messages": None}
    for name in CARRIED:
        if name in empty:
            empty[name] = None
    return empty


@value_type
class PlanTemplate:
    """A plan whose body is emptied."""

    plan: Plan
    carried: tuple[str, ...]
    """The names of the others of its members that are empty."""
    instructions: str
    """What the messages are made to tell, beside what they say; "": nothing."""

    def filled(self, asked: Mapping[str, Any]) -> Plan:
        """Return the plan for the request `asked`."""
        told = asked["messages"]
        if self.instructions:
            told = prompt.with_instructions(told, self.instructions)
        empty = self.plan
        body = {**empty.body, "messages": told}
        for name in self.carried:
            body[name] = asked[name]
        return _with_body(empty, body)


def plan_template(planner: Planner, plan: Plan) -> PlanTemplate | None:
    """Return the template of `plan`, which `planner` has made for a whole answer; None where more
    of it hangs on the messages than these themselves."""
    able, contract = planner.capabilities, planner.contract
    looks_for_json = plan.mode is Mode.JSON_OBJECT and contract.is_json_object
    if able.without or able.drop_in_messages or looks_for_json:
        return None
    empty = _with_body(plan, emptied(plan.body))
    carried = tuple(sorted(CARRIED & plan.body.keys()))
    texts = ("", planner.instructions(plan.mode, wrapped=plan.wrapped))
    templates = (PlanTemplate(empty, carried, text) for text in texts)
    return next((each for each in templates if each.filled(planner.body) == plan), None)


def _with_body(plan: Plan, body: Body) -> Plan:
    """Return `plan`, which is one for a whole answer, with another body."""
    about = (plan.wrapped, plan.streamed, plan.dropped, plan.purpose, plan.base)
    return Plan(plan.mode, body, *about, plan.schema, plan.functions)
