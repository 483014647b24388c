"""The work that one request may cost, counted as it is done.

Text that a model or a caller has chosen must not decide how long everybody else waits. So whatever
reads, mends, judges or explains it says first how much work that is, in units that follow from
lengths and counts alone; the same text costs the same on every machine. One unit is about a
microsecond of one core of a small server.

Two ways to ask, for two kinds of work. What the verdict hangs on is paid with `spend`, which raises
`WorkSpent` once the budget is used up: the conversation turns that into its typed error. What is
merely of help (an explanation, a mend) asks `affords` first, and is left out where it is too much.
"""

from dataclasses import dataclass

DEFAULT_BUDGET = 60_000_000
"""Units: about a minute of one core."""
_ONCE_MORE = 20
"""What has taken more than this part of the budget is not asked for once more."""


class WorkSpent(Exception):
    """The budget is used up, or the request was cancelled; never shown to a caller as it is."""


@dataclass(slots=True)
class Work:
    """The meter of one request. Another thread may read it, and may `cancel`."""

    budget: int = DEFAULT_BUDGET
    """The units that may be spent in all."""
    spent: int = 0
    """The units that have been spent."""
    is_cancelled: bool = False
    """Nobody waits for the result any more."""

    def spend(self, units: int) -> None:
        """Count `units` of work, before they are done.

        Raises:
            WorkSpent: there are not so many left, or the request was cancelled.
        """
        self.spent += units
        if self.spent > self.budget or self.is_cancelled:
            raise WorkSpent

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
