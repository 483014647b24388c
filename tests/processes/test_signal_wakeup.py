"""Signals as bytes."""

import os
import signal

from strictgate.processes.signal_wakeup import signals_as_bytes


def test_a_signal_is_a_byte():
    """It can be waited for; afterwards all is as it was."""
    before = signal.getsignal(signal.SIGUSR1)
    with signals_as_bytes([signal.SIGUSR1]) as signals:
        os.kill(os.getpid(), signal.SIGUSR1)
        signals.settimeout(10)
        assert list(signals.recv(10)) == [signal.SIGUSR1]

    assert signal.getsignal(signal.SIGUSR1) is before


def test_what_is_ignored_stays_so():
    """As SIGHUP is under nohup."""
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        with signals_as_bytes([signal.SIGUSR1]):
            assert signal.getsignal(signal.SIGUSR1) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGUSR1, before)
