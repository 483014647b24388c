"""The command line: what goes wrong before a command begins, and what needs no command."""

from importlib import resources

import pytest

from strictgate import __version__
from strictgate.commands.main import main
from strictgate.settings.loading import load


@pytest.mark.parametrize(
    ("arguments", "content", "said"),
    [
        (["check"], "{", "not JSON"),
        (["check"], '{"a":1,"a":2}', "Duplicate"),
        (["plan", "--config", "/does/not/exist"], "{}", "No such file"),
    ],
)
def test_mistakes(file, capsys, arguments, content, said):
    """A file that cannot be used is named, with why."""
    assert main([arguments[0], file(content), *arguments[1:]]) == 2
    assert said in capsys.readouterr().err


def test_missing_file(capsys):
    """So is one that is not there."""
    assert main(["check", "/does/not/exist.json"]) == 2
    assert "No such file" in capsys.readouterr().err


def test_config(tmp_path, capsys):
    """What is printed explains every field, and is itself a configuration."""
    assert main(["config"]) == 0

    printed = capsys.readouterr().out
    assert printed == resources.files("strictgate").joinpath("config.example.toml").read_text()
    path = tmp_path / "config.toml"
    path.write_text(printed)
    assert load(path).upstreams


def test_version(capsys):
    """It is the package's."""
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"strictgate {__version__}\n"
