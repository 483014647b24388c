"""What forked processes share: locks that are gone with their holder."""

import os
import signal

from strictgate.processes.common_file import ByteLock, nameless_file


def test_a_lock_ends_with_its_holder():
    """One process holds it, and is killed; the other has it then."""
    shared = nameless_file()
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        with ByteLock(shared, 0):
            os.write(theirs, b"x")
            signal.pause()
        os._exit(0)
    os.read(ours, 1)
    with ByteLock(shared, 1):  # another byte is another lock
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with ByteLock(shared, 0):
        pass
    for each in (shared, ours, theirs):
        os.close(each)
