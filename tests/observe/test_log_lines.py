"""Lines of the log, as objects and as words."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from strictgate.observe.events import (
    Enforced,
    ModelDemoted,
    RequestFinished,
    UpstreamFailed,
)
from strictgate.observe.log_lines import EventLines, LineStyle, LogFormat, LogLevel, level_of
from strictgate.observe.process_events import Crashed, LogLinesDropped

NOW = datetime(2026, 11, 27, 14, 35, 36, 123000, UTC).timestamp()
FINISHED = RequestFinished(
    *("req_1", "POST", "/v1/chat/completions", 200, 0.4123),
    key="ci",
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
)
ENFORCED = Enforced("req_1", "groq", "kimi", "native", 1, "valid", (), 42, 12, 30, 0, 0, 0)
TEXT = LineStyle(format=LogFormat.TEXT)


def line(event, style=TEXT):
    return EventLines(style, str).line(event, NOW)


@pytest.mark.parametrize(
    ("event", "level"),
    [
        (FINISHED, "info"),
        (RequestFinished("r", "GET", "/healthz", 200, 0.1), "debug"),
        (RequestFinished("r", "GET", "/readyz", 503, 0.1), "warning"),
        (RequestFinished("r", "POST", "/v1/x", 400, 0.1, "json_validate_failed"), "info"),
        (RequestFinished("r", "POST", "/v1/x", 502, 0.1, "upstream_unreachable"), "warning"),
        (RequestFinished("r", "POST", "/v1/x", 500, 0.1, "internal_error"), "error"),
        (ENFORCED, "debug"),
        (ModelDemoted("groq", "kimi"), "warning"),
    ],
)
def test_levels(event, level):
    """A request's is its status's; health checks are heard of only where they fail."""
    assert level_of(event) == level


def test_what_is_not_grave_enough():
    """It is no line."""
    assert line(ENFORCED) is None
    assert line(FINISHED, LineStyle(LogLevel.WARNING)) is None
    assert "Enforced" in line(ENFORCED, LineStyle(LogLevel.DEBUG))


@pytest.mark.parametrize("level", LogLevel)
def test_silent_types_are_those_that_are_no_line(level):
    """Of a request it is its status that says so: it is never one of them."""
    style = LineStyle(level)
    told = {type(each): line(each, style) for each in (ENFORCED, ModelDemoted("groq", "kimi"))}

    assert style.silent() & told.keys() == {kind for kind, text in told.items() if text is None}
    assert RequestFinished not in style.silent()


def test_what_is_alike_is_written_once():
    """And each line says what is its own; a key is in none of them."""
    lines = EventLines(LineStyle(), lambda text: text.replace("kimi", "***"))
    first, second = (
        json.loads(lines.line(each, NOW))
        for each in (FINISHED, replace(FINISHED, request_id="req_2", seconds=0.5, tokens_in=7))
    )

    assert first["model"] == second["model"] == "***"
    assert {name for name in first if first[name] != second[name]} == {
        *("request_id", "seconds", "tokens_in"),
    }
    assert lines._alike.cache_info().hits == 1


def test_an_event_with_one_field():
    """It is a line like any other."""
    told = json.loads(line(LogLinesDropped(3), LineStyle()))

    assert (told["event"], told["lines"]) == ("LogLinesDropped", 3)


@pytest.mark.parametrize("error", [None, ""])
def test_what_is_said_of_nothing(error):
    """0 and False are said, what is empty is not."""
    event = RequestFinished("r", "POST", "/v1/x", 0, 0.0, error)
    told = json.loads(line(event, LineStyle()))

    assert (told["status"], told["seconds"], told["client_left"]) == (0, 0.0, False)
    assert {"error", "repairs", "key"}.isdisjoint(told)


def test_an_object():
    """It has what there is to say, and nothing that is not there."""
    told = json.loads(line(FINISHED, LineStyle()))

    assert told["time"] == "2026-11-27T14:35:36.123+00:00"
    assert (told["level"], told["event"]) == ("info", "RequestFinished")
    assert (told["model"], told["upstream"], told["key"]) == ("kimi", "groq", "ci")
    assert told["repairs"] == ["quotes", "forced"]
    assert {"error", "cause", "address"}.isdisjoint(told)


def test_words():
    """One line for a request, with what one looks for first in front."""
    assert line(FINISHED).partition(" ")[2] == (
        "INFO    200 POST /v1/chat/completions 412ms kimi@groq native:valid attempts=2+1 "
        "repairs=quotes,forced tokens=12+30(5 in vain) key=ci req_1\n"
    )


def test_words_about_a_failure():
    """Its cause and the address that it came from."""
    broken = RequestFinished(
        *("req_1", "GET", "/v1/x", 502, 0.1, "upstream_unreachable"),
        client_left=True,
        upstream="groq",
        cause="The upstream 'groq' cannot be reached.",
        address="http://10.0.0.1/v1",
    )
    assert line(broken).partition(" ")[2] == (
        "WARNING 502 GET /v1/x 100ms @groq error=upstream_unreachable cause=The upstream 'groq' "
        "cannot be reached. (http://10.0.0.1/v1) client left req_1\n"
    )


def test_words_about_other_events():
    """Their fields by name."""
    failed = UpstreamFailed("req_1", "groq", "http://x/v1", "upstream_timeout", "late")
    assert line(failed).partition(" ")[2] == (
        "WARNING UpstreamFailed request_id=req_1 upstream=groq address=http://x/v1 "
        "error=upstream_timeout message=late\n"
    )


def test_words_break_no_line_and_no_terminal():
    """What is not printable ASCII is escaped; lines of a traceback cannot be taken for others."""
    odd = line(ModelDemoted("groq", "a\x1b[31m\u2028\x9b\x7fé"))
    assert odd.isascii()
    assert odd[:-1].isprintable()
    traceback = line(Crashed("r", "GET", "/", "Traceback:\n  x\x1b\n12:00 INFO forged"))
    assert traceback.splitlines()[1:] == [
        "    Traceback:",
        "      x\\u001b",
        "    12:00 INFO forged",
    ]


def test_colours():
    """Only where they are wanted."""
    assert "\x1b" not in line(FINISHED)
    assert "\x1b[32mINFO" in line(FINISHED, LineStyle(format=LogFormat.TEXT, is_coloured=True))
