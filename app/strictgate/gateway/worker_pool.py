"""The workers: a few processes that compute what is too heavy for the event loop.

They are started when there is work for them, and stay. Each has one question at a time; its own
task asks, so that whoever waits for an answer can leave at any time.

| what happens                            | what is done                                          |
|-----------------------------------------|-------------------------------------------------------|
| a question                              | it waits its turn; `worker_queue` others may, else 503|
| one that goes on with what was let in   | it waits its turn, whoever else does                  |
| it computes for longer than the limit   | it ends, or is killed: WorkerLost                     |
| whoever asked has left                  | not asked any more; after `GRACE`, it is killed       |
| the process ends, or cannot be started  | WorkerLost                                            |
| it ends that had nothing to do before   | another one is asked, once                            |
| it crashes                              | WorkerBug                                             |
| the pool is closed                      | WorkerLost, for all that wait                         |
| the next question                       | a new process is started                              |
"""

import asyncio
import os
import signal
import sys
import traceback
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from strictgate.core.errors import Overloaded
from strictgate.core.value_type import state_type
from strictgate.gateway.child_process import ChildProcess, started
from strictgate.gateway.worker_messages import (
    HEADER,
    NO_MEMORY,
    Answer,
    Forget,
    Question,
    WorkerCrashed,
    dumped,
    framed,
    length_of,
    loaded,
    long_texts,
)
from strictgate.settings.tables import LimitSettings

PATIENCE = 6  # times as long a question may take as it may be computed: the machine may be busy
GRACE = 0.5  # seconds for an answer that nobody waits for
_BUFFER = 1 << 20
_LASTING = (NO_MEMORY, -signal.SIGABRT, -signal.SIGSEGV)
"""How a process ends that needs more memory: llguidance aborts, and a stack may be too deep."""
_KEPT_VARIABLES = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "LANG")


class WorkerLost(Exception):
    """There is no answer: it took too long, or too much memory, or there was no process."""

    def __init__(self, reason: str, *, is_lasting: bool = False) -> None:
        """Say why.

        Args:
            is_lasting: the same question would have the same end; else that was of the moment.
        """
        super().__init__(reason)
        self.is_lasting = is_lasting


class WorkerLate(WorkerLost):
    """It took too long."""


class WorkerGone(WorkerLost):
    """Its process ended for no reason of the question's."""


class WorkerBug(RuntimeError):
    """There is no answer because of a bug; says where."""


@state_type
class _Asked:
    question: bytes
    texts: Sequence[str]
    """Those of the question that need not come back."""
    answer: asyncio.Future[Answer]


@dataclass(slots=True, eq=False)
class WorkerProcess:
    """One worker, as its pool sees it."""

    asked: deque[_Asked] = field(default_factory=deque)
    """What waits, and first what is being answered."""
    begun: int = 0
    """How many processes there have been."""
    has_work: asyncio.Event = field(default_factory=asyncio.Event)
    process: ChildProcess | None = None
    forgotten: list[int] = field(default_factory=list)
    """The conversations that nobody goes on with."""

    @property
    def load(self) -> int:
        """How many questions somebody waits for."""
        return sum(not each.answer.done() for each in self.asked)

    async def kill(self, grace: float = 0.0) -> int | None:
        """End the process, if there is one; return how it ended.

        Args:
            grace: seconds for it to end by itself: who kills what has just ended does not learn
                how it did.
        """
        process, self.process = self.process, None
        if process is None:
            return None
        assert process.stdin is not None, "a pipe"
        process.stdin.close()
        try:
            async with asyncio.timeout(grace):
                return await process.wait()
        except TimeoutError:
            if process.returncode is None:
                process.kill()
            return await process.wait()


class WorkerPool:
    """One per process, used from one event loop; an async context manager."""

    def __init__(self, limits: LimitSettings) -> None:
        self._limits = limits
        self._workers: list[WorkerProcess] = []
        self._tasks: asyncio.TaskGroup
        self.is_open = False

    async def __aenter__(self) -> "WorkerPool":
        self._tasks = await asyncio.TaskGroup().__aenter__()
        self._serving: list[asyncio.Task[None]] = []
        self.is_open = self._limits.workers > 0
        return self

    async def __aexit__(self, *_: object) -> None:
        self.is_open = False
        for task in self._serving:
            task.cancel()
        await self._tasks.__aexit__(None, None, None)

    def worker(self) -> WorkerProcess:
        """Return the one that has the least to do; a new one, if all have some."""
        least = min(self._workers, key=lambda each: each.load, default=None)
        if least is None or (least.asked and len(self._workers) < self._limits.workers):
            least = WorkerProcess()
            self._workers.append(least)
            self._serving.append(self._tasks.create_task(self._serve(least)))
        return least

    @property
    def waiting(self) -> int:
        """How many questions somebody waits for."""
        return sum(each.load for each in self._workers)

    @property
    def processes(self) -> int:
        """How many processes there are."""
        return sum(each.process is not None for each in self._workers)

    async def ask(
        self, worker: WorkerProcess, question: Question, *, is_begun: bool = False
    ) -> Answer:
        """Return what `worker` answers.

        Args:
            is_begun: the question goes on with what was let in before. It waits, whoever else does.

        Raises:
            Overloaded: too many wait already.
            WorkerLost
        """
        if not self.is_open:
            raise _leaving()
        if self.waiting >= self._limits.worker_queue and not is_begun:
            raise Overloaded(
                "Too many heavy requests are waiting (limits.worker_queue). Try again later.",
                headers={"retry-after": "1"},
            )
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        asked = _Asked(dumped(question), long_texts(question), answer)
        worker.asked.append(asked)
        worker.has_work.set()
        return await asked.answer

    # --- a worker's own task ---------------------------------------------------------------------

    async def _serve(self, worker: WorkerProcess) -> None:
        try:
            while True:
                await worker.has_work.wait()
                asked = worker.asked[0]
                if not asked.answer.done():
                    await self._answer(worker, asked)
                worker.asked.popleft()
                del asked  # it may be all that a model wrote, and the next may be long in coming
                if not worker.asked:
                    worker.has_work.clear()
        finally:
            for each in worker.asked:
                if not each.answer.done():
                    each.answer.set_exception(_leaving())
            await worker.kill()

    async def _answer(self, worker: WorkerProcess, asked: _Asked) -> None:
        """Have one question answered."""
        was_idle = worker.process is not None
        lost = await self._answer_once(worker, asked)
        if was_idle and isinstance(lost, WorkerGone) and not asked.answer.done():
            lost = await self._answer_once(worker, asked)  # it may have ended before it was asked
        if lost is not None and not asked.answer.done():
            asked.answer.set_exception(lost)

    async def _answer_once(self, worker: WorkerProcess, asked: _Asked) -> Exception | None:
        """Set the answer of a process; return what came of it in place of one."""
        lost: Exception | None = None
        try:
            async with asyncio.timeout(PATIENCE * self._limits.worker_seconds) as clock:
                hurry = partial(_hurry, clock)
                asked.answer.add_done_callback(hurry)
                answer = await self._exchange(worker, asked)
        except TimeoutError:
            lost = self._too_long()
        except WorkerLost as not_started:
            lost = not_started
        except (OSError, EOFError):
            lost = self._ended(await worker.kill(GRACE))
        except Exception:  # noqa: BLE001 (a bug here costs one answer, not all workers)
            lost = WorkerBug(traceback.format_exc())
        else:
            if isinstance(answer, WorkerCrashed):
                lost = WorkerBug(answer.traceback)
            elif not asked.answer.done():
                asked.answer.set_result(answer)
        asked.answer.remove_done_callback(hurry)
        if lost is not None:
            await worker.kill()
        return lost

    def _ended(self, code: int | None) -> WorkerLost:
        if sys.platform != "win32" and code == -signal.SIGPROF:
            return self._too_long(is_lasting=True)
        most = self._limits.worker_bytes
        reason = f"its process ended, which has {most} bytes (limits.worker_bytes)"
        is_lasting = code in _LASTING
        return (WorkerLost if is_lasting else WorkerGone)(reason, is_lasting=is_lasting)

    def _too_long(self, *, is_lasting: bool = False) -> WorkerLate:
        seconds = self._limits.worker_seconds
        reason = f"that takes longer than {seconds:g} seconds (limits.worker_seconds)"
        return WorkerLate(reason, is_lasting=is_lasting)

    async def _exchange(self, worker: WorkerProcess, asked: _Asked) -> Answer:
        if worker.process is not None and worker.process.returncode is not None:
            await worker.kill()
        if worker.process is None:
            try:
                worker.process = await self._started()
            except OSError as error:
                raise WorkerLost(f"no process can be started for it: {error.strerror}") from error
            worker.begun += 1
        process = worker.process
        assert process.stdin is not None, "a pipe"
        assert process.stdout is not None, "a pipe"
        forgotten, worker.forgotten = worker.forgotten, []
        before = framed(dumped(Forget(tuple(forgotten)))) if forgotten else b""
        # A question has all that a model wrote: it is not copied once more to be one with the rest.
        process.stdin.writelines([before + length_of(asked.question), asked.question])
        await process.stdin.drain()
        length = int.from_bytes(await process.stdout.readexactly(HEADER))
        answer: Answer = loaded(await process.stdout.readexactly(length), asked.texts)
        return answer

    async def _started(self) -> ChildProcess:
        """Start a process, which gets no secrets and nothing from the current directory."""
        limits = (str(self._limits.worker_bytes), str(self._limits.worker_seconds))
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        return await started(("-P", "-m", "strictgate.gateway.worker", *limits), kept, _BUFFER)


def _leaving() -> WorkerLost:
    return WorkerLost("the gateway is shutting down")


def _hurry(clock: asyncio.Timeout, answer: asyncio.Future[Answer]) -> None:
    """Give an answer that nobody waits for any more little time."""
    if answer.cancelled():
        with suppress(RuntimeError):  # it is there
            clock.reschedule(asyncio.get_running_loop().time() + GRACE)
