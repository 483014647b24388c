"""The command line: serve is tested with the server; here check, plan and mistakes."""

import json

import pytest

from strictgate.commands.main import main

SCHEMA = {"type": "object", "properties": {"a": {"type": "string", "format": "email"}}}
STRICT = SCHEMA | {"required": ["a"], "additionalProperties": False}


@pytest.fixture
def file(tmp_path):
    def write(value):
        path = tmp_path / "file.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return str(path)

    return write


def test_check(file, capsys):
    """A good schema is admitted, and what will be enforced is told."""
    assert main(["check", file(SCHEMA)]) == 0

    told = capsys.readouterr().out
    assert "admitted: yes" in told
    assert "email" in told


def test_check_names_keywords(file, capsys):
    """Which keywords are enforced is told, and which ones nobody knows; names are no keywords."""
    schema = {
        "type": "object",
        "propertes": {"a": {}},
        "properties": {"minimum": {"nullable": True, "title": "x", "maxLength": 3}},
    }
    main(["check", "--json", file(schema)])

    told = json.loads(capsys.readouterr().out)["enforced"]
    assert told["keywords_enforced"] == ["maxLength", "properties", "type"]
    assert told["keywords_unknown"] == ["nullable", "propertes"]


def test_check_strict(file, capsys):
    """Every broken rule is told with its path."""
    assert main(["check", "--strict", "--json", file(SCHEMA)]) == 1

    problems = json.loads(capsys.readouterr().out)["problems"]
    assert len(problems) == 2
    assert main(["check", "--strict", file(STRICT)]) == 0


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "strin"},
        {"$ref": "http://example.com/x"},
        {"pattern": "(?=a)b"},
        {"$ref": "#"},
        {"enum": []},
        {"properties": {"a": {"$ref": "#/$defs/none"}}},
    ],
)
def test_check_refused(file, capsys, schema):
    """A schema that is not admitted has a problem, and the exit code says so."""
    assert main(["check", "--json", file(schema)]) == 1

    told = json.loads(capsys.readouterr().out)
    assert told["admitted"] is False
    assert told["problems"][0]["message"]


def test_check_tells_every_problem(file, capsys):
    """One look shows all that is wrong, each with its path."""
    schema = {
        "type": "objct",
        "properties": {
            "a": {"$ref": "http://example.com/x"},
            "b": {"pattern": "(?=a)b"},
            "c": {"anyOf": [{"minimum": "1"}, 7]},
        },
    }
    main(["check", "--json", file(schema)])

    problems = json.loads(capsys.readouterr().out)["problems"]
    assert {problem["path"] for problem in problems} == {
        "/type",
        "/properties/a/$ref",
        "/properties/b/pattern",
        "/properties/c/anyOf/0/minimum",
        "/properties/c/anyOf/1",
    }


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
