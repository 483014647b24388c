"""What `strictgate check` says of a schema."""

import json

import pytest

from strictgate.commands.main import main

SCHEMA = {"type": "object", "properties": {"a": {"type": "string", "format": "email"}}}
STRICT = SCHEMA | {"required": ["a"], "additionalProperties": False}


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
        "properties": {"minimum": {"discriminator": {}, "title": "x", "maxLength": 3}},
    }
    main(["check", "--json", file(schema)])

    told = json.loads(capsys.readouterr().out)["enforced"]
    assert told["keywords_enforced"] == ["maxLength", "properties", "type"]
    assert told["keywords_unknown"] == ["discriminator", "propertes"]


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


@pytest.mark.parametrize(
    ("request_body", "where"),
    [
        ({"model": "m", "messages": [], "response_format": {}}, "/response_format/json_schema"),
        ({"model": "m", "input": "hi"}, "/text/format/schema"),
    ],
)
def test_check_of_a_request(file, capsys, request_body, where):
    """It would be a schema that says nothing; where the schema is is told."""
    assert main(["check", file(request_body)]) == 1

    told = capsys.readouterr().out
    assert "admitted: no" in told
    assert where in told


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


def test_check_of_a_configuration(file, tmp_path, capsys):
    """What `serve` would refuse of it is told, and nothing else."""
    path = tmp_path / "keyed.toml"
    path.write_text('[upstreams.groq]\npreset = "groq"\napi_key_env = "NO_SUCH_VARIABLE"\n')

    assert main(["check", file(SCHEMA), "--config", str(path)]) == 2
    assert "the variable NO_SUCH_VARIABLE is not set" in capsys.readouterr().err
    path.write_text('[upstreams.groq]\npreset = "groq"\n')
    assert main(["check", file(SCHEMA), "--config", str(path)]) == 0
