"""GET /v1/models."""

from tests.gates import gate
from tests.servers import serving


def test_listed(demo):
    """The configured names come with what the upstreams list; one that is down lists nothing."""
    models = {"kimi": {"upstream": "demo", "model": "demo/clean"}}
    down = {"down": {"base_url": "http://127.0.0.1:9/v1"}}
    with gate(demo, models=models, upstreams=down) as running:
        told = running.get("/v1/models").json

    names = [model["id"] for model in told["data"]]
    assert told["object"] == "list"
    assert {"kimi", "demo/clean"} <= set(names)
    assert len(names) == len(set(names))


def test_one(demo):
    """A configured name is ours to tell of; any other is the upstream's."""
    models = {"team/kimi": {"upstream": "demo", "model": "demo/clean"}}
    with gate(demo, models=models) as running:
        assert running.get("/v1/models/team/kimi").json["owned_by"] == "strictgate"
        assert running.get("/v1/models/demo/clean").json["id"] == "demo/clean"
        assert running.get("/v1/models/demo/nothing").status == 404


def test_the_clients_key_goes_to_the_default_alone(demo):
    """Other upstreams are asked with their own key, or without one."""
    seen = []

    async def other(scope, receive, send):
        if scope["type"] == "http":
            seen.append(dict(scope["headers"]).get(b"authorization"))
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body"})

    with serving(other) as url, gate(demo, upstreams={"x": {"base_url": f"{url}/v1"}}) as running:
        running.get("/v1/models", authorization="Bearer theirs")

    assert seen == [None]
