"""The gateway never reads two requests where another server, or a proxy before it, reads one.

nginx is compared where it is installed (or where the variable NGINX names it), else skipped.
"""

import os
import shutil

import pytest

from tests.commands.process import running
from tests.faults.edge import (
    ROWS,
    nginx,
    read_by_h11,
    read_by_httptools,
    read_over_a_socket,
)

NGINX = os.environ.get("NGINX") or shutil.which("nginx")


@pytest.fixture(scope="module")
def counts():
    """How many requests the gateway reads in each row."""
    with running("--demo") as (_, url):
        read = read_over_a_socket(int(url.rpartition(":")[2]))
        return {name: read(data) for name, data in ROWS.items()}


def test_what_is_good_is_read(counts):
    """Else the comparison would say nothing."""
    assert [counts[name] for name in ("two good ones", "a good body", "good chunks")] == [2, 2, 2]


def test_another_protocol(counts):
    """An upgrade is ignored, its body with it read as any other; a tunnel is refused."""
    assert {name: counts[name] for name in ROWS if "upgrade" in name or "tunnel" in name} == {
        "an upgrade": 2,
        "an upgrade with a body": 1,
        "an upgrade with chunks": 2,
        "an upgrade with both": 0,
        "an upgrade with an odd coding": 0,
        "a tunnel": 0,
        "a tunnel with a body": 0,
    }


@pytest.mark.parametrize("read", [read_by_h11, read_by_httptools])
def test_parsers(counts, read):
    """uvicorn's two."""
    assert smuggled(counts, read) == {}


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx(counts):
    """The proxy that is most often before it."""
    with nginx(NGINX) as read:
        assert read(ROWS["two good ones"]) == 2
        assert smuggled(counts, read) == {}


def smuggled(counts, read):
    """Return the rows in which the other reads something, and the gateway more."""
    others = {name: read(data) for name, data in ROWS.items()}
    return {name: (others[name], counts[name]) for name in ROWS if 0 < others[name] < counts[name]}
