"""New settings on their way through all processes: who has them, and what came of it.

| what happens                       | then                                                     |
|------------------------------------|----------------------------------------------------------|
| the configuration was read         | a new edition goes to all that serve, who are waited for |
| one of them says what came of it   | it is not waited for any more                            |
| one of them ends                   | the same: the next begins with what is in force          |
| nobody is waited for any more      | the round is over, and what it came to is told           |
| there are newer settings meanwhile | what is said of older ones does not count                |
"""

from collections.abc import Iterable
from dataclasses import field

from strictgate.core.value_type import state_type
from strictgate.processes.messages import NewSettings, SettingsApplied
from strictgate.settings.loading import Settings


@state_type
class SettingsRound:
    """The latest of them; 0 is the edition of the settings at start."""

    latest: NewSettings | None = None
    waiting: tuple[str, ...] = ()
    """The settings that wait for a restart, as a process has said."""
    problem: str = ""
    """Why the old ones stay in force, as a process has said; "": none has."""
    _pending: set[int] = field(default_factory=set)

    @property
    def edition(self) -> int:
        """The number of the latest."""
        return 0 if self.latest is None else self.latest.edition

    def begin(self, settings: Settings, pids: Iterable[int]) -> NewSettings:
        """Return what is to be sent to the processes with these ids."""
        self.latest = NewSettings(settings, self.edition + 1)
        self.waiting, self.problem, self._pending = (), "", set(pids)
        return self.latest

    def said(self, pid: int, applied: SettingsApplied) -> bool:
        """Take note of what came of them in a process; return whether the round is over now."""
        if applied.edition != self.edition or pid not in self._pending:
            return False
        self.waiting = self.waiting or applied.waiting
        self.problem = self.problem or applied.problem
        return self.gone(pid)

    def gone(self, pid: int) -> bool:
        """Wait for this process no more; return whether the round is over by that."""
        if pid not in self._pending:
            return False
        self._pending.discard(pid)
        return not self._pending
