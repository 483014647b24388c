"""The command line: what goes wrong before a command begins, and what needs no command."""

from importlib import resources

import pytest

from strictgate import __version__
from strictgate.commands.main import _COMMANDS, main
from strictgate.settings.loading import load
from tests.commands.process import modules_after


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


def test_what_needs_no_server_loads_none():
    """The version, the list of commands and the example configuration are printed at once."""
    code = (
        "import contextlib\n"
        "from strictgate.commands.main import main\n"
        "for words in (['--version'], ['--help'], ['config']):\n"
        "    with contextlib.suppress(SystemExit):\n"
        "        main(words)\n"
    )
    loaded = modules_after(code)
    assert "strictgate.commands.main" in loaded
    heavy = {"asyncio", "fastapi", "uvicorn", "pydantic", "orjson", "strictgate.commands.running"}
    assert not heavy & {*loaded}


def test_every_command_has_its_arguments(capsys):
    """They come from the module that the table names."""
    for name in _COMMANDS:
        with pytest.raises(SystemExit) as left:
            main([name, "--help"])
        assert left.value.code == 0
        assert f"strictgate {name}" in capsys.readouterr().out
