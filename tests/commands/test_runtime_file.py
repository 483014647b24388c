"""The file by which a running process is found."""

import os
import signal
import threading

import pytest

from strictgate.commands.runtime_file import (
    NotRunning,
    RuntimeFile,
    RuntimeState,
    reload_running,
)


def test_what_is_written_is_read(tmp_path):
    """By anybody else of the same user, until the process ends."""
    folder = tmp_path / "new"
    mine, theirs = RuntimeFile(8080, folder), RuntimeFile(8080, folder)
    state = RuntimeState(os.getpid(), 2, "wrong", ("store",))
    mine.write(RuntimeState(os.getpid()))
    mine.write(state)

    assert theirs.read_state() == state
    assert folder.stat().st_mode & 0o777 == 0o700
    theirs.remove()  # it is not theirs
    assert theirs.read_state() == state
    mine.remove()
    with pytest.raises(NotRunning):
        theirs.read_state()


def test_a_forked_process(tmp_path):
    """It leaves the file to the one that it was forked from."""
    mine = RuntimeFile(8080, tmp_path)
    mine.write(RuntimeState(os.getpid()))
    child = os.fork()
    if not child:
        mine.release()
        mine.remove()
        os._exit(0)
    os.waitpid(child, 0)
    assert RuntimeFile(8080, tmp_path).read_state() == RuntimeState(os.getpid())
    mine.remove()


@pytest.mark.parametrize("left", [None, "{}", "no json", '{"pid": 1}'])
def test_what_was_left_behind(tmp_path, left):
    """Nobody holds its lock: its number may be another process's by now."""
    if left is not None:
        (tmp_path / "8080.json").write_text(left)
        (tmp_path / "8080.lock").touch()
    with pytest.raises(NotRunning):
        RuntimeFile(8080, tmp_path).read_state()


def test_a_folder_that_cannot_be_written(tmp_path):
    """It stops nothing."""
    (tmp_path / "file").touch()
    file = RuntimeFile(8080, tmp_path / "file")
    file.write(RuntimeState(os.getpid()))
    file.remove()


def test_a_reload(tmp_path):
    """The process is told by SIGHUP, and what it says of it is waited for."""
    serving = RuntimeFile(8080, tmp_path)
    serving.write(RuntimeState(os.getpid()))
    told = threading.Event()

    def answer():
        told.wait()
        serving.write(RuntimeState(os.getpid(), 1, "wrong"))

    before = signal.signal(signal.SIGHUP, lambda *_: told.set())
    thread = threading.Thread(target=answer)
    thread.start()
    try:
        assert reload_running(RuntimeFile(8080, tmp_path)).error == "wrong"
    finally:
        signal.signal(signal.SIGHUP, before)
        thread.join()
        serving.remove()
