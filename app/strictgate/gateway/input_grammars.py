"""The grammars of custom tools: made ready off the event loop, once each, and kept.

That takes up to a fifth of a second, so it happens in threads of its own, which the engine lets run
beside the loop. `get` raises `InputGrammarPending` where it is met, in the middle of planning; the
gateway has it made, and plans anew. A refusal is kept as well. What it costs is counted on the
meter of the request that has the grammar (WORK_A_CHARACTER), whether or not it was known.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from strictgate.core.errors import BadRequest, Overloaded
from strictgate.core.grammar.grammar import NotExpressible
from strictgate.core.guard.input_matcher import InputMatcher
from strictgate.core.lru_cache import LruCache
from strictgate.core.request.tools import InputGrammar

MOST = 64  # grammars of one request
KEPT = 2 * MOST << 20  # bytes of grammars that are kept
WEIGHT = 1 << 20  # of one: what real ones grow to when they are used
MAX_RUNNING = 64  # that are being made, those that wait for a thread included
PATIENCE = 5.0  # seconds

_Key = tuple[str, str]


class InputGrammarPending(Exception):
    """A grammar is to be made ready first."""

    def __init__(self, grammar: InputGrammar) -> None:
        super().__init__(grammar.name)
        self.grammar = grammar


class InputGrammars:
    """One per process; used from one event loop."""

    def __init__(
        self,
        make: Callable[[str, str], InputMatcher] = InputMatcher,
        *,
        patience: float = PATIENCE,
        most_running: int = MAX_RUNNING,
    ) -> None:
        self._make = make
        self._patience = patience
        self._most_running = most_running
        self._made: LruCache[_Key, InputMatcher | str] = LruCache(KEPT)
        """What judges by the grammar, or why it cannot be enforced."""
        self._running: dict[_Key, asyncio.Future[InputMatcher | str]] = {}
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="input-grammars")

    def get(self, grammar: InputGrammar) -> InputMatcher:
        """Return what judges the input of a custom tool.

        Raises:
            InputGrammarPending: `make` it first.
            BadRequest: it is none that can be enforced.
        """
        known = self._made.get((grammar.syntax, grammar.definition))
        if isinstance(known, str):
            raise BadRequest(
                f"Invalid '{grammar.at}': the grammar of the tool '{grammar.name[:100]}' cannot be "
                f"enforced: {known}. Write it as llguidance reads it, or leave the format out.",
                param=grammar.at,
                code="invalid_grammar",
            )
        if known is None or known.is_broken():
            raise InputGrammarPending(grammar)
        return known

    def of(self, grammars: Sequence[InputGrammar]) -> dict[str, InputMatcher]:
        """Return what judges the inputs of a request's custom tools, by their names.

        Raises:
            InputGrammarPending, BadRequest: see `get`; there are more than MOST.
        """
        if len(grammars) > MOST:
            raise BadRequest(
                f"Invalid 'tools': at most {MOST} of them may have a grammar.", param="tools"
            )
        return {each.name: self.get(each) for each in grammars}

    async def make(self, pending: InputGrammarPending) -> None:
        """Make ready what `get` has said to be pending.

        Raises:
            Overloaded: too many wait already, or it takes too long at this moment.
        """
        grammar = pending.grammar
        key = grammar.syntax, grammar.definition
        running = self._running.get(key)
        if running is None:
            if len(self._running) >= self._most_running:
                raise _not_now(grammar)
            running = asyncio.get_running_loop().run_in_executor(self._threads, self._matcher, *key)
            self._running[key] = running
            running.add_done_callback(lambda done: self._keep(key, done))
        await asyncio.wait({running}, timeout=self._patience)  # which does not cancel it
        if not running.done():
            raise _not_now(grammar)

    def _keep(self, key: _Key, done: asyncio.Future[InputMatcher | str]) -> None:
        del self._running[key]
        if not done.cancelled():
            self._made.put(key, done.result(), WEIGHT + len(key[1]))

    def _matcher(self, syntax: str, definition: str) -> InputMatcher | str:
        try:
            return self._make(syntax, definition)
        except NotExpressible as error:
            return error.reason[:500]


def _not_now(grammar: InputGrammar) -> Overloaded:
    message = f"The grammar of the tool '{grammar.name[:100]}' is not ready yet. Try again later."
    return Overloaded(message, headers={"retry-after": "1"})
