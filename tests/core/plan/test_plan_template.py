"""A template that is filled is the plan for another request of its kind."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.capabilities import Capabilities, Mode, OptionalField
from strictgate.core.plan.plan_template import CARRIED, emptied, plan_template
from tests.core.talks import body, planner

PARTS = st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": st.text()}), max_size=2)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(("user", "system", "developer", "assistant")),
            "content": st.one_of(st.none(), st.text(), st.just("JSON"), PARTS),
        },
        optional={"name": st.text()},
    ),
    min_size=1,
    max_size=3,
)
WHAT_IS_KNOWN = (
    Capabilities(),
    Capabilities(native_needs_prompt=True),
    Capabilities(drop=("seed",), stream_usage=False),
    Capabilities(dialect="openai"),
)
REQUESTS = (
    body(seed=1, temperature=0),
    {"user": "u", **body(), "metadata": {"a": "b"}},
    body({"type": "array"}, stream=True),
    {"stop": "x", **body(), "tools": [{"type": "function", "function": {"name": "f"}}]},
    body() | {"response_format": {"type": "json_object", "schema": {"type": "object"}}},
)


@pytest.mark.parametrize("able", WHAT_IS_KNOWN)
@pytest.mark.parametrize("request_body", REQUESTS)
@pytest.mark.parametrize("mode", [*Mode])
@given(MESSAGES, st.one_of(st.none(), st.integers(), st.text()))
def test_it_is_the_plan_with_other_messages(able, request_body, mode, messages, carried):
    """In every mode, its members in the same order; the messages themselves stay as they were."""
    first = planner(request_body, able)
    template = plan_template(first, first.plan(mode))
    others = dict.fromkeys(CARRIED & request_body.keys(), carried)
    other = planner(request_body | {"messages": messages} | others, able)
    before = deepcopy(messages)
    plan, filled = other.plan(mode), template.filled(other.body)

    assert filled == plan
    assert [*filled.body] == [*plan.body]
    assert messages == before


ANY = {**body(), "response_format": {"type": "json_object"}}


@pytest.mark.parametrize(
    ("asked", "able", "mode"),
    [
        (ANY, Capabilities(), Mode.JSON_OBJECT),
        (body(), Capabilities(drop_in_messages=("name",)), Mode.NATIVE),
        (body(), Capabilities(without=(OptionalField.DEVELOPER_ROLE,)), Mode.NATIVE),
    ],
)
def test_what_looks_into_the_messages_has_none(asked, able, mode):
    """For the word JSON, or for what the host does not take in them."""
    made = planner(asked, able)
    assert plan_template(made, made.plan(mode)) is None


def test_what_is_left_of_a_request():
    """Its members in their places, less what is another in each request."""
    asked = {"seed": 3, "model": "m", "messages": ["x"], "user": "u", "stop": "s"}
    left = {"seed": None, "model": "m", "messages": None, "user": None, "stop": "s"}
    assert emptied(asked) == left
    assert [*emptied(asked)] == [*left]
