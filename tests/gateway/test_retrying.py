"""A failure that may pass is asked again: as often, as soon and as much as there is leave to."""

import json

import pytest

from strictgate.observe.events import RequestRepeated
from tests.gates import gate
from tests.servers import serving

GOOD = {"choices": [{"index": 0, "message": {"content": '{"choice":"calm"}'}}]}
SOON = {"retry-after": "0"}


class Failing:
    """Answers as often with a failure as it is told, then with a completion."""

    def __init__(self, failures, status=503, body=None, **headers):
        self.left = failures
        self.asked = 0
        self.failure = status, json.dumps(body or {"error": {"message": "no"}}), headers or SOON

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        self.asked += 1
        done = 200, json.dumps(GOOD), {}
        status, body, headers = self.failure if self.left > 0 else done
        self.left -= 1
        if status == 0:
            raise RuntimeError("cut")
        sent = {"content-type": "application/json"} | headers
        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body.encode()})


def asked(upstream, count=1, *, schema=True, **settings):
    """The last of `count` answers, and the repetitions that the observer was told of."""
    with (
        serving(upstream) as url,
        gate(url, upstreams={"demo": {"breaker_failures": 0} | settings}) as running,
    ):
        for _ in range(count):
            answer = running.chat("x") if schema else running.chat("x", None)
    return answer, [each for each in running.events if isinstance(each, RequestRepeated)]


@pytest.mark.parametrize("status", [429, 502, 503, 529])
def test_it_passes(status):
    """The caller gets the document, and one attempt."""
    upstream = Failing(2, status)
    answer, repeated = asked(upstream)

    assert (answer.status, answer.headers["x-strictgate-attempts"]) == (200, "1")
    assert upstream.asked == 3
    assert [each.reason for each in repeated] == [str(status)] * 2


def test_it_does_not_pass():
    """The error is the upstream's, and says that repeating it is of no use now."""
    upstream = Failing(9)
    answer, _ = asked(upstream)

    assert (answer.status, answer.error["message"], upstream.asked) == (503, "no", 3)
    assert answer.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, None),
        (401, None),
        (500, None),
        (504, None),
        (429, {"error": {"message": "no", "code": "insufficient_quota"}}),
    ],
)
def test_it_would_not_pass(status, body):
    """What no waiting mends is asked once."""
    upstream = Failing(9, status, body)
    answer, repeated = asked(upstream)

    assert (answer.status, upstream.asked, repeated) == (status, 1, [])


def test_too_late():
    """What may be asked only after the deadline is left to the client, who is told when."""
    upstream = Failing(9, 429, retry_after="1000")
    answer, _ = asked(upstream)

    assert (answer.status, answer.headers["retry-after"], upstream.asked) == (429, "1000", 1)
    assert "x-should-retry" not in answer.headers


def test_too_long_to_wait():
    """A pause above the setting is left to the client, though there would be time."""
    upstream = Failing(1, 429, retry_after="2")
    answer, _ = asked(upstream, max_retry_after=1.5)

    assert (answer.status, answer.headers["retry-after"], upstream.asked) == (429, "2", 1)
    assert "x-should-retry" not in answer.headers


def test_no_repetitions_at_all():
    """Where there shall be none, repeating is the client's affair."""
    upstream = Failing(9)
    answer, _ = asked(upstream, retries=0)

    assert (answer.status, upstream.asked) == (503, 1)
    assert "x-should-retry" not in answer.headers


def test_the_budget():
    """An outage is not made worse: ten requests bring three repetitions, not twenty."""
    upstream = Failing(999)
    answer, repeated = asked(upstream, count=10)

    assert (upstream.asked, len(repeated)) == (13, 3)
    assert answer.headers["x-should-retry"] == "false"


def test_passed_through_once():
    """What carries no schema is not repeated: it is the client's own request."""
    upstream = Failing(9)
    answer, _ = asked(upstream, schema=False)

    assert (answer.status, upstream.asked) == (503, 1)
