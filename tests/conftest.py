"""The demonstration upstream and a gateway in front of it, as real servers; how long to search.

Property tests try the same examples every time, so that a red run means a change. New ones are
searched for with HYPOTHESIS_PROFILE=search. Neither has a deadline: speed is not tested here.
"""

import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest
from openai import OpenAI

from strictgate.demo.upstream import create_demo
from tests.gates import Gate, gate, guarding_gate
from tests.servers import serving

hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that has the tests run in its background ignores it, and so would all that they start:
    # those that press Ctrl+C would wait for ever.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _settings_alone() -> Iterator[None]:
    """Keep the tests' own variable from gateways that they start: to them it is no setting."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("STRICTGATE_CORPORA", raising=False)
        yield


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


@pytest.fixture
def pair() -> Iterator[tuple[str, Gate]]:
    """A fresh demonstration, so that its records are this test's, and a gateway that knows that its
    models go on from a prefix."""
    with serving(create_demo()) as demo, guarding_gate(demo) as running:
        yield demo, running


@pytest.fixture(scope="module")
def benchmark() -> Iterator[Callable[[str], ModuleType]]:
    """The modules of benchmarks/ by name, as its programs import each other."""
    folder = Path(__file__).parent.parent / "benchmarks"
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    yield importlib.import_module
    sys.path.remove(str(folder))
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "").parent == folder:
            del sys.modules[name]


@pytest.fixture
def client(strictgate: Gate) -> Iterator[OpenAI]:
    """OpenAI's SDK."""
    with OpenAI(base_url=f"{strictgate.url}/v1", api_key="k", max_retries=0) as made:
        yield made


@pytest.fixture
def forgetful(demo: str) -> Iterator[OpenAI]:
    """OpenAI's SDK, as a client of a gateway that keeps no responses."""
    with (
        gate(demo, store={"path": "off"}) as running,
        OpenAI(base_url=f"{running.url}/v1", api_key="k", max_retries=0) as made,
    ):
        yield made
