"""What only an upstream that has /responses itself can do."""

import json

import pytest

from tests.gates import gate
from tests.servers import serving

BODY = {"model": "m", "input": "hi"}


async def upstream(scope, receive, send):
    """It answers every request with its path."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    body = json.dumps({"path": scope["path"]}).encode()
    await send({"type": "http.response.body", "body": body})


@pytest.mark.parametrize("name", ["compact", "input_tokens"])
@pytest.mark.parametrize("root", ["/v1", "/openai/v1"])
def test_native_only(name, root):
    """It is passed on where the upstream has the API; elsewhere an error says what to do."""
    with serving(upstream) as url:
        with gate(url, upstreams={"demo": {"responses": True}}) as native:
            passed = native.post(BODY, f"{root}/responses/{name}")
        with gate(url) as plain:
            refused = plain.post(BODY, f"{root}/responses/{name}")

    assert passed.json == {"path": f"/v1/responses/{name}"}
    assert (refused.status, refused.error["code"]) == (400, "unsupported_endpoint")
    assert "chat completions alone" in refused.error["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/conversations"),
        ("GET", "/v1/conversations/conv_1"),
        ("DELETE", "/openai/v1/conversations/conv_1"),
        ("POST", "/v1/conversations/conv_1/items"),
        ("GET", "/v1/conversations/conv_1/items/msg_1"),
    ],
)
def test_conversations(method, path):
    """They are kept by the upstream; where it has none, an error says what to do."""
    body = (
        {"data": b"{}", "content-type": "application/json"} if method == "POST" else {"data": None}
    )
    with serving(upstream) as url:
        with gate(url, upstreams={"demo": {"responses": True}}) as native:
            passed = native.request(method, path, **body)
        with gate(url) as plain:
            refused = plain.request(method, path, **body)

    assert passed.json == {"path": path.removeprefix("/openai")}
    assert (refused.status, refused.error["code"]) == (400, "unsupported_endpoint")
    assert "previous_response_id" in refused.error["message"]
