"""How a command is run: what goes wrong in it is one line, and an exit code."""

import argparse
import sys
from collections.abc import Callable

from strictgate.settings.loading import SettingsError

KEY_VARIABLE = "STRICTGATE_KEY"
"""Holds the client key in what a client is told, where the gateway wants one."""


class CommandFailed(Exception):
    """A command cannot do what it was asked; the message says why, and what to do."""


class UsageError(CommandFailed):
    """A file on the command line cannot be used."""


def run(options: argparse.Namespace) -> int:
    """Run the command that was called; return the exit code."""
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except SettingsError as error:
        print(f"strictgate: configuration: {error}", file=sys.stderr)
        return 2
    except CommandFailed as error:
        print(f"strictgate: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
