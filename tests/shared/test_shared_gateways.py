"""Two gateways that share one store: what the one learns and keeps, the other knows and reads."""

import time
import uuid
from contextlib import contextmanager

import pytest

from strictgate.observe.events import SharedStoreChanged
from tests.gates import MOOD, gate
from tests.shared.engines import free_port, needs_postgres, needs_redis

pytestmark = needs_redis
KEY = {"authorization": "Bearer k"}


@contextmanager
def pair_of(demo, url, **tables):
    shared = {"url": url, "prefix": uuid.uuid4().hex, "timeout": 1.0}
    upstreams = {"demo": {"preset": "demo"}}
    with (
        gate(demo, shared=shared, upstreams=upstreams, **tables) as first,
        gate(demo, shared=shared, upstreams=upstreams, **tables) as second,
    ):
        yield first, second


def responses(running, **body):
    asked = {"model": "demo/clean", "input": "hi", **body}
    return running.post(asked, "/v1/responses", **KEY)


def test_refusals(demo, redis):
    """What a model refuses is found out once."""
    with pair_of(demo, redis.url) as (first, second):
        found = first.chat("no-json-schema", MOOD)
        assert [each["mode"] for each in found.json["x_strictgate"]["refused"]] == ["native"]
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            told = second.chat("no-json-schema", MOOD).json["x_strictgate"]
            if "refused" not in told:
                break
        assert "refused" not in told


def test_responses(demo, redis):
    """A conversation goes on at another replica, and is nobody else's."""
    with pair_of(demo, redis.url) as (first, second):
        made = responses(first).json["id"]
        more = responses(second, previous_response_id=made)
        assert more.status == 200
        assert second.get(f"/v1/responses/{made}", **KEY).json["id"] == made
        assert second.get(f"/v1/responses/{made}", authorization="Bearer x").status == 404
        assert second.request("DELETE", f"/v1/responses/{made}", None, **KEY).status == 200
        assert first.get(f"/v1/responses/{made}", **KEY).status == 404


@needs_postgres
def test_responses_in_postgres(demo, postgres):
    """A conversation goes on at another replica through PostgreSQL, too."""
    with pair_of(demo, postgres) as (first, second):
        made = responses(first).json["id"]
        assert responses(second, previous_response_id=made).status == 200


@pytest.mark.parametrize("is_there_at_first", [True, False])
def test_an_outage(demo, stoppable, is_there_at_first):
    """It costs nobody anything but who asks for what another replica has kept."""
    elsewhere = "resp_elsewhere"
    if not is_there_at_first:
        stoppable.stop()
    with pair_of(demo, stoppable.url) as (first, second):
        if is_there_at_first:
            elsewhere = responses(second).json["id"]
            stoppable.stop()
        assert first.chat("clean").status == 200
        made = responses(first)
        assert made.status == 200
        assert responses(first, previous_response_id=made.json["id"]).status == 200
        refused = first.get(f"/v1/responses/{elsewhere}", **KEY)
        assert (refused.status, refused.error["code"]) == (503, "store_unavailable")
        down = [each for each in first.events if isinstance(each, SharedStoreChanged)]
        assert [each.is_up for each in down] == [False]
        stoppable.start()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if first.get("/v1/responses/resp_none", **KEY).status == 404:
                break
        assert responses(first, previous_response_id=made.json["id"]).status == 200


def test_nobody_ever_there(demo):
    """A gateway starts, and ends, without its store."""
    with pair_of(demo, f"redis://127.0.0.1:{free_port()}") as (first, _):
        assert first.chat("clean").status == 200


def test_budgets(demo, redis):
    """A key's limits hold over both."""
    keys = {"ci": {"key": "key-number-1", "requests_per_minute": 20, "label": "CI"}}
    with pair_of(demo, redis.url, keys=keys) as (first, second):
        body = {"model": "demo/clean", "messages": [{"role": "user", "content": "hi"}]}
        given = {"authorization": "Bearer key-number-1"}
        answers = [each.post(body, **given) for _ in range(13) for each in (first, second)]
    refused = next(each for each in answers if each.status == 429)
    assert [each.status for each in answers].count(200) in (19, 20, 21, 22)  # some come back
    assert "Rate limit reached for requests with the key 'CI': 20 a minute" in refused.raw.decode()
