"""The arguments of `strictgate probe`, and what it prints."""

import json
import tomllib

import pytest

from strictgate.commands.main import main
from strictgate.core.probe.results import parse_result
from strictgate.demo.upstream import create_demo
from tests.servers import serving


@pytest.fixture(scope="module")
def asked():
    """What `probe --json` prints of a model that lies."""
    with serving(create_demo()) as url:
        yield ["probe", "--upstream", f"{url}/v1", "--preset", "generic", "--model"]


def test_forms(asked, capsys, tmp_path):
    """A result that was printed as JSON is imported, and printed as each of the others."""
    assert main([*asked, "demo/wrong-enum", "--max-tokens", "64", "--json"]) == 0
    printed = capsys.readouterr()
    assert "At most 60 calls" in printed.err
    assert parse_result(json.loads(printed.out)).model == "demo/wrong-enum"
    path = tmp_path / "result.json"
    path.write_text(printed.out)

    assert main(["probe", "--import", str(path), str(path)]) == 0
    assert capsys.readouterr().out.startswith("[1] demo/wrong-enum at 127.0.0.1:")
    assert main(["probe", "--import", str(path)]) == 0
    assert capsys.readouterr().out.startswith("demo/wrong-enum at 127.0.0.1:")
    assert main(["probe", "--import", str(path), "--toml"]) == 0
    assert tomllib.loads(capsys.readouterr().out)["modes"][-1] == "prompt"
    assert main(["probe", "--import", str(path), "--html"]) == 0
    assert capsys.readouterr().out.startswith("<!doctype html>")
    assert main(["probe", "--import", str(path), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give --model"),
        (["--model", "m"], "no upstream is configured"),
        (["--model", "m", "--preset", "groq"], "--preset says what --upstream URL is"),
        (["--model", "m", "--key-env", "K"], "give that, too"),
        (["--model", "m", "--demo", "--key-env", "K"], "give that, too"),
        (["--demo", "--import", "x"], "asks nothing"),
        (
            ["--model", "m", "--upstream", "http://127.0.0.1:9/v1", "--max-tokens", "0"],
            "1 at least",
        ),
        (["--model", "m", "--upstream", "http://127.0.0.1:9/v1"], "does not answer a plain"),
        (["--model", "m", "--upstream", "x"], "upstreams.upstream.base_url"),
        (
            ["--model", "m", "--upstream", "http://127.0.0.1:9/v1", "--key-env", "NOT_SET_HERE"],
            "NOT_SET_HERE is not set",
        ),
        (["--model", "m", "--import", "x"], "asks nothing"),
        (["--import", "/does/not/exist"], "No such file"),
    ],
)
def test_mistakes(arguments, said, capsys):
    """Each is said with what to do."""
    assert main(["probe", *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("content", "said"), [("{", "not JSON"), ("{}", "no result of")])
def test_no_result(file, content, said, capsys):
    """A file that holds none is named."""
    assert main(["probe", "--import", file(content)]) == 2
    assert said in capsys.readouterr().err
