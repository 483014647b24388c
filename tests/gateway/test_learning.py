"""What conversations teach, and who is told."""

import pytest

from strictgate.core.capabilities import Capabilities, Fact, Mode, OptionalField, Prefill
from strictgate.core.conversation.attempt_log import Attempt, RefusedMode
from strictgate.core.conversation.reply_reader import ReplyEnd
from strictgate.core.errors import ToolsRefused
from strictgate.core.resilience.messages import FactsForgotten, SharedFact, address_digest
from strictgate.core.surfaces.chat.surface import ChatSurfaceRequest
from strictgate.gateway.learning import Learner, lessons, lessons_of_tools
from strictgate.gateway.request_planning import RequestPlanner
from strictgate.observe.events import (
    FactLearned,
    ModelDemoted,
    ModeRefused,
    PrefillDropped,
    ToolsDropped,
)
from strictgate.settings.loading import Settings
from strictgate.upstream.routing import Router
from tests.core.talks import GOOD, body, conversation, said

SETTINGS = Settings(upstreams={"groq": {"preset": "groq"}}, default_upstream="groq")
ROUTER = Router(SETTINGS, {})
ROUTE = ROUTER.route("kimi")
KIMI = ("groq", "kimi")
CLEAN = Attempt(Mode.NATIVE, "valid", (), None, is_clean=True)
BROKEN = Attempt(Mode.NATIVE, "invalid", ("x",), None, is_clean=False)


def learned(*conversations):
    """What a learner tells of conversations, one after the other, and what it knows then."""
    told = []
    learner = Learner(10.0**9, 2, told.append)
    for each in conversations:
        learner.learn(ROUTE, lessons(each))
    return told, learner.learned


def over(request=None, **record):
    """A conversation that has ended with this record."""
    ended = conversation(request)
    for name, value in record.items():
        setattr(ended.record, name, value)
    return ended


def test_nothing_to_learn():
    """A conversation without an answer says nothing."""
    assert list(lessons(over())) == []


@pytest.mark.parametrize("for_schema", [False, True])
def test_refused_modes(for_schema):
    """A refusal that an accepted ask has proven is remembered, for all schemas or for this one."""
    refusal = RefusedMode(Mode.TOOL, for_schema, "No.", "no_tools")
    told, known = learned(over(refused_modes=[refusal], proven=1))

    assert told == [ModeRefused(*KIMI, Mode.TOOL, for_schema, "no_tools")]
    schema = conversation().planner.schema.text
    assert known.refused_modes(*KIMI, 0, schema) == {Mode.TOOL}
    assert known.refused_modes(*KIMI, 0, "{}") == (set() if for_schema else {Mode.TOOL})


def test_refusals_that_nothing_has_proven():
    """The next mode may have been refused as well: then it was something else."""
    refusal = RefusedMode(Mode.NATIVE, False, "No.", "x")
    assert learned(over(refused_modes=[refusal]))[0] == []


def test_what_was_settled():
    """It says that a promise was kept, which ends a row of failures, and nothing else."""
    settled, told = conversation(), []
    assert settled.settle(said(GOOD)) is not None
    assert [(each.fact, each.failed) for each in lessons(settled)] == [(Fact.NO_MODE, False)]

    learner = Learner(10.0**9, 2, told.append)
    for each in (settled, over(attempts=[BROKEN]), settled, over(attempts=[BROKEN])):
        learner.learn_of(ROUTE, each)
    assert told == []
    learner.learn_of(ROUTE, over(attempts=[BROKEN]))
    assert told == [ModelDemoted(*KIMI)]


def test_demotion():
    """A model that breaks its native promise so often in a row is demoted, and that is told."""
    broken, kept = over(attempts=[BROKEN]), over(attempts=[CLEAN])

    assert learned(broken, kept, broken)[0] == []
    told, known = learned(broken, broken)
    assert told == [ModelDemoted(*KIMI)]
    assert known.holds(Fact.NO_MODE, *KIMI, 0, Mode.NATIVE)


@pytest.mark.parametrize(
    ("request_body", "attempt"),
    [
        (body(), Attempt(Mode.PROMPT, "invalid", (), None, is_clean=False)),
        (body(), Attempt(Mode.NATIVE, "truncated", (), None, is_clean=False)),
        (body(), Attempt(Mode.NATIVE, "not_json", (), None, is_clean=False, end=ReplyEnd.BROKEN)),
    ],
)
def test_what_breaks_no_promise(request_body, attempt):
    """Another mode promises nothing; the caller's budget and the network are not the model's."""
    ended = over(request_body, attempts=[attempt])
    assert learned(ended, ended, ended)[0] == []


def test_only_the_first_answer_counts():
    """Feedback makes the later ones better."""
    ended = over(attempts=[BROKEN, CLEAN])
    assert learned(ended, ended)[0] == [ModelDemoted(*KIMI)]


def test_refused_prefixes():
    """A refusal is certain at once."""
    told, known = learned(over(prefix_refused=True))

    assert told == [PrefillDropped(*KIMI, refused=True)]
    assert known.applied_to(ROUTE.capabilities, *KIMI, 0).prefill is Prefill.NONE


def test_facts():
    """What an accepted ask has proven is remembered, and told; what none has is not."""
    facts = [(Fact.NO_FIELD, ("strict",)), (Fact.NO_JSON_WITH_TOOLS, ()), (Fact.NO_FIELD, ("n",))]
    told, known = learned(over(facts=facts, proven_facts=2))

    assert told == [FactLearned(*KIMI, fact, details) for fact, details in facts[:2]]
    now = known.applied_to(Capabilities(), *KIMI, 0)
    assert now == Capabilities(json_with_tools=False, without=(OptionalField.STRICT,))


def test_prefixes():
    """One that was gone on from proves the model; three new starts in a row, the contrary."""
    kept, lost = over(prefixes=[False, True]), over(prefixes=[False, False])

    told, known = learned(lost, lost, kept, lost, lost)
    assert told == []
    assert known.holds(Fact.CONTINUES, *KIMI, 0)
    told, known = learned(lost, lost, lost)
    assert told == [PrefillDropped(*KIMI, refused=False)]
    assert known.holds(Fact.NO_PREFILL, *KIMI, 0)


@pytest.mark.parametrize(
    ("functions", "fact", "details", "event"),
    [
        (frozenset(), Fact.NO_TOOLS, (), ToolsDropped(*KIMI)),
        (
            frozenset({"f"}),
            Fact.NO_TOOLS_FOR_SCHEMA,
            ('{"type":"object"}',),
            FactLearned(*KIMI, Fact.NO_TOOLS_FOR_SCHEMA, ("f",)),
        ),
    ],
)
def test_refused_tools(functions, fact, details, event):
    """Tools as such are known, and told; or what one function takes."""
    told = []
    learner = Learner(10.0**9, 3, told.append)
    planner = RequestPlanner(SETTINGS, ROUTER, learner.learned)
    tools = [
        {"type": "function", "function": {"name": name, "parameters": {"type": kind}}}
        for name, kind in (("f", "object"), ("g", "array"))
    ]
    asked = body(response_format=None, model="kimi", tools=tools)
    planned = planner.plan(ChatSurfaceRequest(asked))
    refused = ToolsRefused(400, {}, {}, functions)
    learner.learn(ROUTE, lessons_of_tools(planned))
    learner.learn(ROUTE, lessons_of_tools(planner.without_tools(planned, refused)))

    assert told == [event]
    assert learner.learned.holds(fact, *KIMI, 0, *details)
    assert planner.plan(ChatSurfaceRequest(asked)).emulation is not None
    other = ChatSurfaceRequest(asked | {"tools": tools[1:]})
    assert (planner.plan(other).emulation is None) == bool(functions)


def test_others_are_told():
    """Once, with the address that it is about, and again only when half of its time is over."""
    told = []
    learner = Learner(10.0**9, 2, lambda event: None)
    learner.publish = told.append
    refused = over(refused_modes=[RefusedMode(Mode.TOOL, False, "No.", "no_tools")], proven=1)
    broken = over(attempts=[BROKEN])
    for each in (refused, refused, broken):
        learner.learn(ROUTE, lessons(each))
    assert [(each.model, each.fact) for each in told] == [("kimi", ("no_mode", "tool"))]
    assert told[0].address == address_digest(ROUTE.endpoint.base_url)
    learner.learn(ROUTE, lessons(broken))  # the second in a row
    assert [each.fact for each in told[1:]] == [("no_mode", "native")]
    learner.forget(*KIMI)
    assert told[2] == FactsForgotten("groq", "", "kimi")


def test_others_are_heard():
    """What they learn holds here, until they are told to forget it."""
    learner = Learner(10.0**9, 2, lambda event: None)
    learner.hear(SharedFact("groq", "", "kimi", ("no_mode", "tool"), 60.0))
    assert [fact for fact, _ in learner.facts(*KIMI)] == [("no_mode", "tool")]
    learner.hear(FactsForgotten("groq", "", "kimi"))
    assert learner.facts(*KIMI) == []
