"""What is remembered, of whom, and for how long."""

import math

import pytest

from strictgate.core.capabilities import Capabilities, Fact, Mode, Prefill
from strictgate.upstream.learned_capabilities import (
    CHANGES,
    ENTRY,
    LearnedCapabilities,
    exported,
)

KIMI = ("groq", "kimi")


@pytest.fixture
def known():
    return LearnedCapabilities(ttl=10, failures={Fact.NO_MODE: 2})


@pytest.mark.parametrize("fact", Fact)
def test_a_fact_is_one_models(known, fact):
    """A fact is about one model on one upstream, and about these details alone."""
    known.remember(fact, *KIMI, 0, "detail")

    assert known.holds(fact, *KIMI, 1, "detail")
    assert not known.holds(fact, "groq", "llama", 1, "detail")
    assert not known.holds(fact, "other", "kimi", 1, "detail")
    assert not known.holds(fact, *KIMI, 1, "other")
    assert not known.holds(fact, *KIMI, 1)
    assert not any(known.holds(each, *KIMI, 1, "detail") for each in Fact if each is not fact)


def test_forgotten(known):
    """Hosts change: after a while it is tried again, and may be learned again."""
    known.remember(Fact.NO_TOOLS, *KIMI, 0)

    assert known.holds(Fact.NO_TOOLS, *KIMI, 9.9)
    assert not known.holds(Fact.NO_TOOLS, *KIMI, 10)
    known.remember(Fact.NO_TOOLS, *KIMI, 10)
    assert known.holds(Fact.NO_TOOLS, *KIMI, 19.9)


def test_counted(known):
    """So many failures in a row show a fact; a success starts the count anew."""
    told = [
        known.count(Fact.NO_MODE, *KIMI, 0, "native", failed=failed)
        for failed in (True, False, True, True, True)
    ]

    assert told == [False, False, False, True, False]
    assert known.holds(Fact.NO_MODE, *KIMI, 1, "native")


def test_counted_apart(known):
    """Failures of one model, or of one detail, are not another's."""
    assert not known.count(Fact.NO_MODE, *KIMI, 0, "native", failed=True)
    assert not known.count(Fact.NO_MODE, "groq", "llama", 0, "native", failed=True)
    assert not known.count(Fact.NO_MODE, *KIMI, 0, "tool", failed=True)


def test_refused_keywords(known):
    """They are left out of all schemas of the model."""
    known.remember(Fact.NO_KEYWORD, *KIMI, 0, "maxLength")
    known.remember(Fact.NO_KEYWORD, *KIMI, 5, "format")

    assert known.applied_to(Capabilities(), *KIMI, 6).refused_keywords == ("format", "maxLength")
    assert known.applied_to(Capabilities(), *KIMI, 12).refused_keywords == ("format",)


def test_plain_modes(known):
    """They are for one schema."""
    known.remember(Fact.PLAIN_FOR_SCHEMA, *KIMI, 0, Mode.NATIVE, '{"a":1}')

    assert known.plain_modes(*KIMI, 1, '{"a":1}') == (Mode.NATIVE,)
    assert known.plain_modes(*KIMI, 1, '{"a":2}') == ()
    assert known.plain_modes(*KIMI, 10, '{"a":1}') == ()


def test_refused_modes(known):
    """A mode is refused for every schema, or for one."""
    known.remember(Fact.NO_MODE, *KIMI, 0, Mode.TOOL)
    known.remember(Fact.NO_MODE_FOR_SCHEMA, *KIMI, 0, Mode.NATIVE, '{"a":1}')

    assert known.refused_modes(*KIMI, 1, '{"a":1}') == {Mode.NATIVE, Mode.TOOL}
    assert known.refused_modes(*KIMI, 1, '{"a":2}') == {Mode.TOOL}
    assert known.refused_modes("groq", "llama", 1, '{"a":1}') == set()


def test_long_details_are_told_apart(known):
    """Of a schema only a digest is kept."""
    schema = '{"enum":["' + "a" * 1000
    known.remember(Fact.NO_MODE_FOR_SCHEMA, *KIMI, 0, Mode.NATIVE, schema + '"]}')

    assert known.refused_modes(*KIMI, 1, schema + '"]}') == {Mode.NATIVE}
    assert known.refused_modes(*KIMI, 1, schema + 'b"]}') == set()


@pytest.mark.parametrize("fact", CHANGES)
def test_facts_change_capabilities(known, fact):
    """What a model was found not to have is taken from what its preset gives."""
    preset = Capabilities(prefill=Prefill.TRAILING, top_logprobs=5)
    known.remember(fact, *KIMI, 0)

    less = known.applied_to(preset, *KIMI, 1)
    changed = {
        name for name in Capabilities.__slots__ if getattr(less, name) != getattr(preset, name)
    }
    assert changed == CHANGES[fact].keys()
    assert known.applied_to(preset, "groq", "llama", 1) == preset


def test_imported(known):
    """What another process has learned holds for as long as there, and no longer than here."""
    name, key = exported(Fact.NO_MODE_FOR_SCHEMA, "m" * 100, "native", "s" * 100)
    known.import_fact(key, "groq", name, 100, 6)
    known.import_fact(key, "groq", name, 101, 2)  # it is known for longer already
    known.import_fact((Fact.NO_TOOLS.value,), *KIMI, 100, 10**9)

    details = ("m" * 100, 105.9, "native", "s" * 100)
    assert max(map(len, (name, *key))) <= 64
    assert known.holds(Fact.NO_MODE_FOR_SCHEMA, "groq", *details)
    assert known.seconds_left(Fact.NO_MODE_FOR_SCHEMA, "groq", *details) == pytest.approx(0.1)
    assert not known.holds(Fact.NO_MODE_FOR_SCHEMA, "groq", "m" * 100, 106, *details[2:])
    assert known.holds(Fact.NO_TOOLS, *KIMI, 109)
    assert not known.holds(Fact.NO_TOOLS, *KIMI, 110)
    assert known.seconds_left(Fact.NO_PREFILL, *KIMI, 100) <= 0


def test_bounded():
    """Model names come from clients, so there is an end to them; the oldest go."""
    known = LearnedCapabilities(ttl=10, failures={Fact.NO_MODE: 2}, capacity=3 * ENTRY)
    for number in range(5):
        known.remember(Fact.NO_TOOLS, "groq", f"m{number}", 0)
        known.count(Fact.NO_MODE, "groq", f"m{number}", 0, "native", failed=True)

    assert [known.holds(Fact.NO_TOOLS, "groq", f"m{n}", 1) for n in range(5)] == [
        *(False, False, True, True, True)
    ]
    assert not known.count(Fact.NO_MODE, "groq", "m1", 0, "native", failed=True)
    assert known.count(Fact.NO_MODE, "groq", "m4", 0, "native", failed=True)


def test_an_upstream_is_forgotten(known):
    """All its models, and what was counted of them; others are as they were."""
    others = ("other", "groq")
    for model in (KIMI, ("groq", "llama"), others):
        known.remember(Fact.NO_TOOLS, *model, 0)
        known.count(Fact.NO_MODE, *model, 0, "native", failed=True)
    known.forget_upstream("groq")

    assert not known.facts(*KIMI, 1)
    assert not known.count(Fact.NO_MODE, *KIMI, 1, "native", failed=True)
    assert known.holds(Fact.NO_TOOLS, *others, 1)
    assert known.count(Fact.NO_MODE, *others, 1, "native", failed=True)


def test_what_is_known_has_changed(known):
    """Where a fact comes to hold, or is forgotten; not where it is said again."""
    seen = [known.changes]

    def has_changed():
        seen.append(known.changes)
        return seen[-1] != seen[-2]

    known.remember(Fact.CONTINUES, *KIMI, 0)
    assert has_changed()
    known.remember(Fact.CONTINUES, *KIMI, 5)
    assert not has_changed()
    assert known.unchanged_until(*KIMI, 5) == 15
    known.remember(Fact.CONTINUES, *KIMI, 20)
    assert has_changed()
    known.import_fact(("no_tools",), *KIMI, 21, 4)
    assert has_changed()
    assert known.unchanged_until(*KIMI, 21) == 25
    known.import_fact(("no_tools",), *KIMI, 26, 4)
    assert has_changed()
    known.forget(*KIMI)
    assert has_changed()
    known.forget_upstream("groq")
    assert has_changed()
    assert known.unchanged_until(*KIMI, 26) == math.inf


def test_who_has_to_leave_is_a_change():
    """What was known of it is forgotten."""
    small = LearnedCapabilities(ttl=10, capacity=2 * ENTRY)
    for model in ("a", "b"):
        small.remember(Fact.NO_TOOLS, "x", model, 0)
    small.remember(Fact.NO_TOOLS, "x", "a", 1)
    before = small.changes
    small.remember(Fact.NO_PREFILL, "x", "a", 1)
    assert not small.holds(Fact.NO_TOOLS, "x", "b", 1)
    assert small.changes > before
