"""What the gateway and its workers say to each other, and how it is written.

A worker (worker.py) is a process that computes what is too heavy for the event loop: conversations
whose steps take long, and the admission of large schemas. It is asked one question at a time.

| question      | answer                                                                       |
|---------------|------------------------------------------------------------------------------|
| `Begin`       | A conversation is begun anew with all answers so far. `Turned`, `Finished`   |
| `GoOn`        | One that the worker has is given its next answer. The same, or `Unknown`     |
| `Forget`      | Conversations are not gone on with. There is no answer                       |
| `Admit`       | A schema is checked and compiled. `Admitted`, or the `GatewayError`          |
|               | Whatever else happens in there: `WorkerCrashed`, and the process ends        |

The bytes are pickled. Both ends are the same program, and neither takes bytes from anywhere else.
A compiled schema cannot be pickled: its text goes, and is compiled there, once. A long text of a
question, which may be all that a model wrote, does not come back: both ends have it (`long_texts`).
"""

import io
import json
import pickle
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

import orjson

from strictgate.core.conversation.attempt_log import AttemptLog
from strictgate.core.conversation.protocol import DriverAnswer, Outcome, StreamPart, Turn
from strictgate.core.errors import GatewayError
from strictgate.core.lru_cache import LruCache
from strictgate.core.plan.plan import Plan
from strictgate.core.plan.planner import Planner
from strictgate.core.request.contract import Contract
from strictgate.core.schema.drafts import META_SCHEMAS, Draft
from strictgate.core.schema.error_context import SchemaContext
from strictgate.core.schema.formats import Formats
from strictgate.core.schema.limits import Limits
from strictgate.core.schema.schema import Schema, admit
from strictgate.core.value_type import value_type
from strictgate.core.wire.collector import Delta
from strictgate.core.wire.reply import Reply

HEADER = 8
"""Bytes of the length before each message, most significant first."""
NO_MEMORY = 77
"""Exit code of a worker that needs more memory than it can have."""
SCHEMAS = 64 << 20  # bytes of schemas that a worker keeps
LONG = 64 << 10  # characters of a text that does not come back
_UNLIMITED = Limits(**{each.name: 1 << 60 for each in fields(Limits)})


@value_type
class GrammarAnswer:
    """The answer to a `Compile`, as it is noted: a grammar itself cannot be sent."""

    is_there: bool


Entry = DriverAnswer | GatewayError | GrammarAnswer
"""What a conversation was answered: sent to it, or thrown."""


@value_type
class Begin:
    """Begin a conversation anew, give it `entries`, and go on to its next turn."""

    key: int
    conversation: bytes
    """A `Conversation` that has not been run, as `dumped`."""
    packed: Sequence[bytes]
    """The first of its entries, as `packed_entries`."""
    entries: Sequence[Entry]
    """Those that follow."""


@value_type
class GoOn:
    """Give a conversation its next answer."""

    key: int
    entry: Entry


@value_type
class Forget:
    """Forget these conversations."""

    keys: tuple[int, ...]


@value_type
class Admit:
    """Check and compile a schema: the arguments of `admit_as_asked`."""

    source: str
    """As JSON, `$schema` included."""
    name: str
    limits: Limits
    formats: Formats
    strictly: bool
    context: SchemaContext


@value_type
class Turned:
    """The conversation's next turn."""

    turn: Turn


@value_type
class Finished:
    """The conversation is over, and what became of it."""

    end: Outcome | GatewayError
    record: AttemptLog
    plan: Plan
    spent: int
    """The units of work that it has taken, which a model that is asked next has less of."""


@value_type
class Unknown:
    """The worker no longer has that conversation."""


@value_type
class Admitted:
    """What is known of an admitted schema."""

    text: str
    """As compact JSON, without `$schema`."""
    draft: Draft
    is_object_root: bool
    nodes: int
    took: float
    """Milliseconds for the checks and for compiling it."""


@value_type
class WorkerCrashed:
    """A bug; the process ends."""

    traceback: str


Question = Begin | GoOn | Admit
Answer = Turned | Finished | Unknown | Admitted | WorkerCrashed | GatewayError


def dumped(value: Any, texts: Sequence[str] = ()) -> bytes:
    """Return `value` as bytes for the other end.

    Args:
        texts: what the other end has already.
    """
    buffer = io.BytesIO()
    if texts:
        _TextPickler(buffer, texts).dump(value)
    else:
        _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return buffer.getvalue()


def loaded(data: bytes, texts: Sequence[str] = ()) -> Any:
    """Return what the other end has `dumped` with the same texts."""
    return _TextUnpickler(io.BytesIO(data), texts).load() if texts else pickle.loads(data)


def long_texts(question: Any) -> tuple[str, ...]:
    """Return the long texts of the replies that a question ends with."""
    match question:
        case Begin(entries=entries):
            answers = entries
        case GoOn(entry=entry):
            answers = (entry,)
        case _:
            return ()
    replies = [each for each in answers if isinstance(each, Reply)]
    texts = (choice.text for reply in replies for choice in reply.choices)
    return tuple(text for text in texts if len(text) >= LONG)


def packed_entries(entries: Sequence[Entry]) -> bytes:
    """Return answers in a tenth of their size: text that comes by the token takes ten times its
    own length else."""
    return zlib.compress(dumped(entries), 1)


def unpacked_entries(packed: Iterable[bytes]) -> list[Entry]:
    """Return what was packed, in its order."""
    return [entry for each in packed for entry in loaded(zlib.decompress(each))]


def length_of(data: bytes) -> bytes:
    """Return what is written before `data`."""
    return len(data).to_bytes(HEADER)


def framed(data: bytes) -> bytes:
    """Return `data` as it is written: behind its length."""
    return length_of(data) + data


class _Pickler(pickle.Pickler):
    """Pickles what is made of plain values; schemas and errors in their own ways, parts of streams,
    of which there are thousands, as tuples, and the caller's JSON as that: as objects they take
    several times as long."""

    def reducer_override(self, value: Any) -> Any:
        """Return how `value` is made again."""
        if isinstance(value, StreamPart):
            return _part, (*map(_delta_values, value.deltas),)
        if isinstance(value, Schema):
            return _schema, (value.text, value.inspected.draft, value.formats)
        if isinstance(value, Planner) and value.body:
            return _planner, (replace(value, body={}), _json(value.body))
        if isinstance(value, Contract) and value.source:
            return _contract, (replace(value, source=None), _json(value.source))
        if isinstance(value, GatewayError):
            return _error, (type(value), value.args, value.__dict__)
        return NotImplemented


class _TextPickler(_Pickler):
    """Names the beginnings of texts that the other end has by their numbers and lengths."""

    def __init__(self, buffer: io.BytesIO, texts: Sequence[str]) -> None:
        super().__init__(buffer, protocol=pickle.HIGHEST_PROTOCOL)
        self._texts = texts

    def persistent_id(self, value: Any) -> tuple[int, int] | None:
        """Return which text `value` begins, if it is long and does, and how long it is."""
        if type(value) is not str or len(value) < LONG:
            return None
        begun = (at for at, text in enumerate(self._texts) if text.startswith(value))
        return next(((at, len(value)) for at in begun), None)


class _TextUnpickler(pickle.Unpickler):
    """Puts these in their places."""

    def __init__(self, buffer: io.BytesIO, texts: Sequence[str]) -> None:
        super().__init__(buffer)
        self._texts = texts

    def persistent_load(self, which: tuple[int, int]) -> str:
        """Return the beginning of one of the texts; all of it is the text itself."""
        number, length = which
        return self._texts[number][:length]


def _json(value: Any) -> Any:
    """Return `value` as JSON; as it is, where orjson does not write it."""
    try:
        return orjson.dumps(value)
    except TypeError:  # integers beyond 64 bits, lone surrogates
        return value


def _parsed(written: Any) -> Any:
    return orjson.loads(written) if isinstance(written, bytes) else written


def _planner(rest: Planner, body: Any) -> Planner:
    return replace(rest, body=_parsed(body))


def _contract(rest: Contract, source: Any) -> Contract:
    return replace(rest, source=_parsed(source))


_delta_values = attrgetter(*(each.name for each in fields(Delta)))


def _part(*deltas: tuple[Any, ...]) -> StreamPart:
    return StreamPart(tuple(Delta(*values) for values in deltas))


_schemas: LruCache[tuple[str, Draft, Formats], Schema] = LruCache(SCHEMAS)


def keep_schema(schema: Schema) -> None:
    """Keep a schema that has been admitted, for the conversations that come with it."""
    key = (schema.text, schema.inspected.draft, schema.formats)
    _schemas.put(key, schema, schema.inspected.weight)


def _schema(text: str, draft: Draft, formats: Formats) -> Schema:
    """Return an admitted schema anew; it has held its limits once, and so needs none."""
    kept = _schemas.get((text, draft, formats))
    if kept is not None:
        return kept
    source = json.loads(text)
    if isinstance(source, dict):
        source = {"$schema": META_SCHEMAS[draft], **source}
    schema = admit(source, name="schema", limits=_UNLIMITED, formats=formats)
    keep_schema(schema)
    return schema


def _error(kind: type[GatewayError], args: Any, state: dict[str, Any]) -> GatewayError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error
