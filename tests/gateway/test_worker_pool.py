"""The pool of workers: waiting, leaving, crashing. Its processes are real."""

import asyncio
import os
import signal
import sys

import pytest

from strictgate.core.errors import Overloaded
from strictgate.gateway import worker_pool
from strictgate.gateway.worker_messages import Begin, GoOn, Unknown, framed
from strictgate.gateway.worker_pool import WorkerBug, WorkerLost, WorkerPool
from strictgate.settings.tables import LimitSettings

NOBODY = GoOn(7, None)
BUG = Begin(1, b"no conversation", (), ())


async def started(worker):
    """Wait until it has a process, which cannot have answered yet."""
    while worker.process is None:  # noqa: ASYNC110 (it tells nobody else)
        await asyncio.sleep(0)


def with_pool(use, **limits):
    async def run():
        async with WorkerPool(LimitSettings(**{"workers": 1, **limits})) as pool:
            return await use(pool)

    return asyncio.run(run())


def test_processes_are_started_when_there_is_work():
    """At most as many as the limit says; the one that has least to do is taken."""

    async def use(pool):
        first = pool.worker()
        assert first.process is None
        assert await pool.ask(first, NOBODY) == Unknown()
        assert pool.worker() is first
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(pool.ask(first, NOBODY)) for _ in range(2)]
            await asyncio.sleep(0)
            second = pool.worker()
            assert second is not first
            tasks.append(group.create_task(pool.ask(second, NOBODY)))
            await asyncio.sleep(0)
            assert pool.worker() is second
        assert [task.result() for task in tasks] == [Unknown()] * 3
        assert (first.begun, second.begun) == (1, 1)

    with_pool(use, workers=2)


def test_only_so_many_wait():
    """More are told to come back later, and nobody's place is lost."""

    async def use(pool):
        worker = pool.worker()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(pool.ask(worker, NOBODY)) for _ in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(Overloaded) as error:
                await pool.ask(worker, NOBODY)
            assert error.value.headers["retry-after"] == "1"
            assert await pool.ask(worker, NOBODY, is_begun=True) == Unknown()
        assert [task.result() for task in tasks] == [Unknown()] * 2
        assert await pool.ask(worker, NOBODY) == Unknown()

    with_pool(use, worker_queue=2)


def test_a_bug_costs_one_answer():
    """It says where; the next question starts a new process."""

    async def use(pool):
        worker = pool.worker()
        with pytest.raises(WorkerBug, match="UnpicklingError"):
            await pool.ask(worker, BUG)
        assert await pool.ask(worker, NOBODY) == Unknown()
        assert worker.begun == 2

    with_pool(use)


def test_an_idle_worker_that_ends_as_it_is_asked():
    """It may have ended before it read the question: another one is asked."""

    async def use(pool):
        worker = pool.worker()
        await pool.ask(worker, NOBODY)
        os.kill(worker.process.pid, signal.SIGSTOP)  # so that it reads nothing any more
        asked = asyncio.create_task(pool.ask(worker, NOBODY))
        while not worker.asked:  # noqa: ASYNC110 (it tells nobody else)
            await asyncio.sleep(0)
        worker.process.kill()
        assert await asked == Unknown()
        assert worker.begun == 2

    with_pool(use)


def test_it_is_asked_twice_at_most():
    """A question that ends every process is not asked for ever."""

    async def use(pool):
        worker = pool.worker()
        await pool.ask(worker, NOBODY)
        os.kill(worker.process.pid, signal.SIGSTOP)  # so that it does not answer before it ends
        async with asyncio.TaskGroup() as group:
            group.create_task(killed_twice(worker))
            with pytest.raises(WorkerLost, match="ended"):
                await pool.ask(worker, NOBODY)
        assert worker.begun == 2

    async def killed_twice(worker):
        for _ in range(10):  # until it is asked: one that is known to have ended is not
            await asyncio.sleep(0)
        for number in (1, 2):
            while worker.begun < number or worker.process is None:  # noqa: ASYNC110
                await asyncio.sleep(0)
            worker.process.kill()

    with_pool(use)


def test_an_answer_that_cannot_be_read():
    """It costs that answer alone: other workers, and the gateway, go on."""

    async def use(pool):
        worker = pool.worker()
        await pool.ask(worker, NOBODY)
        worker.process.stdout.feed_data(framed(b"no pickle"))  # as from the process
        with pytest.raises(WorkerBug, match="UnpicklingError"):
            await pool.ask(worker, NOBODY)
        assert await pool.ask(worker, NOBODY) == Unknown()
        assert worker.begun == 2

    with_pool(use)


def test_too_little_memory():
    """A process that cannot even start is no answer, and no hang."""

    async def use(pool):
        with pytest.raises((WorkerLost, WorkerBug)):
            await pool.ask(pool.worker(), BUG)

    with_pool(use, worker_bytes=1 << 20)


def test_memory_that_is_not_enough():
    """A question that needs more than there is costs the process, and would again."""

    async def use(pool):
        with pytest.raises(WorkerLost, match=r"limits\.worker_bytes") as error:
            await pool.ask(pool.worker(), Begin(1, bytes(1 << 20), (), ()))
        assert error.value.is_lasting

    with_pool(use, worker_bytes=1 << 20)


def test_no_process_can_be_started(monkeypatch):
    """The answer says so; it may be otherwise a moment later."""

    async def use(pool):
        worker = pool.worker()
        with monkeypatch.context() as broken:
            broken.setattr(sys, "executable", "/nowhere/python")
            with pytest.raises(WorkerLost, match="no process can be started") as error:
                await pool.ask(worker, NOBODY)
        assert not error.value.is_lasting
        assert await pool.ask(worker, NOBODY) == Unknown()

    with_pool(use)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signals_that_tell_the_gateway_to_leave(name):
    """A terminal and systemd send them to all of its processes; what is under way is judged."""

    async def use(pool):
        worker = pool.worker()
        assert await pool.ask(worker, NOBODY) == Unknown()
        os.kill(worker.process.pid, getattr(signal, name))
        assert await pool.ask(worker, NOBODY) == Unknown()
        assert worker.begun == 1
        assert os.getsid(worker.process.pid) != os.getsid(0)

    with_pool(use)


def test_who_has_left_takes_no_place():
    """Only those that somebody waits for count."""

    async def use(pool):
        worker = pool.worker()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(pool.ask(worker, NOBODY)) for _ in range(2)]
            await asyncio.sleep(0)
            tasks[1].cancel()
            await asyncio.sleep(0)
            assert worker.load == 1
            assert await pool.ask(worker, NOBODY) == Unknown()

    with_pool(use, worker_queue=2)


def test_nobody_waits_for_a_closed_pool():
    """Those that wait when it is closed are told, and so are those that come later."""

    async def run():
        async with WorkerPool(LimitSettings(workers=1)) as pool:
            worker = pool.worker()
            tasks = [asyncio.create_task(pool.ask(worker, NOBODY)) for _ in range(2)]
            await started(worker)
        ends = await asyncio.gather(*tasks, pool.ask(worker, NOBODY), return_exceptions=True)
        assert [str(each) for each in ends] == ["the gateway is shutting down"] * 3

    asyncio.run(run())


def test_nobody_waits_for_it():
    """Who has left before it was asked is passed over; who leaves later frees the worker soon."""

    async def use(pool):
        worker = pool.worker()
        async with asyncio.TaskGroup() as group:
            first = group.create_task(pool.ask(worker, NOBODY))
            second = group.create_task(pool.ask(worker, BUG))
            await started(worker)
            first.cancel()
            second.cancel()
            assert await pool.ask(worker, NOBODY) == Unknown()
        assert worker.begun <= 2

    with_pool(use)


def test_who_has_left_is_not_computed_for(monkeypatch):
    """An answer that does not come in the time of grace costs the process."""
    monkeypatch.setattr(worker_pool, "GRACE", 0)

    async def use(pool):
        worker = pool.worker()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(pool.ask(worker, NOBODY))
            await started(worker)
            task.cancel()
            assert await pool.ask(worker, NOBODY) == Unknown()
        assert worker.begun == 2

    with_pool(use)


def test_it_closes_with_work_under_way():
    """The processes are gone when it is closed."""

    async def run():
        async with WorkerPool(LimitSettings(workers=1)) as pool:
            worker = pool.worker()
            await pool.ask(worker, NOBODY)
            process = worker.process
        assert worker.process is None
        return process.returncode

    assert asyncio.run(run()) is not None


def test_no_workers():
    """Then none is open, and everything is computed where it is."""
    assert not with_pool(lambda pool: asyncio.sleep(0, pool.is_open), workers=0)
