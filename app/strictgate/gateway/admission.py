"""Schemas admitted: small ones at once, and those that take long in a worker first.

To check and compile a schema takes up to a second. A schema that may take long is not admitted
where it is met, in the middle of planning: `get` raises `AdmissionPending`; the gateway has it
admitted in a worker, and plans anew. What the worker says is kept:

| it said             | what `get` does from then on                                            |
|---------------------|-------------------------------------------------------------------------|
| nothing yet         | raises `AdmissionPending`                                               |
| refused             | raises the refusal                                                      |
| admitted, quickly   | admits it here                                                          |
| admitted, slowly    | returns a schema that is not here: what it judges is judged in a worker |
"""

import re
from collections.abc import Callable, Sequence
from copy import copy
from hashlib import blake2b
from typing import Any, TypeVar

from strictgate.core.errors import GatewayError, Overloaded, SchemaTooComplex
from strictgate.core.jsontext.reader import write_json
from strictgate.core.lru_cache import LruCache
from strictgate.core.schema.error_context import RESPONSE_FORMAT, SchemaContext
from strictgate.core.schema.formats import Formats
from strictgate.core.schema.limits import Limits
from strictgate.core.schema.schema import Schema, SchemaCache, elsewhere, with_source
from strictgate.core.value_type import value_type
from strictgate.gateway.worker_messages import Admit, Admitted
from strictgate.gateway.worker_pool import WorkerLate, WorkerLost, WorkerPool

MAX_PENDING = 128  # schemas of one request
LIGHT_SIZE = 6 << 10  # characters
LIGHT_PATTERNS = 8
LIGHT_MILLISECONDS = 15.0
VERDICTS = 48 << 20  # bytes of verdicts that are kept
_ENTRY = 512
_FACTOR = 4  # bytes of memory per character of a schema's text, with what it is compiled down to
_PATTERN = re.compile(r'"pattern(?:Properties)?":')
_LARGE_COUNT = re.compile(r"\{\d*,?\d{3,}\}")  # in a pattern: each copy is compiled

T = TypeVar("T")
_Key = tuple[bytes, Formats, bool, str, SchemaContext]


class AdmissionPending(Exception):
    """Schemas are to be admitted in a worker first."""

    def __init__(self, questions: Sequence[Admit]) -> None:
        super().__init__(*(each.name for each in questions))
        self.questions = questions


@value_type
class _Light:
    """The schema may be admitted here."""


def takes_long(text: str) -> bool:
    """Whether the schema that `text` is may take long to be admitted."""
    if len(text) > LIGHT_SIZE:
        return True
    patterns = len(_PATTERN.findall(text))
    return patterns > LIGHT_PATTERNS or (patterns > 0 and _LARGE_COUNT.search(text) is not None)


class Admission:
    """One per process."""

    def __init__(self, capacity: int, limits: Limits, workers: WorkerPool | None) -> None:
        """Begin with no schemas.

        Args:
            capacity: bytes of compiled schemas to keep.
            workers: where those that take long are admitted; None: here as well.
        """
        self._schemas = SchemaCache(capacity, limits)
        self._limits = limits
        self._workers = workers
        self._verdicts: LruCache[_Key, GatewayError | Schema | _Light] = LruCache(VERDICTS)

    @property
    def size(self) -> int:
        """Bytes of the schemas that are kept, and of what workers said of others."""
        return self._schemas.size + self._verdicts.weight

    def get(
        self,
        source: Any,
        *,
        name: str,
        formats: Formats = Formats.ASSERT,
        strictly: bool = False,
        context: SchemaContext = RESPONSE_FORMAT,
    ) -> Schema:
        """Return `source` admitted.

        Raises:
            AdmissionPending: `admit` it first.
            BadRequest: see `admit_as_asked`.
        """
        raw = b""
        if self._workers is not None and self._workers.is_open:
            text = write_json(source)
            raw = text.encode()
            if takes_long(text):
                question = Admit(text, name, self._limits, formats, strictly, context)
                match self._verdicts.get(_key(question)):
                    case None:
                        raise AdmissionPending([question])
                    case GatewayError() as refusal:
                        raise copy(refusal)  # a raised one holds the frames it went through
                    case Schema() as schema:
                        return with_source(schema, source)
                    case _Light():
                        pass
        return self._schemas.get(
            source, name=name, formats=formats, strictly=strictly, context=context, raw=raw
        )

    async def admitted(self, plan: Callable[[], T]) -> T:
        """Return what `plan` gives, once the schemas that it comes upon are admitted.

        Raises:
            Overloaded: too many wait already.
            SchemaTooComplex: there are too many large ones, or one takes too long.
        """
        left = MAX_PENDING
        while True:
            try:
                return plan()
            except AdmissionPending as pending:
                questions = pending.questions
            left -= len(questions)
            if left < 0:
                raise SchemaTooComplex(f"The request has more than {MAX_PENDING} large schemas.")
            for question in dict.fromkeys(questions):
                await self.admit(question)

    async def admit(self, question: Admit) -> None:
        """Have a worker admit what `get` has said to be pending, and keep its verdict.

        Raises:
            Overloaded: too many wait already, or the worker was lost for no fault of the schema.
            SchemaTooComplex: it took too long at this moment.
        """
        assert self._workers is not None, "where else"
        verdict: GatewayError | Schema | _Light
        size = _ENTRY
        try:
            answer = await self._workers.ask(self._workers.worker(), question)
        except WorkerLost as lost:
            answer = _too_complex(question, str(lost))
            if not lost.is_lasting:  # no verdict to be kept: the machine may be busy
                raise (answer if isinstance(lost, WorkerLate) else _not_now(question)) from lost
        match answer:
            case Admitted() if answer.took <= LIGHT_MILLISECONDS:
                verdict = _Light()
            case Admitted(text, draft, is_object_root, nodes):
                size += _FACTOR * len(text)
                about = (text, draft, question.formats)
                verdict = elsewhere(*about, is_object_root=is_object_root, nodes=nodes)
            case GatewayError():
                verdict = answer
            case _:
                raise AssertionError(f"no answer to an Admit: {answer!r}")
        self._verdicts.put(_key(question), verdict, size)


def _key(question: Admit) -> _Key:
    digest = blake2b(question.source.encode(), digest_size=16).digest()
    return digest, question.formats, question.strictly, question.name, question.context


def _not_now(question: Admit) -> Overloaded:
    return Overloaded(
        f"The schema '{question.name}' could not be compiled: the worker process was lost, or "
        "could not be started. Try again later.",
        headers={"retry-after": "1"},
    )


def _too_complex(question: Admit, reason: str) -> SchemaTooComplex:
    where = question.context
    return SchemaTooComplex(
        f"Invalid schema for {where.phrase} '{question.name}': it cannot be compiled, as {reason}.",
        param=where.param,
    )
