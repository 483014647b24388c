"""The bodies of answers: decoded, cut at their limits, and never waited for without end."""

import gzip
import json
import zlib

import pytest

from strictgate.core.errors import UpstreamBadResponse, UpstreamTimeout
from strictgate.settings.tables import LimitSettings
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


@pytest.mark.parametrize("cut", [0, 1, 20, 60])
@pytest.mark.parametrize("padding", [b"", b"\0\0"])
def test_several_members(cut, padding):
    """A gzip body may come in several members, and with zeros behind."""
    body = json.dumps(COMPLETION).encode()
    packed = gzip.compress(body[:cut]) + gzip.compress(body[cut:]) + padding

    for pieces in ([packed], [packed[at : at + 1] for at in range(len(packed))]):
        assert asked(answering(pieces=pieces, content_encoding=b"gzip")).choices[0].text == GOOD


def test_rubbish_behind_a_member():
    """What follows a compressed body and is no member makes it nonsense."""
    packed = gzip.compress(json.dumps(COMPLETION).encode()) + b"rubbish"
    with pytest.raises(UpstreamBadResponse, match="inflate"):
        asked(answering(packed, content_encoding=b"gzip"))


def test_members_of_nothing():
    """Members without end that inflate to nothing are cut at the limit, too."""
    nothing = gzip.compress(b"") * 500
    with pytest.raises(UpstreamBadResponse, match="more than"):
        asked(
            answering(pieces=[nothing] * 3, content_encoding=b"gzip"),
            limits=LimitSettings(upstream_bytes=12_000),
        )


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
