"""What a process tells the others, and what it does with their word."""

import pytest

from strictgate.core.capabilities import Fact
from strictgate.core.resilience.messages import (
    BreakerMoved,
    FactsForgotten,
    SharedFact,
    address_digest,
)
from strictgate.gateway.learning import Learner, Lesson
from strictgate.gateway.sharing import Sharing
from strictgate.observe.events import BreakerChanged
from strictgate.settings.loading import Settings
from strictgate.settings.tables import LimitSettings
from strictgate.upstream.client import Client
from strictgate.upstream.routing import Router

X = {"base_url": "http://x/v1", "breaker_failures": 2}
ROUTER = Router(Settings(upstreams={"x": X}, default_upstream="x"), {})
AT = address_digest("http://x/v1")
FACT = SharedFact("x", AT, "m", ("no_tools",), 60.0)


class Board:
    """The wire: what is told on it goes nowhere."""

    def __init__(self):
        self.told = []
        self.listeners = []

    def publish(self, message):
        self.told.append(message)

    def subscribe(self, listener):
        self.listeners.append(listener)


class Process:
    def __init__(self):
        self.board, self.events = Board(), []
        self.sharing = Sharing(self.board)
        self.learner = Learner(60.0, 2, self.events.append)
        self.client = Client(LimitSettings(), self.observe)
        self.sharing.attach(self.learner, self.client, ROUTER.endpoints)

    def observe(self, event):
        self.events.append(event)
        self.sharing.observe(event)

    def hear(self, message):
        [listener] = self.board.listeners
        listener(message)


@pytest.fixture
def process():
    return Process()


def test_facts(process):
    """What is learned is told; what is heard is known."""
    process.learner.learn(ROUTER.route("m"), [Lesson(Fact.NO_TOOLS)])
    assert process.board.told == [FACT]
    other = Process()
    other.hear(FACT)
    assert [fact for fact, _ in other.learner.facts("x", "m")] == [("no_tools",)]
    other.learner.forget("x", "m")
    assert other.board.told == [FactsForgotten("x", AT, "m")]
    process.hear(other.board.told[0])
    assert process.learner.facts("x", "m") == []


@pytest.mark.parametrize(
    "message",
    [
        SharedFact("x", address_digest("http://y/v1"), "m", ("no_tools",), 60.0),
        SharedFact("y", AT, "m", ("no_tools",), 60.0),
    ],
)
def test_another_server(process, message):
    """The same name with another address is another server, and a name that is not here is none."""
    process.hear(message)
    process.learner.forget("y", "m")

    assert process.learner.facts(message.upstream, "m") == []
    assert process.board.told == []


def test_breakers(process):
    """What was seen is told; what was heard is not told on."""
    process.observe(BreakerChanged("x", "open", 2))
    process.observe(BreakerChanged("x", "half_open", 2))
    process.observe(BreakerChanged("x", "closed", 0))
    process.observe(BreakerChanged("x", "open", 2, is_hearsay=True))
    assert process.board.told == [BreakerMoved("x", AT, True), BreakerMoved("x", AT, False)]
    process.events.clear()
    health = process.client.health(ROUTER.endpoints["x"])
    process.hear(BreakerMoved("x", AT, True))
    health.begin()
    health.answered(503)
    process.hear(BreakerMoved("x", AT, False))

    assert process.events == [
        BreakerChanged("x", "open", 2),
        BreakerChanged("x", "closed", 1, is_hearsay=True),
    ]


def test_after_a_reload(process):
    """It is the new table of upstreams that counts; nothing is heard twice."""
    y = Router(Settings(upstreams={"x": {"base_url": "http://y/v1"}}), {})
    process.sharing.attach(process.learner, process.client, y.endpoints)
    process.hear(FACT)

    assert process.learner.facts("x", "m") == []
