"""Messages as bytes, however they are cut."""

from strictgate.processes.messages import (
    Inquiry,
    LeaveOrder,
    MessageReader,
    NewSettings,
    ProcessReady,
    written,
)
from strictgate.settings.loading import Settings

SETTINGS = Settings(
    upstreams={"a": {"base_url": "http://a.example/v1"}}, server={"api_keys": ["secret"]}
)
SENT = [
    ProcessReady(),
    NewSettings(SETTINGS, 1),
    Inquiry(1, 2, "metrics", b"\0" * 10_000),
    LeaveOrder(has_delay=True),
]


def test_cut_anywhere():
    """What is read does not depend on how it comes."""
    data = b"".join(map(written, SENT))
    for size in (1, 7, 4096, len(data)):
        reader = MessageReader()
        pieces = (data[at : at + size] for at in range(0, len(data), size))
        assert [each for piece in pieces for each in reader.feed(piece)] == SENT


def test_settings_keep_their_secrets():
    """They are the same at the other end."""
    [told] = MessageReader().feed(written(NewSettings(SETTINGS, 1)))

    assert told.settings.server.api_keys[0].get_secret_value() == "secret"
