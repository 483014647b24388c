"""The bodies of answers: decoded, cut at their limits, and never waited for without end."""

import gzip
import json
import zlib

import pytest

from strictgate.core.errors import UpstreamBadResponse, UpstreamTimeout
from strictgate.settings import LimitSettings
from tests.core.talks import GOOD
from tests.upstream.asking import COMPLETION, answering, asked


@pytest.mark.parametrize(
    ("coding", "pack"),
    [(b"gzip", gzip.compress), (b"deflate", zlib.compress), (b"identity", bytes)],
)
def test_codings(coding, pack):
    """An answer that comes compressed, though that was not asked for, is read."""
    body = pack(json.dumps(COMPLETION).encode())

    assert asked(answering(body, content_encoding=coding)).choices[0].text == GOOD


@pytest.mark.parametrize("coding", [b"br", b"gzip, gzip", b"zstd"])
def test_unknown_codings(coding):
    """What cannot be undone under the limit is not tried."""
    with pytest.raises(UpstreamBadResponse, match="content coding"):
        asked(answering(b"x", content_encoding=coding))


def test_bomb():
    """What inflates past the limit is cut there."""
    bomb = gzip.compress(b" " * (4 << 20))
    with pytest.raises(UpstreamBadResponse, match="more than"):
        asked(
            answering(bomb, content_encoding=b"gzip"), limits=LimitSettings(upstream_bytes=1 << 20)
        )


def test_not_a_compressed_body():
    """What does not inflate is nonsense."""
    with pytest.raises(UpstreamBadResponse, match="inflate"):
        asked(answering(b"{}", content_encoding=b"gzip"))


def test_too_large():
    """An endless body ends at the limit."""
    with pytest.raises(UpstreamBadResponse, match="more than"):
        asked(answering(pieces=[b" " * 1000] * 20), limits=LimitSettings(upstream_bytes=10_000))


def test_silence_in_the_middle():
    """A body that stalls ends at idle_timeout."""
    with pytest.raises(UpstreamTimeout, match="silent"):
        asked(answering(pieces=[b"{", b"..."]), idle_timeout=0.05)
