"""The demonstration upstream and a gateway in front of it, as real servers."""

from collections.abc import Iterator

import pytest

from app.demo.upstream import create_demo
from tests.gates import Gate, gate
from tests.servers import serving


@pytest.fixture(scope="session")
def demo() -> Iterator[str]:
    """The URL of a demonstration upstream that keeps records."""
    with serving(create_demo()) as url:
        yield url


@pytest.fixture(scope="session")
def strictgate(demo: str) -> Iterator[Gate]:
    """A gateway whose default upstream is the demonstration."""
    with gate(demo) as running:
        yield running
