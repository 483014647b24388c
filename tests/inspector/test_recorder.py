"""What is kept of requests, and for how long."""

import asyncio

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.attempt_log import Attempt
from strictgate.core.errors import OutputInvalid
from strictgate.core.plan.plan import Purpose
from strictgate.core.wire.request_body import RequestBody
from strictgate.gateway.records import Asked, Concluded, Failed, opened
from strictgate.inspector.access import Access
from strictgate.inspector.entries import MAX_BODY
from strictgate.inspector.recorder import Inspector, rows
from strictgate.observe.events import ModelDemoted, RequestFinished, UpstreamFailed
from strictgate.settings.tables import InspectorSettings

KEY = "sk-very-secret-key"
HOW = (Mode.PROMPT, Purpose.TRY, False)


def inspector(**settings):
    return Inspector(InspectorSettings(**settings), Access(has_keys=False))


def request(number, raw=b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'):
    return opened(f"req_{number}", "chat", RequestBody(raw), f"Bearer {KEY}")


def finished(number):
    return RequestFinished(f"req_{number}", "POST", "/v1/chat/completions", 200, 0.1)


def test_the_ring_goes_on():
    """The latest are kept."""
    kept = inspector(keep=2)
    for number in range(4):
        kept.record(request(number))
        kept.observe(finished(number))

    assert [each.id for each in kept.entries()] == ["req_3", "req_2"]
    assert rows(kept, ["req_0", "req_2"])[0]["outcome"] == "passed"


def test_all_together_are_bounded(monkeypatch):
    """By the bytes of their texts, too."""
    monkeypatch.setattr("strictgate.inspector.recorder.CAPACITY", 10_000)
    kept = inspector()
    for number in range(9):
        kept.record(request(number, b'"%s"' % (b"x" * 3000)))
        kept.observe(finished(number))

    assert [each.id for each in kept.entries()] == ["req_8"]


def test_what_a_model_failed_with_counts(monkeypatch):
    """A text that was no document is as long as the model made it."""
    monkeypatch.setattr("strictgate.inspector.recorder.CAPACITY", 100_000)
    kept = inspector()
    for number in range(4):
        kept.record(request(number))
        kept.record(Failed(f"req_{number}", OutputInvalid("no", failed_generation="x" * 60_000)))
        kept.observe(finished(number))

    assert [each.id for each in kept.entries()] == ["req_3"]


def test_of_what_a_model_failed_with_as_much_is_kept_as_of_a_body():
    """Megabytes of it would be written, and kept, on the event loop."""
    kept = inspector()
    kept.record(request(1))
    failed = OutputInvalid("no", failed_generation="x" * (2 << 20))
    kept.record(Failed("req_1", failed))
    kept.observe(finished(1))
    shown = kept.entry("req_1").error["error"]
    assert shown["failed_generation"] == "x" * MAX_BODY
    assert shown["message"] == "no"
    assert len(failed.failed_generation) == 2 << 20


def test_what_was_refused_unread_is_listed():
    """Where it went and what it came to; it pushes nothing out but others of its kind."""
    kept = inspector(keep=20)
    kept.record(request(1))
    kept.observe(finished(1))
    for number in range(2, 40):
        path = "/inspector/api/requests" if number == 5 else "/v1/x"
        about = (f"req_{number}", "POST", path, 401, 0.0, "invalid_api_key")
        kept.observe(RequestFinished(*about))
    kept.observe(RequestFinished("req_50", "GET", "/readyz", 503, 0.1, "shutting_down"))

    listed = [(each.id, each.prompt, each.outcome()) for each in kept.entries()]
    assert listed == [
        *((f"req_{number}", "POST /v1/x", "error") for number in (39, 38)),
        ("req_1", "hi", "passed"),
    ]
    assert kept.entry("req_39").row()["error"] == "invalid_api_key"


def test_who_follows_with_keys_of_before_is_shown_out():
    """Others go on."""
    kept = inspector()
    rule = Access(has_keys=True)
    kept.admit(rule, frozenset({b"a"}))
    with kept.following() as follower:
        kept.admit(rule, frozenset({b"a"}))
        assert not follower.is_over
        kept.admit(rule, frozenset({b"b"}))
        assert follower.is_over


def test_clients_may_give_an_id_anew():
    """The later request takes the place of the one before; an address holds any id."""
    kept = inspector()
    for raw in (b'{"model":"a"}', b'{"model":"b"}'):
        kept.record(request(1, raw))
        kept.observe(finished(1))

    assert [each.model for each in kept.entries()] == ["b"]
    assert kept.page("a/b", "localhost") == "http://localhost/inspector#/requests/a%2Fb"


def test_what_is_told_late_is_no_harm():
    """A request may be over, or forgotten, while its upstream still answers."""
    kept = inspector()
    kept.record(Asked("req_9", *HOW, {}))
    kept.observe(finished(9))
    kept.observe(UpstreamFailed("req_9", "u", "http://u", "upstream_timeout", "late"))

    assert kept.entries() == []


def test_bodies_are_cut():
    """And say so."""
    kept = inspector()
    kept.record(request(1, b"x" * (MAX_BODY + 1)))
    body = kept.entry("req_1").body

    assert (len(body.raw), body.size, body.is_whole) == (MAX_BODY, MAX_BODY + 1, False)


def test_keys_are_not_kept():
    """The client's own, wherever it is in the body."""
    kept = inspector()
    kept.record(request(1, b'{"model":"%s","user":"%s"}' % (KEY.encode(), KEY.encode())))
    entry = kept.entry("req_1")

    assert KEY not in entry.model
    assert entry.body.shown() == '{"model":"***","user":"***"}'


def test_without_bodies():
    """That something was said is kept, but not what."""
    kept = inspector(bodies=False)
    kept.record(request(1))
    kept.record(Asked("req_1", *HOW, {"messages": []}))
    entry = kept.entry("req_1")

    assert (entry.model, entry.prompt, entry.body.size) == ("m", "", 0)
    assert entry.asks[0].sent_size == 0


def test_without_bodies_no_error_quotes_the_model():
    """Neither its text nor what is wrong with it; that there was one, and of which kind."""
    kept = inspector(bodies=False)
    attempt = Attempt(Mode.PROMPT, "invalid", ("'secret' is no number",), None, False)
    kept.record(request(1))
    kept.record(Concluded("req_1", (attempt,), None))
    kept.record(Failed("req_1", OutputInvalid("not 'secret'", failed_generation="secret")))
    kept.observe(finished(1))
    entry = kept.entry("req_1")

    assert "secret" not in repr(entry)
    assert entry.attempts[0].outcome == "invalid"
    assert entry.error["error"]["code"] == "json_validate_failed"


def test_followers_are_told_what_has_changed():
    """Each entry once, however often it has changed; nobody waits for them."""

    async def follow():
        kept = inspector()
        with kept.following() as follower:
            kept.record(request(1))
            kept.record(Asked("req_1", *HOW, {}))
            kept.observe(finished(1))
            await follower.wait(5)
            first = follower.take_all()
            await follower.wait(0.01)
            return first, follower.take_all()

    assert asyncio.run(follow()) == (["req_1"], [])


def test_lessons_are_kept():
    """For the view of the models."""
    kept = inspector()
    kept.observe(ModelDemoted("u", "m"))

    assert [event for _, event in kept.lessons] == [ModelDemoted("u", "m")]
    kept.record(request(1))
    kept.observe(finished(1))
    kept.clear()
    assert kept.entries() == []


def test_what_is_over_is_packed_a_moment_later():
    """Whoever looks sees it as it is, and whoever follows is told at once; an id that is given anew
    is another request."""

    async def run():
        kept = inspector()
        kept.record(request(1))
        kept.observe(finished(1))
        kept.record(request(1))
        assert kept.entry("req_1").outcome() == "open"
        kept.observe(finished(1))
        kept.record(request(2))
        kept.observe(finished(2))
        assert [(each.id, each.outcome()) for each in kept.entries()] == [
            ("req_2", "passed"),
            ("req_1", "passed"),
        ]
        follower = kept.follow()
        kept.record(request(3))
        follower.take_all()
        kept.observe(finished(3))
        assert follower.take_all() == ["req_3"]

        kept.observe(finished(4))
        kept.record(request(5))
        kept.observe(finished(5))
        kept.clear()
        assert kept.entries() == []

    asyncio.run(run())
