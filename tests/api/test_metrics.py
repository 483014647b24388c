"""`GET /metrics`, and who may read it."""

import pytest

from tests.gates import gate


def test_what_was_asked_is_counted(demo):
    """Known traffic gives known numbers; every table and gauge is named."""
    with gate(demo) as running:
        for model in ("clean", "wrong-once", "wrong-enum"):
            running.chat(model)
        running.chat("clean", None)
        running.chat("clean", stream=True)
        running.get("/healthz")
        answer = running.get("/metrics")
        head = running.request("HEAD", "/metrics", None)
    lines = answer.raw.decode().splitlines()

    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert (head.status, head.raw) == (200, b"")
    for line in (
        'strictgate_requests_total{route="chat/completions",status="200"} 4.0',
        'strictgate_requests_total{route="chat/completions",status="400"} 1.0',
        'strictgate_attempts_total{model="demo/wrong-once",upstream="demo"} 2.0',
        'strictgate_enforced_total{mode="native",model="demo/clean",outcome="valid",upstream="demo"}'
        " 2.0",
        'strictgate_upstream_requests_total{purpose="passthrough",status="200",upstream="demo"}'
        " 1.0",
        'strictgate_overhead_seconds_count{kind="passthrough"} 1.0',
        "strictgate_requests_under_way 1.0",
        "strictgate_streams_open 0.0",
        "strictgate_grammar_cache_entries 1.0",
        "strictgate_worker_queue 0.0",
        "strictgate_store_queue 0.0",
    ):
        assert line in lines


KEYED = {"api_keys": ["client-key-1"]}


@pytest.mark.parametrize(
    ("access", "server", "without_key", "with_key"),
    [
        ("auto", {}, 200, 200),
        ("auto", KEYED, 200, 200),
        ("auto", KEYED | {"host": "0.0.0.0"}, 401, 200),
        ("open", KEYED | {"host": "0.0.0.0"}, 200, 200),
        ("key", KEYED, 401, 200),
        ("off", {}, 404, 404),
    ],
)
def test_who_may_read_them(demo, access, server, without_key, with_key):
    """On loopback everybody, elsewhere whoever has a client key, unless the settings say else."""
    with gate(demo, server=server, observe={"metrics": access}) as running:
        key = {"authorization": "Bearer client-key-1"}
        assert running.get("/metrics").status == without_key
        assert running.get("/metrics", **key).status == with_key


def test_a_web_page_may_not(strictgate):
    """Neither by another name of this machine nor by its origin."""
    assert strictgate.get("/metrics", host="evil.example").status == 421
    assert strictgate.get("/metrics", origin="http://evil.example").status == 403
