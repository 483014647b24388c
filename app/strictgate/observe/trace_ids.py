"""The ids of traces and spans, and which traces are recorded."""

import random

from strictgate.core.wire.trace_context import TraceContext, parse_traceparent


def child_of(trace: TraceContext | None) -> TraceContext | None:
    """Return where something stands that is done for a request; None: it is not traced."""
    return None if trace is None else trace.within(_new_span_id())


def _new_span_id() -> str:
    return f"{random.getrandbits(64) or 1:016x}"


def new_trace(traceparent: str | None, ratio: float) -> TraceContext:
    """Return where a request stands: in its caller's trace, where it says so, else in a new one.

    Args:
        traceparent: the request's header.
        ratio: of new traces, how many are recorded. A caller's are if it says that they are.
    """
    parent = parse_traceparent(traceparent)
    if parent is None:
        trace_id = f"{random.getrandbits(128) or 1:032x}"
        return TraceContext(trace_id, _new_span_id(), is_sampled=random.random() < ratio)
    return TraceContext(parent.trace_id, _new_span_id(), parent.span_id, parent.is_sampled)
