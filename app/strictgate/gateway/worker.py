"""A worker: a process that computes conversations too heavy for the event loop.

`python -m strictgate.gateway.worker BYTES SECONDS` reads questions (worker_messages.py) from its
standard input and writes answers to its standard output, each with its length before it, until the
input ends. It has no network, no keys and no settings. BYTES of memory are all that it can have,
and SECONDS of computing all that one question may take: more ends it by a signal. The signals that
tell a gateway to leave are not for it: what is under way is still to be judged. Conversations
are kept between two turns as far as `KEPT` goes, and are begun anew by the gateway where they are
not there any more, which takes all their computing again. So the memory is what counts, and who is
forgotten first is who has not been heard of for `IDLE` seconds: its client does not read. Among
those that are in use it is the one that was heard of last, so that the others are never begun anew:
were it the one heard of first, each would be gone when its turn comes.
"""

import gc
import json
import os
import signal
import sys
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.judging_cost import guarded_length
from strictgate.core.conversation.protocol import (
    Ask,
    Compile,
    ConversationGenerator,
    HeavyStep,
    Outcome,
    StreamPart,
    Turn,
)
from strictgate.core.errors import GatewayError
from strictgate.core.grammar.compiler import compile_grammar
from strictgate.core.grammar.grammar import NotExpressible
from strictgate.core.guard.grammar_matcher import CompiledGrammar, load_grammar
from strictgate.core.guard.guard import MAX_MATCHED
from strictgate.core.jsontext.reader import write_json
from strictgate.core.lru_cache import LruCache
from strictgate.core.plan.plan import Plan
from strictgate.core.schema.schema import Schema, admit_as_asked
from strictgate.core.value_type import state_type
from strictgate.core.wire.reply import Reply
from strictgate.gateway.freed_memory import MUCH, FreedMemory
from strictgate.gateway.worker_messages import (
    HEADER,
    NO_MEMORY,
    Admit,
    Admitted,
    Answer,
    Begin,
    Entry,
    Finished,
    Forget,
    GoOn,
    GrammarAnswer,
    Question,
    Turned,
    Unknown,
    WorkerCrashed,
    dumped,
    framed,
    keep_schema,
    loaded,
    long_texts,
    unpacked_entries,
)

KEPT = 512 << 20  # bytes of conversations between two turns, or a quarter of BYTES
FIXED = 64 << 10  # bytes of one, …
PER_MATCHED = 75  # … for each character that a grammar has followed, …
PER_CHARACTER = 9  # … and for each
IDLE = 2.0  # seconds
GRAMMARS = 64 << 20  # bytes of grammars that are kept
YOUNG = 20_000
"""Objects more than before, until the collector looks for cycles. A question makes many small ones
that stay until it is answered: with Python's own 700 they are walked again and again, which takes
up to a quarter of the time."""
NICENESS = 2  # whoever waits for an event loop goes first


@state_type
class Running:
    """A conversation between two turns."""

    conversation: Conversation
    generator: ConversationGenerator
    length: int = 0
    """Characters that it was given."""
    at: float = 0.0
    """When it was heard of, in seconds."""

    @property
    def weight(self) -> int:
        """Its bytes, about."""
        matched = min(self.length, MAX_MATCHED)
        return FIXED + PER_MATCHED * matched + PER_CHARACTER * self.length


class Worker:
    """Answers questions, one at a time."""

    def __init__(self, kept: int = KEPT, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept = kept
        self._clock = clock
        self._weight = 0
        """Of all that are kept."""
        self._running: OrderedDict[int, Running] = OrderedDict()
        self._grammars: LruCache[tuple[str, str, str], CompiledGrammar | None] = LruCache(GRAMMARS)

    def answer(self, question: Question) -> Answer:
        """Return what comes of `question`."""
        match question:
            case Begin(key, data, packed, latest):
                conversation: Conversation = loaded(data)
                running = Running(conversation, conversation.run())
                entries = [*unpacked_entries(packed), *latest]
                return self._advanced(key, running, entries, is_new=True)
            case GoOn(key, entry):
                known = self._leave(key)
                return Unknown() if known is None else self._advanced(key, known, [entry])
            case Admit():
                try:
                    return admitted(question)
                except GatewayError as error:
                    return error

    def forget(self, keys: Sequence[int]) -> None:
        """Forget conversations."""
        for key in keys:
            self._leave(key)

    def _leave(self, key: int) -> Running | None:
        running = self._running.pop(key, None)
        self._weight -= 0 if running is None else running.weight
        return running

    def _keep(self, key: int, running: Running) -> None:
        """Keep a conversation for its next turn, and forget others where that is too much."""
        while self._running and self._weight + running.weight > self._kept:
            oldest, latest = next(iter(self._running)), next(reversed(self._running))
            is_idle = self._clock() - self._running[oldest].at > IDLE
            self._leave(oldest if is_idle else latest)
        running.at = self._clock()
        self._running[key] = running
        self._weight += running.weight

    def _advanced(
        self, key: int, running: Running, entries: Sequence[Entry], *, is_new: bool = False
    ) -> Answer:
        """Give a conversation its answers; return the turn that is for the gateway to answer."""
        end: Outcome | GatewayError
        try:
            turn = self._turn(running.generator, entries, is_new=is_new)
        except StopIteration as done:
            end = done.value
        except GatewayError as error:
            end = error
        else:
            running.length += sum(map(_length, entries))
            self._keep(key, running)
            return Turned(turn)
        talk = running.conversation
        return Finished(end, talk.record, _told(talk.plan), talk.work.spent)

    def _turn(
        self, generator: ConversationGenerator, entries: Sequence[Entry], *, is_new: bool
    ) -> Turn:
        """Answer from `entries`, and what needs no gateway here, until there is no answer."""
        left = list(reversed(entries))
        turn: Turn | None = next(generator) if is_new else None
        while True:
            match turn:
                case HeavyStep():
                    turn = generator.send(None)
                case Compile(schema) if not (left and isinstance(left[-1], GrammarAnswer)):
                    turn = generator.send(self._grammar(schema))
                case Compile(schema) if left.pop() == GrammarAnswer(is_there=True):
                    turn = generator.send(self._grammar(schema))
                case Compile():
                    turn = generator.send(None)
                case _ if left:
                    turn = _given(generator, left.pop())
                case Ask(plan, body):
                    return Ask(_told(plan), {}, write_json(body).encode())
                case _:
                    assert turn is not None, "there was something to answer"
                    return turn

    def _grammar(self, schema: Schema) -> CompiledGrammar | None:
        key = (schema.text, schema.draft, schema.formats)
        if key not in self._grammars:
            grammar = _made(schema)
            self._grammars.put(key, grammar, 1024 + len(key[0]) + (grammar.size if grammar else 0))
            return grammar
        kept = self._grammars.get(key)
        return None if kept is None or kept.is_broken() else kept


def _told(plan: Plan) -> Plan:
    """Return what the gateway needs of a plan: not its body, nor the schema in that."""
    schema = None if plan.schema is None else replace(plan.schema, source=None)
    return replace(plan, body={}, schema=schema)


def _length(entry: Entry) -> int:
    match entry:
        case StreamPart(deltas):
            return guarded_length(deltas)
        case Reply(choices=choices):
            return sum(len(each.text) + len(each.arguments) for each in choices)
        case _:
            return 0


def _given(generator: ConversationGenerator, entry: Entry) -> Turn:
    if isinstance(entry, GatewayError):
        return generator.throw(entry)
    assert not isinstance(entry, GrammarAnswer), "answers a Compile"
    return generator.send(entry)


def _made(schema: Schema) -> CompiledGrammar | None:
    try:
        return load_grammar(compile_grammar(schema))
    except NotExpressible:
        return None


def admitted(question: Admit) -> Admitted:
    """Check and compile a schema, and keep it for the conversations that will come with it.

    Raises:
        BadRequest: it is refused.
    """
    began = time.perf_counter()
    schema = admit_as_asked(
        json.loads(question.source),
        name=question.name,
        limits=question.limits,
        formats=question.formats,
        strictly=question.strictly,
        context=question.context,
    )
    took = 1000 * (time.perf_counter() - began)
    keep_schema(schema)
    inspected = schema.inspected
    return Admitted(
        schema.text,
        inspected.draft,
        inspected.is_object_root,
        inspected.nodes,
        took,
    )


# --- the process ----------------------------------------------------------------------------------


def read_message(stream: BinaryIO) -> bytes | None:
    """Return the next message; None at the end."""
    header = stream.read(HEADER)
    return stream.read(int.from_bytes(header)) if len(header) == HEADER else None


def allow(seconds: float) -> None:
    """Let this process compute for that long, and end it then; 0: for ever."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, seconds)


def limit(memory: int) -> None:
    """Let this process have no more than `memory` bytes, and go last; where the system can."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 (is not there on Windows)

    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def stay() -> None:
    """Ignore what tells the gateway to leave: a terminal and systemd send it to its processes, too.

    The end of the input ends this process, whatever becomes of the gateway.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # Windows has no SIGHUP
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def main() -> None:
    """Answer questions until there are no more."""
    stay()
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever is printed is no answer

    def crashed(*error: Any) -> None:
        if isinstance(error[1], MemoryError):  # no bug; and there is none to say it with
            os._exit(NO_MEMORY)
        answers.write(framed(dumped(WorkerCrashed("".join(traceback.format_exception(*error))))))
        answers.flush()

    sys.excepthook = crashed
    limit(int(sys.argv[1]))
    gc.freeze()
    gc.set_threshold(YOUNG)
    freed = FreedMemory()
    worker = Worker(min(KEPT, int(sys.argv[1]) // 4))
    while (message := read_message(questions)) is not None:
        allow(float(sys.argv[2]))
        question = loaded(message)
        if isinstance(question, Forget):
            worker.forget(question.keys)
        else:
            answer = dumped(worker.answer(question), long_texts(question))
            answers.write(framed(answer))
            answers.flush()
            del answer
        allow(0)
        if len(message) > MUCH:
            del question
            freed.look()


if __name__ == "__main__":
    main()
