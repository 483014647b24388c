"""The log is one JSON line per event, whatever is in it."""

import io
import json
import logging

from strictgate.observe.events import Crashed, ModelDemoted, RequestFinished
from strictgate.observe.log import ServerHandler, log_to


def logged(*events):
    stream = io.StringIO()
    observe = log_to(stream)
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


def test_nothing_breaks_a_line():
    """Line feeds and terminal codes from outside are escaped."""
    stream = io.StringIO()
    log_to(stream)(ModelDemoted("groq", "a\nb\x1b[31m\u2028"))

    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()


def test_nobody_reads_it():
    """A log that cannot be written stops nothing."""
    stream = io.StringIO()
    stream.close()

    log_to(stream)(ModelDemoted("groq", "kimi"))
