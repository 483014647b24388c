"""Memory that goes back to the system."""

import os
import subprocess
import sys

import pytest

from strictgate.gateway.large_blocks import FOR_WORKERS, LARGE

_LEFT = f"""
import ctypes, sys
from pathlib import Path
from strictgate.gateway.large_blocks import give_back_large_blocks

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) << 12

if sys.argv[1:]:
    give_back_large_blocks() or sys.exit("not here")
before = resident()
first = bytes(4 << 20)
del first
blocks = []
for _ in range(40):
    large = b"x" * {2 * LARGE}
    blocks.append((large, bytearray(4096)))
blocks = [small for _, small in blocks]
del large
print(resident() - before)
"""


def left(*arguments, **variables):
    command = [sys.executable, "-c", _LEFT, *arguments]
    environment = os.environ | variables
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    return None if "not here" in done.stderr else int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other libraries")
def test_nothing_is_left():
    """Of twenty megabytes with something small behind each half of one."""
    by_call = left("yes")
    if by_call is None:
        pytest.skip("the C library has no such setting")
    assert by_call < 4 << 20
    assert left(**FOR_WORKERS) < 4 << 20
