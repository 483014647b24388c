"""New settings while requests are under way: what changes, and what lasts."""

import asyncio
import threading

import pytest

from strictgate.api.app import create_app
from strictgate.api.reloading import WAITING, with_waiting
from strictgate.observe.process_events import BackgroundCrashed
from strictgate.settings.loading import Settings, SettingsError
from tests.gates import Gate
from tests.inspector.views import latest
from tests.servers import serving

KEY = {"authorization": "Bearer key-number-1"}
ASK = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def settings(demo, **tables):
    tables = {"upstreams": {"demo": {"base_url": f"{demo}/v1", "preset": "demo"}}} | tables
    return Settings(**tables)


class Reloaded:
    """A gateway whose settings can be changed from the test's thread."""

    def __init__(self, first, **options):
        self.events = []
        self.loop = None
        self.app = create_app(first, {}, (self.events.append,), **options)
        self.ready = threading.Event()

    async def __call__(self, scope, receive, send):
        self.loop = asyncio.get_running_loop()
        await self.app(scope, receive, send)

    def reload(self, new):
        return asyncio.run_coroutine_threadsafe(self.app.reload(new), self.loop).result(30)


def model(name="demo/clean"):
    return {"m": {"upstream": "demo", "model": name}}


def test_what_changes(demo):
    """Models, upstreams, keys, limits of a request, what answers tell."""
    app = Reloaded(settings(demo, models=model()))
    with serving(app) as url:
        running = Gate(url)
        assert running.post(ASK).status == 200
        new = settings(demo, models=model("demo/prose"), keys={"k": {"key": "key-number-1"}})
        assert app.reload(new) == ()
        assert running.post(ASK).status == 401
        assert running.post(ASK, **KEY).status == 200
        app.reload(settings(demo, models=model(), limits={"body_bytes": 10}))
        assert running.post(ASK).status == 413


def test_a_bug_in_looking_at_upstreams(demo, monkeypatch):
    """It is told, and the gateway serves: at the start and after a reload."""

    async def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("strictgate.upstream.recognition.look", broken)
    unknown = Settings(upstreams={"demo": {"base_url": f"{demo}/v1"}}, models=model())
    app = Reloaded(unknown, recognises=True)
    with serving(app) as url:
        assert Gate(url).post(ASK).status == 200
        app.reload(unknown)
        assert Gate(url).post(ASK).status == 200
    crashes = [each for each in app.events if isinstance(each, BackgroundCrashed)]
    assert {each.task for each in crashes} == {"recognising upstreams"}
    assert "ZeroDivisionError" in crashes[0].traceback


def test_what_waits_for_a_restart(demo):
    """It is named, and stays as it was."""
    app = Reloaded(settings(demo))
    with serving(app) as url:
        Gate(url).get("/healthz")
        changed = {"server": {"port": 1, "host": "0.0.0.0"}, "limits": {"workers": 7}}
        waiting = app.reload(settings(demo, **changed, store={"path": "off"}))
        still = app.reload(settings(demo, store={"path": "off"}))
        again = app.reload(settings(demo))

    assert waiting == ("server.host", "server.port", "limits.workers", "store")
    assert (still, again) == (("store",), ())


def test_what_lasts(demo):
    """Kept responses, what was learned, counts, and what keys have used."""
    keys = {"k": {"key": "key-number-1", "requests_per_minute": 4}}
    tables = {"models": model("demo/no-json-schema"), "keys": keys}
    app = Reloaded(settings(demo, **tables))
    with serving(app) as url:
        running = Gate(url)
        made = running.post({"model": "m", "input": "hi"}, "/v1/responses", **KEY).json["id"]
        schema = {"name": "x", "schema": {"type": "object"}}
        wanted = ASK | {"response_format": {"type": "json_schema", "json_schema": schema}}
        assert "refused" in running.post(wanted, **KEY).json["x_strictgate"]
        app.reload(settings(demo, **tables))
        assert running.get(f"/v1/responses/{made}", **KEY).json["id"] == made
        assert running.post(wanted, **KEY).json["x_strictgate"]["not_tried"] == ["native"]
        assert running.post(wanted, **KEY).status == 429
        page = running.get("/metrics").raw.decode()

    assert 'strictgate_refusals_total{mode="native",upstream="demo"} 1.0' in page


def test_another_address_is_another_upstream(demo):
    """What was learned of the one before is forgotten."""
    app = Reloaded(settings(demo, models=model("demo/no-json-schema")))
    schema = {"name": "x", "schema": {"type": "object"}}
    wanted = ASK | {"response_format": {"type": "json_schema", "json_schema": schema}}
    with serving(app) as url:
        running = Gate(url)
        assert "refused" in running.post(wanted).json["x_strictgate"]
        elsewhere = {"base_url": f"{demo.replace('127.0.0.1', 'localhost')}/v1", "preset": "demo"}
        app.reload(settings(demo, models=model(), upstreams={"demo": elsewhere}))
        told = running.post(wanted).json["x_strictgate"]

    assert (told["mode"], "not_tried" in told) == ("native", False)


def test_keys_that_are_no_longer_configured(demo):
    """The inspector may have them in what was said while they were."""
    keys = {name: {"key": f"key-number-{name}"} for name in "12"}
    app = Reloaded(settings(demo, models=model(), keys=keys))
    with serving(app) as url:
        running = Gate(url)
        assert running.post(ASK | {"user": "key-number-2"}, **KEY).status == 200
        app.reload(settings(demo, models=model()))
        shown = latest(running)

    assert shown["body"]["text"].count("***")
    assert "key-number-2" not in str(shown)


def test_settings_that_do_not_fit(demo):
    """All is as it was."""
    app = Reloaded(settings(demo, models=model()))
    with serving(app) as url:
        running = Gate(url)
        running.get("/healthz")
        with pytest.raises(SettingsError, match=r"models\.m\.upstream"):
            app.reload(settings(demo, models={"m": {"upstream": "other"}}))
        assert running.post(ASK).status == 200


def test_what_begins_beside_others():
    """It has the new settings, but for those that wait for a restart."""
    first = Settings(
        enforcement={"capability_ttl": 5}, store={"path": "off"}, server={"workers": 2}
    )
    new = Settings(
        enforcement={"capability_ttl": 6, "max_attempts": 2}, server={"workers": 3, "heartbeat": 1}
    )
    made = with_waiting(new, first)

    assert (made.enforcement.capability_ttl, made.enforcement.max_attempts) == (5, 2)
    assert (made.store.path, made.server.workers, made.server.heartbeat) == ("off", 2, 1)
    assert "server.workers" in WAITING
