"""What outlives the process, and what a file does where it cannot be used."""

import os
import sqlite3
import stat
import threading
import time

import pytest

from strictgate.inspector.access import Access
from strictgate.inspector.packing import OpenEntry, PackedEntry
from strictgate.inspector.recorder import Inspector
from strictgate.inspector.request_file import RequestFile, is_readable
from strictgate.observe.events import RequestFinished
from strictgate.settings.tables import InspectorSettings
from tests.gates import MOOD, guarding_gate
from tests.inspector.test_recorder import finished, request
from tests.inspector.views import latest, listed


def entry(name):
    made = OpenEntry((name, 1.0, 1.0, "chat", "m", False, b"{}", 2), b"")
    made.finished = RequestFinished(name, "POST", "/v1/chat/completions", 200, 0.1)
    packed = made.packed()
    assert isinstance(packed, PackedEntry)
    return packed


def opened_file(path):
    return RequestFile(str(path), pytest.fail)


def held(path):
    file = opened_file(path)
    found = file.take_loaded()
    assert file.take_loaded() == []
    file.close()
    return found


def test_there_and_back(tmp_path):
    """In the order in which they came; what was forgotten is gone, and the file is one's own."""
    path = tmp_path / "requests.db"
    file = opened_file(path)
    for name in ("a", "b", "c", "a"):
        file.put(name, entry(name))
    file.put("b", None)
    file.close()

    assert held(path) == [("c", entry("c")), ("a", entry("a"))]
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_a_request_is_shown_after_a_restart(demo, tmp_path):
    """With all that was said, whom it went to, and what may be done with it."""
    about = {"file": str(tmp_path / "requests.db")}
    with guarding_gate(demo, inspector=about) as running:
        running.chat("wrong-once", MOOD)
        before = latest(running)
    with guarding_gate(demo, inspector=about) as running:
        again = latest(running)
        running.chat("clean", MOOD)
        assert len(listed(running)) == 2

    assert again == before
    assert again["target"]["model"] == "demo/wrong-once"
    assert again["attempts_made"]


def test_the_file_holds_what_the_ring_does(tmp_path):
    """No more of them than are kept, whatever comes."""
    path = tmp_path / "requests.db"
    kept = Inspector(InspectorSettings(keep=2), Access(has_keys=False), opened_file(path))
    for number in range(4):
        kept.record(request(number))
        kept.observe(finished(number))
    kept.close()

    assert [name for name, _ in held(path)] == ["req_2", "req_3"]
    again = Inspector(InspectorSettings(keep=1), Access(has_keys=False), opened_file(path))
    assert [each.id for each in again.entries()] == ["req_3"]
    again.clear()
    again.close()
    assert held(path) == []


@pytest.fixture
def stuck(tmp_path, monkeypatch):
    """A file that is not written, as if its disk did not answer; `written` has it answer."""
    run = RequestFile._run
    monkeypatch.setattr(RequestFile, "_run", lambda self: None)
    path = tmp_path / "requests.db"

    def opened():
        told = []
        return RequestFile(str(path), told.append), told

    def written(file):
        file.close()
        run(file)
        monkeypatch.setattr(RequestFile, "_run", run)
        return [name for name, _ in held(path)]

    return opened, written


def test_nobody_waits_for_it(stuck, monkeypatch):
    """What there is no room for is left out, counted, and told of once in a while."""
    monkeypatch.setattr("strictgate.inspector.request_file.MAX_WAITING", 2)
    opened, written = stuck
    file, told = opened()
    for name in "abcd":
        file.put(name, entry(name))

    assert file.dropped == 2
    assert len(told) == 1
    assert told[0].startswith("1 requests")
    assert written(file) == ["a", "b"]


def test_so_many_bytes_wait(stuck, monkeypatch):
    """However few requests they are; what is forgotten before it is written makes room."""
    monkeypatch.setattr(
        "strictgate.inspector.request_file.MAX_BYTES", entry("a").weight + entry("b").weight
    )
    opened, written = stuck
    file, _ = opened()
    for name in "abc":
        file.put(name, entry(name))
    file.put("a", None)
    file.put("d", entry("d"))

    assert file.dropped == 1
    assert written(file) == ["b", "d"]


def test_what_is_forgotten_is_never_left_out(tmp_path, stuck, monkeypatch):
    """Though there is room for nothing; to clear is one change."""
    monkeypatch.setattr("strictgate.inspector.request_file.MAX_WAITING", 0)
    path = tmp_path / "requests.db"
    opened, written = stuck
    rows(path, "a", "b", "c")
    file, _ = opened()
    file.put("a", None)
    file.put("c", entry("c"))  # as it was it is true no more
    assert written(file) == ["b"]


def test_all_is_forgotten(tmp_path, stuck):
    """What the file holds, and what waits; what comes after is kept."""
    opened, written = stuck
    rows(tmp_path / "requests.db", "a", "b")
    file, _ = opened()
    file.put("c", entry("c"))
    file.clear()
    file.put("d", entry("d"))
    file.put("a", entry("a"))
    assert written(file) == ["d", "a"]


def rows(path, *names):
    """Write a file that holds these."""
    held_before = RequestFile._load
    file = object.__new__(RequestFile)
    file._path = str(path)
    assert list(held_before(file)) == []
    database = sqlite3.connect(path)
    with database:
        for name in names:
            about = (name, entry(name).weight, entry(name).data)
            database.execute("INSERT INTO requests (id, weight, data) VALUES (?, ?, ?)", about)
    database.close()


@pytest.mark.parametrize("forget", [lambda file: file.put("a", None), RequestFile.clear])
def test_a_failure_forgets_nothing_that_is_to_be_forgotten(tmp_path, monkeypatch, forget):
    """A file that cannot be opened or written is told of once, and asked again."""
    monkeypatch.setattr("strictgate.inspector.request_file.RETRY", 0.001)
    path = tmp_path / "requests.db"
    rows(path, "a")
    connect, failures = RequestFile._connect, []
    told, is_failing = threading.Event(), threading.Event()

    def failing(file):
        if is_failing.is_set() and len(failures) < 3:
            failures.append(file)
            raise sqlite3.OperationalError("unable to open database file")
        return connect(file)

    monkeypatch.setattr(RequestFile, "_connect", failing)
    messages = []
    file = RequestFile(str(path), lambda message: (messages.append(message), told.set()))
    is_failing.set()
    forget(file)
    assert told.wait(10)
    while len(failures) < 3:
        time.sleep(0.001)
    file.close()

    assert messages == ["unable to open database file"]
    assert held(path) == []


def test_another_version(tmp_path):
    """What it has written is dropped."""
    path = tmp_path / "requests.db"
    file = opened_file(path)
    file.put("a", entry("a"))
    file.close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()

    assert held(path) == []


def test_what_cannot_be_used(tmp_path):
    """Is an error at the start, which names the field."""
    (tmp_path / "text").write_text("no database, but long enough to look at it " * 9)
    for path in (tmp_path / "text", tmp_path / "no" / "folder"):
        with pytest.raises(ValueError, match=r"inspector\.file: .* cannot be used"):
            opened_file(path)


def test_a_database_of_somebody_else(tmp_path):
    """It is left as it is, though it has a table of that name."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE requests (id TEXT, text TEXT)")
        database.execute("INSERT INTO requests VALUES ('a', 'b')")
    database.close()
    path.chmod(0o640)

    with pytest.raises(ValueError, match="not Strictgate's"):
        opened_file(path)

    with sqlite3.connect(path) as database:
        assert database.execute("SELECT * FROM requests").fetchall() == [("a", "b")]
    database.close()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640


@pytest.mark.parametrize("data", [b"", b"rubbish", entry("a").data[:-5], b"N"])
def test_what_is_no_entry(data):
    """Is passed over."""
    assert not is_readable(data)
