"""Memory that goes back to the system."""

import subprocess
import sys

import pytest

from strictgate.gateway.freed_memory import FreedMemory, resident_bytes

MIB = 1 << 20

_FREED = """
from strictgate.gateway.freed_memory import FreedMemory, give_back, resident_bytes

freed = FreedMemory()
before = resident_bytes()
first = bytes(4 << 20)
del first
blocks = []
for _ in range(40):
    large = b"x" * (512 << 10)
    blocks.append((large, bytearray(4096)))
blocks = [small for _, small in blocks]
del large
left = resident_bytes() - before
freed.look()
print(left, resident_bytes() - before, give_back())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other libraries")
def test_it_goes_back():
    """Of twenty megabytes with something small behind each half of one."""
    command = [sys.executable, "-c", _FREED]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    left, then, is_able = done.stdout.split()
    if is_able == "False" and int(left) == int(then):
        pytest.skip("the C library keeps nothing, or gives nothing back")
    assert int(then) < 4 << 20


def test_only_where_the_process_has_grown():
    """Than it had at least since the last time; what is in use is not asked for again."""
    sizes = [100 * MIB]
    given = []

    def give():
        given.append(sizes[0])
        sizes[0] -= free.pop()

    freed = FreedMemory(lambda: sizes[0], give)
    for now in (90, 105, 100, 106):
        sizes[0] = now * MIB
        free = [8 * MIB]
        freed.look()
    assert given == [106 * MIB], "sixteen more than it had at least"
    sizes[0], free = 106 * MIB, [0]
    for _ in range(3):
        freed.look()
    assert len(given) == 2, "nothing came of it: that is in use"
    sizes[0], free = 121 * MIB, []
    freed.look()
    sizes[0], free = 122 * MIB, [20 * MIB]
    freed.look()
    assert given[2:] == [122 * MIB]


def test_this_process_has_some():
    """Where the system says it."""
    assert resident_bytes() > 1 << 20 or sys.platform != "linux"
