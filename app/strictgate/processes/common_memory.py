"""What a supervisor remembers for its processes: what outlives each of them.

| what                        | why                                                               |
|-----------------------------|-------------------------------------------------------------------|
| facts that were learned     | a process that is started later is told them                      |
| figures of those that ended | a counter that has gone down is one that began anew, to whoever   |
|                             | reads it: then all of it would be counted once more               |

Of a process that ends, what it was last known to have counted is kept: as of the last time that
anybody asked.
"""

from collections.abc import Iterator
from dataclasses import replace

import orjson

from strictgate.core.resilience.messages import (
    FactsForgotten,
    SharedFact,
    SharedMessage,
    decode_message,
    encode_message,
)
from strictgate.observe.merging import merged, snapshot

MAX_FACTS = 10_000
_COUNTED = frozenset({"counter", "histogram"})
_NOBODY = ""


class FactMemory:
    """The facts that hold, with times in seconds of one clock that does not go back."""

    def __init__(self) -> None:
        self._until: dict[SharedFact, float] = {}

    def hear(self, raw: bytes, now: float) -> None:
        """Take note of a message; those that are no facts matter to nobody later."""
        match decode_message(raw, _NOBODY):
            case SharedFact() as fact:
                known = replace(fact, seconds=1.0)
                self._until.pop(known, None)  # the order is that of learning
                self._until[known] = now + fact.seconds
                if len(self._until) > MAX_FACTS:
                    del self._until[next(iter(self._until))]
            case FactsForgotten(upstream, address, model):
                about = (upstream, address, model)
                for each in [*self._until]:
                    if (each.upstream, each.address, each.model) == about:
                        del self._until[each]

    def messages(self, now: float) -> Iterator[bytes]:
        """Yield what holds, as messages."""
        for fact, until in self._until.items():
            if until > now:
                told: SharedMessage = replace(fact, seconds=until - now)
                yield encode_message(told, _SUPERVISOR)


_SUPERVISOR = "supervisor"


class FigureMemory:
    """What processes have counted, by their ids, and what those have that are no more."""

    def __init__(self) -> None:
        self._latest: dict[int, bytes] = {}
        self.departed = b""
        """The figures of those that have ended, as a snapshot; b"": there are none."""

    def note(self, pid: int, figures: bytes) -> None:
        """Take note of what a process says that it has counted."""
        if figures:
            self._latest[pid] = figures

    def gone(self, pid: int) -> None:
        """Keep the figures of a process that has ended, but for what it held."""
        latest = self._latest.pop(pid, b"")
        if latest:
            families = [each for each in orjson.loads(latest) if each["type"] in _COUNTED]
            parts = [each for each in (self.departed, orjson.dumps(families)) if each]
            self.departed = snapshot(merged(parts))
