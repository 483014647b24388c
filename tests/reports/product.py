"""The one part of the product that is tested here beside a running gateway: how words are read."""

from typing import Any

from app.core.capabilities import Mode
from app.core.refusal import classify


def kind_of(status: int, body: Any, sent: str) -> str:
    """Return what an upstream's error is read as."""
    return str(classify(status, body, Mode(sent)).kind.value)
