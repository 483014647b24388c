"""Which of a request's or an answer's headers go on to the other side."""

from collections.abc import Collection, Iterable

from strictgate.core.wire.passthrough import Header

HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te"),
        *("trailer", "transfer-encoding", "upgrade", "proxy-connection"),
    }
)
"""They belong to one connection (RFC 9110 §7.6.1), as does what a Connection header names."""

VIA = "x-strictgate-via"
"""Which gateways a request has come through, by tokens, as in CDN-Loop (RFC 8586): one that finds
its own there is its own upstream."""

OURS = frozenset({"host", "authorization", "cookie", "expect", "x-request-id"})
"""Of a request: set anew, or between the client and Strictgate."""

KEYS = frozenset({"x-api-key", "api-key", "x-goog-api-key", "x-auth-token"})
"""Of a request: other headers in which clients send a key. They go upstream only where the client's
own Authorization does, too."""

THEIRS = frozenset(
    {
        *("date", "server", "set-cookie", "alt-svc", "strict-transport-security"),
        *("access-control-allow-origin", "access-control-expose-headers"),
        *("access-control-allow-credentials", "x-should-retry"),
    }
)
"""Of an answer: about the upstream's own host, to whom the client is not talking."""

OF_THE_BODY = frozenset(
    {
        *("content-type", "content-length", "content-encoding", "accept", "accept-encoding"),
        *("idempotency-key", "origin", "referer"),
    }
)
"""Of an enforced request, whose body and answer are not the client's own."""


def passed_on(headers: Iterable[Header], unwanted: Collection[str] = ()) -> list[Header]:
    """Return the end-to-end headers, less `unwanted`; names are in lower case."""
    kept: list[Header] = []
    named: set[str] = set()
    for header in headers:
        name = header[0]
        if name not in unwanted and name not in HOP_BY_HOP:
            kept.append(header)
        elif name == "connection":
            named.update([each.strip().lower() for each in header[1].split(",")])
    return [header for header in kept if header[0] not in named] if named else kept
