"""What `[shared]` opens, and what its mistakes are called."""

import pytest

from strictgate.gateway.layered_responses import LayeredResponses
from strictgate.gateway.response_store import MEMORY, ResponseStore
from strictgate.settings.loading import Settings, SettingsError
from strictgate.shared import opening
from strictgate.shared.opening import open_shared
from tests.shared.engines import needs_redis


def opened(**shared):
    return open_shared(Settings(shared=shared).shared, lambda event: None)


def test_nothing():
    """Without a URL each process keeps to itself."""
    shared = opened()
    assert shared.sharing is None
    assert shared.responses(Settings(), None) is None


def test_usage_file(tmp_path):
    """It counts what keys use, without a store; beside one it is refused."""
    path = str(tmp_path / "usage.bin")
    shared = opened(usage_file=path)
    assert shared.quotas is not None
    assert shared.sharing is None
    with pytest.raises(SettingsError, match="leave one out"):
        opened(usage_file=path, url="redis://h")
    with pytest.raises(SettingsError, match=r"shared\.usage_file: .* cannot be used"):
        opened(usage_file=str(tmp_path))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://h", "must begin with one of redis://"),
        ("secret", "must begin with one of redis://"),
        ("none://:secret[@h", "must begin with one of redis://"),
        ("none://:secret\u2100@h", "must begin with one of redis://"),
    ],
)
def test_wrong_urls(url, words):
    """The URL itself is not told: it may have a password in it."""
    with pytest.raises(SettingsError, match=words) as raised:
        opened(url=url)
    assert "secret" not in str(raised.value)


def test_not_installed(monkeypatch):
    """It says what to install."""

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(opening, "import_module", missing)
    with pytest.raises(SettingsError, match=r"pip install 'strictgate\[redis\]'"):
        opened(url="redis://h")


@needs_redis
def test_responses():
    """The shared store takes the place of memory, not that of a file, nor of nothing."""
    memory = ResponseStore(MEMORY, 100, 1000)
    shared = opened(url="redis://h")
    assert isinstance(shared.responses(Settings(), memory), LayeredResponses)
    assert shared.responses(Settings(store={"path": "file.db"}), memory) is memory
    assert shared.responses(Settings(store={"path": "off"}), None) is None
    memory.close()
