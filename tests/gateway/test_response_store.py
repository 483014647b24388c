"""The store of responses, in real files."""

import asyncio
import sqlite3
import stat
import time
from concurrent.futures import Future

import pytest

from strictgate.core.errors import StoreUnavailable
from strictgate.gateway import response_store
from strictgate.gateway.response_store import (
    MEMORY,
    ResponseStore,
    StoredResponse,
    committed,
    parsed_turn,
)


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
    """A conversation is its turns, oldest first; where one is missing there is none."""
    for each in (turn("a"), turn("b", "a"), turn("c", "b")):
        store.put("me", each)

    assert [each.response["id"] for each in run(store.chain("me", "c"))] == ["a", "b", "c"]
    assert run(store.chain("me", "x")) is None
    assert run(store.delete("me", "a"))
    assert run(store.chain("me", "c")) is None


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


def test_the_file_is_its_owners_alone(store, tmp_path):
    """What people asked stands in it, also in the files that SQLite puts beside it."""
    store.put("me", turn("a"))
    run(store.get("me", "a"))

    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_sizes_are_known_across_restarts(tmp_path, clock):
    """Replaced, deleted, expired and earlier rows all count as what they are."""
    path = str(tmp_path / "store.db")
    sizes = {"ttl": 100, "max_bytes": 700, "clock": clock}
    first = ResponseStore(path, **sizes)
    for each in ("a", "b", "b"):
        first.put("me", turn(each, text="x" * 200))
    first.close()

    again = ResponseStore(path, **sizes)
    again.put("me", turn("c", text="x" * 200))
    kept = [each for each in "abc" if run(again.get("me", each))]
    assert kept == ["b", "c"]
    run(again.delete("me", "b"))
    again.put("me", turn("d", text="x" * 200))
    assert [each for each in "cd" if run(again.get("me", each))] == ["c", "d"]
    again.close()


def test_a_foreign_table_is_refused_at_start(tmp_path):
    """Another program's file is not written to."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE responses (id TEXT)")
    other.close()

    with pytest.raises(ValueError, match="not Strictgate's"):
        ResponseStore(str(path), ttl=1, max_bytes=1)


def test_a_locked_database_is_said_to_be(tmp_path, clock):
    """A write that cannot be made is reported, and a read that cannot be answered is an error."""
    path, errors = tmp_path / "store.db", []
    store = ResponseStore(
        str(path), ttl=100, max_bytes=1000, clock=clock, on_error=lambda error: errors.append(error)
    )
    store.put("me", turn("a"))
    assert run(store.get("me", "a"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    store.put("me", turn("b"))
    with pytest.raises(StoreUnavailable):
        run(store.delete("me", "a"))
    other.execute("ROLLBACK")
    other.close()

    assert len(errors) == 2
    assert run(store.get("me", "b")) is None
    store.put("me", turn("c"))
    assert run(store.get("me", "c")) is not None
    store.close()


def test_a_full_disk_is_reported(tmp_path, clock):
    """What does not fit is not kept, and the next that fits is."""
    errors = []
    store = ResponseStore(
        str(tmp_path / "store.db"), ttl=100, max_bytes=1 << 30, clock=clock, on_error=errors.append
    )
    run(store.get("me", "a"))
    store._thread.submit(store._connection.execute, "PRAGMA max_page_count = 12").result()
    store.put("me", turn("a", text="x" * 200_000))
    store.put("me", turn("b"))

    assert run(store.get("me", "a")) is None
    assert run(store.get("me", "b")) is not None
    assert [str(each) for each in errors] == ["database or disk is full"]
    store.close()


def test_a_clock_that_is_set_anew(tmp_path, monkeypatch):
    """Ten years at once, forwards or back, neither delete what is kept nor keep it from coming."""

    async def main():
        store = ResponseStore(str(tmp_path / "s.db"), ttl=100, max_bytes=1000)
        try:
            for number, jump in enumerate((0.0, 3e8, -3e8)):
                now = time.time() + jump
                monkeypatch.setattr(time, "time", lambda now=now: now)
                store.put("me", StoredResponse({"id": f"r{number}"}, []))
            return [await store.get("me", f"r{number}") for number in range(3)]
        finally:
            store.close()

    assert None not in asyncio.run(main())


def test_another_process(store, tmp_path, clock):
    """What an answer has waited for is seen by whoever else has the file."""
    other = ResponseStore(str(tmp_path / "store.db"), ttl=100, max_bytes=1000, clock=clock)
    for name in "abc":
        run(committed(store.put("me", turn(name))))
        assert run(other.get("me", name)) == turn(name)
    other.close()


def test_nobody_waits_for_what_is_in_memory():
    """Nobody else sees it."""
    store = ResponseStore(MEMORY, ttl=100, max_bytes=1000)
    assert store.put("me", turn("a")) is None
    assert run(store.get("me", "a")) is not None
    store.close()


def test_a_commit_that_does_not_come(store, tmp_path, monkeypatch):
    """An answer waits for it for a while, and goes out then."""
    monkeypatch.setattr(response_store, "COMMIT_PATIENCE", 0.0)
    written = store.put("me", turn("a"))
    run(committed(written))
    failed = Future()
    failed.set_exception(sqlite3.OperationalError("database is locked"))
    run(committed(failed))


@pytest.mark.parametrize(
    ("response", "items"),
    [
        (b"{", b"[]"),
        (b"{}", b""),
        (b"null", b"[]"),
        (b"[]", b"[]"),
        (b"{}", b"{}"),
        (b"\xff", b"[]"),
        (b"[" * 100_000, b"[]"),
        (b'{"n": ' + b"9" * 30 + b', "x": ' + b"[" * 100_000, b"[]"),
    ],
)
def test_what_is_no_response_is_told(response, items):
    """Whatever somebody else has written there."""
    with pytest.raises(StoreUnavailable, match="is no response"):
        parsed_turn(response, items, None)


def test_a_turn_comes_back_as_it_was():
    """Numbers of any size, too."""
    assert parsed_turn(b'{"n": 1180591620717411303424}', b"[1]", "a") == StoredResponse(
        {"n": 2**70}, [1], "a"
    )
