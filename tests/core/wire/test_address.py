"""Addresses that an upstream can have."""

import pytest

from strictgate.core.wire.address import checked_base_url, cluster_suffixes, is_loopback

LONG = ".".join(["a" * 60] * 5)


@pytest.mark.parametrize(
    "host",
    ["a..b", ".a", "a" * 64, LONG, "\u3002", "\xfc" * 63, "a\\b", "a b", "a<b", "", "a:0"],
    ids=ascii,
)
def test_no_host(host):
    """A host that no resolver takes is refused: each request would fail."""
    with pytest.raises(ValueError, match="names no host that could be reached"):
        checked_base_url(f"http://{host}/v1")


@pytest.mark.parametrize(
    "host",
    ["a", "a.", "a_b", "xn--a", "m\xfcller.example", "10.0.0.1", "[::1]", "a" * 63, "model-1.ns"],
    ids=ascii,
)
def test_a_host(host):
    """Names of whatever script, and addresses, are taken."""
    assert checked_base_url(f" http://{host}:1/v1/ ") == f"http://{host}:1/v1"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://a", "must start with http"),
        ("http://a?x=1", "must not have a query"),
        ("http://a:b@c", "must not hold a name or a password"),
        ("http://[::zz]", "not a URL"),
    ],
)
def test_no_address(url, said):
    """What is wrong is said."""
    with pytest.raises(ValueError, match=said):
        checked_base_url(url)


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        *(("127.0.0.1", True), ("::1", True), ("localhost", True), ("x.localhost", True)),
        *(("10.0.0.1", False), ("localhost.example", False), ("", False)),
    ],
)
def test_is_loopback(host, is_own):
    """This machine alone."""
    assert is_loopback(host) is is_own


@pytest.mark.parametrize(
    ("text", "suffixes"),
    [
        (
            "search prod.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.9.0.1\n",
            (".prod", ".svc.cluster.local"),
        ),
        (
            "nameserver 10.96.0.10\nsearch team-a.svc.k8s.corp. svc.k8s.corp corp\noptions ndots:5",
            (".team-a", ".svc.k8s.corp"),
        ),
        ("search corp.example\nnameserver 10.0.0.1\n", ()),
        ("# search prod.svc.cluster.local\n", ()),
        ("search\n", ()),
        ("", ()),
    ],
)
def test_cluster_suffixes(text, suffixes):
    """A pod's own namespace and its cluster's zone; elsewhere nothing."""
    assert cluster_suffixes(text) == suffixes
