"""Grammars of custom tools, made ready beside the event loop."""

import asyncio
from threading import Event

import pytest

from strictgate.core.errors import BadRequest, Overloaded
from strictgate.core.guard.input_matcher import InputMatcher
from strictgate.core.request.tools import InputGrammar
from strictgate.gateway.input_grammars import MOST, InputGrammarPending, InputGrammars

DIGITS = InputGrammar("digits", "regex", "[0-9]+", "tools[0].format.definition")
NONE = InputGrammar("none", "lark", "begin: /a/", "tools[1].format.definition")


async def made(grammars, grammar):
    with pytest.raises(InputGrammarPending) as pending:
        grammars.get(grammar)
    await grammars.make(pending.value)


def test_made_once():
    """It is pending, then there; the same text is the same grammar."""

    async def run():
        grammars = InputGrammars()
        await made(grammars, DIGITS)

        assert grammars.get(DIGITS) is grammars.get(DIGITS)
        assert grammars.of([DIGITS])["digits"].judged("12").problem() is None

    asyncio.run(run())


def test_refused():
    """What is no grammar is refused, by its place, and that is kept."""

    async def run():
        grammars = InputGrammars()
        await made(grammars, NONE)

        for _ in range(2):
            with pytest.raises(BadRequest) as refused:
                grammars.get(NONE)
            assert (refused.value.param, refused.value.code) == (NONE.at, "invalid_grammar")

    asyncio.run(run())


def test_too_many():
    """A request has so many at the most, all of which are kept."""

    async def run():
        with pytest.raises(BadRequest):
            InputGrammars().of([DIGITS] * (MOST + 1))
        grammars = InputGrammars()
        many = [InputGrammar(f"t{n}", "regex", f"a{n}", "tools") for n in range(MOST)]
        for each in many:
            await made(grammars, each)
        assert len(grammars.of(many)) == MOST

    asyncio.run(run())


def test_overloaded():
    """Who waits for too long, or behind too many, is told to come again; it is made meanwhile."""

    async def run():
        may_go = Event()

        def make(syntax, definition):
            may_go.wait()
            return InputMatcher(syntax, definition)

        grammars = InputGrammars(make, patience=0, most_running=1)
        for each in (DIGITS, DIGITS, NONE):
            with pytest.raises(Overloaded):
                await made(grammars, each)
        may_go.set()
        while True:
            try:
                grammars.get(DIGITS)
            except InputGrammarPending:
                await asyncio.sleep(0.01)
            else:
                break

    asyncio.run(run())


def test_the_loop_goes_on():
    """While the largest is made, the loop comes to its turn many times."""

    async def run():
        rules = "\n".join(f'r{n}: "k{n}" /[a-z]{{1,40}}/' for n in range(1500))
        start = "start: " + " | ".join(f"r{n}" for n in range(1500))
        turns, grammars = 0, InputGrammars()
        task = asyncio.ensure_future(
            made(grammars, InputGrammar("large", "lark", f"{start}\n{rules}", "tools"))
        )
        while not task.done():
            turns += 1
            await asyncio.sleep(0.001)
        assert turns > 3

    asyncio.run(run())
