"""Events are values, and every one of them is known to observers."""

import dataclasses
import inspect
from typing import get_args

import pytest

from strictgate.observe import events

KINDS = [kind for _, kind in inspect.getmembers(events, dataclasses.is_dataclass)]


def test_the_union_names_every_event():
    """An observer that matches over it forgets none."""
    assert set(get_args(events.Event)) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_is_frozen_and_plain(kind):
    """What is in it can be written in a log line as it is, and compared."""
    assert kind.__dataclass_params__.frozen
    for field in dataclasses.fields(kind):
        assert field.type in (str, int, float, bool, str | None, tuple[str, ...]), field.name


def test_ignoring_does_nothing():
    """Whatever happened."""
    assert events.ignore(events.ModelDemoted("groq", "kimi")) is None
