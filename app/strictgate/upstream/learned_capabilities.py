"""What was learned about models: the modes that they refused, or promised and did not keep, and
whether they go on from a prefix.

Per process, bounded, and forgotten after a while, since hosts change what they support from one
week to the next. Time comes in as an argument.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TypeVar

from strictgate.core.capabilities import Mode

MAX_ENTRIES = 10_000


@dataclass
class LearnedCapabilities:
    """Refused modes per (upstream, model), and per (upstream, model, schema)."""

    ttl: float
    """Seconds."""
    native_failures: int = 3
    """Broken native answers in a row before the model is demoted."""
    prefill_failures: int = 3
    """Prefixes in a row that a model started anew from, before none is given to it any more."""
    _until: OrderedDict[Hashable, float] = field(default_factory=OrderedDict)
    _broken: OrderedDict[Hashable, int] = field(default_factory=OrderedDict)
    _proven: OrderedDict[Hashable, float] = field(default_factory=OrderedDict)

    def refused(self, upstream: str, model: str, schema: str, now: float) -> set[Mode]:
        """Return the modes not to try; `schema` is the schema's text."""
        if not self._until:
            return set()
        digest = _digest(schema)
        return {
            mode
            for mode in Mode
            if self._holds((upstream, model, mode), now)
            or self._holds((upstream, model, mode, digest), now)
        }

    def _holds(self, key: Hashable, now: float) -> bool:
        until = self._until.get(key)
        if until is not None and until <= now:
            del self._until[key]
            return False
        return until is not None

    def refuse(self, upstream: str, model: str, mode: Mode, now: float) -> None:
        """Remember that the model does not have `mode`."""
        self._remember((upstream, model, mode), now)

    def refuse_schema(self, upstream: str, model: str, mode: Mode, schema: str, now: float) -> None:
        """Remember that `mode` does not take this schema there."""
        self._remember((upstream, model, mode, _digest(schema)), now)

    def _remember(self, key: Hashable, now: float) -> None:
        _note(self._until, key, now + self.ttl)

    # --- prefixes ---------------------------------------------------------------------------------

    def goes_on(self, upstream: str, model: str, now: float) -> bool | None:
        """Return whether the model goes on from a prefix; None: not known."""
        if self._until and self._holds((upstream, model, _PREFILL), now):
            return False
        return True if self._proven.get((upstream, model), now) > now else None

    def prefill_refused(self, upstream: str, model: str, now: float) -> None:
        """Remember that the upstream does not take prefixes for this model."""
        self._remember((upstream, model, _PREFILL), now)

    def prefill_answer(self, upstream: str, model: str, now: float, *, kept: bool) -> bool:
        """Count an answer to a prefix that went on from it or did not; return whether the model
        gets none from now on."""
        key = (upstream, model)
        if kept:
            self._broken.pop((*key, _PREFILL), None)
            _note(self._proven, key, now + self.ttl)
            return False
        if not self._fails((*key, _PREFILL), self.prefill_failures):
            return False
        self._proven.pop(key, None)
        self.prefill_refused(upstream, model, now)
        return True

    # --- log-probabilities -----------------------------------------------------------------------

    def gives_logprobs(self, upstream: str, model: str, now: float) -> bool:
        """Whether log-probabilities may be asked for; so, as long as they were not refused."""
        return not (self._until and self._holds((upstream, model, _LOGPROBS), now))

    def refuse_logprobs(self, upstream: str, model: str, now: float) -> None:
        """Remember that the upstream does not give them for this model, or not so many."""
        self._remember((upstream, model, _LOGPROBS), now)

    # --- tools -----------------------------------------------------------------------------------

    def calls_functions(self, upstream: str, model: str, now: float) -> bool:
        """Whether tools may be sent; so, as long as they were not refused."""
        return not (self._until and self._holds((upstream, model, _TOOLS), now))

    def refuse_tools(self, upstream: str, model: str, now: float) -> None:
        """Remember that the model calls no functions."""
        self._remember((upstream, model, _TOOLS), now)

    # --- native mode ------------------------------------------------------------------------------

    def native_answer(self, upstream: str, model: str, now: float, *, kept: bool) -> bool:
        """Count a native answer that `kept` its promise or not; return whether this demotes."""
        key = (upstream, model)
        if kept:
            self._broken.pop(key, None)
            return False
        if not self._fails(key, self.native_failures):
            return False
        self.refuse(upstream, model, Mode.NATIVE, now)
        return True

    def _fails(self, key: Hashable, often: int) -> bool:
        """Count a failure; return whether it is one too many: then counting starts anew."""
        failures = self._broken.pop(key, 0) + 1
        if failures >= often:
            return True
        _note(self._broken, key, failures)
        return False


_PREFILL = "prefill"
_LOGPROBS = "logprobs"
_TOOLS = "tools"
Value = TypeVar("Value")


def _note(entries: OrderedDict[Hashable, Value], key: Hashable, value: Value) -> None:
    """Enter `value` as the newest; the oldest leaves where there are too many."""
    entries[key] = value
    entries.move_to_end(key)
    if len(entries) > MAX_ENTRIES:
        entries.popitem(last=False)


def _digest(schema: str) -> bytes:
    return blake2b(schema.encode(), digest_size=16).digest()
