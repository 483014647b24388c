"""The one part of the product that is tested here beside a running gateway: how words are read."""

from typing import Any

from strictgate.core.capabilities import Mode
from strictgate.core.wire.refusal import classify_refusal


def kind_of(status: int, body: Any, sent: str) -> str:
    """Return what an upstream's error is read as."""
    return str(classify_refusal(status, body, Mode(sent)).kind.value)
