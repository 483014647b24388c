"""What outlives a process."""

from strictgate.core.resilience.messages import (
    BreakerMoved,
    FactsForgotten,
    SharedFact,
    decode_message,
    encode_message,
)
from strictgate.observe.events import RequestFinished
from strictgate.observe.merging import merged
from strictgate.observe.metrics import Metrics
from strictgate.processes import common_memory as module
from strictgate.processes.common_memory import FactMemory, FigureMemory


def fact(model, seconds=10.0, detail="native"):
    return SharedFact("u", "a", model, ("no_mode", detail), seconds)


def remembered(*told):
    memory = FactMemory()
    for at, message in told:
        memory.hear(encode_message(message, "1"), at)
    return memory


def kept(memory, now):
    return [decode_message(each, "2") for each in memory.messages(now)]


def test_facts_that_hold():
    """For the rest of their time; the last word on each counts."""
    memory = remembered((0, fact("x")), (0, fact("y", 5)), (4, fact("x")))
    memory.hear(b"no message", 4)
    memory.hear(encode_message(BreakerMoved("u", "a", is_open=True), "1"), 4)

    assert sorted(each.model for each in kept(memory, 4.5)) == ["x", "y"]
    assert kept(memory, 6) == [fact("x", 8.0)]
    assert kept(memory, 14) == []


def test_forgotten():
    """All of one model."""
    told = [(0, fact("x")), (0, fact("x", detail="tool")), (0, fact("y"))]
    memory = remembered(*told, (1, FactsForgotten("u", "a", "x")))

    assert [each.model for each in kept(memory, 1)] == ["y"]


def test_not_too_many(monkeypatch):
    """The oldest go."""
    monkeypatch.setattr(module, "MAX_FACTS", 2)
    memory = remembered(*((0, fact(str(each))) for each in range(5)))

    assert [each.model for each in kept(memory, 1)] == ["3", "4"]


def counted(requests):
    metrics = Metrics()
    for _ in range(requests):
        metrics.observe(RequestFinished("r", "POST", "/v1/chat/completions", 200, 0.1))
    return metrics.snapshot()


def value(figures, name):
    return sum(
        sample.value
        for family in merged([figures])
        for sample in family.samples
        if sample.name == name
    )


def test_figures_of_the_departed():
    """What they have counted is kept as it was last known, each once; not what they held."""
    memory = FigureMemory()
    memory.gone(1)
    assert memory.departed == b""
    for pid, requests in ((1, 2), (2, 3), (1, 5)):
        memory.note(pid, counted(requests))
    memory.note(1, b"")
    memory.gone(1)
    memory.gone(1)
    assert value(memory.departed, "strictgate_requests_total") == 5
    memory.gone(2)

    assert value(memory.departed, "strictgate_requests_total") == 8
    assert value(memory.departed, "strictgate_request_seconds_count") == 8
    assert value(memory.departed, "process_resident_memory_bytes") == 0
