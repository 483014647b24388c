"""The parts put together: which routes there are, and what is answered elsewhere."""

import pytest

from strictgate.api.app import create_app
from strictgate.settings.loading import Settings, SettingsError
from tests.gates import gate

PLAIN = {"model": "demo/clean", "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health(strictgate, path):
    """Orchestrators are told that all is well."""
    assert strictgate.get(path).status == 200
    assert strictgate.get(path).json["status"] in ("ok", "ready")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "unknown_url"),
        ("POST", "/healthz", 405, "method_not_allowed"),
        ("GET", "/inspect", 404, "unknown_url"),
    ],
)
def test_elsewhere(strictgate, method, path, status, code):
    """What is not there is an error like any other, with an id to ask about."""
    answer = strictgate.request(method, path, None)

    assert (answer.status, answer.error["code"]) == (status, code)
    assert answer.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("root", ["/v1", "/openai/v1"])
@pytest.mark.parametrize("path", ["/chat/completions", "/models", "/embeddings", "/responses"])
def test_roots(strictgate, root, path):
    """Every route is there for Groq's SDK, too."""
    body = {"model": "demo/clean", "input": "hi"} if path != "/chat/completions" else PLAIN
    url = root + path
    answer = strictgate.get(url) if path == "/models" else strictgate.post(body, url)

    assert answer.status == 200


def test_a_store_that_cannot_be(tmp_path):
    """What does not fit together is said at start."""
    settings = Settings(
        upstreams={"x": {"base_url": "http://127.0.0.1:9"}}, store={"path": str(tmp_path)}
    )

    with pytest.raises(SettingsError, match=r"store\.path"):
        create_app(settings, {})


def test_nothing_of_the_framework(demo):
    """Nothing of the framework's own is served: no documentation, no schema of its routes."""
    with gate(demo) as running:
        assert {running.get(path).status for path in ("/docs", "/openapi.json")} == {404}
