"""What SIGHUP does in a process that serves: the configuration is read, checked and put into force.

| the configuration       | what happens                                                       |
|-------------------------|--------------------------------------------------------------------|
| can be used             | it is in force for what comes from now on: `ConfigurationReloaded` |
| cannot be read, is wrong| all stays as it was: `ConfigurationRejected`                       |

`strictgate reload` learns of either by the runtime file.
"""

import os
from collections.abc import Awaitable, Callable
from dataclasses import replace

from strictgate.commands.runtime_file import RuntimeFile, RuntimeState
from strictgate.commands.start_checks import check_settings
from strictgate.observe.log import Log, stderr_style
from strictgate.observe.process_events import ConfigurationRejected, ConfigurationReloaded
from strictgate.settings.loading import Settings, SettingsError
from strictgate.upstream.routing import configured_keys


class Reloads:
    """One per `strictgate serve`."""

    def __init__(
        self,
        again: Callable[[], Settings],
        log: Log,
        file: RuntimeFile,
        apply: Callable[[Settings], Awaitable[tuple[str, ...]]] | None = None,
    ) -> None:
        """Prepare them, and write the file.

        Args:
            again: reads the settings.
            apply: puts them into force, for `reload`; returns the names of those that wait for a
                restart.
        """
        self._again = again
        self._log = log
        self._file = file
        self._apply = apply
        self._state = RuntimeState(os.getpid())
        file.write(self._state)

    async def reload(self) -> None:
        """Read the settings, and put them into force if they can be."""
        settings = self.fresh()
        if settings is None or self._apply is None:
            return
        try:
            waiting = await self._apply(settings)
        except SettingsError as error:
            self.concluded(settings, (), str(error))
        else:
            self.concluded(settings, waiting, "")

    def fresh(self) -> Settings | None:
        """Return the settings; None where they are wrong, which has been told."""
        try:
            settings = self._again()
            check_settings(settings, os.environ)
        except SettingsError as error:
            self._rejected(str(error))
            return None
        return settings

    def concluded(self, settings: Settings, waiting: tuple[str, ...], problem: str) -> None:
        """Tell what came of putting `settings` into force.

        Args:
            waiting: the names of those that wait for a restart.
            problem: why the old ones stay; "": they do not.
        """
        if problem:
            self._rejected(problem)
            return
        begin_log(self._log, settings)
        self._log.observe(ConfigurationReloaded(waiting))
        self._note("", waiting)

    def _rejected(self, problem: str) -> None:
        self._log.observe(ConfigurationRejected(problem))
        self._note(problem, ())

    def _note(self, problem: str, waiting: tuple[str, ...]) -> None:
        count = self._state.reloads + 1
        self._state = replace(self._state, reloads=count, error=problem, waiting=waiting)
        self._file.write(self._state)


def begin_log(log: Log, settings: Settings) -> None:
    """Have the log written as the settings say, without the keys that are configured."""
    about = settings.observe
    style = stderr_style(about.level, about.format) if about.log else None
    log.change(configured_keys(settings, os.environ), style)
