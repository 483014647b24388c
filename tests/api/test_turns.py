"""Nobody is kept from the event loop by many who come at once."""

import asyncio

import pytest

from strictgate.api.turns import PATIENCE, Turns


async def taken(turns):
    """Return when it is the caller's turn."""
    turn = turns.take()
    if turn is not None:
        await turn


def begun(count, at_once, leaving=()):
    """In which round of the loop each of `count` requests begins; None: it has left before."""

    async def main():
        turns, rounds, now = Turns(at_once), [None] * count, 0

        async def request(number):
            await taken(turns)
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
            await asyncio.gather(*(taken(turns) for _ in range(5)))
            for _ in range(5):
                await asyncio.sleep(0)

    asyncio.run(main())


def gone_on(waiting, streams, at_once=1):
    """In which round each of `streams` goes on that give way to `waiting` requests."""

    async def main():
        turns, rounds, now = Turns(at_once), [None] * streams, 0

        async def stream(number):
            await asyncio.sleep(0)  # behind the requests
            await turns.give_way()
            rounds[number] = now

        requests = [asyncio.create_task(taken(turns)) for _ in range(waiting)]
        tasks = [asyncio.create_task(stream(number)) for number in range(streams)]
        while not all(task.done() for task in (*requests, *tasks)):
            await asyncio.sleep(0)
            now += 1
        await turns.give_way()
        return rounds

    return asyncio.run(main())


def test_a_stream_gives_way_to_nobody_at_once():
    """Where nobody waits, it goes on in the same round."""
    assert max(gone_on(1, 3)) <= 2


def test_a_stream_gives_way_until_all_have_begun():
    """All go on then."""
    some, more = gone_on(8, 3, at_once=3), gone_on(14, 3, at_once=3)
    assert len(set(some)) == len(set(more)) == 1
    assert more[0] - some[0] == 2


def test_a_few_streams_go_on_in_each_round():
    """Who has just begun is not behind all of them."""
    rounds = gone_on(9, 8, at_once=4)
    assert rounds == sorted(rounds)
    assert [rounds.count(each) for each in sorted({*rounds})] == [4, 4]


def test_a_stream_does_not_give_way_for_ever():
    """However many there are, it goes on after some rounds."""
    rounds = gone_on(10 * PATIENCE, 2)
    assert PATIENCE <= min(rounds) < max(rounds) <= PATIENCE + 3


def test_who_leaves_while_it_gives_way():
    """It holds up nobody."""

    async def main():
        turns = Turns(1)
        requests = [asyncio.create_task(taken(turns)) for _ in range(5)]
        await asyncio.sleep(0)
        leaves, stays = (asyncio.create_task(turns.give_way()) for _ in range(2))
        await asyncio.sleep(0)
        leaves.cancel()
        await asyncio.gather(*requests, stays)
        assert leaves.cancelled()

    asyncio.run(main())
