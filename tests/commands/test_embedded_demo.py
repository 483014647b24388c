"""The demonstration upstream for a command that asks it and ends."""

import json
import urllib.error
import urllib.request
from argparse import Namespace

import pytest

from strictgate.commands.embedded_demo import demo_if_wanted
from strictgate.commands.main import main
from tests.chats import CHAT


def test_it_is_there_until_the_block_ends():
    """And is named as the upstream."""
    options = Namespace(demo=True)
    with demo_if_wanted(options):
        answer = urllib.request.urlopen(f"{options.upstream}/models", timeout=30)
        assert json.load(answer)["data"]
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{options.upstream}/models", timeout=30)


def test_it_is_not_wanted():
    """Nothing is changed."""
    options = Namespace(demo=False, upstream=None)
    with demo_if_wanted(options):
        assert options.upstream is None


def test_commands_that_ask_it(file, capsys):
    """They need nothing else; its preset is known."""
    assert main(["plan", file(CHAT), "--demo"]) == 0
    assert json.loads(capsys.readouterr().out)["requests"][0]["upstream"] == "demo"
    assert main(["doctor", "--port", "0", "--demo"]) == 0
    assert "Upstream 'demo' (http://127.0.0.1:" in capsys.readouterr().out
    assert main(["probe", "--model", "demo/fenced", "--max-tokens", "64", "--demo", "--toml"]) == 0
    assert 'modes = ["json_object","tool","prompt"]' in capsys.readouterr().out


@pytest.mark.parametrize("command", ["serve", "plan x.json", "doctor", "probe --model m"])
@pytest.mark.parametrize(
    ("more", "said"),
    [("--preset groq --demo", "--preset says"), ("--upstream http://x --demo", "not allowed with")],
)
def test_it_is_the_upstream(command, more, said, capsys, tmp_path, monkeypatch):
    """No other one is named beside it, nor what that is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.json").write_text("{}")
    try:
        code = main([*command.split(), *more.split()])
    except SystemExit as left:
        code = left.code
    printed = capsys.readouterr()
    assert code in (1, 2)
    assert said in printed.out + printed.err
