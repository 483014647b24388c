"""Nobody beside."""

import asyncio

from strictgate.gateway.siblings import ALONE


def test_alone():
    """Nobody answers, and nobody asks."""
    ALONE.answer_with("topic", lambda content: content)
    assert asyncio.run(ALONE.ask("topic", b"?")) == []
