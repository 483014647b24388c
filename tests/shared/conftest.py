"""One store for all tests of this room."""

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from tests.shared.engines import RedisServer, postgres_server, redis_server

collect_ignore_glob = [
    f"test_{name}_*.py"
    for name, package in (("redis", "redis"), ("postgres", "psycopg"))
    if not find_spec(package)
]
"""What cannot be imported without the client; test_opening.py then says why it is skipped."""


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """A server that nobody stops."""
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a database."""
    with postgres_server() as url:
        yield url


@pytest.fixture
def stoppable() -> Iterator[RedisServer]:
    """A server of this test alone."""
    with redis_server() as server:
        yield server
