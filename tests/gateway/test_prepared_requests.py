"""Requests of one kind are planned alike, whether it is kept or not."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strictgate.core.capabilities import Fact
from strictgate.core.errors import BadRequest
from strictgate.core.surfaces.chat.surface import ChatSurface
from strictgate.gateway.prepared_requests import MAX_KEY, kind_of
from strictgate.gateway.request_planning import RequestPlanner
from strictgate.settings.loading import Settings
from strictgate.upstream.learned_capabilities import LearnedCapabilities
from strictgate.upstream.routing import Router
from tests.core.talks import MOOD, body

CUSTOM = {"type": "custom", "custom": {"name": "x"}}
FUNCTION = {"type": "function", "function": {"name": "mood", "parameters": MOOD, "strict": True}}
TOOLS = {**body(), "tools": [FUNCTION], "tool_choice": "required"}
del TOOLS["response_format"]
NEVER = 10**9.0


class House:
    """A planner with what it has learned, and the way that goes past what is kept."""

    def __init__(self, **model):
        listed = {"m": {"upstream": "x", **model}}
        settings = Settings(upstreams={"x": {"base_url": "http://x/v1"}}, models=listed)
        self.router = Router(settings, {})
        self.learned = LearnedCapabilities(NEVER)
        self.planner = RequestPlanner(settings, self.router, self.learned)

    def kept(self, request):
        """Plan by way of what is kept; from the second time on it is."""
        asyncio.run(self.planner.planned(asked(request)))
        return asyncio.run(self.planner.planned(asked(request)))

    def fresh(self, request):
        """Plan anew."""
        return self.planner.plan(asked(request))

    def is_kept(self, request):
        """Whether the kind of this request is."""
        return self.planner.prepared.planned(kind_of(asked(request)), request, 0.0) is not None


def asked(request):
    return ChatSurface().read_request(request)


def told(planned):
    """All that comes of a plan."""
    talk = planned.conversation
    return {
        "read": planned.read,
        "route": planned.route,
        "how": (planned.adapter, planned.emulation, planned.custom, planned.manual),
        "planner": talk.planner,
        "opening": talk.opening(),
        "order": json.dumps(talk.plan.body),
        "rules": (talk.enforcement, set(talk.refused), talk.work, talk.is_proven),
        "first": next(talk.run()),
    }


MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(("user", "system", "assistant")), "content": st.text()},
        optional={
            "tool_calls": st.just([{"id": "c", "function": {"name": "mood", "arguments": "{}"}}])
        },
    ),
    min_size=1,
    max_size=3,
)
HOUSES = {
    "plain": {},
    "prefill": {"prefill": "trailing", "modes": ["json_object", "prompt"]},
    "emulates": {"tools": False},
    "prompt": {"modes": ["prompt"]},
}
REQUESTS = (
    body(),
    body(stream=True, n=2, seed=3),
    {"stop": "x", **body({"type": "array"}), "strictgate": {"max_attempts": 1}},
    {**body(), "response_format": {"type": "json_object"}},
    TOOLS,
    {**body(), "tools": [FUNCTION, CUSTOM]},
    {**body(), "tools": [CUSTOM]},
)


@pytest.mark.parametrize("house", HOUSES)
@given(st.sampled_from(REQUESTS), MESSAGES, MESSAGES)
@settings(max_examples=25, deadline=None)
def test_it_is_planned_as_it_would_be_anew(house, request_body, messages, others):
    """For every way of asking, with whatever messages."""
    here = House(**HOUSES[house])
    for number, each in enumerate((messages, others, messages)):
        asking = request_body | {"messages": each}
        asking |= {"seed": number} if "seed" in request_body else {}
        assert told(here.kept(asking)) == told(here.fresh(asking))


def test_the_second_of_a_kind_has_the_plan_of_the_first():
    """With its own messages, and nothing of those of the first is kept."""
    here = House()
    here.kept(body(messages=[{"role": "user", "content": "first " * 1000}]))
    assert here.is_kept(body(messages=[{"role": "user", "content": "second"}]))
    assert not here.is_kept(body(stop="x"))
    kept = here.planner.prepared
    assert kept.weight < 40_000
    assert "first first" not in repr([kept._kept.get(each) for each in [*kept._kept]])


def test_tools_that_are_told_are_kept_too():
    """With the calls of the turns before in the words of the prompt."""
    here = House(tools=False)
    here.kept(TOOLS)
    assert here.is_kept(TOOLS)


@pytest.mark.parametrize("messages", [None, [], "hi", [1], [{"content": "x"}], [{"role": 1}]])
def test_malformed_messages_are_refused_as_ever(messages):
    """A kept plan looks at them, too."""
    here = House()
    here.kept(body())
    wrong = body(messages=messages)
    with pytest.raises(BadRequest) as kept:
        here.kept(wrong)
    with pytest.raises(BadRequest) as fresh:
        here.fresh(wrong)
    assert (kept.value.message, kept.value.param) == (fresh.value.message, fresh.value.param)


def test_what_is_learned_ends_what_is_kept():
    """And so does what is forgotten."""
    here = House()
    here.kept(body())
    here.learned.remember(Fact.NO_MODE, "x", "m", 0.0, "native")
    assert not here.is_kept(body())
    assert here.kept(body()).conversation.plan.mode != "native"
    assert here.is_kept(body())
    here.learned.forget("x", "m")
    assert here.kept(body()).conversation.plan.mode == "native"


def test_an_upstream_that_is_recognised_ends_it():
    """It can do other things than was thought."""
    here = House()
    before = here.kept(body()).conversation.planner.capabilities
    here.router.recognise("x", "llamacpp")
    after = here.kept(body()).conversation.planner.capabilities
    assert after != before
    assert after == here.fresh(body()).conversation.planner.capabilities


def test_what_is_forgotten_for_its_age_ends_it_too():
    """A fact holds for a time, and so does a plan that heeds it."""
    here = House()
    here.learned.remember(Fact.NO_MODE, "x", "m", -1.0, "native")
    here.kept(body())
    kind = kind_of(asked(body()))
    prepared = here.planner.prepared
    assert prepared.planned(kind, body(), NEVER - 2) is not None
    assert prepared.planned(kind, body(), NEVER) is None


def test_what_is_no_kind():
    """What cannot be written, and what is so large that planning is little beside it."""
    assert kind_of(asked(body(logit_bias=1 << 70))) is None
    assert kind_of(asked(body(stop="x" * MAX_KEY))) is None


def test_what_is_kept_is_bounded(monkeypatch):
    """In bytes: those asked for longest ago leave."""
    here = House()
    kept = here.planner.prepared
    for at in range(20):
        here.kept(body(temperature=at))
    monkeypatch.setattr(kept._kept, "_capacity", kept.weight // 2)
    here.kept(body(temperature=20))
    assert here.is_kept(body(temperature=20))
    assert not here.is_kept(body(temperature=0))


def test_what_is_only_carried_makes_no_kind():
    """A request that names its user is of the kind of all that do."""
    here = House()
    here.kept(body(user="a", seed=1))
    other = body(user="b", seed=2)
    assert here.is_kept(other)
    assert not here.is_kept(body(user="b"))
    sent = here.kept(other).conversation.plan.body
    assert (sent["user"], sent["seed"]) == ("b", 2)


def test_what_comes_once_is_not_kept():
    """Nobody may come for it."""
    here = House()
    asyncio.run(here.planner.planned(asked(body())))
    assert here.planner.prepared.weight == 0
    asyncio.run(here.planner.planned(asked(body())))
    assert here.planner.prepared.weight > 0
