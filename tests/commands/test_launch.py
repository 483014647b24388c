"""`strictgate launch`: what a client is started with."""

import json
import sys
import tomllib

import pytest

from strictgate.commands import launch
from strictgate.commands.launch import LaunchFailed, launch_of
from strictgate.commands.main import main
from strictgate.demo.upstream import create_demo
from tests.servers import serving

URL = "http://127.0.0.1:8080"


def test_codex():
    """Its flags are TOML, and name the variable of the key; the key itself is in none."""
    made = launch_of("codex", URL, 'a"b', "secret")
    assert made.arguments[::2] == ("-c",) * (len(made.arguments) // 2)
    config = tomllib.loads("\n".join(made.arguments[1::2]))
    assert config["model"] == 'a"b'
    provider = config["model_providers"][config["model_provider"]]
    assert provider["base_url"] == f"{URL}/v1"
    assert provider["wire_api"] == "responses"
    assert made.variables == {provider["env_key"]: "secret"}


def test_opencode():
    """Its configuration is one variable."""
    made = launch_of("opencode", URL, "m/x", "k")
    config = json.loads(made.variables["OPENCODE_CONFIG_CONTENT"])
    provider, _, model = config["model"].partition("/")
    assert config["provider"][provider]["options"] == {"baseURL": f"{URL}/v1", "apiKey": "k"}
    assert list(config["provider"][provider]["models"]) == [model] == ["m/x"]


def test_any_other():
    """Has the variables of the SDKs; Groq's adds /openai/v1 by itself."""
    made = launch_of("python", URL, None, "k")
    assert made.arguments == ()
    assert made.variables["OPENAI_BASE_URL"] == f"{URL}/v1"
    assert made.variables["GROQ_BASE_URL"] == URL


def test_a_model_is_needed():
    """By those whose configuration names one."""
    with pytest.raises(LaunchFailed, match="--model M"):
        launch_of("codex", URL, None, "k")


def test_the_program_is_started(monkeypatch):
    """With what the user gave behind what it needs, and the key that the user has."""
    started = []
    monkeypatch.setattr(launch.os, "execve", lambda *call: started.append(call))
    monkeypatch.setenv("STRICTGATE_KEY", "mine")
    with serving(create_demo()) as url:
        main(["launch", "--url", f"{url}/v1", sys.executable, "--", "-c", "1"])
    ((program, arguments, environment),) = started
    assert program == sys.executable
    assert arguments == [sys.executable, "-c", "1"]
    assert environment["OPENAI_BASE_URL"] == f"{url}/v1"
    assert environment["OPENAI_API_KEY"] == "mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no-such-program"], "install it"),
        (["--url", "x", "codex"], "--url: must start with"),
        (["--url", "http://127.0.0.1:9", sys.executable], "Start `strictgate serve` first"),
    ],
)
def test_mistakes(arguments, said, capsys):
    """Each is said with what to do."""
    assert main(["launch", *arguments]) == 2
    assert said in capsys.readouterr().err
