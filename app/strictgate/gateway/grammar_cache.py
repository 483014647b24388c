"""Grammars compiled from schemas: off the event loop, once for each schema, and kept.

Compiling takes milliseconds, for a hostile schema much longer, and cannot be cancelled: so it
happens in threads of its own, and nobody waits for it for longer than `patience` seconds. A
conversation can do without a grammar; the next one finds it compiled. That a schema has no grammar
is kept as well.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module

from strictgate.core.grammar.grammar import NotExpressible
from strictgate.core.guard.grammar_matcher import CompiledGrammar, load_grammar
from strictgate.core.lru_cache import LruCache
from strictgate.core.schema.formats import Formats
from strictgate.core.schema.schema import Schema

MIB = 1024 * 1024
THREADS = 2  # one schema that takes long does not hold up the others
MAX_RUNNING = 64  # compilations, those that wait for a thread included
FIXED = 1024  # bytes of an entry, beside its key and its grammar

Key = tuple[str, str, Formats]


def make(schema: Schema) -> CompiledGrammar:
    """Return the grammar of `schema`, compiled.

    Raises:
        NotExpressible
    """
    compiler = import_module("strictgate.core.grammar.compiler")  # not at a start
    return load_grammar(compiler.compile_grammar(schema))


class GrammarCache:
    """Compiles grammars and keeps them, up to `capacity` bytes; used from one event loop."""

    def __init__(
        self,
        make: Callable[[Schema], CompiledGrammar] = make,
        *,
        capacity: int = 64 * MIB,
        patience: float = 2.0,
    ) -> None:
        self._make = make
        self._patience = patience
        self._grammars: LruCache[Key, CompiledGrammar | None] = LruCache(capacity)
        self._running: dict[Key, asyncio.Future[CompiledGrammar | None]] = {}
        self._late: set[Key] = set()
        """Compilations that took longer than `patience`; later callers do not wait for them."""
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="compiling")

    def __len__(self) -> int:
        return len(self._grammars)

    @property
    def size(self) -> int:
        """Bytes of all that is kept."""
        return self._grammars.weight

    async def grammar(self, schema: Schema) -> CompiledGrammar | None:
        """Return the grammar of `schema`; None where it has none, or none yet."""
        key = (schema.text, schema.draft, schema.formats)
        if key in self._grammars:
            return self._usable(key)
        running = self._running.get(key) or self._begin(key, schema)
        if running is None or key in self._late:
            return None
        await asyncio.wait({running}, timeout=self._patience)  # which does not cancel it
        if not running.done():
            self._late.add(key)
        return running.result() if _has_result(running) else None

    def _usable(self, key: Key) -> CompiledGrammar | None:
        """Return what is kept; a grammar that met a limit of the engine would meet it again, and
        so takes the place of none."""
        kept = self._grammars.get(key)
        if kept is not None and kept.is_broken():
            self._keep(key, None)
            return None
        return kept

    def close(self) -> None:
        """Start nothing more. A thread finishes what it has begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _begin(self, key: Key, schema: Schema) -> asyncio.Future[CompiledGrammar | None] | None:
        if len(self._running) >= MAX_RUNNING:
            return None
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._threads, self._compiled, schema)
        self._running[key] = running
        running.add_done_callback(partial(self._end, key))
        return running

    def _compiled(self, schema: Schema) -> CompiledGrammar | None:
        try:
            return self._make(schema)
        except NotExpressible:
            return None

    def _end(self, key: Key, running: asyncio.Future[CompiledGrammar | None]) -> None:
        del self._running[key]
        self._late.discard(key)
        if running.cancelled():
            return
        if error := running.exception():  # a bug, which must not cost the caller its answer
            context = {"message": "A schema could not be compiled", "exception": error}
            running.get_loop().call_exception_handler(context)
        self._keep(key, running.result() if error is None else None)

    def _keep(self, key: Key, grammar: CompiledGrammar | None) -> None:
        weight = FIXED + len(key[0]) + (grammar.size if grammar else 0)
        self._grammars.put(key, grammar, weight)


def _has_result(running: asyncio.Future[CompiledGrammar | None]) -> bool:
    return running.done() and not running.cancelled() and running.exception() is None
