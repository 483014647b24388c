"""Events are values, and every one of them is known to observers."""

import dataclasses
import inspect
from typing import get_args

import pytest

from strictgate.observe import events

KINDS = [kind for _, kind in inspect.getmembers(events, dataclasses.is_dataclass)]


PLAIN = (str, int, float, bool, str | None, tuple[str, ...], tuple[tuple[str, int], ...])


def test_the_union_names_every_event():
    """An observer that matches over it forgets none."""
    assert set(get_args(events.Event)) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_is_plain(kind):
    """What is in it can be written in a log line as it is, and compared; mypy holds it frozen."""
    assert kind.__slots__
    for field in dataclasses.fields(kind):
        assert field.type in PLAIN, field.name


@pytest.mark.parametrize("count", [0, 1, 3])
def test_all_that_listen_are_told(count):
    """Each of them once, in their order; nobody is fine, too."""
    told = []
    listeners = [
        lambda event, number=number: told.append((number, event)) for number in range(count)
    ]
    event = events.ModelDemoted("groq", "kimi")
    events.tell_all(listeners)(event)

    assert told == [(number, event) for number in range(count)]


def test_ignoring_does_nothing():
    """Whatever happened."""
    assert events.ignore(events.ModelDemoted("groq", "kimi")) is None


class Attentive:
    """One who heeds one kind."""

    def __init__(self, told):
        self.heeds = {events.ToolsDropped: told.append}


@pytest.mark.parametrize("count", [0, 1, 2])
def test_who_heeds_few_is_told_of_few(count):
    """Behind those that are told of all."""
    told = []
    observe = events.tell_all([lambda event: told.append("all")] * count, [Attentive(told)] * 2)
    one, other = events.ModelDemoted("groq", "kimi"), events.ToolsDropped("groq", "kimi")
    for event in (one, other, other):
        observe(event)

    everybody = ["all"] * count
    assert told == [*everybody, *([*everybody, other, other] * 2)]
