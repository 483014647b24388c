"""A stream that merely stops has been cut."""

import pytest

from strictgate.core.wire.stream_end import StreamEnd

CHUNK = b'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\n'
OTHER = CHUNK.replace(b'"index":0', b'"index":1')
LAST = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'


@pytest.mark.parametrize(
    ("stream", "is_reached"),
    [
        (CHUNK + LAST + b"data: [DONE]\n\n", True),
        (CHUNK + b"data: [DONE]\r\n\r\n", True),
        (CHUNK + LAST, True),
        (CHUNK + b'event: error\ndata: {"error":{"message":"x"}}\n\n', True),
        (b"data: \xff\n\n", True),
        (CHUNK, False),
        (CHUNK + LAST.replace(b"stop", b""), False),
        (CHUNK + OTHER + LAST, False),
        (CHUNK + OTHER + LAST + LAST.replace(b'"index":0', b'"index":1'), True),
        (CHUNK + LAST[:40], False),
        (b"", False),
        (b": keep-alive\n\n", False),
    ],
)
def test_ending(stream, is_reached):
    """Whole, byte by byte and cut anywhere, the same is found."""
    cuts = [[stream], [stream[i : i + 1] for i in range(len(stream))]]
    cuts += [[stream[:i], stream[i:]] for i in range(len(stream))]
    for pieces in cuts:
        ending = StreamEnd()
        for piece in pieces:
            ending.feed(piece)
        assert ending.is_reached is is_reached
