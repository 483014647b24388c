"""GET /v1/models."""

import pytest

from tests.gates import gate
from tests.servers import serving

KIMI = {"kimi": {"upstream": "demo", "model": "demo/clean"}}
DOWN = {"base_url": "http://127.0.0.1:9/v1"}


def ids(answer):
    assert answer.status == 200, answer.raw
    assert answer.json["object"] == "list"
    return [model["id"] for model in answer.json["data"]]


def test_listed(demo):
    """The configured names come with what the upstream lists that all other names go to."""
    with gate(demo, models=KIMI) as running:
        names = ids(running.get("/v1/models"))

    assert {"kimi", "demo/clean"} <= set(names)
    assert len(names) == len(set(names))


def test_every_name_is_reached(demo):
    """What another upstream lists is not there under that name, and is not listed."""
    with gate(demo, models=KIMI, default_upstream=None) as running:
        assert ids(running.get("/v1/models")) == ["kimi"]
        assert running.chat("clean").status == 404
    with gate(demo, upstreams={"down": DOWN}, default_upstream="demo") as running:
        assert "demo/clean" in ids(running.get("/v1/models"))


def test_down(demo):
    """A list that lacks what an upstream would list says so; one of nothing else is an error."""
    with gate(demo, upstreams={"down": DOWN}, default_upstream="down", models=KIMI) as running:
        partly = running.get("/v1/models")
    with gate(demo, upstreams={"down": DOWN}, default_upstream="down") as running:
        nothing = running.get("/v1/models")

    assert ids(partly) == ["kimi"]
    assert "'down'" in partly.json["x_strictgate"]["not_listed"]
    assert (nothing.status, nothing.error["code"]) == (502, "upstream_unreachable")


def test_one(demo):
    """A configured name is ours to tell of; any other is the upstream's."""
    models = {"team/kimi": {"upstream": "demo", "model": "demo/clean"}}
    with gate(demo, models=models) as running:
        assert running.get("/v1/models/team/kimi").json["owned_by"] == "strictgate"
        assert running.get("/v1/models/demo/clean").json["id"] == "demo/clean"
        assert running.get("/v1/models/demo/nothing").status == 404


@pytest.mark.parametrize("status", [404, 200])
def test_upstreams_that_list_nothing(demo, status):
    """An upstream may have no list; other upstreams see nothing of the client's key."""
    seen = []

    async def other(scope, receive, send):
        if scope["type"] == "http":
            seen.append(dict(scope["headers"]).get(b"authorization"))
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body"})

    with serving(other) as url:
        upstreams = {"x": {"base_url": f"{url}/v1"}}
        with gate(demo, upstreams=upstreams) as running:
            assert ids(running.get("/v1/models", authorization="Bearer theirs"))
        assert seen == []
        with gate(demo, upstreams=upstreams, default_upstream="x") as running:
            assert ids(running.get("/v1/models", authorization="Bearer theirs")) == []
        assert seen == [b"Bearer theirs"]
