"""Nobody beside."""

import asyncio

from strictgate.core.resilience.messages import FactsForgotten
from strictgate.gateway.siblings import ALONE


def test_alone():
    """Nobody answers, and nobody asks or tells."""
    heard = []
    ALONE.answer_with("topic", lambda content: content)
    ALONE.report_to(lambda event: None)
    ALONE.subscribe(heard.append)
    ALONE.publish(FactsForgotten("u", "", "m"))

    assert asyncio.run(ALONE.ask("topic", b"?")) == []
    assert heard == []
