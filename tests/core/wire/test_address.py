"""Addresses that an upstream can have."""

import pytest

from strictgate.core.wire.address import (
    checked_base_url,
    checked_proxy_url,
    cluster_suffixes,
    host_of,
    is_loopback,
    without_password,
)

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
        ("http://a/v1/chat/completions/", "must not end in /chat/completions.*write http://a/v1$"),
        ("http://a/v1/responses", "must not end in /responses.*write http://a/v1$"),
        ("http://a/v1/completions", "must not end in /completions.*write http://a/v1$"),
    ],
)
def test_no_address(url, said):
    """What is wrong is said."""
    with pytest.raises(ValueError, match=said):
        checked_base_url(url)


@pytest.mark.parametrize(
    "url", ["http://proxy:3128", "http://me:s%40x@proxy:3128/", "https://me:@[::1]:1"]
)
def test_a_proxy(url):
    """It may want a name and a password."""
    assert checked_proxy_url(f" {url} ") == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("socks5://me:secret@proxy", "must start with http"),
        ("http://me:secret@", "names no host"),
        ("http://me:se/cret@proxy", "cannot be read"),
        ("http://me:12/secret@proxy", "cannot be read"),
        ("http://me:12?secret@proxy", "must not have a query"),
        ("http://me:secret@[proxy", "cannot be read"),
    ],
)
def test_no_proxy(url, said):
    """What is wrong is said without a word of the password."""
    with pytest.raises(ValueError, match=said) as refused:
        checked_proxy_url(url)
    assert not {"secret", "se", "cret", "12"} & {*str(refused.value).replace("'", " ").split()}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://me:secret@proxy:3128", "http://me:***@proxy:3128"),
        ("http://:secret@proxy", "http://:***@proxy"),
        ("http://me@proxy", "http://me@proxy"),
        ("http://[::1]:3128", "http://[::1]:3128"),
    ],
)
def test_without_password(url, shown):
    """Who asks is no secret."""
    assert without_password(url) == shown


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://A.example:1/v1", "a.example"),
        ("http://[::1]:1/v1", "::1"),
        ("http://[fe80::1%25Eth0]/v1", "fe80::1%Eth0"),
        ("http://[fe80::1%eth0]/v1", "fe80::1%eth0"),
        ("http://[fe80::1%252]/v1", "fe80::1%2"),
        ("http://[fe80::1%25]/v1", "fe80::1%25"),
        ("", ""),
    ],
)
def test_host_of(url, host):
    """An interface is spelt as resolvers take it."""
    assert host_of(url) == host


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
