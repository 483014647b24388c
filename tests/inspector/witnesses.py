"""A gateway whose witness is the test."""

from collections.abc import Iterator
from contextlib import contextmanager

from strictgate.gateway.records import Record
from strictgate.inspector.recorder import Inspector
from tests.gates import Gate, gate


@contextmanager
def witnessed(demo: str, **tables) -> Iterator[tuple[Gate, list[Record]]]:
    """Run a gateway; give it, and the records in their order, as they come."""
    told: list[Record] = []
    real = Inspector.record

    def record(self: Inspector, each: Record) -> None:
        told.append(each)
        real(self, each)

    Inspector.record = record  # type: ignore[method-assign]
    try:
        with gate(demo, **tables) as running:
            yield running, told
    finally:
        Inspector.record = real  # type: ignore[method-assign]
