"""Who may look."""

import pytest

from strictgate.gateway.caller import Caller
from strictgate.gateway.client_keys import ClientKey
from strictgate.inspector.access import Access, InspectorClosed


def scope(client, host):
    return {"client": (client, 1), "headers": [(b"host", host.encode())]}


@pytest.mark.parametrize(
    ("client", "host", "is_open"),
    [
        ("127.0.0.1", "127.0.0.1:8080", True),
        ("127.0.0.1", "localhost", True),
        ("::1", "[::1]:8080", True),
        ("127.0.0.1", "gateway.example", False),  # a proxy on this machine
        ("172.17.0.1", "localhost:8080", False),  # a container's published port
        ("10.0.0.7", "10.0.0.1", False),
    ],
)
def test_without_keys_it_is_this_machine_alone(client, host, is_open):
    """Both ends of the connection are here, and so is the name."""
    access = Access(has_keys=False)
    if is_open:
        access.check(scope(client, host))
    else:
        with pytest.raises(InspectorClosed):
            access.check(scope(client, host))
    assert Access(has_keys=True).check(scope(client, host)) is None


@pytest.mark.parametrize("header", ["forwarded", "via", "x-forwarded-for", "x-real-ip"])
def test_a_proxy_that_writes_its_own_host(header):
    """Apache's and nginx's ask for `127.0.0.1:8080`, whatever name they were asked by."""
    about = scope("127.0.0.1", "127.0.0.1:8080")
    about["headers"].append((header.encode(), b"203.0.113.9"))
    with pytest.raises(InspectorClosed):
        Access(has_keys=False).check(about)
    assert Access(has_keys=True).check(about) is None


@pytest.mark.parametrize("client", ["127.0.0.1", "10.0.0.7"])
def test_a_key_with_a_name(client):
    """It is somebody's own: from elsewhere it does not show what others have asked."""
    key = ClientKey("ci", "CI", b"")
    about = scope(client, "127.0.0.1") | {"caller": Caller("req_1", key=key)}
    if client == "127.0.0.1":
        Access(has_keys=True).check(about)
    else:
        with pytest.raises(InspectorClosed):
            Access(has_keys=True).check(about)


def test_where_a_page_is_told():
    """Only to who can open it."""
    assert Access(has_keys=False).is_open_by("localhost:8080")
    assert not Access(has_keys=False).is_open_by("strictgate:8080")
    assert Access(has_keys=True).is_open_by("strictgate:8080")
