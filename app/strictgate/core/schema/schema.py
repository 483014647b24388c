"""An admitted schema: checked, compiled once, and ready to validate values.

What `admit` accepts is compiled without network access, with patterns that are matched in linear
time. The caller's schema is not changed, with one exception: the top-level `$schema` chooses the
draft and is then left out, because some models go astray on it.
"""

from copy import copy
from dataclasses import field, replace
from functools import cache
from typing import Any

import orjson
from jsonschema_rs import ValidationError

from strictgate.core.errors import BadRequest
from strictgate.core.lru_cache import LruCache
from strictgate.core.schema import drafts, openai_strict, problems
from strictgate.core.schema.drafts import Draft
from strictgate.core.schema.error_context import RESPONSE_FORMAT, SchemaContext
from strictgate.core.schema.explanation_cost import (
    A_PAIR,
    MAX_PAIRS,
    ExplanationCost,
    explanation_cost,
    schema_shape,
)
from strictgate.core.schema.formats import FORMAT_SINCE, Formats
from strictgate.core.schema.inspection import (
    InspectedSchema,
    inspect_schema,
    weigh,
    without_declaration,
)
from strictgate.core.schema.limits import Limits, SchemaFault
from strictgate.core.schema.problems import Problem
from strictgate.core.schema.root_type import allows_nothing
from strictgate.core.schema.validators import ValidUnions, compile_validator
from strictgate.core.value_type import value_type
from strictgate.core.work import Work

_TO_READ = 10
_FEW = 100
"""Problems that are to be told to somebody. Who wants more wants to mend them all at once, and one
of them would be of no use."""
_A_VISIT = 6  # units of work to list the errors of a pair
_COPIED = 100  # bytes of memory that are copied for one unit
_TO_COUNT = A_PAIR * MAX_PAIRS


@value_type
class Schema:
    """An admitted JSON Schema."""

    source: Any
    """The schema as the caller gave it, without the top-level `$schema`."""
    text: str
    """`source` as compact JSON, for prompts: the same bytes for the same schema."""
    validator: Any
    """The compiled schema: a validator of jsonschema-rs; None: see `elsewhere`."""
    inspected: InspectedSchema
    formats: Formats
    compiled: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What it was written down to, by dialect: see plan/sent_schema.py."""

    @property
    def draft(self) -> str:
        """The name of the draft that it is read in, such as `2020-12`.

        It is never older than the declared draft.
        """
        return self.inspected.draft.label

    @property
    def is_here(self) -> bool:
        """Whether values can be judged by it here: it is compiled in this process."""
        return self.validator is not None

    @property
    def is_object_root(self) -> bool:
        """Whether it describes objects only; if not, modes that yield objects need it wrapped."""
        return self.inspected.is_object_root

    def is_valid(self, value: Any) -> bool:
        return bool(self.validator.is_valid(value))

    def problems(
        self, value: Any, limit: int = 10, work: Work | None = None
    ) -> tuple[Problem, ...]:
        """Return what is wrong with `value`: at most `limit` problems, the most helpful first.

        Where to list all would take too much time or memory, that is one of the problems alone; or
        one that says so (problems.UNEXPLAINED), which it also is where `work` is spent.
        """
        is_few = limit <= _FEW
        few, many = self.explain(value, limit, work, to_read=limit if is_few else _TO_READ)
        return few if is_few else many

    def explain(
        self, value: Any, limit: int, work: Work | None = None, *, to_read: int = _TO_READ
    ) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
        """Return what is wrong with `value` twice: at most `to_read` problems for somebody to read,
        and up to `limit` to be mended at once. Where that would take too much, the first is one
        problem, and the second is none but problems.UNEXPLAINED: to mend one of many would be of no
        use."""
        work = work or Work()
        if self.is_valid(value):
            return (), ()
        cost = self._explanation_cost(value, work)
        listing = 0 if cost is None else _A_VISIT * cost.visits + cost.copies // _COPIED
        unexplained = (problems.UNEXPLAINED,)
        if cost is None:
            return unexplained, unexplained
        if cost.is_affordable and work.affords(listing):
            work.spend(listing)
            found = problems.collect_problems(self.validator.iter_errors(value), value, limit)
            return problems.first_problems(found, to_read), found
        if self._explains_first(cost):
            error = self._first_error(value)
            return problems.collect_problems(error, value, to_read), unexplained
        return unexplained, unexplained

    def _explanation_cost(self, value: Any, work: Work) -> ExplanationCost | None:
        """Return what it takes to explain `value`; None where to find that out takes too much.

        The second try is for large values of schemas with unions: most of their parts are valid,
        and these need no explanation. It is not the first one because it compiles validators.
        """
        if not work.affords(_TO_COUNT):
            return None
        root, sizes = self.inspected.root, dict[int, int]()
        cost = explanation_cost(root, value, sizes=sizes)
        work.spend(A_PAIR * cost.pairs + len(sizes))
        has_unions = schema_shape(self.inspected).has_unions
        if not cost.is_affordable and has_unions and work.affords(_TO_COUNT):
            cost = explanation_cost(root, value, ValidUnions(self.inspected, self.formats), sizes)
            work.spend(A_PAIR * cost.pairs)
        return cost

    def _explains_first(self, cost: ExplanationCost) -> bool:
        """Whether the first error about a value of that cost is found in bearable time."""
        return cost.is_first_affordable or schema_shape(self.inspected).is_plain

    def _first_error(self, value: Any) -> tuple[ValidationError, ...]:
        try:
            self.validator.validate(value)
        except ValidationError as error:
            return (error,)
        return ()


def admit(
    source: Any,
    *,
    name: str,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    formats: Formats = Formats.ASSERT,
    context: SchemaContext = RESPONSE_FORMAT,
) -> Schema:
    """Check and compile `source`.

    Args:
        source: a JSON Schema as parsed from JSON.
        name: what the caller named it, for messages.
        limits: how big it may be.
        formats: whether `format` is asserted.
        context: where in the request it came, for messages.

    Raises:
        BadRequest: it is no schema or cannot be enforced; in OpenAI's words, with the place.
        SchemaTooComplex: it is over a limit.
    """
    try:
        inspected = inspect_schema(source, limits)
        validator = compile_validator(inspected.document, inspected, formats)
    except SchemaFault as fault:
        raise context.error(name, fault) from fault
    return Schema(inspected.source, inspected.text, validator, inspected, formats)


@cache  # not at a start: its draft's meta-schema takes a megabyte, which the first schema needs
def any_json() -> Schema:
    """Return the schema that takes everything."""
    return admit(True, name="any")


def admit_as_asked(
    source: Any,
    *,
    name: str,
    limits: Limits,
    formats: Formats = Formats.ASSERT,
    strictly: bool = False,
    context: SchemaContext = RESPONSE_FORMAT,
) -> Schema:
    """Check and compile `source`, and refuse what nobody can answer.

    Args:
        strictly: under the rules of `strict: true`.

    Raises:
        BadRequest: see `admit`, `check_satisfiable` and `openai_strict.check_strict`.
    """
    schema = admit(source, name=name, limits=limits, formats=formats, context=context)
    check_satisfiable(schema, name=name, context=context)
    if strictly:
        openai_strict.check_strict(source, name=name, context=context)
    return schema


def elsewhere(
    text: str, draft: Draft, formats: Formats, *, is_object_root: bool, nodes: int
) -> Schema:
    """Return a schema that has been admitted in another process, and is compiled there alone.

    Requests are planned by it once it is `with_source`; what it judges is judged there.
    """
    inspected = InspectedSchema(
        source=None,
        text=text,
        document=None,
        draft=draft,
        is_object_root=is_object_root,
        root=None,
        nodes=nodes,
        depth=0,
        cost=0,
        width=0,
        patterns={},
        formats=frozenset(),
        weight=weigh(text, nodes, containers=0),
    )
    return Schema(None, text, None, inspected, formats)


def with_source(schema: Schema, given: Any) -> Schema:
    """Return a schema that is `elsewhere` with what the caller gave: a request has that anyway, and
    to keep it, or to send it from process to process, takes as long as to parse it."""
    source = without_declaration(given)
    inspected = replace(schema.inspected, source=source, document=source)
    return replace(schema, source=source, inspected=inspected)


def check_satisfiable(
    schema: Schema, *, name: str, context: SchemaContext = RESPONSE_FORMAT
) -> None:
    """Refuse an admitted schema that allows no value: every answer would be paid for in vain.

    Raises:
        BadRequest: the root says that no value is valid. What follows only from more than one
            keyword is not seen.
    """
    if allows_nothing(schema.inspected.document, schema.inspected.root):
        fault = SchemaFault("no document can be valid against this schema.", None)
        raise context.error(name, fault) from fault


# --- what will be enforced -----------------------------------------------------------------------


@value_type
class Description:
    """What will be enforced of an admitted schema, and what was measured.

    The names of the fields are those of `strictgate check`'s report.
    """

    draft: str
    root_is_wrapped: bool
    """Whether it is wrapped in modes that yield objects only."""
    bytes: int
    nodes: int
    depth: int
    cost: int
    patterns: int
    formats_asserted: tuple[str, ...]
    formats_annotated: tuple[str, ...]
    keywords_enforced: tuple[str, ...]
    keywords_unknown: tuple[str, ...]
    """Keywords that no draft has, and that say nothing here. They are misspelt, or those of another
    tool, as `xml`."""


def describe(schema: Schema) -> Description:
    """Return what will be enforced of `schema`, and what was measured."""
    inspected = schema.inspected
    is_asserting = schema.formats is Formats.ASSERT
    asserted = {each for each in inspected.formats if is_asserting and each in FORMAT_SINCE}
    written = {
        keyword for _, each in drafts.walk_subschemas(inspected.document) for keyword in each
    }
    return Description(
        draft=schema.draft,
        root_is_wrapped=not schema.is_object_root,
        bytes=len(schema.text.encode()),
        nodes=inspected.nodes,
        depth=inspected.depth,
        cost=inspected.cost,
        patterns=len(inspected.patterns),
        formats_asserted=tuple(sorted(asserted)),
        formats_annotated=tuple(sorted(inspected.formats - asserted)),
        keywords_enforced=tuple(sorted(written & drafts.ENFORCED)),
        keywords_unknown=tuple(sorted(written - drafts.ENFORCED - drafts.ANNOTATIONS)),
    )


# --- cache ---------------------------------------------------------------------------------------


Key = tuple[bytes, Formats, bool]
REFUSALS = 4 << 20  # bytes of refusals that are kept
REFUSAL = 2048  # bytes of one, beside the schema


class SchemaCache:
    """Admitted schemas by their bytes, and the refusals of others; the least recently used leave
    when there is no room."""

    def __init__(self, capacity: int, limits: Limits) -> None:
        self._limits = limits
        self._schemas: LruCache[Key, Schema] = LruCache(capacity)
        self._refusals: LruCache[tuple[Key, str, SchemaContext], BadRequest] = LruCache(
            min(REFUSALS, capacity)
        )

    def get(
        self,
        source: Any,
        *,
        name: str,
        formats: Formats = Formats.ASSERT,
        strictly: bool = False,
        context: SchemaContext = RESPONSE_FORMAT,
        raw: bytes = b"",
    ) -> Schema:
        """Return `source` admitted, and `strictly` under the rules of `strict: true`.

        `raw` is `source` as JSON, where it has been written already.

        See `admit_as_asked` for what is raised.
        """
        try:
            key = (raw or orjson.dumps(source), formats, strictly)
        except TypeError:  # too deep for orjson, or integers beyond 64 bits: rare, so not kept
            key = None
        kept = None if key is None else self._schemas.get(key)
        if kept is not None:
            return kept
        if key is not None and (refusal := self._refusals.get((key, name, context))) is not None:
            raise copy(refusal)  # one that is raised holds the frames that it went through
        try:
            schema = admit_as_asked(
                source,
                name=name,
                limits=self._limits,
                formats=formats,
                strictly=strictly,
                context=context,
            )
        except BadRequest as error:
            if key is not None:
                self._refusals.put((key, name, context), copy(error), REFUSAL + len(key[0]))
            raise
        if key is not None:
            self._schemas.put(key, schema, schema.inspected.weight)
        return schema

    @property
    def size(self) -> int:
        """Bytes of all that is kept."""
        return self._schemas.weight + self._refusals.weight

    def __len__(self) -> int:
        return len(self._schemas)
