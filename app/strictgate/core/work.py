"""The work that one request may cost, counted as it is done.

Text that a model or a caller has chosen must not decide how long everybody else waits. So whatever
reads, mends, judges or explains it says first how much work that is, in units that follow from
lengths and counts alone; the same text costs the same on every machine. One unit is about a
microsecond of one core of a small server.

Two ways to ask, for two kinds of work. What the verdict hangs on is paid with `spend`, which raises
`WorkSpent` once the budget is used up: the conversation turns that into its typed error. What is
merely of help (an explanation, a mend) asks `affords` first, and is left out where it is too much.

Where others wait for the same thread, a stretch of work is bounded as well (`begin_stretch`). What
goes beyond it is done in another process from its beginning, as the conversation depends on nothing
but its answers (gateway/moving.py).
"""

from dataclasses import dataclass, field

DEFAULT_BUDGET = 60_000_000
"""Units: about a minute of one core."""
_ONCE_MORE = 20
"""What has taken more than this part of the budget is not asked for once more."""


class WorkSpent(Exception):
    """The budget is used up, or the request was cancelled; never shown to a caller as it is."""


class StretchSpent(BaseException):
    """What comes next is more than may be done here without a pause. No error, and so nothing on
    the way takes it for one: like a GeneratorExit it ends the conversation here."""


@dataclass(slots=True)
class Work:
    """The meter of one request. Another thread may read it, and may `cancel`."""

    budget: int = DEFAULT_BUDGET
    """The units that may be spent in all."""
    spent: int = 0
    """The units that have been spent."""
    is_cancelled: bool = False
    """Nobody waits for the result any more."""
    _until: int = field(init=False, repr=False, compare=False)
    """The units up to which `spend` has nothing to look at."""

    def __post_init__(self) -> None:
        self._until = self.budget

    def begin_stretch(self, units: int) -> None:
        """Allow so much from here on; what was allowed before does not count any more."""
        self._until = min(self.budget, self.spent + units)

    def spend(self, units: int) -> None:
        """Count `units` of work, before they are done.

        Raises:
            WorkSpent: there are not so many left, or the request was cancelled.
            StretchSpent: it is more than `begin_stretch` has allowed.
        """
        self.spent += units
        if self.spent > self._until or self.is_cancelled:
            raise WorkSpent if self.spent > self.budget or self.is_cancelled else StretchSpent

    def affords(self, units: int) -> bool:
        """Whether `units` could be spent. Nothing is counted."""
        return self.spent + units <= self.budget and not self.is_cancelled

    @property
    def is_spent(self) -> bool:
        """Whether no more work can be done for this request."""
        return not self.affords(0)

    @property
    def allows_another_try(self) -> bool:
        """Whether so little was spent that the model may be asked for all of its answer again.

        A new answer costs about what the last one did. Where that is much, the verdict that is
        there already is worth more than another one seconds later.
        """
        return self.affords(0) and self.spent * _ONCE_MORE <= self.budget

    def cancel(self) -> None:
        """Have the next `spend` raise: nobody waits for the result any more."""
        self.is_cancelled = True
