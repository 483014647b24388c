"""The SDKs' own clients, pointed at a gateway with nothing but a base URL."""

import json
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from openai import OpenAI

from strictgate.demo.upstream import create_demo
from strictgate.observe.events import RequestFinished
from tests.gates import Gate, gate, guarding_gate
from tests.servers import serving

_POLLS = 2000


@contextmanager
def openai_client(running: Gate, **options: Any) -> Iterator[OpenAI]:
    """A client with the SDK's defaults, retries and all."""
    with OpenAI(base_url=f"{running.url}/v1", api_key="sk-test", **options) as client:
        yield client


@pytest.fixture(scope="session")
def client(strictgate: Gate) -> Iterator[OpenAI]:
    """A client of the shared gateway."""
    with openai_client(strictgate) as ready:
        yield ready


@pytest.fixture
def pair() -> Iterator[tuple[str, Gate]]:
    """A fresh demonstration, so that its records are this test's, and a gateway."""
    with serving(create_demo()) as demo, gate(demo) as running:
        yield demo, running


@pytest.fixture
def guarded() -> Iterator[tuple[str, Gate]]:
    """The same, where the upstream's models go on from what they have written."""
    with serving(create_demo()) as demo, guarding_gate(demo) as running:
        yield demo, running


def requests_to(upstream: str, use: Callable[[Gate], None]) -> int:
    """How many requests a fresh gateway answered while `use` used it."""
    with gate(upstream) as running:
        use(running)
    return sum(isinstance(event, RequestFinished) for event in running.events)


def keep_all(stream: Iterable[Any], kept: list[Any]) -> None:
    """Read a stream to its end, which may be an error; what came before it is kept."""
    for chunk in stream:
        kept.append(chunk)


def records(demo: str) -> list[dict[str, Any]]:
    """The chat requests that the demonstration got."""
    with urllib.request.urlopen(f"{demo}/_requests") as answer:
        return json.load(answer)


def until_cancelled(demo: str) -> None:
    """Wait until the demonstration saw that nobody wants its last answer any more."""
    for _ in range(_POLLS):
        if any(record["cancelled"] for record in records(demo)):
            return
    raise AssertionError(records(demo))
