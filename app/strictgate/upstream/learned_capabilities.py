"""What was learned about models while they were used: facts, each for a time.

A fact (`core.capabilities.Fact`) is about one model on one upstream, and may have details: which
mode, which schema. It is remembered at once where the upstream said so, and after several failures
in a row where the model only showed it. It is forgotten after `ttl`, since hosts change what they
support from one week to the next. All is kept per process (gateway/sharing.py tells others), and
bounded: model names come from clients. Time comes in as an argument, in seconds.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from strictgate.core.capabilities import Capabilities, Fact, Mode, OptionalField, Prefill
from strictgate.core.lru_cache import LruCache

CAPACITY = 4 << 20  # bytes
ENTRY = 512  # bytes of one fact, roughly: each part of it has at most 64 characters
MAX_PART = 64
MAX_FACTS = 1000  # about one model: schemas that it refuses come from clients

CHANGES: Mapping[Fact, Mapping[str, Any]] = {
    Fact.NO_PREFILL: {"prefill": Prefill.NONE},
    Fact.NO_TOOLS: {"tools": False},
    Fact.NO_CUSTOM_TOOLS: {"custom_tools": False},
    Fact.NO_JSON_WITH_TOOLS: {"json_with_tools": False},
    Fact.NO_JSON_WITH_STREAM: {"json_with_stream": False},
}
"""What a fact without details changes in the capabilities that the preset gives."""

Key = tuple[str, ...]
Model = tuple[str, str]
"""The names of the upstream and of the model."""


class LearnedCapabilities:
    """Facts about models: `remember` or `count` them, then ask whether they hold."""

    def __init__(
        self, ttl: float, failures: Mapping[Fact, int] | None = None, capacity: int = CAPACITY
    ) -> None:
        """Begin with nothing.

        Args:
            ttl: seconds for which a fact holds.
            failures: how many failures in a row, for each fact that is counted, show it; others: 1.
            capacity: bytes that may be kept.
        """
        self.changes = 0
        """How often anything has come to hold, or been forgotten but for its age."""
        self._ttl = ttl
        self._failures = failures or {}
        self._until: LruCache[Model, dict[Key, float]] = LruCache(capacity)
        self._counts: LruCache[Key, int] = LruCache(capacity)

    def holds(self, fact: Fact, upstream: str, model: str, now: float, *details: str) -> bool:
        """Whether `fact` is known of the model, with exactly these details."""
        return now < self._facts(upstream, model).get(_key(fact, *details), now)

    def remember(self, fact: Fact, upstream: str, model: str, now: float, *details: str) -> None:
        """Let `fact` hold from now on, for a time."""
        known, key = self._facts(upstream, model), _key(fact, *details)
        is_new = not now < known.get(key, now)  # others are said again with many answers
        facts = known | {key: now + self._ttl}
        if len(facts) > MAX_FACTS:
            del facts[min(facts, key=facts.__getitem__)]
        about = (_short(upstream), _short(model))
        models = len(self._until) + (about not in self._until)
        self._until.put(about, facts, ENTRY * len(facts))
        if is_new or len(self._until) < models:  # or another model's had to leave
            self.changes += 1

    def _facts(self, upstream: str, model: str) -> dict[Key, float]:
        """Return until when each fact holds that was learned about the model."""
        if not self._until:  # mostly nothing is known of any model
            return {}
        return self._until.get((_short(upstream), _short(model))) or {}

    @property
    def has_failures(self) -> bool:
        """Whether any failure is counted, which a success would make forgotten."""
        return len(self._counts) > 0

    def count(
        self, fact: Fact, upstream: str, model: str, now: float, *details: str, failed: bool
    ) -> bool:
        """Count one more answer that speaks for `fact` (`failed`) or against it.

        Returns:
            Whether this was one failure in a row too many, so that the fact holds from now on.
        """
        key = _key(fact, upstream, model, *details)
        failures = (self._counts.get(key) or 0) + 1 if failed else 0
        self._counts.remove(key)
        if failures >= self._failures.get(fact, 1):
            self.remember(fact, upstream, model, now, *details)
            return True
        if failures:
            self._counts.put(key, failures, ENTRY)
        return False

    def seconds_left(
        self, fact: Fact, upstream: str, model: str, now: float, *details: str
    ) -> float:
        """Return for how long `fact` still holds; 0 or less: it does not."""
        return self._facts(upstream, model).get(_key(fact, *details), now) - now

    def import_fact(self, key: Key, upstream: str, model: str, now: float, seconds: float) -> None:
        """Let a fact hold that another process has learned.

        Args:
            key: the fact with its details, as `exported` makes it.
            seconds: for which it holds; never for longer than what is learned here.
        """
        fact, details, wanted = Fact(key[0]), key[1:], min(seconds, self._ttl)
        left = self.seconds_left(fact, upstream, model, now, *details)
        if left < wanted:
            self.remember(fact, upstream, model, now - self._ttl + wanted, *details)
            self.changes += left <= 0

    def facts(self, upstream: str, model: str, now: float) -> list[tuple[Key, float]]:
        """Return each fact about the model, with its details, and how many seconds it still has."""
        known = self._facts(upstream, model).items()
        return [(fact, until - now) for fact, until in known if now < until]

    def unchanged_until(self, upstream: str, model: str, now: float) -> float:
        """Return when the first of the facts about the model will be forgotten for its age."""
        ends = self._facts(upstream, model).values()
        return min((until for until in ends if now < until), default=math.inf)

    def forget(self, upstream: str, model: str) -> None:
        """Forget all about the model, also what was counted."""
        self._until.remove((_short(upstream), _short(model)))
        self.changes += 1
        for fact in Fact:
            self._counts.remove(_key(fact, upstream, model))
        for mode in Mode:
            self._counts.remove(_key(Fact.NO_MODE, upstream, model, mode))

    def forget_upstream(self, upstream: str) -> None:
        """Forget all about the models of an upstream, which is another one now."""
        self.changes += 1
        name = _short(upstream)
        for model in [each for each in self._until if each[0] == name]:
            self._until.remove(model)
        for key in [each for each in self._counts if name in each[1:2]]:
            self._counts.remove(key)

    # --- what follows from the facts -------------------------------------------------------------

    def refused_modes(self, upstream: str, model: str, now: float, schema: str) -> set[Mode]:
        """Return the modes not to try for this schema, given as its text."""
        facts = self._facts(upstream, model)
        if not facts:
            return set()
        is_any = any(key[0] == Fact.NO_MODE_FOR_SCHEMA for key in facts)
        text = _short(schema) if is_any else ""
        return {
            mode
            for mode in Mode
            if now < facts.get((Fact.NO_MODE, mode), now)
            or now < facts.get((Fact.NO_MODE_FOR_SCHEMA, mode, text), now)
        }

    def plain_modes(self, upstream: str, model: str, now: float, schema: str) -> tuple[Mode, ...]:
        """Return the modes that take this schema, given as its text, in the plainest dialect."""
        facts = self._facts(upstream, model)
        if not any(key[0] == Fact.PLAIN_FOR_SCHEMA for key in facts):
            return ()
        text = _short(schema)
        held = (facts.get((Fact.PLAIN_FOR_SCHEMA, mode, text), now) for mode in Mode)
        return tuple(mode for mode, until in zip(Mode, held, strict=True) if now < until)

    def applied_to(
        self, capabilities: Capabilities, upstream: str, model: str, now: float
    ) -> Capabilities:
        """Return `capabilities` less what the model was found not to have."""
        facts = self._facts(upstream, model)
        if not facts:
            return capabilities
        keywords = sorted(
            key[1] for key, until in facts.items() if key[0] == Fact.NO_KEYWORD and now < until
        )
        if keywords:
            capabilities = replace(capabilities, refused_keywords=tuple(keywords))
        for fact, changes in CHANGES.items():
            if now < facts.get((fact,), now):
                capabilities = replace(capabilities, **changes)
        refused = [each for each in OptionalField if now < facts.get((Fact.NO_FIELD, each), now)]
        if not refused:
            return capabilities
        return replace(capabilities, without=(*capabilities.without, *refused))


def exported(fact: Fact, model: str, *details: str) -> tuple[str, Key]:
    """Return a model and a fact about it as others are told: long texts as their digests."""
    return _short(model), _key(fact, *details)


def _key(*parts: str) -> Key:
    return tuple(map(_short, parts))


def _short(text: str) -> str:
    """Return `text`, or what stands for it where it is long."""
    if len(text) <= MAX_PART:
        return text
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
