"""What was learned about models: the modes that they refused, or promised and did not keep.

Per process, bounded, and forgotten after a while, since hosts change what they support from one
week to the next. Time comes in as an argument.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from hashlib import blake2b

from app.core.capabilities import Mode

MAX_ENTRIES = 10_000


@dataclass
class Memory:
    """Refused modes per (upstream, model), and per (upstream, model, schema)."""

    ttl: float
    """Seconds."""
    native_failures: int = 3
    """Broken native answers in a row before the model is demoted."""
    _until: OrderedDict[Hashable, float] = field(default_factory=OrderedDict)
    _broken: OrderedDict[Hashable, int] = field(default_factory=OrderedDict)

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
        self._until[key] = now + self.ttl
        self._until.move_to_end(key)
        if len(self._until) > MAX_ENTRIES:
            self._until.popitem(last=False)

    def native_answer(self, upstream: str, model: str, now: float, *, kept: bool) -> bool:
        """Count a native answer that `kept` its promise or not; return whether this demotes."""
        key = (upstream, model)
        if kept:
            self._broken.pop(key, None)
            return False
        self._broken[key] = self._broken.get(key, 0) + 1
        if len(self._broken) > MAX_ENTRIES:
            self._broken.popitem(last=False)
        if self._broken[key] < self.native_failures:
            return False
        del self._broken[key]
        self.refuse(upstream, model, Mode.NATIVE, now)
        return True


def _digest(schema: str) -> bytes:
    return blake2b(schema.encode(), digest_size=16).digest()
