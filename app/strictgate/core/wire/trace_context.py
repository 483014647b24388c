"""W3C Trace Context: the header `traceparent`, which says of which trace a request is a part.

`00-<32 hex: trace>-<16 hex: the caller's span>-<2 hex: flags>`; https://www.w3.org/TR/trace-context/.
`tracestate` is passed on as it is.
"""

import re
from dataclasses import replace
from typing import Any

from strictgate.core.value_type import value_type

_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 1


@value_type
class ParentSpan:
    """What a caller says of its own span."""

    trace_id: str
    span_id: str
    is_sampled: bool


@value_type
class TraceContext:
    """Where a request stands in a trace. Ids are lower-case hex."""

    trace_id: str
    span_id: str
    """Of the request itself."""
    parent_id: str = ""
    """The caller's span; "": the trace begins here."""
    is_sampled: bool = True
    """Whether its spans are recorded."""

    def recorded(self) -> dict[str, Any]:
        """Return its ids, by the names of this class, where its spans are recorded."""
        if not self.is_sampled:
            return {}
        return {"trace_id": self.trace_id, "span_id": self.span_id, "parent_id": self.parent_id}

    def within(self, span_id: str) -> "TraceContext":
        """Return where something with this id stands, that is done for the request."""
        return replace(self, span_id=span_id, parent_id=self.span_id)

    def header(self) -> str:
        """Return `traceparent` for a request that is made within it."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.is_sampled else '00'}"


def parse_traceparent(header: str | None) -> ParentSpan | None:
    """Return the caller's span; None where there is no header, or it is not valid (§3.2)."""
    found = _FORM.fullmatch((header or "").strip())
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    is_known = version == "00"
    if version == "ff" or (is_known and more) or not int(trace_id, 16) or not int(span_id, 16):
        return None
    return ParentSpan(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))
