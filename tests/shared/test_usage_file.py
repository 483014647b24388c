"""What keys have used, in a file that outlives the processes."""

import os
import signal
import stat

import pytest

from strictgate.core.resilience.quota import QuotaLimits
from strictgate.shared.common_file import ByteLock
from strictgate.shared.common_quotas import table_size
from strictgate.shared.usage_file import opened_usage

A_DAY = QuotaLimits(tokens_per_day=100)


def test_it_outlives_whoever_counts(tmp_path):
    """Also a process that is killed; the file is for its owner alone."""
    path = str(tmp_path / "usage.bin")
    child = os.fork()
    if not child:
        opened_usage(path).spend("k", A_DAY, 100, 0.5)
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)

    again = opened_usage(path)
    assert again.admit("k", A_DAY).used == 100
    assert again.admit("other", A_DAY) is None
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert os.stat(path).st_size == table_size()


def test_one_that_was_begun(tmp_path):
    """A file that was not written to its end is, and keeps what it has."""
    path = tmp_path / "usage.bin"
    opened_usage(str(path)).spend("k", A_DAY, 100, 0)
    whole = path.read_bytes()
    path.write_bytes(whole[:40])
    assert opened_usage(str(path)).admit("k", A_DAY) is None
    assert path.stat().st_size == len(whole)


@pytest.fixture
def holding(tmp_path):
    """A process that holds the lock of the file, as one that was stopped in the middle."""
    path = tmp_path / "usage.bin"
    path.touch()
    out, told = os.pipe()
    child = os.fork()
    if not child:
        descriptor = os.open(path, os.O_RDWR)
        ByteLock(descriptor, 0).acquire_now()
        os.write(told, b".")
        signal.pause()
    os.read(out, 1)
    yield path
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(out)
    os.close(told)


def test_a_process_that_is_stopped(holding, tmp_path, monkeypatch):
    """A file that is whole is opened all the same; for one that is not there is an end of waiting,
    and it is said what to do."""
    monkeypatch.setattr("strictgate.shared.usage_file.PATIENCE", 0.02)
    with pytest.raises(ValueError, match=r"another process has held its lock for 0.02 seconds"):
        opened_usage(str(holding))

    opened_usage(str(tmp_path / "whole"))
    holding.write_bytes((tmp_path / "whole").read_bytes())
    assert opened_usage(str(holding))


def test_something_else(tmp_path):
    """Nobody's file is written over, and it is said what is wrong."""
    other = tmp_path / "notes.txt"
    other.write_text("dear diary, today nothing has happened at all")
    with pytest.raises(ValueError, match="no file of what keys have used"):
        opened_usage(str(other))
    assert other.read_text().startswith("dear diary")
    with pytest.raises(ValueError, match="No such file or directory"):
        opened_usage(str(tmp_path / "missing" / "usage.bin"))
