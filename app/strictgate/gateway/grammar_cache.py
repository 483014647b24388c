"""Machines made of schemas: off the event loop, once for each schema, and kept.

Making one takes milliseconds, of a hostile schema much longer, and cannot be cancelled: so it
happens in threads of its own, and nobody waits for longer than `patience`. A conversation can do
without a machine; the next one finds it made. That a schema has none is kept as well.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from strictgate.core.grammar import compiler
from strictgate.core.grammar.grammar import NotExpressible
from strictgate.core.guard.grammar_matcher import CompiledGrammar, load_grammar
from strictgate.core.schema.schema import Formats, Schema

MIB = 1024 * 1024
THREADS = 2  # one schema that takes its time does not hold up the others
MAX_RUNNING = 64
FIXED = 1024  # bytes of an entry, beside its key and its machine

Key = tuple[str, str, Formats]


def make(schema: Schema) -> CompiledGrammar:
    """Return the machine of `schema`.

    Raises:
        NotExpressible
    """
    return load_grammar(compiler.compile(schema))


class GrammarCache:
    """Makes machines; those least recently used leave when there is no room."""

    def __init__(
        self,
        make: Callable[[Schema], CompiledGrammar] = make,
        *,
        capacity: int = 64 * MIB,
        patience: float = 2.0,
    ) -> None:
        self._make = make
        self._capacity = capacity
        self._patience = patience
        self._size = 0
        self._machines: OrderedDict[Key, CompiledGrammar | None] = OrderedDict()
        self._running: dict[Key, asyncio.Future[CompiledGrammar | None]] = {}
        self._late: set[Key] = set()
        """Of those that are running, what somebody has waited for in vain: nobody else need to."""
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="compiling")

    def __len__(self) -> int:
        return len(self._machines)

    async def machine(self, schema: Schema) -> CompiledGrammar | None:
        """Return the machine of `schema`; None where it has none, or none yet."""
        key = (schema.text, schema.draft, schema.formats)
        if key in self._machines:
            self._machines.move_to_end(key)
            return self._usable(key)
        making = self._running.get(key) or self._begin(key, schema)
        if making is None or key in self._late:
            return None
        await asyncio.wait({making}, timeout=self._patience)  # which does not cancel it
        if not making.done():
            self._late.add(key)
        return making.result() if _came_to_something(making) else None

    def _usable(self, key: Key) -> CompiledGrammar | None:
        """Return what is kept, but for one that met a limit, as it would again."""
        machine = self._machines[key]
        if machine is not None and machine.is_broken():
            self._size -= _weight(key, machine) - _weight(key, None)
            self._machines[key] = machine = None
        return machine

    def close(self) -> None:
        """Begin nothing more. What a thread has begun, it finishes."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _begin(self, key: Key, schema: Schema) -> asyncio.Future[CompiledGrammar | None] | None:
        if len(self._running) >= MAX_RUNNING:
            return None
        loop = asyncio.get_running_loop()
        making = loop.run_in_executor(self._threads, self._made, schema)
        self._running[key] = making
        making.add_done_callback(partial(self._end, key))
        return making

    def _made(self, schema: Schema) -> CompiledGrammar | None:
        try:
            return self._make(schema)
        except NotExpressible:
            return None

    def _end(self, key: Key, making: asyncio.Future[CompiledGrammar | None]) -> None:
        del self._running[key]
        self._late.discard(key)
        if making.cancelled():
            return
        if error := making.exception():  # a mistake of ours, that must not cost the caller anything
            context = {"message": "A schema could not be compiled", "exception": error}
            making.get_loop().call_exception_handler(context)
        self._keep(key, making.result() if error is None else None)

    def _keep(self, key: Key, machine: CompiledGrammar | None) -> None:
        if _weight(key, machine) > self._capacity:
            return
        self._machines[key] = machine
        self._size += _weight(key, machine)
        while self._size > self._capacity:
            self._size -= _weight(*self._machines.popitem(last=False))


def _came_to_something(making: asyncio.Future[CompiledGrammar | None]) -> bool:
    return making.done() and not making.cancelled() and making.exception() is None


def _weight(key: Key, machine: CompiledGrammar | None) -> int:
    return FIXED + len(key[0]) + (machine.size if machine else 0)
