"""What is told through Redis: to all, once, and to those that come later; and through outages."""

import asyncio
import uuid
from contextlib import asynccontextmanager
from dataclasses import replace

from strictgate.core.resilience.messages import BreakerMoved, FactsForgotten, SharedFact
from strictgate.observe.process_events import BackgroundCrashed
from strictgate.shared.redis_board import RedisBoard
from strictgate.shared.redis_client import RedisClient
from tests.shared.engines import needs_redis, until

pytestmark = needs_redis
FACT = SharedFact("groq", "at", "kimi", ("no_mode", "native"), 60.0)
OTHER = SharedFact("groq", "at", "kimi", ("no_tools",), 60.0)
DOWN, UP = BreakerMoved("groq", "at", True), BreakerMoved("groq", "at", False)


class Replica:
    def __init__(self, url, prefix):
        self.events, self.heard = [], []
        self.client = RedisClient(url, prefix, 1.0, self.events.append)
        self.board = RedisBoard(self.client, self.events.append)
        self.board.subscribe(self.heard.append)

    @asynccontextmanager
    async def running(self):
        async with self.board.running():
            yield self
        await self.client.close()

    def facts(self):
        return [each.fact for each in self.heard if isinstance(each, SharedFact)]


@asynccontextmanager
async def replicas(url, number=2):
    """Replicas that listen: each has heard a word of the last."""
    prefix = uuid.uuid4().hex
    made = [Replica(url, prefix) for _ in range(number)]
    async with asyncio.TaskGroup() as tasks:
        done = asyncio.Event()

        async def run(replica):
            async with replica.running():
                await done.wait()

        for each in made:
            tasks.create_task(run(each))
        await all_listen(made)
        yield made
        done.set()


async def all_listen(made):
    """Wait until everybody hears everybody."""
    for each in made:
        hello, others = BreakerMoved(uuid.uuid4().hex, "", True), [x for x in made if x is not each]
        while not all(hello in other.heard for other in others):
            hello = BreakerMoved(uuid.uuid4().hex, "", True)
            each.board.publish(hello)
            await asyncio.sleep(0.05)
    for each in made:
        each.heard.clear()


def test_told(redis):
    """The others hear of it, and not the one that tells it."""

    async def work():
        async with replicas(redis.url, 3) as (first, second, third):
            first.board.publish(FACT)
            first.board.publish(DOWN)
            await until(lambda: second.heard == third.heard == [FACT, DOWN])
            second.board.publish(FACT)  # it is known already
            second.board.publish(DOWN)  # as it was a moment ago
            second.board.publish(UP)
            await until(lambda: first.heard == [UP])
            assert third.heard == [FACT, DOWN, UP]
            assert second.heard == [FACT, DOWN]

    asyncio.run(work())


def test_a_bug_in_a_listener(redis):
    """It costs one message, is told, and ends nothing."""

    async def work():
        async with replicas(redis.url) as (first, second):
            second.board.subscribe(lambda message: {}[message])
            first.board.publish(FACT)
            first.board.publish(DOWN)
            await until(lambda: second.heard == [FACT, DOWN])
        bugs = [each for each in second.events if isinstance(each, BackgroundCrashed)]
        assert [each.task for each in bugs] == ["messages of replicas"] * 2

    asyncio.run(work())


def test_later(redis):
    """Who begins later reads what still holds; what was forgotten is not among it."""
    prefix = uuid.uuid4().hex

    async def tell(*messages):
        async with Replica(redis.url, prefix).running() as replica:
            for each in messages:
                replica.board.publish(each)

    async def heard():
        async with Replica(redis.url, prefix).running() as replica:
            await until(lambda: ("continues",) in replica.facts())
            return replica.heard

    more = SharedFact("groq", "at", "kimi2", ("continues",), 60.0)
    brief = SharedFact("groq", "at", "kimi", ("no_prefill",), 0.001)
    asyncio.run(tell(FACT, brief, OTHER, more))
    found = {each.fact: each.seconds for each in asyncio.run(heard())}
    assert found.keys() == {FACT.fact, OTHER.fact, more.fact}
    assert all(0 < seconds <= 60 for seconds in found.values())
    asyncio.run(tell(FactsForgotten("groq", "at", "kimi")))
    assert [each.fact for each in asyncio.run(heard())] == [more.fact]


def test_what_is_kept_and_is_no_fact(redis):
    """It is passed over: another version may have written it."""
    prefix = uuid.uuid4().hex
    spoil = "for _, each in ipairs(ARGV) do redis.call('ZADD', KEYS[1], 9e9, each) end"

    async def work():
        async with Replica(redis.url, prefix).running() as first:
            deep = ('["groq","at","kimi",' + "[" * n + "]" * n + "]" for n in (500, 100_000))
            odd = ("1", "[]", "x", '["groq","at","kimi",["no_mode"]]', *deep)
            await first.client.script(spoil)(("facts",), odd)
            first.board.publish(FACT)
        async with Replica(redis.url, prefix).running() as later:
            await until(lambda: later.facts() == [FACT.fact])

    asyncio.run(work())


def test_other_prefixes(redis):
    """Replicas of another gateway hear nothing of it."""

    async def work():
        async with replicas(redis.url) as ours, replicas(redis.url) as theirs:
            ours[0].board.publish(FACT)
            await until(lambda: ours[1].heard == [FACT])
            assert theirs[0].heard == theirs[1].heard == []

    asyncio.run(work())


def test_outage(stoppable):
    """What is learned while the store is away is told once it is back, also if it is empty then."""

    async def work():
        async with replicas(stoppable.url) as (first, second):
            stoppable.stop()
            first.board.publish(FACT)
            first.board.publish(DOWN)
            await until(lambda: first.events and second.events)
            stoppable.start()
            await until(lambda: len(first.events) == len(second.events) == 2)
            second.board.publish(OTHER)
            await until(lambda: OTHER.fact in first.facts() and FACT.fact in second.facts())
            assert DOWN not in second.heard  # by now it says nothing
            assert [each.is_up for each in first.events] == [False, True]

    asyncio.run(work())


def test_it_ends(redis):
    """At whatever moment, and what was to be told is told."""

    async def work():
        prefix = uuid.uuid4().hex
        for number in range(10):
            async with asyncio.timeout(20), Replica(redis.url, prefix).running() as replica:
                replica.board.publish(replace(FACT, model=str(number)))
                await asyncio.sleep(number * 0.0005)
        async with Replica(redis.url, prefix).running() as replica:
            await until(lambda: len(replica.facts()) >= 10)

    asyncio.run(work())
