"""What outlives the process, and what a file does where it cannot be used."""

import os
import sqlite3
import stat

import pytest

from strictgate.inspector.access import Access
from strictgate.inspector.packing import OpenEntry, PackedEntry
from strictgate.inspector.recorder import Inspector
from strictgate.inspector.request_file import RequestFile, is_readable
from strictgate.observe.events import RequestFinished
from strictgate.settings.tables import InspectorSettings
from tests.gates import MOOD, guarding_gate
from tests.inspector.test_recorder import finished, opened
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
        kept.record(opened(number))
        kept.observe(finished(number))
    kept.close()

    assert [name for name, _ in held(path)] == ["req_2", "req_3"]
    again = Inspector(InspectorSettings(keep=1), Access(has_keys=False), opened_file(path))
    assert [each.id for each in again.entries()] == ["req_3"]
    again.clear()
    again.close()
    assert held(path) == []


def test_nobody_waits_for_it(tmp_path, monkeypatch):
    """What there is no room for is left out, and counted."""
    monkeypatch.setattr("strictgate.inspector.request_file.MAX_WAITING", 2)
    monkeypatch.setattr(RequestFile, "_run", lambda self: None)
    file = opened_file(tmp_path / "requests.db")
    for name in "abcd":
        file.put(name, entry(name))

    assert file.dropped == 2


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
