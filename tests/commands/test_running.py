"""How what goes wrong in a command is said."""

import argparse

import pytest

from strictgate.commands.launch import LaunchFailed
from strictgate.commands.probe import ProbeFailed
from strictgate.commands.running import UsageError, run
from strictgate.settings.loading import SettingsError


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (SettingsError("no port"), 2, "strictgate: configuration: no port\n"),
        (UsageError("no file"), 2, "strictgate: no file\n"),
        (ProbeFailed("no model"), 2, "strictgate: no model\n"),
        (LaunchFailed("no client"), 2, "strictgate: no client\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors(capsys, error, code, said):
    """A typed error is one line and an exit code."""

    def command(_: argparse.Namespace) -> int:
        raise error

    assert run(argparse.Namespace(command=command)) == code
    assert capsys.readouterr().err == said
