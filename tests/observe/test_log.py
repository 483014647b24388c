"""The log is one JSON line per event, whatever is in it."""

import asyncio
import io
import json
import logging

import pytest

from strictgate.observe.events import ModelDemoted, RequestFinished
from strictgate.observe.log import Log, ServerHandler, log_to, stderr_style
from strictgate.observe.log_lines import LineStyle, LogFormat, LogLevel
from strictgate.observe.process_events import Crashed


def logged(*events):
    stream = io.StringIO()
    observe = log_to(stream).observe
    for event in events:
        observe(event)
    return [json.loads(line) for line in stream.getvalue().split("\n")[:-1]]


def test_a_line_for_each_event():
    """Each line names its event, its level and its fields."""
    lines = logged(
        RequestFinished("req_1", "POST", "/v1/x", 200, 0.5),
        ModelDemoted("groq", "kimi"),
        Crashed("req_2", "GET", "/", "Traceback…"),
    )

    assert [(line["event"], line["level"]) for line in lines] == [
        ("RequestFinished", "info"),
        ("ModelDemoted", "warning"),
        ("Crashed", "error"),
    ]
    assert lines[0]["seconds"] == 0.5


def test_the_server_logs_the_same_way():
    """Its warnings and its tracebacks are lines too; what is expected of it is not said."""
    stream = io.StringIO()
    server = logging.getLogger("strictgate.test")
    server.propagate = False
    server.addHandler(ServerHandler(stream))
    server.info("started")
    server.warning("Invalid HTTP request received.")
    server.error("Traceback …\nasyncio.exceptions.CancelledError\n")
    try:
        raise KeyError("x")
    except KeyError:
        server.exception("lifespan failed")

    line = json.loads(stream.getvalue())
    assert (line["level"], line["event"]) == ("error", "Server")
    assert "KeyError" in line["message"]


class Terminal(io.StringIO):
    """What says that it is one."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "wanted", "no_color", "format", "is_coloured"),
    [
        (Terminal(), None, "", "text", True),
        (Terminal(), None, "1", "text", False),
        (Terminal(), LogFormat.JSON, "", "json", True),
        (io.StringIO(), None, "", "json", False),
        (io.StringIO(), LogFormat.TEXT, "", "text", False),
        (None, None, "", "json", False),
    ],
)
def test_the_style_of_standard_error(monkeypatch, stream, wanted, no_color, format, is_coloured):
    """Text is for terminals, unless something else is wanted; colours are for them alone."""
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("NO_COLOR", no_color)

    assert stderr_style(LogLevel.DEBUG, wanted) == LineStyle(LogLevel.DEBUG, format, is_coloured)


def test_nothing_breaks_a_line():
    """Line feeds and terminal codes from outside are escaped."""
    stream = io.StringIO()
    log_to(stream).observe(ModelDemoted("groq", "a\nb\x1b[31m\u2028"))

    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()


def test_lines_are_ascii():
    """What a terminal or a reader of lines could take for a control or an end is escaped."""
    stream = io.StringIO()
    odd = "a\u2028\u2029\x85\x9b31m\x7f\u202e\ud800é"
    log_to(stream).observe(ModelDemoted("groq", odd))

    assert stream.getvalue().isascii()
    assert "\x7f" not in stream.getvalue()
    assert json.loads(stream.getvalue())["model"] == odd


def test_keys_are_not_logged():
    """Neither those that are known, nor what looks like a provider's."""
    stream = io.StringIO()
    observe = log_to(stream, {"my secret key", "k1"}).observe
    observe(RequestFinished("req_1", "GET", "/v1/models/my secret key/x", 404, 0.5))
    observe(ModelDemoted("groq", "k1"))
    observe(ModelDemoted("groq", "sk-proj-0123456789abcdef0123"))
    observe(ModelDemoted("groq", "qwen-sk1-k1"))

    assert "secret" not in stream.getvalue()
    models = [json.loads(line).get("model") for line in stream.getvalue().splitlines()]
    assert models == [None, "***", "***", "qwen-sk1-k1"]


def test_keys_of_before_are_not_logged():
    """Requests with them may still be under way when the configuration has others."""
    stream = io.StringIO()
    log = Log(stream)
    log.change(["key-number-1"], LineStyle())
    log.change(["key-number-2"], LineStyle())
    log.observe(ModelDemoted("groq", "key-number-1 key-number-2"))
    assert json.loads(stream.getvalue())["model"] == "*** ***"


def test_nobody_reads_it():
    """A log that cannot be written stops nothing."""
    stream = io.StringIO()
    stream.close()

    log_to(stream).observe(ModelDemoted("groq", "kimi"))


def test_the_lines_of_requests_wait_for_a_moment():
    """They have the time at which it happened, and what else happens comes behind them."""

    async def run():
        stream = io.StringIO()
        log = log_to(stream)
        log.observe(RequestFinished("req_1", "POST", "/v1/x", 200, 0.5))
        assert stream.getvalue() == ""

        log.observe(ModelDemoted("groq", "kimi"))
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        assert [line["event"] for line in lines] == ["RequestFinished", "ModelDemoted"]
        assert lines[0]["time"] <= lines[1]["time"]

        log.observe(RequestFinished("req_2", "POST", "/v1/x", 200, 0.5))
        log.change((), None)
        log.observe(RequestFinished("req_3", "POST", "/v1/x", 200, 0.5))
        log.flush()
        assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()][2:] == [
            "RequestFinished"
        ]

    asyncio.run(run())


def test_the_lines_of_many_requests_are_one_write():
    """Whoever writes them is called once."""
    written = []

    class Written:
        def write(self, lines):
            written.append(lines)

    async def run():
        log = log_to(Written())
        for number in range(3):
            log.observe(RequestFinished(f"req_{number}", "POST", "/v1/x", 200, 0.5))
        log.observe(RequestFinished("req_3", "GET", "/healthz", 200, 0.5))
        log.flush()

    asyncio.run(run())
    [lines] = written
    assert [json.loads(line)["request_id"] for line in lines.splitlines()] == [
        "req_0",
        "req_1",
        "req_2",
    ]
