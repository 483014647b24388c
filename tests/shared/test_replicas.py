"""Three replicas behind a load balancer: what one knows all know, and none is missed.

`make replicas` does it for longer, and measures.
"""

import asyncio

import httpx
import pytest

from tests.shared.engines import needs_redis
from tests.shared.replicas import NGINX, learned_after, lose_two, replicas, spend

pytestmark = needs_redis
BUDGET = 30_000


@pytest.fixture(scope="module")
def running(redis):
    with replicas(redis.url, tokens=BUDGET) as started:
        yield started


def test_learned(running):
    """A refusal is found out by one, and known to all."""
    assert len(learned_after(running)) == 2


def test_responses(running):
    """Each turn goes to another replica."""
    headers, previous = {"authorization": "Bearer key-number-1"}, None
    for url in (*running.urls, running.urls[0]):
        asked = {"model": "demo/clean", "input": "hi", "previous_response_id": previous}
        answer = httpx.post(f"{url}/v1/responses", json=asked, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        previous = answer.json()["id"]


def test_a_budget(running):
    """All together spend it, and within 2 % no more."""
    came = asyncio.run(spend(running, "key-number-2", 60.0, 1))

    assert came.wrong == []
    assert came.statuses[429] > 0, came
    assert BUDGET <= came.tokens <= BUDGET * 1.02


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_two_are_lost(running):
    """One is killed, and one drained: nothing is lost but what the first had begun to
    answer."""
    came = asyncio.run(lose_two(running, 4.5, 6))

    assert came.wrong == []
    assert came.statuses.keys() == {200}
    assert came.cut <= 6
