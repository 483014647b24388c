"""Making machines: once for each schema, waited for within bounds, kept within bounds."""

import asyncio
from collections.abc import Callable, Coroutine
from threading import Event
from typing import Any

import pytest

from strictgate.core.grammar.grammar import NotExpressible
from strictgate.core.guard.grammar_matcher import CompiledGrammar
from strictgate.core.schema.schema import Formats, Schema, admit
from strictgate.gateway.grammar_cache import GrammarCache, make

STRING = admit({"type": "string"}, name="test")
NUMBER = admit({"type": "number"}, name="test")


class Counting:
    """Makes machines, and remembers of what; each is made only after `may_go`."""

    def __init__(self, error: Exception | None = None) -> None:
        self.made: list[Schema] = []
        self.may_go = Event()
        self.may_go.set()
        self._error = error

    def __call__(self, schema: Schema) -> CompiledGrammar:
        self.may_go.wait()
        self.made.append(schema)
        if self._error:
            raise self._error
        return make(schema)


def run(talk: Callable[[], Coroutine[Any, Any, None]]) -> list[dict[str, Any]]:
    """Run `talk`; return what was reported to the event loop's exception handler."""
    reported: list[dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: reported.append(context)
        )
        await talk()

    asyncio.run(main())
    return reported


def test_a_machine_is_made_once():
    """The second request for a schema gets the same machine; other readings of it their own."""
    making = Counting()

    async def talk() -> None:
        compiler = GrammarCache(making)
        first = await compiler.grammar(STRING)
        assert first is not None
        assert first.start().consume(b'"a"') == 3
        assert await compiler.grammar(admit({"type": "string"}, name="other")) is first
        other = admit({"type": "string"}, name="test", formats=Formats.ANNOTATE)
        assert await compiler.grammar(other) is not first
        assert len(making.made) == len(compiler) == 2
        compiler.close()

    assert not run(talk)


def test_requests_at_the_same_time_wait_for_the_same():
    """A schema that is being made is not made again."""
    making = Counting()

    async def talk() -> None:
        compiler = GrammarCache(making)
        machines = await asyncio.gather(*(compiler.grammar(STRING) for _ in range(5)))
        assert len({id(each) for each in machines}) == len(making.made) == 1
        compiler.close()

    assert not run(talk)


def test_nobody_waits_for_longer_than_patience():
    """Who is not served in time does without; it is kept for the next one when it is done."""
    making = Counting()
    making.may_go.clear()

    async def talk() -> None:
        compiler = GrammarCache(making, patience=0)
        assert await compiler.grammar(STRING) is None
        making.may_go.set()
        while await compiler.grammar(STRING) is None:  # noqa: ASYNC110 (nobody is told)
            await asyncio.sleep(0)
        assert len(making.made) == 1
        compiler.close()

    assert not run(talk)


def test_a_caller_who_leaves_does_not_stop_the_making():
    """A cancelled request costs the others nothing."""
    making = Counting()
    making.may_go.clear()

    async def talk() -> None:
        compiler = GrammarCache(making)
        leaving = asyncio.ensure_future(compiler.grammar(STRING))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait({leaving})
        making.may_go.set()
        assert await compiler.grammar(STRING) is not None
        assert len(making.made) == 1
        compiler.close()

    assert not run(talk)


@pytest.mark.parametrize("error", [NotExpressible("too big"), RecursionError(), KeyError("a")])
def test_a_schema_without_a_machine(error: Exception):
    """There is none, which is found out once; a mistake of ours is reported as well."""
    making = Counting(error)

    async def talk() -> None:
        compiler = GrammarCache(making)
        assert await compiler.grammar(STRING) is None
        assert await compiler.grammar(STRING) is None
        assert len(making.made) == 1
        compiler.close()

    reported = [each["exception"] for each in run(talk)]
    assert reported == ([] if isinstance(error, NotExpressible) else [error])


def test_what_was_not_used_for_longest_leaves_first():
    """The machines that are kept weigh no more than the capacity."""
    making = Counting()
    size = make(STRING).size

    async def talk() -> None:
        compiler = GrammarCache(making, capacity=size * 5 // 2)
        for each in (STRING, NUMBER, STRING, admit({"type": "boolean"}, name="test"), STRING):
            assert await compiler.grammar(each) is not None
        assert len(compiler) == 2
        assert len(making.made) == 3
        await compiler.grammar(NUMBER)
        assert len(making.made) == 4
        compiler.close()

    assert not run(talk)


def test_one_that_is_too_big_is_not_kept():
    """It is given all the same."""
    making = Counting()

    async def talk() -> None:
        compiler = GrammarCache(making, capacity=10)
        assert await compiler.grammar(STRING) is not None
        assert len(compiler) == 0
        compiler.close()

    assert not run(talk)


def test_more_than_can_be_made_is_not_begun():
    """When too many are waiting already, a request does without at once."""
    making = Counting()
    making.may_go.clear()

    async def talk() -> None:
        compiler = GrammarCache(making, patience=0)
        schemas = [admit({"const": n}, name="test") for n in range(70)]
        assert [await compiler.grammar(each) for each in schemas] == [None] * 70
        making.may_go.set()
        while len(compiler) < 64:  # noqa: ASYNC110 (nobody is told)
            await asyncio.sleep(0)
        assert len(making.made) == 64
        compiler.close()

    assert not run(talk)
