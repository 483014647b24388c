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
from strictgate.observe.events import ConfigurationRejected, ConfigurationReloaded
from strictgate.observe.log import Log, stderr_style
from strictgate.settings.loading import Settings, SettingsError
from strictgate.upstream.routing import configured_keys


class Reloads:
    """One per process."""

    def __init__(
        self,
        again: Callable[[], Settings],
        apply: Callable[[Settings], Awaitable[tuple[str, ...]]],
        log: Log,
        file: RuntimeFile,
    ) -> None:
        """Prepare them, and write the file.

        Args:
            again: reads the settings.
            apply: puts them into force; returns the names of those that wait for a restart.
        """
        self._again = again
        self._apply = apply
        self._log = log
        self._file = file
        self._state = RuntimeState(os.getpid())
        file.write(self._state)

    async def reload(self) -> None:
        """Read the settings, and put them into force if they can be."""
        waiting: tuple[str, ...] = ()
        problem = ""
        try:
            settings = self._again()
            check_settings(settings, os.environ)
            waiting = await self._apply(settings)
        except SettingsError as error:
            problem = str(error)
            self._log.observe(ConfigurationRejected(problem))
        else:
            begin_log(self._log, settings)
            self._log.observe(ConfigurationReloaded(waiting))
        count = self._state.reloads + 1
        self._state = replace(self._state, reloads=count, error=problem, waiting=waiting)
        self._file.write(self._state)


def begin_log(log: Log, settings: Settings) -> None:
    """Have the log written as the settings say, without the keys that are configured."""
    about = settings.observe
    style = stderr_style(about.level, about.format) if about.log else None
    log.change(configured_keys(settings, os.environ), style)
