"""What an upstream refuses and can be done without: a table of what is said, and what is sent then.

Each row has the refused request (`sent`, without `messages` where they are of no account) and the
error; `field` is what it refuses, `then` the request without it, `told` what the caller is told.
"""

import json
from typing import Any

import pytest

from strictgate.core.capabilities import OptionalField
from strictgate.core.plan.optional_fields import (
    RULES,
    FieldPolicy,
    Origin,
    refused_field,
    without_fields,
)
from tests.tables import load

CASES = load("optional_fields")
MESSAGES = {"messages": [{"role": "user", "content": "hi"}]}


def policy(case: dict[str, Any]) -> FieldPolicy:
    origin = Origin(case.get("origin", "chat"))
    return FieldPolicy(case.get("asked", {}), origin)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["about"])
def test_what_is_refused(case: dict[str, Any]):
    """The field is found in the words, and the request is the same without it."""
    sent, rules = MESSAGES | case["sent"], policy(case)
    found = refused_field(case["status"], case["error"], sent, (), rules)

    assert found == case["field"]
    if found is not None:
        body, told = without_fields(sent, [found], rules)
        assert body == MESSAGES | case["then"]
        assert list(told) == case.get("told", [])
        assert refused_field(case["status"], case["error"], sent, [found], rules) is None


def test_there_is_a_rule_for_each():
    """Every field has a rule, and a row that it is refused in."""
    assert set(RULES) == set(OptionalField)
    unseen = set(OptionalField) - {case["field"] for case in CASES}
    assert unseen == {
        OptionalField.VERBOSITY,
        OptionalField.SAFETY_IDENTIFIER,
        OptionalField.PROMPT_CACHE_RETENTION,
        OptionalField.SERVICE_TIER,
    }


def test_choices_are_weakened_step_by_step():
    """What names one function becomes a call of any, of those that are left, and then a wish."""
    tools = [{"type": "function", "function": {"name": name}} for name in "fg"]
    sent = MESSAGES | {"tools": tools, "tool_choice": tools[1]}
    named, required = OptionalField.NAMED_TOOL, OptionalField.REQUIRED_TOOL
    rules = FieldPolicy({}, Origin.CHAT)

    assert without_fields(sent, [named], rules)[0]["tool_choice"] == "required"
    assert without_fields(sent, [named, required], rules)[0] == MESSAGES | {"tools": tools[1:]}


def test_the_request_is_not_changed():
    """What is returned is a copy."""
    sent = MESSAGES | {"tools": [{"type": "function", "function": {"name": "f", "strict": True}}]}
    before = json.dumps(sent)
    without_fields(sent, list(OptionalField), FieldPolicy({}, Origin.TRANSLATED))

    assert json.dumps(sent) == before
