"""The deadlines of all requests that are under way, kept by one timer.

`asyncio.timeout` makes a timer for each request and throws it away again, which was a thirtieth of
what a plain request costs; hardly any of them ever rings. Here a deadline is an entry in a set, and
the timer is set anew only where one is due before all others.
"""

import asyncio
import math
from types import TracebackType

from strictgate.upstream.http.alarm import Alarm


class Deadlines:
    """Those of one event loop."""

    __slots__ = ("_alarm", "_next", "_open")

    def __init__(self) -> None:
        self._open: set[Deadline] = set()
        self._alarm: Alarm | None = None
        """None: there has been no deadline yet."""
        self._next = math.inf
        """When the alarm rings; some deadline is due then, or was."""

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._open)

    def at(self, due: float) -> "Deadline":
        """Return a deadline, which begins when it is entered.

        Args:
            due: by the clock of the event loop.
        """
        return Deadline(self, due)

    def add(self, deadline: "Deadline") -> None:
        """Keep `deadline` from now on."""
        self._open.add(deadline)
        if deadline.due < self._next:
            if self._alarm is None:
                self._alarm = Alarm(asyncio.get_running_loop(), self._ring)
            self._next = deadline.due
            self._alarm.set_to(deadline.due)

    def remove(self, deadline: "Deadline") -> None:
        """Keep `deadline` no longer; the timer stays for those that follow."""
        self._open.discard(deadline)

    def _ring(self) -> None:
        assert self._alarm is not None, "what rings"
        now = self._next
        for each in [each for each in self._open if each.due <= now]:
            self._open.discard(each)
            each.expire()
        self._next = min((each.due for each in self._open), default=math.inf)
        self._alarm.set_to(self._next)


class Deadline:
    """Cancels what runs in it once it is due: `with` it, as `async with asyncio.timeout_at`.

    What is cancelled so ends with a TimeoutError; what somebody else has cancelled, too, stays so.
    """

    __slots__ = ("_all", "_cancelling", "_task", "due", "is_over")

    _task: asyncio.Task[object]

    def __init__(self, deadlines: Deadlines, due: float) -> None:
        self._all = deadlines
        self.due = due
        self.is_over = False
        """Whether it came before the end."""

    def __enter__(self) -> "Deadline":
        task = asyncio.current_task()
        assert task is not None, "a deadline is a task's"
        self._task = task
        self._cancelling = task.cancelling()
        self._all.add(self)
        return self

    def expire(self) -> None:
        """Cancel what runs in it."""
        self.is_over = True
        self._task.cancel()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _: TracebackType | None,
    ) -> None:
        self._all.remove(self)
        if not self.is_over:
            return
        is_ours = self._task.uncancel() <= self._cancelling
        if is_ours and kind is asyncio.CancelledError:
            raise TimeoutError from error
