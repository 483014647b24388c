"""A schema as a grammar.

`compile_grammar` walks over the schema from its root: each subject (see subjects.py) becomes what
the grammar says in its place, by the functions of the keywords: unions.py, values.py, and for each
kind of value the module of its name. What cannot be held exactly is over-approximated, and its
keyword is noted as unsupported: the grammar never refuses a valid document, provided that strings
come normalised (see lark.py) and numbers, where there is a bound, a step or an enum, in plain
decimal spelling.

Nothing here looks at a clock: the limits are counts, and what would cost native code dearly is
never given to it.
"""

from collections.abc import Callable

from strictgate.core.grammar import (
    arrays,
    json_types,
    lark,
    numbers,
    objects,
    strings,
    unions,
    values,
)
from strictgate.core.grammar.conjunction import Conjunct, Subject, Subjects
from strictgate.core.grammar.context import Context
from strictgate.core.grammar.grammar import Grammar, NotExpressible
from strictgate.core.grammar.json_types import FRACTION, INTEGER
from strictgate.core.schema.schema import Formats, Schema

MAX_DEPTH = 60
MAX_SUBJECTS = 20_000

Builder = Callable[[Context, tuple[Conjunct, ...]], str | None]


def compile_grammar(schema: Schema) -> Grammar:
    """Return `schema` as a grammar.

    Raises:
        NotExpressible: it is over a limit, or nothing is valid against it.
    """
    walk = _Walk(schema)
    start = walk.express(walk.context.subjects.of(schema.inspected.document))
    if start is None:
        raise NotExpressible("no document is valid against it")
    rules = walk.context.rules
    return Grammar(rules.text(start), frozenset(walk.context.unsupported_keywords), len(rules))


class _Walk:
    """Expresses subjects, each once; one that is met within itself is a recursion."""

    def __init__(self, schema: Schema) -> None:
        asserts_formats = schema.formats is Formats.ASSERT
        self.context = Context(Subjects(schema.inspected), asserts_formats, self.express)
        self._known: dict[frozenset[Conjunct], str | None] = {}
        self._open: dict[frozenset[Conjunct], str] = {}
        self._recursive: set[str] = set()

    def express(self, subject: Subject) -> str | None:
        """Return what matches `subject`; None where nothing does."""
        if not subject:
            return None if subject is None else lark.ANY
        key = frozenset(subject)
        if key in self._open:
            self._recursive.add(self._open[key])
            return self._open[key]
        if key not in self._known:
            self._known[key] = self._expressed(key, subject)
        return self._known[key]

    def _expressed(self, key: frozenset[Conjunct], subject: tuple[Conjunct, ...]) -> str | None:
        if len(self._open) >= MAX_DEPTH:
            raise NotExpressible(f"it goes deeper than {MAX_DEPTH} levels")
        if len(self._known) >= MAX_SUBJECTS:
            raise NotExpressible(f"it expands to more than {MAX_SUBJECTS} schemas")
        rules = self.context.rules
        name = self._open[key] = rules.reserve()
        options = _options(self.context, subject)
        del self._open[key]
        if name in self._recursive:
            rules.define(name, lark.either(options) or lark.NEVER)
            return name if options else None
        return rules.rule(options) if options else None


def _options(context: Context, subject: tuple[Conjunct, ...]) -> list[str]:
    if unions.has_unions(subject):
        options = unions.options(context, subject)
    elif values.is_listed(subject):
        options = values.options(context, subject)
    else:
        options = _by_kind(context, subject)
    return [lark.ANY] if lark.ANY in options else options


def _by_kind(context: Context, subject: tuple[Conjunct, ...]) -> list[str]:
    left = json_types.kinds(subject)
    if FRACTION in left:
        left -= {INTEGER}
    built = (builder(context, subject) for kind, builder in _BUILDERS.items() if kind in left)
    return [expression for expression in built if expression is not None]


_BUILDERS: dict[str, Builder] = {
    "null": lambda context, subject: lark.word(None),
    "boolean": lambda context, subject: "BOOL",
    INTEGER: numbers.integer,
    FRACTION: numbers.number,
    "string": strings.expression,
    "array": arrays.expression,
    "object": objects.expression,
}
