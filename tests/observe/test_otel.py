"""Traces: in memory, and over OTLP to a collector."""

import asyncio

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from strictgate.observe.events import ModelDemoted, RequestFinished, UpstreamAnswered
from strictgate.observe.otel import Traces
from strictgate.settings.loading import SettingsError
from tests.gates import gate
from tests.servers import serving

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
IDS = {"trace_id": TRACE, "span_id": "1" * 16, "parent_id": PARENT}


def spans(*events):
    exporter = InMemorySpanExporter()
    traces = Traces(SimpleSpanProcessor(exporter))
    for event in events:
        traces.observe(event)
    return exporter.get_finished_spans()


def test_a_request():
    """It has the ids that were given out, and lasted as long as it did."""
    done = RequestFinished("r", "POST", "/v1/x", 200, 0.5, **IDS)
    [span] = spans(ModelDemoted("u", "m"), done)

    assert (span.context.trace_id, span.context.span_id) == (int(TRACE, 16), int("1" * 16, 16))
    assert span.parent.span_id == int(PARENT, 16)
    assert (span.name, span.kind) == ("POST", SpanKind.SERVER)
    assert span.end_time - span.start_time == 500_000_000
    assert span.status.status_code is StatusCode.UNSET
    assert span.resource.attributes["service.name"] == "strictgate"


def test_where_a_trace_begins():
    """There is no parent."""
    [span] = spans(RequestFinished("r", "POST", "/v1/x", 502, 0.5, **IDS | {"parent_id": ""}))

    assert span.parent is None
    assert span.context.trace_id == int(TRACE, 16)
    assert span.status.status_code is StatusCode.ERROR


def test_a_request_to_an_upstream():
    """It is a client's."""
    call = ("r", "groq", "kimi", "try", "native", 429, 0.1, 0.5, 0.4, 7, 3)
    [span] = spans(UpstreamAnswered(*call, **IDS))

    assert (span.name, span.kind) == ("chat kimi", SpanKind.CLIENT)
    assert span.attributes["gen_ai.request.model"] == "kimi"
    assert span.status.status_code is StatusCode.ERROR


def test_what_is_not_recorded():
    """No span is made of it."""
    call = ("r", "groq", "kimi", "try", "native", 200, 0.1, 0.5, 0.4, 7, 3)
    assert spans(UpstreamAnswered(*call), RequestFinished("r", "GET", "/", 200, 0.1)) == ()


class Collector:
    """Takes what is exported."""

    def __init__(self):
        self.spans = []

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scoped in resource.scope_spans:
                self.spans.extend(scoped.spans)
        headers = [(b"content-type", b"application/x-protobuf")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def asked(demo, *, ratio=1.0, **headers):
    """Ask once with attempts and continuations, and once without a schema; return the spans."""
    collector = Collector()
    with serving(collector) as url:
        observe = {"traces": True, "trace_ratio": ratio, "otlp_endpoint": f"{url}/v1/traces"}
        with gate(demo, observe=observe) as running:
            running.chat("wrong-once")
            body = {"model": "demo/clean"}
            sent = dict(running.post(body, "/v1/echo", **headers).json["headers"])
    return collector.spans, sent.get("traceparent")


def test_over_the_wire(demo):
    """A span for each request and each attempt, in the caller's trace where it has one."""
    found, sent = asked(demo, traceparent=f"00-{TRACE}-{PARENT}-01")
    mine = [each for each in found if each.trace_id.hex() == TRACE]
    others = [each for each in found if each.trace_id.hex() != TRACE]

    [request] = [each for each in mine if each.parent_span_id.hex() == PARENT]
    [call] = [each for each in mine if each.parent_span_id == request.span_id]
    assert sent == f"00-{TRACE}-{call.span_id.hex()}-01"
    [root] = [each for each in others if not each.parent_span_id]
    tries = [each for each in others if each.parent_span_id == root.span_id]
    assert [each.name for each in tries] == ["chat demo/wrong-once"] * 2
    assert len(mine) + len(others) == len(found) == 5


def test_a_caller_that_does_not_record(demo):
    """Its trace goes on, unrecorded; of those that begin here, none is to be."""
    found, sent = asked(demo, ratio=0.0, traceparent=f"00-{TRACE}-{PARENT}-00")

    assert found == []
    assert sent.startswith(f"00-{TRACE}-")
    assert sent.endswith("-00")


def test_without_tracing(strictgate):
    """What the caller says goes on as it is."""
    header = f"00-{TRACE}-{PARENT}-01"
    told = strictgate.get("/v1/echo", traceparent=header).json["headers"]
    assert dict(told)["traceparent"] == header


def test_it_is_not_installed(demo, monkeypatch):
    """That is said at start, with what to do."""
    monkeypatch.setitem(__import__("sys").modules, "strictgate.observe.otel", None)
    with (
        pytest.raises(SettingsError, match=r'pip install "strictgate\[otel\]"'),
        gate(demo, observe={"traces": True}),
    ):
        asyncio.run(asyncio.sleep(0))
