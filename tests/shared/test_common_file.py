"""What forked processes share: locks that are gone with their holder."""

import os
import signal
import threading

from strictgate.shared.common_file import ByteLock, nameless_file


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


def test_two_locks_of_two_threads_are_no_deadlock():
    """The system takes a process for one that waits for itself; its threads do not."""
    shared = nameless_file()
    first, second = ByteLock(shared, 0), ByteLock(shared, 1)
    ours, theirs = os.pipe()
    second.__enter__()
    child = os.fork()
    if not child:
        got_second = threading.Event()

        def hold_first():
            with first:
                os.write(theirs, b"1")
                got_second.wait(20)

        holder = threading.Thread(target=hold_first)
        holder.start()
        try:
            with second:
                got_second.set()
            holder.join()
        finally:
            os._exit(0)
    os.read(ours, 1)
    waiter = threading.Thread(target=lambda: first.__enter__())
    waiter.start()
    waiter.join(0.2)
    assert waiter.is_alive()
    second.__exit__(None, None, None)
    waiter.join(20)
    assert not waiter.is_alive()
    os.waitpid(child, 0)
    for each in (shared, ours, theirs):
        os.close(each)
