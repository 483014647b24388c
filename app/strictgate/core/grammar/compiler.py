"""Compile a schema to a grammar.

The compiler starts at the root and asks for the expression of one conjunction at a time (see
conjunction.py). Its alternatives come from the first of these that applies:

1. unions.py, if there is an `anyOf` or `oneOf`: an alternative for each choice of branches.
2. values.py, if there is an `enum` or `const`: an alternative for each value.
3. Otherwise, an alternative for each type that is allowed: numbers.py, strings.py, arrays.py,
   objects.py.

What a grammar cannot hold exactly is made wider, and its keyword is noted as unsupported. So the
grammar refuses no valid document, provided that strings come normalised (see lark.py), and that
numbers with a bound, a `multipleOf` or an `enum` come without an exponent (see numbers.py).

A compilation is bounded by counts, not by time, so that the same schema always has the same
grammar; what would cost the native code dearly is never given to it.
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
from strictgate.core.grammar.conjunction import Conjunct, Conjunction, ConjunctionBuilder
from strictgate.core.grammar.context import Context
from strictgate.core.grammar.grammar import Grammar, NotExpressible
from strictgate.core.grammar.json_types import FRACTION, INTEGER
from strictgate.core.schema.formats import Formats
from strictgate.core.schema.schema import Schema

MAX_DEPTH = 60
"""Levels of nested values, with references followed."""
MAX_CONJUNCTIONS = 20_000
"""Schemas of single values, each of which becomes a rule; `allOf` and `anyOf` multiply them."""


def compile_grammar(schema: Schema) -> Grammar:
    """Return the grammar of `schema`.

    Raises:
        NotExpressible: it is over a limit, or no document is valid against it.
    """
    compiler = _Compiler(schema)
    context = compiler.context
    start = compiler.expression_for(context.conjunctions.of_schemas(schema.inspected.document))
    if start is None:
        raise NotExpressible("no document is valid against it")
    text = context.rules.grammar_text(start)
    return Grammar(text, frozenset(context.unsupported_keywords), len(context.rules))


class _Compiler:
    """Makes the expression of every conjunction once."""

    def __init__(self, schema: Schema) -> None:
        conjunctions = ConjunctionBuilder(schema.inspected)
        asserts_formats = schema.formats is Formats.ASSERT
        self.context = Context(conjunctions, asserts_formats, self.expression_for)
        # The order of the conjuncts makes no difference to what they allow together.
        self._known: dict[frozenset[Conjunct], str | None] = {}
        self._open: dict[frozenset[Conjunct], str] = {}
        """The names of the rules that are being made, of the outer values first."""
        self._recursive: set[str] = set()
        """The names of those that have been met within themselves."""

    def expression_for(self, conjunction: Conjunction | None) -> str | None:
        """Return the expression of a conjunction; None if no value is valid against it."""
        if not conjunction:
            return None if conjunction is None else lark.ANY
        key = frozenset(conjunction)
        if key in self._open:
            self._recursive.add(self._open[key])
            return self._open[key]
        if key not in self._known:
            self._known[key] = self._compile(key, conjunction)
        return self._known[key]

    def _compile(self, key: frozenset[Conjunct], conjunction: Conjunction) -> str | None:
        if len(self._open) >= MAX_DEPTH:
            raise NotExpressible(f"it goes deeper than {MAX_DEPTH} levels")
        if len(self._known) >= MAX_CONJUNCTIONS:
            raise NotExpressible(f"it expands to more than {MAX_CONJUNCTIONS} schemas")
        rules = self.context.rules
        name = self._open[key] = rules.reserve_name()
        alternatives = _alternatives(self.context, conjunction)
        del self._open[key]
        if name in self._recursive:
            # Other rules mention the name already, so it needs a rule even if nothing matches.
            rules.define(name, lark.alternation(alternatives) or lark.NEVER)
            return name if alternatives else None
        return rules.rule(alternatives) if alternatives else None


def _alternatives(context: Context, conjunction: Conjunction) -> list[str]:
    if unions.has_unions(conjunction):
        alternatives = unions.union_alternatives(context, conjunction)
    elif values.is_listed(conjunction):
        alternatives = values.value_alternatives(context, conjunction)
    else:
        alternatives = _alternatives_by_type(context, conjunction)
    return [lark.ANY] if lark.ANY in alternatives else alternatives


def _alternatives_by_type(context: Context, conjunction: Conjunction) -> list[str]:
    allowed = json_types.allowed_types(conjunction)
    if FRACTION in allowed:  # its expression matches integers as well
        allowed -= {INTEGER}
    built = (build(context, conjunction) for name, build in _BUILDERS.items() if name in allowed)
    return [expression for expression in built if expression is not None]


_BUILDERS: dict[str, Callable[[Context, Conjunction], str | None]] = {
    "null": lambda context, conjunction: lark.json_literal(None),
    "boolean": lambda context, conjunction: "BOOL",
    INTEGER: numbers.integer_expression,
    FRACTION: numbers.number_expression,
    "string": strings.string_expression,
    "array": arrays.array_expression,
    "object": objects.object_expression,
}
