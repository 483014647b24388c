"""The events of the process itself are among all events."""

import dataclasses
import inspect
from typing import get_args

from strictgate.observe import events, process_events

KINDS = {kind for _, kind in inspect.getmembers(process_events, dataclasses.is_dataclass)}


def test_observers_are_told_of_them():
    """Each belongs to the union that an observer matches over."""
    assert KINDS
    assert set(get_args(events.Event)) >= KINDS
