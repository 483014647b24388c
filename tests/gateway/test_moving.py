"""Conversations that go on in a worker, which is a real process."""

import asyncio
import json

import pytest

from strictgate.core.conversation.protocol import Ask, Outcome, ReadMore, Stop, StreamPart
from strictgate.core.errors import NotJudged, NotJudgedNow, OutputInvalid, UpstreamTimeout
from strictgate.core.request.options import StreamMode
from strictgate.gateway.moving import Talk
from strictgate.gateway.worker_messages import GoOn, Unknown
from strictgate.gateway.worker_pool import WorkerPool
from strictgate.settings.tables import LimitSettings
from tests.core.talks import body, conversation, said, streamed, turns
from tests.gateway.test_worker_pool import NOBODY, started

ROW = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "size": {"enum": ["small", "large"]}},
    "required": ["name", "size"],
    "additionalProperties": False,
}
TABLE = {
    "type": "object",
    "properties": {"rows": {"type": "array", "items": ROW}},
    "required": ["rows"],
    "additionalProperties": False,
}
COUNT = 600


def table(size='"small"', count=COUNT):
    """A document of some 20 KiB."""
    rows = ",".join(f'{{"name":"row {number}","size":{size}}}' for number in range(count))
    return f'{{"rows":[{rows}]}}'


MISSPELT = table(size='"SMALL"')
WRONG = table(size='"medium"')


def talk(**request):
    return conversation(body(TABLE, **request), max_attempts=2)


async def held(running, conversation, pool, *answers):
    """Hold it as a driver does, with `answers`; return its outcome, and how often it asked."""
    talk = Talk(running, conversation, pool)
    ahead, asked = list(answers), 0
    step = await talk.begin()
    try:
        while not isinstance(step, Outcome):
            asked += isinstance(step, Ask)
            match step:
                case Ask() | ReadMore() | Stop():
                    step = await talk.send(ahead.pop(0))
                case _:
                    step = await talk.send(None)
    finally:
        talk.close()
    return step, asked


def in_worker(*answers, **request):
    """Hold it with a worker; return what came of it, and the conversation's own record."""

    async def hold():
        async with WorkerPool(LimitSettings(workers=1)) as pool:
            one = talk(**request)
            outcome, _ = await held(one.run(), one, pool, *answers)
            return outcome, one.record, pool

    return asyncio.run(hold())


def here(*answers, **request):
    """The same without."""
    one = talk(**request)
    outcome, _ = turns(one, *answers)
    return outcome, one.record


def steps_of(outcome):
    return len(outcome.steps) + sum(count for _, count in outcome.more_steps)


def test_the_same_comes_of_it():
    """Mended in a worker or here: outcome, steps and record are equal."""
    expected, record = here(said(MISSPELT))
    outcome, moved, pool = in_worker(said(MISSPELT))
    assert outcome == expected
    assert steps_of(outcome) == COUNT
    assert moved == record
    assert not pool.is_open


def test_it_asks_again_from_there():
    """What a worker wants is asked for here, and what came before is not asked for again."""
    outcome, moved, _ = in_worker(said(WRONG), said(table()))
    assert json.loads(outcome.body["choices"][0]["message"]["content"]) == json.loads(table())
    assert [each.outcome for each in moved.attempts] == ["invalid", "valid"]


def test_what_it_took_there_is_counted_here():
    """A model that is asked next has what is left of one budget."""

    async def hold():
        async with WorkerPool(LimitSettings(workers=1)) as pool:
            one = talk()
            await held(one.run(), one, pool, said(MISSPELT))
            return one.work.spent

    alone = talk()
    turns(alone, said(MISSPELT))
    assert asyncio.run(hold()) == alone.work.spent > 0


def test_a_full_queue():
    """Who was let in goes on, whoever waits; who comes then gets back what was written."""

    async def hold():
        async with WorkerPool(LimitSettings(workers=1, worker_queue=1)) as pool:
            first, second = talk(), talk()
            begun = Talk(first.run(), first, pool)
            asked = await begun.begin()
            while not isinstance(asked, Ask):
                asked = await begun.send(None)
            step = await begun.send(said(WRONG))
            assert isinstance(step, Ask)  # again, from there
            async with asyncio.TaskGroup() as group:
                waits = group.create_task(pool.ask(pool.worker(), NOBODY))
                await asyncio.sleep(0)
                with pytest.raises(NotJudgedNow) as full:
                    await held(second.run(), second, pool, said(MISSPELT))
                outcome = await begun.send(said(table()))
            assert waits.result() == Unknown()
            begun.close()
            return outcome, full.value

    outcome, full = asyncio.run(hold())
    assert isinstance(outcome, Outcome)
    assert (full.status, full.code, full.failed_generation) == (503, "overloaded", MISSPELT)
    assert (full.headers["retry-after"], full.headers["x-should-retry"]) == ("1", "true")


def test_an_error_from_there():
    """It is the same error."""
    with pytest.raises(OutputInvalid) as expected:
        here(said(WRONG), said(WRONG))
    with pytest.raises(OutputInvalid) as moved:
        in_worker(said(WRONG), said(WRONG))
    assert moved.value.body() == expected.value.body()
    assert moved.value.headers == expected.value.headers
    assert moved.value.details == expected.value.details


async def streamed_through(talk, *answers):
    """Let a stream come; return what the caller was given, and the outcome."""
    given, ahead = "", list(answers)
    step = await talk.begin()
    while not isinstance(step, Outcome):
        if isinstance(step, ReadMore):
            given += "".join(each.delta.get("content", "") for each in step.news)
        is_theirs = isinstance(step, Ask | ReadMore)
        step = await talk.send(ahead.pop(0) if is_theirs else None)
    talk.close()
    return given, step


async def with_and_without_a_worker(run):
    """Return what `run` comes to where a worker takes the conversation, and where there is none."""
    async with WorkerPool(LimitSettings(workers=1)) as pool:
        moved = await run(pool)
        assert pool.worker().begun == 1
    return moved, await run(None)


def test_a_stream_that_moves_in_the_middle():
    """What the caller has got before is not given again, and the rest follows."""
    whole = table(count=1200)
    pieces = [whole[at : at + 900] for at in range(0, len(whole), 900)]
    *parts, reply = streamed(*pieces)
    parts = [*(StreamPart(each.deltas) for each in parts), reply]  # no test's own kind

    async def stream(pool):
        one = conversation(body(TABLE, stream=True), stream=StreamMode.GUARDED)
        return await streamed_through(Talk(one.run(), one, pool), *parts)

    moved, expected = asyncio.run(with_and_without_a_worker(stream))
    assert moved == expected
    assert whole.startswith(moved[0])
    assert len(moved[0]) > len(whole) - 1000


DEEP = {
    "$defs": {"t": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/t"}}, {"const": 1}]}},
    "type": "object",
    "properties": {"t": {"$ref": "#/$defs/t"}},
    "required": ["t"],
}


def test_a_step_that_turns_out_to_be_heavy():
    """Of a short text it takes long to say what is wrong: that is said by a worker, and is the same
    as without one."""
    text = '{"t": [' + "[" * 100 + "2" + "]" * 100 + "]}"
    answers = [text[at : at + 20] for at in range(0, len(text), 20)]
    *parts, reply = streamed(*answers)
    parts = [*(StreamPart(each.deltas) for each in parts), reply]

    async def failed(pool):
        one = conversation(body(DEEP, stream=True), stream=StreamMode.GUARDED, max_attempts=1)
        with pytest.raises(OutputInvalid) as error:
            await streamed_through(Talk(one.run(), one, pool), *parts)
        return error.value.body(), one.record

    moved, expected = asyncio.run(with_and_without_a_worker(failed))
    assert moved == expected


def test_a_worker_that_is_killed():
    """It costs the answer that it was judging; the text is in the error, and the next one is
    judged."""

    async def kill():
        async with WorkerPool(LimitSettings(workers=1)) as pool:
            one, other = talk(), talk()
            worker = pool.worker()
            async with asyncio.TaskGroup() as group:
                group.create_task(killed(worker))
                with pytest.raises(NotJudged) as error:
                    await held(one.run(), one, pool, said(WRONG))
            outcome, _ = await held(other.run(), other, pool, said(MISSPELT))
            return error.value, outcome

    error, outcome = asyncio.run(kill())
    assert error.failed_generation == WRONG
    assert error.status == 500
    assert steps_of(outcome) == COUNT


def test_a_long_stream_that_is_begun_anew():
    """All answers are still there for it, those too that have been packed meanwhile."""
    whole = table(count=1200)
    *parts, reply = streamed(*[whole[at : at + 12] for at in range(0, len(whole), 12)])
    parts = [StreamPart(each.deltas) for each in parts]
    assert len(parts) > 2000

    async def forget():
        async with WorkerPool(LimitSettings(workers=1)) as pool:
            one = conversation(body(TABLE, stream=True), stream=StreamMode.GUARDED)
            running = Talk(one.run(), one, pool)
            ahead, step = [*parts, reply], await running.begin()
            while not isinstance(step, Outcome):
                is_theirs = isinstance(step, Ask | ReadMore)
                step = await running.send(ahead.pop(0) if is_theirs else None)
                if len(ahead) == 20 and is_theirs:
                    pool.worker().process.kill()
                    await pool.worker().process.wait()
            assert pool.worker().begun == 2
            return step

    outcome = asyncio.run(forget())
    assert outcome.body["choices"][0]["message"]["content"] == whole


async def killed(worker):
    """Kill its process as soon as there is one."""
    await started(worker)
    worker.process.kill()


def test_a_worker_that_forgets():
    """The conversation is begun there anew, and goes on where it was."""

    async def forget():
        async with WorkerPool(LimitSettings(workers=1)) as pool:
            one = talk()
            running = Talk(one.run(), one, pool)
            step = await running.begin()
            again = await running.send(said(WRONG))
            assert isinstance(step, Ask)
            assert isinstance(again, Ask)
            pool.worker().process.kill()
            await pool.worker().process.wait()
            return await running.send(said(table()))

    outcome = asyncio.run(forget())
    assert outcome.body["choices"][0]["message"]["content"] == table()


def test_an_answer_that_was_not_waited_for():
    """What the conversation was told meanwhile is told to the worker again: nothing is lost."""

    async def leave():
        async with WorkerPool(LimitSettings(workers=1)) as pool:
            one = talk()
            running = Talk(one.run(), one, pool)
            await running.begin()
            await running.send(said(WRONG))
            busy = asyncio.create_task(pool.ask(pool.worker(), GoOn(-1, None)))
            await asyncio.sleep(0)
            late = asyncio.create_task(running.send(said(table())))
            await asyncio.sleep(0)
            late.cancel()
            await busy
            return await running.throw(UpstreamTimeout("too late"))

    outcome = asyncio.run(leave())
    assert outcome.body["choices"][0]["message"]["content"] == table()


def test_too_long():
    """A step that takes longer than the limit is an error that names it."""

    async def late():
        async with WorkerPool(LimitSettings(workers=1, worker_seconds=0.001)) as pool:
            one = talk()
            await held(one.run(), one, pool, said(WRONG))

    with pytest.raises(NotJudged, match=r"limits\.worker_seconds") as error:
        asyncio.run(late())
    assert error.value.failed_generation == WRONG
    assert error.value.headers["x-should-retry"] == "false"


def test_the_text_of_the_error_is_the_last_one():
    """Of a stream that comes after another answer, it is what streamed alone."""

    async def late():
        async with WorkerPool(LimitSettings(workers=1, worker_seconds=0.001)) as pool:
            one = talk(stream=True)
            part, *_ = streamed(WRONG)
            await held(one.run(), one, pool, said("{}"), StreamPart(part.deltas))

    with pytest.raises(NotJudged) as error:
        asyncio.run(late())
    assert error.value.failed_generation == WRONG
