"""What is remembered, of whom, and for how long."""

from strictgate.core.capabilities import Mode
from strictgate.upstream import learned_capabilities
from strictgate.upstream.learned_capabilities import LearnedCapabilities


def test_refused_mode():
    """A refused mode is one model's, on one upstream, whatever the schema."""
    known = LearnedCapabilities(ttl=10)
    known.refuse("groq", "kimi", Mode.NATIVE, now=0)

    assert known.refused("groq", "kimi", "{}", now=1) == {Mode.NATIVE}
    assert known.refused("groq", "llama", "{}", now=1) == set()
    assert known.refused("other", "kimi", "{}", now=1) == set()


def test_refused_dialect():
    """A refused schema is refused alone."""
    known = LearnedCapabilities(ttl=10)
    known.refuse_schema("groq", "kimi", Mode.NATIVE, '{"a":1}', now=0)

    assert known.refused("groq", "kimi", '{"a":1}', now=1) == {Mode.NATIVE}
    assert known.refused("groq", "kimi", '{"a":2}', now=1) == set()


def test_forgotten():
    """Hosts change: after a while it is tried again."""
    known = LearnedCapabilities(ttl=10)
    known.refuse("groq", "kimi", Mode.NATIVE, now=0)

    assert known.refused("groq", "kimi", "{}", now=9.9) == {Mode.NATIVE}
    assert known.refused("groq", "kimi", "{}", now=10) == set()


def test_demotion():
    """So many broken promises in a row demote a model; a kept one starts the count anew."""
    known = LearnedCapabilities(ttl=10, native_failures=2)
    told = [
        known.native_answer("groq", "kimi", 0, kept=kept) for kept in (False, True, False, False)
    ]

    assert told == [False, False, False, True]
    assert known.refused("groq", "kimi", "{}", now=1) == {Mode.NATIVE}


def test_bounded(monkeypatch):
    """Model names come from clients, so there is an end to them; the oldest go."""
    monkeypatch.setattr(learned_capabilities, "MAX_ENTRIES", 3)
    known = LearnedCapabilities(ttl=10)
    for number in range(5):
        known.refuse("groq", f"m{number}", Mode.NATIVE, now=0)
        known.native_answer("groq", f"m{number}", 0, kept=False)

    remembered = [bool(known.refused("groq", f"m{number}", "{}", now=1)) for number in range(5)]
    assert remembered == [False, False, True, True, True]


def test_prefixes_are_learned():
    """Going on is remembered; three new starts in a row, or a refusal, and there are no more."""
    memory = LearnedCapabilities(ttl=10)
    assert memory.goes_on("u", "m", 0) is None
    assert not memory.prefill_answer("u", "m", 0, kept=True)
    assert memory.goes_on("u", "m", 1) is True
    assert [memory.prefill_answer("u", "m", 1, kept=False) for _ in range(3)] == [
        False,
        False,
        True,
    ]
    assert memory.goes_on("u", "m", 2) is False
    assert memory.goes_on("u", "m", 12) is None
    memory.prefill_refused("u", "other", 0)
    assert memory.goes_on("u", "other", 1) is False


def test_going_on_once_wipes_the_slate():
    """Only new starts in a row count."""
    memory = LearnedCapabilities(ttl=10)
    for kept in (False, False, True, False, False):
        assert not memory.prefill_answer("u", "m", 0, kept=kept)
    assert memory.goes_on("u", "m", 1) is True


def test_refused_logprobs_are_remembered():
    """For a time, and for one model."""
    memory = LearnedCapabilities(ttl=10)
    memory.refuse_logprobs("u", "m", 0)
    assert not memory.gives_logprobs("u", "m", 1)
    assert memory.gives_logprobs("u", "other", 1)
    assert memory.gives_logprobs("u", "m", 11)
