"""What is loaded to serve, and how what goes wrong in a command is said."""

import argparse
import gc
import subprocess
import sys

import pytest

from strictgate.commands.actions import UsageError, run
from strictgate.settings.loading import SettingsError


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (SettingsError("no port"), 2, "strictgate: configuration: no port\n"),
        (UsageError("no file"), 2, "strictgate: no file\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors(capsys, error, code, said):
    """A typed error is one line and an exit code."""

    def command(_: argparse.Namespace) -> int:
        raise error

    assert run(argparse.Namespace(command=command)) == code
    assert capsys.readouterr().err == said


def test_serving_loads_what_it_needs():
    """Nothing that only an optional setting has a use for, and no demonstration."""
    code = (
        "import gc, sys\n"
        "from strictgate.commands.main import _loaded\n"
        "_loaded('strictgate.commands.actions')\n"
        "assert gc.isenabled() and gc.get_freeze_count()\n"
        "print(*sys.modules)\n"
    )
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    late = ("strictgate.demo", "strictgate.observe.otel", "redis", "psycopg", "opentelemetry.sdk")
    assert "strictgate.commands.serve" in loaded
    assert not [name for name in loaded if name.startswith(late)]
    assert gc.isenabled()
