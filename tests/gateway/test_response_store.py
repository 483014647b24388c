"""The store of responses, in real files."""

import asyncio

import pytest

from strictgate.gateway.response_store import ResponseStore, StoredResponse


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path, clock):
    opened = ResponseStore(str(tmp_path / "store.db"), ttl=100, max_bytes=1000, clock=clock)
    yield opened
    opened.close()


def turn(identity, previous=None, text="hi"):
    item = {"role": "user", "content": text}
    return StoredResponse({"id": identity, "object": "response"}, [item], previous)


def run(work):
    return asyncio.run(work)


def test_kept(store):
    """What was put is there at once, for its owner alone."""
    store.put("me", turn("a"))

    assert run(store.get("me", "a")) == turn("a")
    assert run(store.get("you", "a")) is None
    assert run(store.get("me", "b")) is None


def test_chain(store):
    """A conversation is its turns, oldest first; where one is missing it begins behind it."""
    for each in (turn("a"), turn("b", "a"), turn("c", "b")):
        store.put("me", each)

    assert [each.response["id"] for each in run(store.chain("me", "c"))] == ["a", "b", "c"]
    assert run(store.chain("me", "x")) is None


def test_delete(store):
    """What was deleted is gone, once."""
    store.put("me", turn("a"))

    assert run(store.delete("you", "a")) is False
    assert run(store.delete("me", "a")) is True
    assert run(store.delete("me", "a")) is False


def test_age(store, clock):
    """What is too old is not given out."""
    store.put("me", turn("a"))
    clock.now += 101

    assert run(store.get("me", "a")) is None


def test_room(store):
    """The oldest leave where there is no room; what is too large for all of it is not kept."""
    for name in "abcdef":
        store.put("me", turn(name, text="x" * 200))
    store.put("me", turn("g", text="x" * 2000))

    kept = [name for name in "abcdefg" if run(store.get("me", name))]
    assert kept == ["d", "e", "f"]


def test_restart(tmp_path, clock):
    """A file outlives the process."""
    for at in range(2):
        opened = ResponseStore(str(tmp_path / "s.db"), ttl=100, max_bytes=1000, clock=clock)
        if at == 0:
            opened.put("me", turn("a"))
        else:
            assert run(opened.get("me", "a")) == turn("a")
        opened.close()


def test_unusable(tmp_path):
    """A path that cannot be used is named."""
    with pytest.raises(ValueError, match=r"store\.path"):
        ResponseStore(str(tmp_path / "no" / "store.db"), ttl=1, max_bytes=1)
