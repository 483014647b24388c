"""What the commands take from the configuration."""

import socket

from strictgate.commands.actions import _own_key, _usable_port
from strictgate.settings.loading import load


def test_a_demonstration_listens_beside_what_listens_there():
    """On a free port, where the configured one is taken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert _usable_port(load().with_server({"port": port})) == 0
    assert _usable_port(load().with_server({"port": port})) == port


def test_a_demonstration_asks_with_a_key_of_its_own():
    """With one that may ask any model, where keys are wanted."""
    assert _own_key(load()) is None
    assert _own_key(load().with_server({"api_keys": ["one", "two"]})) == "one"
