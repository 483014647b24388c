"""What `strictgate plan` shows: the requests that would be sent."""

import json

import pytest

from strictgate.commands.main import main

SCHEMA = {"type": "object", "properties": {"a": {"type": "string", "format": "email"}}}


def request(**changes):
    inner = {"name": "x", "schema": SCHEMA}
    return {
        "model": "kimi",
        "messages": [{"role": "user", "content": "hi"}],
        "response_format": {"type": "json_schema", "json_schema": inner},
    } | changes


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(
        'default_upstream = "groq"\n[upstreams.groq]\npreset = "groq"\n'
        '[models.kimi]\nupstream = "groq"\nmodel = "moonshotai/kimi-k2"\n'
        'modes = ["json_object", "prompt"]\n'
    )
    return str(path)


def test_plan(file, config, capsys):
    """Each request that may be sent is shown as it would be, in the order of trying."""
    assert main(["plan", file(request()), "--config", config]) == 0

    told = json.loads(capsys.readouterr().out)
    assert [each["mode"] for each in told["requests"]] == ["json_object", "prompt"]
    first = told["requests"][0]
    assert first["url"] == "https://api.groq.com/openai/v1/chat/completions"
    assert first["body"]["model"] == "moonshotai/kimi-k2"
    assert first["body"]["response_format"] == {"type": "json_object"}


def test_plan_without_schema(file, config, capsys):
    """What carries no schema is passed on."""
    assert main(["plan", file(request(response_format=None)), "--config", config]) == 0
    assert json.loads(capsys.readouterr().out)["enforced"] is False


def test_plan_of_a_bad_request(file, config, capsys):
    """What would be refused is shown as the client would see it."""
    assert main(["plan", file(request(n=99)), "--config", config]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["param"] == "n"
