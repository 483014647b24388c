"""Traces: a listener that makes OpenTelemetry's spans of events. It needs `strictgate[otel]`.

A span is made when it is over: nothing is open meanwhile, and what is not recorded costs nothing.
The ids have been given out before, as an upstream is told its parent when it is asked.
"""

import os
import time
from collections.abc import Mapping

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation import set_span_in_context

from strictgate import __version__
from strictgate.observe import genai
from strictgate.observe.events import Event, RequestFinished, UpstreamAnswered

_SECOND = 1_000_000_000  # nanoseconds
_RECORDED = trace.TraceFlags(trace.TraceFlags.SAMPLED)


class _GivenIds(IdGenerator):
    """Gives the ids that were given out before."""

    def __init__(self) -> None:
        self.trace_id = 0
        self.span_id = 0

    def generate_span_id(self) -> int:
        return self.span_id

    def generate_trace_id(self) -> int:
        return self.trace_id


class Traces:
    """One per process; `observe` is the listener."""

    def __init__(self, processor: SpanProcessor) -> None:
        """Begin.

        Args:
            processor: takes the spans.
        """
        self._ids = _GivenIds()
        named = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: "strictgate"}
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,  # what is not recorded does not come here
            resource=Resource.create(named | {"service.version": __version__}),
            id_generator=self._ids,
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("strictgate", __version__)
        self.heeds = {UpstreamAnswered: self.observe, RequestFinished: self.observe}

    def observe(self, event: Event) -> None:
        """Make a span of what has ended, where its trace is recorded."""
        match event:
            case UpstreamAnswered(trace_id=trace_id) if trace_id:
                self._add(
                    (trace_id, event.span_id, event.parent_id),
                    (genai.call_name(event), SpanKind.CLIENT, event.seconds),
                    genai.call_attributes(event),
                    is_error=bool(event.error) or event.status >= 400,
                )
            case RequestFinished(trace_id=trace_id) if trace_id:
                self._add(
                    (trace_id, event.span_id, event.parent_id),
                    (genai.request_name(event), SpanKind.SERVER, event.seconds),
                    genai.request_attributes(event),
                    is_error=event.status >= 500,
                )

    def _add(
        self,
        ids: tuple[str, str, str],
        about: tuple[str, SpanKind, float],
        attributes: genai.Attributes,
        *,
        is_error: bool,
    ) -> None:
        trace_id, span_id, parent_id = (int(each or "0", 16) for each in ids)
        name, kind, seconds = about
        self._ids.trace_id, self._ids.span_id = trace_id, span_id
        parent = SpanContext(trace_id, parent_id, is_remote=True, trace_flags=_RECORDED)
        context = set_span_in_context(NonRecordingSpan(parent)) if parent_id else None
        end = time.time_ns()
        start = end - int(seconds * _SECOND)
        span = self._tracer.start_span(name, context, kind, dict(attributes), start_time=start)
        if is_error:
            span.set_status(Status(StatusCode.ERROR))
        span.end(end)

    def close(self) -> None:
        """Send what waits; it may take seconds."""
        self._provider.shutdown()


def otlp_traces(endpoint: str | None, headers: Mapping[str, str] | None = None) -> Traces:
    """Return the traces that are sent by OTLP over HTTP.

    Args:
        endpoint: where to, with its path; None: what OpenTelemetry's own variables say
            (OTEL_EXPORTER_OTLP_ENDPOINT, …_HEADERS).
        headers: of each export; None: as these variables say.
    """
    exporter = OTLPSpanExporter(endpoint=endpoint, headers=dict(headers) if headers else None)
    return Traces(BatchSpanProcessor(exporter))
