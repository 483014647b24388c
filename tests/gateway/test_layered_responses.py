"""Responses in a shared store, with memory behind: what is found where, and what is an error."""

import asyncio

import pytest

from strictgate.core.errors import StoreUnavailable
from strictgate.core.jsontext.reader import write_json
from strictgate.core.resilience.messages import SharedUnavailable
from strictgate.gateway.layered_responses import LayeredResponses
from strictgate.gateway.response_store import (
    MAX_TURNS,
    MAX_WAITING,
    MEMORY,
    ResponseStore,
    StoredResponse,
    committed,
)


class Remote:
    """The network: rows that are there, and whether it answers."""

    def __init__(self):
        self.rows = {}
        self.is_up = True

    def _check(self):
        if not self.is_up:
            raise SharedUnavailable

    async def put(self, owner, stored, ttl):
        self._check()
        self.rows[owner, stored.response["id"]] = stored

    async def turns(self, owner, identity, most):
        self._check()
        found = []
        while len(found) < most and (owner, identity) in self.rows:
            found.append(self.rows[owner, identity])
            identity = found[-1].previous
        return found

    async def delete(self, owner, identity):
        self._check()
        return self.rows.pop((owner, identity), None) is not None


@pytest.fixture
def remote():
    return Remote()


@pytest.fixture
def responses(remote):
    layered = LayeredResponses(remote, ResponseStore(MEMORY, 100, 1 << 20), 60.0)
    yield layered
    layered.close()


def turn(identity, previous=None):
    return StoredResponse({"id": identity}, [], previous)


def run(work):
    return asyncio.run(work)


async def put(responses, *turns):
    for each in turns:
        await committed(responses.put("me", each))
    await responses.drained()


def test_shared(responses, remote):
    """What is put is in the shared store, for its owner."""
    run(put(responses, turn("a"), turn("b", "a")))

    assert remote.rows.keys() == {("me", "a"), ("me", "b")}
    assert run(responses.get("me", "b")) == turn("b", "a")
    assert run(responses.get("you", "b")) is None
    assert run(responses.chain("me", "b")) == [turn("a"), turn("b", "a")]
    assert run(responses.chain("me", "c")) is None
    assert run(responses.delete("me", "a"))
    assert not run(responses.delete("me", "a"))
    assert run(responses.chain("me", "b")) is None
    assert (responses.size, responses.waiting) == (0, 0)


def test_down(responses, remote):
    """What is put meanwhile is kept here; what is elsewhere is an error, not missing."""
    run(put(responses, turn("a")))
    remote.is_up = False
    run(put(responses, turn("b", "a")))

    assert run(responses.get("me", "b")) == turn("b", "a")
    for asked in (
        responses.get("me", "a"),
        responses.chain("me", "b"),
        responses.delete("me", "b"),
    ):
        with pytest.raises(StoreUnavailable, match=r"\[shared\] url"):
            run(asked)


def test_full_during_an_outage(remote):
    """What has to leave, or has no room, has no other copy: that is told, once in each outage."""
    told = []
    size = len(write_json({"id": "a"}) + write_json([]))
    memory = ResponseStore(MEMORY, 100, 2 * size)
    layered = LayeredResponses(remote, memory, 60.0, lambda: told.append(True))
    remote.is_up = False
    run(put(layered, turn("a"), turn("b")))
    assert told == []
    run(put(layered, turn("c"), turn("d"), turn("long" * 99)))
    assert told == [True]
    remote.is_up = True
    run(put(layered, turn("e")))
    remote.is_up = False
    run(put(layered, turn("f")))
    assert told == [True, True]
    layered.close()


def test_after_an_outage(responses, remote):
    """A conversation may stand in both; a turn of the outage is found where it was kept."""
    run(put(responses, turn("a")))
    remote.is_up = False
    run(put(responses, turn("b", "a")))
    remote.is_up = True
    run(put(responses, turn("c", "b")))

    found = run(responses.chain("me", "c"))
    assert [each.response["id"] for each in found] == ["a", "b", "c"]
    assert run(responses.delete("me", "b"))
    assert run(responses.chain("me", "c")) is None


def test_bounds(responses, remote):
    """A conversation has so many turns at most, and so many responses wait."""
    for number in range(MAX_TURNS + 1):
        remote.rows["me", str(number)] = turn(str(number), str(number - 1) if number else None)
    assert len(run(responses.chain("me", str(MAX_TURNS - 1)))) == MAX_TURNS
    assert run(responses.chain("me", str(MAX_TURNS))) is None

    async def too_many():
        written = [responses.put("me", turn("x")) for _ in range(MAX_WAITING + 1)]
        assert responses.waiting == MAX_WAITING
        await responses.drained()
        return written

    assert [each is None for each in run(too_many())].count(True) == 1


def test_no_room_in_an_outage(responses, remote, monkeypatch):
    """What is kept neither there nor here does not count as kept."""
    monkeypatch.setattr("strictgate.gateway.response_store.MAX_WAITING", 0)
    remote.is_up = False

    async def refused():
        written = responses.put("me", turn("a"))
        await committed(written)
        return written.exception()

    assert isinstance(run(refused()), StoreUnavailable)


def test_one_that_fails_ends_no_wait(responses, remote, monkeypatch):
    """The others are kept before the end, and it is not said to be."""
    kept = remote.put

    async def failing(owner, stored, ttl):
        if stored.response["id"] == "a":
            raise RuntimeError
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await kept(owner, stored, ttl)

    monkeypatch.setattr(remote, "put", failing)

    async def both():
        written = [responses.put("me", turn(name)) for name in "ab"]
        await responses.drained()
        return [each.exception() for each in written]

    failed, fine = run(both())
    assert isinstance(failed, StoreUnavailable)
    assert fine is None
    assert remote.rows.keys() == {("me", "b")}
