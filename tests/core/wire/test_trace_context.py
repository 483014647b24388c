"""`traceparent`, by https://www.w3.org/TR/trace-context/."""

import pytest

from strictgate.core.wire.trace_context import ParentSpan, TraceContext, parse_traceparent

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize(
    ("header", "is_sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-03", True),
        (f" 00-{TRACE}-{SPAN}-01 ", True),
        (f"cc-{TRACE}-{SPAN}-01", True),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-brings", True),
    ],
)
def test_a_parent(header, is_sampled):
    """Versions that are not known yet are read as this one."""
    assert parse_traceparent(header) == ParentSpan(TRACE, SPAN, is_sampled)


@pytest.mark.parametrize(
    "header",
    [
        *(None, "", "00", f"00-{TRACE}-{SPAN}", f"ff-{TRACE}-{SPAN}-01"),
        *(f"00-{TRACE}-{SPAN}-01-more", f"00-{TRACE.upper()}-{SPAN}-01", f"00-{TRACE}-{SPAN}-1"),
        *(f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE}x-{SPAN}-01"),
    ],
)
def test_no_parent(header):
    """What is not valid begins no trace of somebody else's."""
    assert parse_traceparent(header) is None


def test_what_an_upstream_is_told():
    """The span of the request to it, and whether the trace is recorded."""
    request = TraceContext(TRACE, SPAN, "1" * 16)
    call = request.within("2" * 16)

    assert call == TraceContext(TRACE, "2" * 16, SPAN)
    assert parse_traceparent(call.header()) == ParentSpan(TRACE, "2" * 16, True)
    silent = TraceContext(TRACE, SPAN, is_sampled=False)
    assert silent.within("2" * 16).header() == f"00-{TRACE}-{'2' * 16}-00"
    assert call.recorded() == {"trace_id": TRACE, "span_id": "2" * 16, "parent_id": SPAN}
    assert silent.recorded() == {}
