"""A request as it comes in: its path, its headers, its body."""

import json
from urllib.parse import unquote

import pytest

from tests.gates import MOOD


def test_wrong_content_type(strictgate):
    """What a web page can send without asking is refused."""
    answer = strictgate.post(b"{}", **{"content-type": "text/plain"})

    assert (answer.status, answer.error["code"]) == (415, "unsupported_media_type")


def test_compressed_body(strictgate):
    """A compressed body is refused before it is read."""
    assert strictgate.post(b"\x1f\x8b", **{"content-encoding": "gzip"}).status == 415


@pytest.mark.parametrize(
    "path",
    [
        "/v1/../_requests",
        "/v1/%2e%2e/_requests",
        "/v1/a/../../x",
        "/v1/..%2f..%2fadmin",
        "/v1/..%5cadmin",
        "/v1/x;/..;/admin",
        "/v1/%252e%252e/x",
        "/v1/models/..%2fadmin",
        "/v1//echo",
        "/openai%2fv1/echo",
        "/%761/x/v1/echo",
        "/x/v1/echo",
    ],
)
def test_no_way_up(strictgate, path):
    """A path cannot leave the API's root, however it is spelt."""
    assert strictgate.get(path).status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions/",
        "/v1//chat/completions",
        "/v1/chat//completions",
        "/v1/chat/completions;x",
        "/v1/chat/completions%20",
        "/v1/chat/completions%3Fx",
        "/v1/CHAT/completions",
        "/v1/chat%2Fcompletions",
        "/v1/openai/deployments/x/chat/completions",
        "/%761/x/v1/chat/completions",
        "/v1/chat;a/completions",
        "/v1/chat/completions%00",
        "/v1/chat/completions%00.txt",
        "/v1/chat/comple%00tions",
        "/v1/chat/completions%23x",
        "/v1/chat/completions%2523",
        "/v1/chat/completions%E2%80%8B",
        "/v1/chat/complet%C4%B1ons",
        "/v1/chat/compl%C3%A9tions",
        "/v1/chat/%EF%BD%83ompletions",
        "/v1/chat%c0%afcompletions",
        "/v1/chat%u002fcompletions",
        "/v1/chat%5Ccompletions",
        "/v1/chat/completions.json",
        "/v1/chat/completions.",
        "/v1/chat/completions+",
        "/v1/chat/completions%09",
        "/v1/responses%23",
        "/v1/respon%C5%BFes",
        "/openai/v1/responses;x=y",
    ],
)
def test_no_way_round(strictgate, path):
    """What a lenient server might take for the enforced route is enforced, or is not found."""
    body = {"model": "demo/wrong-enum", "messages": [{"role": "user", "content": "x"}]}
    inner = {"name": "x", "schema": MOOD}
    body |= {"response_format": {"type": "json_schema", "json_schema": inner}}

    assert strictgate.post(body, path).status in (400, 404)


@pytest.mark.parametrize("path", ["/v1/echo/caf%C3%A9", "/v1/echo/a%20b;c", "/v1/echo/x%23y.json"])
def test_other_paths_go_on_as_they_are(strictgate, path):
    """What no server could read as an enforced route is sent on."""
    assert strictgate.get(path).json["path"] == unquote(path)


def test_many_values(strictgate):
    """What is only passed on may have ten times as many as what may be enforced; the error says
    which limit it is."""
    body = {"model": "demo/clean", "input": [0] * 150_000}
    refused = strictgate.post(json.dumps(body).encode())
    passed = strictgate.post(json.dumps(body).encode(), "/v1/embeddings")
    more = json.dumps({"input": [0] * 1_100_000}).encode()

    assert (refused.status, refused.error["code"]) == (413, "request_too_large")
    assert "limits.body_values" in refused.error["message"]
    assert passed.status != 413
    assert strictgate.post(more, "/v1/embeddings").status == 413
