"""What runs beside the requests for as long as the process serves: a bug costs a pause, or the one
message that it was about; it never ends the process, and is never silent.

| state   | what happens                | then                                                     |
|---------|-----------------------------|----------------------------------------------------------|
| RUNNING | the work returns            | it is over                                               |
|         | it raises                   | PAUSING, which is told                                   |
| PAUSING | the pause is over           | RUNNING, anew; the next pause is twice as long, up to    |
|         |                             | PAUSES[1], unless the work has run for longer than that  |
|         | the process is to end       | it is over                                               |
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

from strictgate.observe.events import Observer
from strictgate.observe.process_events import BackgroundCrashed

PAUSES = (1.0, 60.0)
"""Seconds: the first, and the longest."""


async def kept_going(
    task: str,
    work: Callable[[], Awaitable[None]],
    observe: Observer,
    is_ending: asyncio.Event,
    pauses: tuple[float, float] = PAUSES,
) -> None:
    """Do `work`, and begin it anew where a bug ends it, until `is_ending`.

    Args:
        task: what it is called in the log.
    """
    loop = asyncio.get_running_loop()
    first, longest = pauses
    pause = first
    while not is_ending.is_set():
        began = loop.time()
        with crashes_told(task, observe):
            await work()
            return
        if loop.time() - began > longest:
            pause = first
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await is_ending.wait()
        pause = min(2 * pause, longest)


@contextmanager
def crashes_told(task: str, observe: Observer) -> Iterator[None]:
    """Tell of a bug in the block, and go on behind it."""
    try:
        yield
    except Exception:  # noqa: BLE001 (whatever it is: nobody else would notice)
        observe(BackgroundCrashed(task, traceback.format_exc()))
