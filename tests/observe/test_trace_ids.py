"""Ids of traces, and which are recorded."""

import re

import pytest

from strictgate.core.wire.trace_context import TraceContext
from strictgate.observe.trace_ids import child_of, new_trace

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize(("flags", "is_sampled"), [("01", True), ("00", False)])
@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_a_caller_decides(flags, is_sampled, ratio):
    """Whether its trace is recorded."""
    found = new_trace(f"00-{TRACE}-{SPAN}-{flags}", ratio)

    assert found == TraceContext(TRACE, found.span_id, SPAN, is_sampled)
    assert re.fullmatch("[0-9a-f]{16}", found.span_id)


@pytest.mark.parametrize(("ratio", "is_sampled"), [(0.0, False), (1.0, True)])
def test_a_new_trace(ratio, is_sampled):
    """So many of them are recorded."""
    found, other = new_trace("nonsense", ratio), new_trace(None, ratio)

    assert re.fullmatch("[0-9a-f]{32}", found.trace_id)
    assert (found.parent_id, found.is_sampled) == ("", is_sampled)
    assert found.trace_id != other.trace_id


def test_a_child():
    """It has an id of its own, and the request's span for its parent."""
    request = new_trace(None, 1.0)
    child = child_of(request)

    assert (child.trace_id, child.parent_id) == (request.trace_id, request.span_id)
    assert child.span_id != request.span_id
    assert child_of(None) is None
