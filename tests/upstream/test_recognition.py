"""What an upstream is, from what it answers: real servers that answer as the hosts do."""

import asyncio
import json

import pytest

from strictgate.core.capabilities import Prefill
from strictgate.settings.loading import Settings
from strictgate.settings.tables import LimitSettings
from strictgate.upstream import recognition
from strictgate.upstream.client import Client
from strictgate.upstream.recognition import Recogniser
from strictgate.upstream.routing import Router
from tests.servers import serving
from tests.tables import load

TABLE = load("recognition")


@pytest.fixture(autouse=True)
def _all_the_time_it_takes(monkeypatch):
    monkeypatch.setattr(recognition, "PATIENCE", 30.0)
    monkeypatch.setattr(recognition, "LATER", 30.0)


def host(answers, asked, *, is_silent=False):
    """A server that answers GETs from a table: path → [status, headers, body]; "*": any other."""

    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        asked.append((scope["path"], headers.get(b"authorization", b"").decode()))
        if is_silent:
            await asyncio.sleep(3)
        found = answers.get(scope["path"], answers.get("*", [404, {}, "404 page not found"]))
        status, told, body = found
        raw = [(name.encode(), value.encode()) for name, value in told.items()]
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": data})

    return app


def looked_at(*tables, environment=None):
    """The events of one start, and the router after it."""
    events = []
    upstreams = {f"u{number}": table for number, table in enumerate(tables)}
    router = Router(Settings(upstreams=upstreams), environment or {})

    async def start():
        async with Client(LimitSettings()) as client:
            await Recogniser(router, client, events.append).start()

    asyncio.run(start())
    return events, router


@pytest.mark.parametrize("case", TABLE["hosts"], ids=lambda case: case["name"])
def test_hosts(case):
    """Each is recognised by any of its signs, and is asked accordingly from then on."""
    with serving(host(case["answers"], [])) as url:
        (event,), router = looked_at({"base_url": url + case.get("base", "/v1")})

    assert event.preset == case["preset"]
    assert bool(event.sign) is case.get("is_named", case["preset"] != "generic")
    assert case.get("problem", "") in event.problem
    assert bool(event.problem) is ("problem" in case)
    expected = recognition.PRESETS[case["preset"]].capabilities
    assert router.endpoints["u0"].capabilities == expected


def test_pins_stay():
    """What the configuration pins holds whatever is recognised."""
    answers = {"/v1/models": [200, {}, {"data": [{"id": "m", "owned_by": "vllm"}]}]}
    with serving(host(answers, [])) as url:
        _, router = looked_at({"base_url": f"{url}/v1", "top_logprobs": 0})

    able = router.endpoints["u0"].capabilities
    assert (able.prefill, able.top_logprobs) == (Prefill.CONTINUE_FINAL, 0)


@pytest.mark.parametrize("preset", ["generic", "vllm"])
def test_a_configured_preset_is_not_questioned(preset):
    """Whoever says what it is has nothing asked of it."""
    asked = []
    with serving(host({}, asked)) as url:
        events, _ = looked_at({"base_url": f"{url}/v1", "preset": preset})

    assert (events, asked) == ([], [])


def test_a_known_host_is_not_asked():
    """Its address says it."""
    events, router = looked_at({"base_url": "https://api.groq.com/openai/v1"})

    assert events == []
    assert router.endpoints["u0"].capabilities == recognition.PRESETS["groq"].capabilities


def test_the_key_goes_to_the_api_alone():
    """It is sent with the list of models, and to no other path."""
    asked = []
    with serving(host({}, asked)) as url:
        looked_at({"base_url": f"{url}/v1", "api_key_env": "KEY"}, environment={"KEY": "k"})

    assert asked[0] == ("/v1/models", "Bearer k")
    assert len(asked) > 3
    assert {key for _, key in asked[1:]} == {""}


def test_several_at_once():
    """Each is looked at for itself; one that is not there keeps nothing from the others."""
    sglang = {"/v1/models": [200, {}, {"data": [{"id": "m", "owned_by": "sglang"}]}]}
    with serving(host(sglang, [])) as url:
        events, _ = looked_at({"base_url": "http://127.0.0.1:9/v1"}, {"base_url": f"{url}/v1"})

    assert [each.preset for each in events] == ["generic", "sglang"]
    assert [each.has_answered for each in events] == [False, True]
    assert "cannot be reached: Connection refused" in events[0].problem


def test_silence_stops_nothing(monkeypatch):
    """An upstream that takes its time is an unknown one for now."""
    monkeypatch.setattr(recognition, "PATIENCE", 0.05)
    with serving(host({}, [], is_silent=True)) as url:
        (event,), _ = looked_at({"base_url": f"{url}/v1"})

    assert event.preset == "generic"
    assert "did not answer within 0.05 seconds" in event.problem


def test_it_is_looked_at_again(monkeypatch):
    """One that is not up yet is recognised once it is; each is told once."""
    monkeypatch.setattr(recognition, "PAUSES", (0.01, 0.02))
    events, asked = [], []

    class Rising(dict):
        def get(self, *_):
            is_up = len(asked) > 8  # it was looked at in vain more than once
            return [200, {"server": "llama.cpp"}, ""] if is_up else [502, {}, "Bad Gateway"]

    async def go(url):
        router = Router(Settings(upstreams={"u": {"base_url": f"{url}/v1"}}), {})
        async with Client(LimitSettings()) as client:
            recogniser = Recogniser(router, client, events.append)
            await recogniser.start()
            await recogniser.go_on()
        return router.endpoints["u"].capabilities

    with serving(host(Rising(), asked)) as url:
        able = asyncio.run(go(url))

    assert [each.preset for each in events] == ["generic", "llamacpp"]
    assert able == recognition.PRESETS["llamacpp"].capabilities
