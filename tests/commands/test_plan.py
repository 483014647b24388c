"""`strictgate plan`: the requests that would be sent."""

import json

import pytest

from strictgate.commands.main import main
from strictgate.commands.plan import likely_path, upstream_requests
from strictgate.core.errors import BadRequest
from strictgate.core.wire.request_body import RequestBody
from strictgate.settings.loading import Settings
from strictgate.upstream import recognition
from tests.servers import serving
from tests.upstream.asking import answering

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


def test_an_upstream_at_the_port_of_serve(file, capsys):
    """A model's server may well listen there: nothing else is to, now."""
    there = ["--upstream", "http://127.0.0.1:8080/v1", "--preset", "generic"]
    assert main(["plan", file(request()), *there]) == 0
    assert json.loads(capsys.readouterr().out)["requests"]


def test_plan_of_fallbacks(file, config, capsys, tmp_path):
    """What another model would be asked where the first fails; a key stays with its upstream."""
    (tmp_path / "config.toml").write_text(
        '[upstreams.groq]\npreset = "groq"\n[upstreams.here]\nbase_url = "http://127.0.0.1:9/v1"\n'
        'preset = "generic"\n[models.kimi]\nupstream = "groq"\nmodes = ["json_object"]\n'
        'fallbacks = ["mine"]\nrepair_model = "mine"\n'
        '[models.mine]\nupstream = "here"\nmodes = ["prompt"]\n'
    )
    assert main(["plan", file(request()), "--config", config]) == 0

    first, second, third = json.loads(capsys.readouterr().out)["requests"]
    assert "fallback" not in first
    assert third["repair_model"] == "mine"
    assert "what the model before has said" in third["body"]["messages"][-1]["content"]
    assert first["authorization"] == "the client's"
    assert (second["fallback"], second["mode"], second["upstream"]) == ("mine", "prompt", "here")
    assert second["authorization"] == "none"
    assert second["body"]["model"] == "mine"


def test_plan_without_schema(file, config, capsys):
    """What carries no schema is passed on."""
    assert main(["plan", file(request(response_format=None)), "--config", config]) == 0
    assert json.loads(capsys.readouterr().out)["enforced"] is False


def test_plan_of_a_bad_request(file, config, capsys):
    """What would be refused is shown as the client would see it."""
    assert main(["plan", file(request(n=99)), "--config", config]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["param"] == "n"


MOOD = {"type": "object", "properties": {"a": {"enum": [1, 2]}}, "required": ["a"]}
FUNCTION = {"name": "mood", "parameters": MOOD, "strict": False}
ANSWER = {
    "model": "m",
    "input": "hi",
    "text": {"format": {"type": "json_schema", "name": "x", "schema": MOOD}},
}


def shown(body, path=None, **upstream):
    """What is shown of a request to an upstream of this kind."""
    table = {"base_url": "http://127.0.0.1:9/v1", **upstream}
    settings = Settings(upstreams={"here": table})
    return upstream_requests(settings, {}, RequestBody(json.dumps(body).encode()), path)


def test_emulated():
    """Functions for a model without tools are shown as they are put to it: in the prompt."""
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    told = shown(body | {"tools": [{"type": "function", "function": FUNCTION}]}, tools=False)

    assert told["enforced"] is True
    for each in told["requests"]:
        assert each["tools_in_prompt"] is True
        assert "tools" not in each["body"]
    assert "mood" in json.dumps(told["requests"][-1]["body"]["messages"])


def test_responses():
    """A request of the Responses API is shown as the chat completion that it becomes."""
    told = shown(ANSWER)

    assert (told["surface"], told["enforced"]) == ("responses", True)
    assert told["requests"][0]["url"].endswith("/v1/chat/completions")
    assert told["requests"][0]["body"]["messages"] == [{"role": "user", "content": "hi"}]


def test_native_responses():
    """An upstream that has the API is asked there, and then in chat, where it refuses."""
    told = shown(ANSWER, responses=True)
    first, *others = told["requests"]

    assert first["url"].endswith("/v1/responses")
    assert first["body"] == ANSWER
    assert others
    assert all(each["url"].endswith("/v1/chat/completions") for each in others)


@pytest.mark.parametrize(("responses", "enforced"), [(True, False), (False, True)])
def test_responses_without_schema(responses, enforced):
    """It is passed on where the upstream has the API, and translated elsewhere."""
    told = shown({"model": "m", "input": "hi"}, responses=responses)

    assert told["enforced"] is enforced
    path = "/v1/responses" if responses else "/v1/chat/completions"
    assert told["requests"][0]["url"].endswith(path)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"input": "hi"}, "/responses"),
        ({"messages": []}, "/chat/completions"),
        ({"messages": [], "input": "hi"}, "/chat/completions"),
        ({}, "/chat/completions"),
    ],
    ids=str,
)
def test_likely_path(body, path):
    """An `input` is the Responses API's, messages are a chat's."""
    assert likely_path(body) == path


def test_a_missing_key(file, tmp_path, capsys):
    """What `serve` refuses is refused here, too."""
    path = tmp_path / "keyed.toml"
    path.write_text('[upstreams.groq]\npreset = "groq"\napi_key_env = "NO_SUCH_VARIABLE"\n')

    assert main(["plan", file(request()), "--config", str(path)]) == 2
    assert "the variable NO_SUCH_VARIABLE is not set" in capsys.readouterr().err


def test_no_upstream(file, capsys):
    """That there is none is no matter of the model."""
    assert main(["plan", file(request())]) == 2
    assert "no upstream is configured" in capsys.readouterr().err


def test_preset(file, capsys):
    """--preset says what --upstream is; by itself it says nothing."""
    named = [file(request()), "--preset", "lmstudio"]

    assert main(["plan", *named, "--upstream", "http://127.0.0.1:9/v1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["mode"] for each in told["requests"]] == ["native", "prompt"]
    assert main(["plan", *named]) == 2
    assert "--preset says what --upstream URL is" in capsys.readouterr().err


def test_recognised(monkeypatch):
    """An upstream without a preset is looked at, as when it is served."""
    monkeypatch.setattr(recognition, "PATIENCE", 30.0)
    models = {"data": [{"id": "m", "owned_by": "organization_owner"}]}
    with serving(answering(json.dumps(models).encode())) as url:
        told = shown(request(), base_url=f"{url}/v1")

    assert [each["mode"] for each in told["requests"]] == ["native", "prompt"]


def test_another_path():
    """Where it is posted to can be said."""
    with pytest.raises(BadRequest, match="input"):
        shown({"model": "m", "messages": []}, "/responses")


def dialect_plan(file, tmp_path, capsys, schema):
    config = tmp_path / "dialects.toml"
    config.write_text('default_upstream = "a"\n[upstreams.a]\npreset = "anthropic"\n')
    inner = {"name": "x", "schema": schema}
    asked = request(response_format={"type": "json_schema", "json_schema": inner})
    assert main(["plan", file(asked), "--config", str(config)]) == 0
    return json.loads(capsys.readouterr().out)


def test_plan_in_a_dialect(file, tmp_path, capsys):
    """The schema is shown as it is written down, with what is left out of it."""
    schema = {"type": "object", "properties": {"a": {"type": "string", "minLength": 2}}}
    first = dialect_plan(file, tmp_path, capsys, schema)["requests"][0]
    inner = first["body"]["response_format"]["json_schema"]
    assert inner["strict"] is True
    assert inner["schema"]["additionalProperties"] is False
    assert (first["dialect"], first["left_out"]) == ("anthropic", ["minLength"])
    assert first["null_for_absent"] is False


def test_plan_of_what_a_dialect_cannot_say(file, tmp_path, capsys):
    """The mode is not among the requests; the reason is told."""
    schema = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}
    told = dialect_plan(file, tmp_path, capsys, schema)
    assert [each["mode"] for each in told["requests"]] == ["tool", "prompt"]
    assert told["unsaid"] == {"native": "recursion"}
