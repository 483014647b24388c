"""Nobody is kept from the event loop by many who come at once."""

import asyncio

import pytest

from strictgate.api.turns import Turns


def begun(count, at_once, leaving=()):
    """In which round of the loop each of `count` requests begins; None: it has left before."""

    async def main():
        turns, rounds, now = Turns(at_once), [None] * count, 0

        async def request(number):
            await turns.take()
            rounds[number] = now

        tasks = [asyncio.create_task(request(number)) for number in range(count)]
        while not all(task.done() for task in tasks):
            await asyncio.sleep(0)
            now += 1
            if now == 1:
                for number in leaving:
                    tasks[number].cancel()
        return rounds

    return asyncio.run(main())


def test_few_begin_at_once():
    """Where there are no more than may begin, nobody waits."""
    assert len(set(begun(4, 4))) == 1


@pytest.mark.parametrize(("count", "at_once"), [(5, 4), (100, 8), (1000, 16)])
def test_many_begin_in_order(count, at_once):
    """A few in each round, first come, first served."""
    rounds = begun(count, at_once)

    assert rounds == sorted(rounds)
    assert max(rounds.count(each) for each in rounds) <= at_once
    assert len(set(rounds)) == -(-count // at_once)


def test_who_leaves_holds_up_nobody():
    """A turn whose client has left goes to the next."""
    rounds = begun(12, 4, leaving=range(4, 8))

    assert rounds[4:8] == [None] * 4
    assert len(set(rounds)) == 3, "the first four, nobody, the last four"


def test_again():
    """After a pause as many may begin as before."""

    async def main():
        turns = Turns(2)
        for _ in range(3):
            await asyncio.gather(*(turns.take() for _ in range(5)))
            for _ in range(5):
                await asyncio.sleep(0)

    asyncio.run(main())
