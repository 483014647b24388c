"""Client keys with names, over the wire."""

import json

import pytest

from strictgate.observe.events import KeyLimited
from tests.core.talks import GOOD
from tests.gates import MOOD, gate
from tests.servers import serving
from tests.upstream.asking import answering

CI = {"authorization": "Bearer ci-key-12345"}
FREE = {"authorization": "Bearer other-key-1"}
KEYS = {
    "ci": {"key": "ci-key-12345", "label": "CI", "models": ["demo/clean", "small*"]},
    "free": {"key": "other-key-1"},
}
ASK = {"model": "demo/clean", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture(scope="module")
def keyed(demo):
    models = {"small-1": {"upstream": "demo", "model": "demo/clean"}}
    with gate(demo, keys=KEYS, models=models) as running:
        yield running


@pytest.mark.parametrize(("key", "status"), [(CI, 200), (FREE, 200), ({}, 401)])
def test_who_comes_in(keyed, key, status):
    """With any of them; nothing of it goes upstream."""
    answer = keyed.post(ASK, **key)
    assert answer.status == status
    assert "authorization" not in dict(keyed.post(ASK, "/v1/echo", **FREE).json["headers"])


def test_whose_it_was(keyed):
    """The request's own event has the label, tokens and cost."""
    done = keyed.end_of(keyed.post(ASK, **CI))

    assert (done.key, done.cost) == ("CI", 0.0)
    assert done.tokens_in > 0


@pytest.mark.parametrize("schema", [None, {"type": "object"}])
@pytest.mark.parametrize(
    ("model", "status"), [("demo/clean", 200), ("small-1", 200), ("demo/prose", 403)]
)
def test_models(keyed, schema, model, status):
    """By the name that the client uses, whether something is enforced or not."""
    body = ASK | {"model": model}
    if schema is not None:
        inner = {"name": "x", "schema": schema}
        body |= {"response_format": {"type": "json_schema", "json_schema": inner}}
    answer = keyed.post(body, **CI)

    assert answer.status == status
    if status == 403:
        assert answer.error["code"] == "model_not_found"
        assert answer.error["message"] == "This key does not have access to model `demo/prose`."


def test_what_names_no_model(keyed):
    """A key for some models is not for files, whose requests may name others."""
    assert keyed.get("/v1/echo", **CI).status == 403
    assert keyed.get("/v1/echo", **FREE).status == 200


def test_listed_models(keyed):
    """Those that the key may use."""
    listed = [each["id"] for each in keyed.get("/v1/models", **CI).json["data"]]

    assert set(listed) == {"demo/clean", "small-1"}
    assert len(keyed.get("/v1/models", **FREE).json["data"]) > 10
    assert keyed.get("/v1/models/small-1", **CI).status == 200
    assert keyed.get("/v1/models/demo/prose", **CI).status == 403


def test_limits(demo):
    """A 429 in OpenAI's shape; it is told, and counted; other keys go on."""
    limited = {"ci": {"key": "ci-key-12345", "tokens_per_day": 1}, "free": KEYS["free"]}
    with gate(demo, keys=limited) as running:
        running.end_of(running.post(ASK, **CI))  # an answer is counted once it is over
        answer = running.post(ASK, **CI)
        assert running.end_of(running.post(ASK, **FREE)).status == 200
        told = [each for each in running.events if isinstance(each, KeyLimited)]
        page = running.get("/metrics").raw.decode()

    assert answer.status == 429
    assert answer.error["type"] == "tokens"
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["x-should-retry"] == "false"
    assert told == [KeyLimited(answer.headers["x-request-id"], "ci", "tokens")]
    assert 'strictgate_key_refusals_total{key="ci",limit="tokens"} 1.0' in page
    assert 'strictgate_key_requests_total{key="free",status="200"} 1.0' in page


def test_tokens_that_nobody_tells():
    """A host that tells no usage is held to limits by an estimate, which no answer shows."""
    choice = {"index": 0, "message": {"content": GOOD}, "finish_reason": "stop"}
    asked = {"type": "json_schema", "json_schema": {"name": "x", "schema": MOOD}}
    limited = {"ci": {"key": "ci-key-12345", "tokens_per_day": 10}}
    silent = answering(json.dumps({"choices": [choice]}).encode())
    with serving(silent) as url, gate(url, keys=limited) as running:
        first = running.post(ASK | {"response_format": asked}, **CI)
        done = running.end_of(first)
        second = running.post(ASK | {"response_format": asked}, **CI)

    assert first.status == 200
    assert "usage" not in first.json
    assert done.tokens_in > 10
    assert done.tokens_out == -(-len(GOOD) // 4)
    assert second.status == 429


def test_limits_outlive_a_restart(demo, tmp_path):
    """With a file for what is used."""
    limited = {"ci": {"key": "ci-key-12345", "tokens_per_day": 1}}
    tables = {"keys": limited, "shared": {"usage_file": str(tmp_path / "usage.bin")}}
    statuses = []
    for _ in range(2):
        with gate(demo, **tables) as running:
            statuses.append(running.end_of(running.post(ASK, **CI)).status)

    assert statuses == [200, 429]


def test_a_key_in_a_path_is_not_logged(keyed):
    """It is one of those that are blotted out."""
    assert keyed.end_of(keyed.get("/v1/ci-key-12345", **CI)).path == "/v1/***"
