"""Headers of one connection stay on it."""

from strictgate.upstream.headers import OF_THE_BODY, OURS, passed_on


def test_hop_by_hop():
    """They are left out, and so is what a Connection header names; order and repetition stay."""
    headers = [
        ("x-a", "1"),
        ("connection", "close, X-Private"),
        ("x-private", "1"),
        ("te", "trailers"),
        ("x-a", "2"),
    ]

    assert passed_on(headers) == [("x-a", "1"), ("x-a", "2")]


def test_unwanted():
    """A request's own headers do not reach the other side."""
    headers = [("authorization", "x"), ("host", "y"), ("openai-project", "z"), ("accept", "*")]

    assert passed_on(headers, OURS | OF_THE_BODY) == [("openai-project", "z")]
