"""Lines about many requests at once are the lines about each of them."""

from dataclasses import fields, replace

import pytest

from strictgate.observe.events import ModelDemoted, RequestFinished
from strictgate.observe.log_lines import _UNIQUE, EventLines, LineStyle, LogFormat, LogLevel
from strictgate.observe.redaction import redactor
from strictgate.observe.request_lines import ALIKE

NOW = 1_790_000_000.9996
PLAIN = RequestFinished("req_0123456789abcdef", "POST", "/v1/chat/completions", 200, 0.4123)
FULL = replace(
    PLAIN,
    error="json_validate_failed",
    key="ci",
    is_stream=True,
    first_byte=0.25,
    upstream="groq",
    model="kimi",
    mode="native",
    outcome="valid",
    attempts=2,
    continuations=1,
    repairs=("quotes", "forced"),
    tokens_in=12,
    tokens_out=30,
    tokens_in_vain=5,
    cost=0.00012,
    upstream_seconds=1e-06,
)
TRACED = replace(FULL, trace_id="0af7651916cd43dd8448eb211c80319c", span_id="b7ad6b7169203331")
REQUESTS = {
    "plain": (PLAIN,),
    "full": (FULL, PLAIN, FULL),
    "traced": (TRACED, replace(TRACED, parent_id="00f067aa0ba902b7"), PLAIN),
    "health checks": (PLAIN, replace(PLAIN, path="/healthz"), FULL),
    "a key": (replace(PLAIN, request_id="a-key-number-1"), PLAIN),
    "a short key": (PLAIN, replace(PLAIN, request_id="none")),
    "like a key": (PLAIN, replace(PLAIN, request_id="sk-0123456789abcdef01")),
    "a path": (replace(PLAIN, request_id="a/b/none"), PLAIN),
    "not ASCII": (replace(PLAIN, request_id="é\x7f"), FULL),
    "no text": (replace(PLAIN, request_id="\ud800"), FULL),
    "like two": (replace(PLAIN, request_id='a"},{"b'), FULL),
    "quoted": (replace(PLAIN, request_id='"\\\n'), FULL),
}


@pytest.mark.parametrize("requests", REQUESTS.values(), ids=list(REQUESTS))
@pytest.mark.parametrize(
    "style", [LineStyle(), LineStyle(LogLevel.DEBUG), LineStyle(format=LogFormat.TEXT)]
)
def test_the_same_lines(style, requests):
    """Whatever the requests have in them, and whichever are worth a line."""
    told = [(NOW + at / 7, each) for at, each in enumerate(requests)]
    lines = EventLines(style, redactor({"key-number-1", "none"}))

    assert lines.lines(told) == "".join(lines.line(each, now) or "" for now, each in told)


def test_others_among_them():
    """They stand in their order."""
    told = [(NOW, PLAIN), (NOW, ModelDemoted("groq", "kimi")), (NOW, FULL)]
    lines = EventLines(LineStyle(), str)

    assert lines.lines(told) == "".join(lines.line(each, now) for now, each in told)


def test_what_requests_have_alike():
    """All but what differs from one to the next."""
    own = {each.name for each in fields(RequestFinished) if each.type is float} | _UNIQUE

    assert [each.name for each in fields(RequestFinished) if each.name not in own] == [*ALIKE]
