"""What a conversation judges its choices by: the caller's schemas, and the grammars made of them.

A grammar is compiled only when a text has to be guarded: most answers that come whole are valid at
once and need none. Compiling is a turn of the conversation, because it may take long.
"""

from collections.abc import Generator, Mapping
from dataclasses import field
from functools import partial

from strictgate.core.conversation.judging_cost import width_factor
from strictgate.core.conversation.protocol import Compile, DriverAnswer, Turn
from strictgate.core.guard.grammar_matcher import CompiledGrammar
from strictgate.core.guard.guard import Guard
from strictgate.core.guard.input_matcher import InputMatcher
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.output.grounding import Source
from strictgate.core.repair_steps import Repair
from strictgate.core.request.tools import Toolset
from strictgate.core.schema.schema import Schema
from strictgate.core.value_type import state_type, value_type
from strictgate.core.wire.calls import CallIds
from strictgate.core.work import Work

_COMPILED_NODE = 25
"""Units of work to make a schema's grammar, for each subschema: 14 to 30 in real and in very large
ones."""


@state_type
class Grammars:
    """The compiled grammars of one conversation: each schema is compiled once."""

    _compiled: dict[int, CompiledGrammar | None] = field(default_factory=dict)

    def load(self, schema: Schema, work: Work) -> Generator[Turn, DriverAnswer, None]:
        """Have `schema` compiled, unless it has been; counted on `work` as if nobody had it yet.
        Where that does not afford it, there is none: the validator judges alone."""
        if id(schema) in self._compiled:
            return
        units = _COMPILED_NODE * schema.inspected.nodes
        if not work.affords(units):
            self._compiled[id(schema)] = None
        else:
            work.spend(units)
            grammar = yield Compile(schema)
            assert grammar is None or isinstance(grammar, CompiledGrammar), "answers a Compile"
            self._compiled[id(schema)] = grammar

    def has(self, schema: Schema) -> bool:
        """Whether `schema` has been loaded."""
        return id(schema) in self._compiled

    def of(self, schema: Schema) -> CompiledGrammar | None:
        """Return the grammar of `schema`, which must be loaded; None: it has none."""
        return self._compiled[id(schema)]


@value_type
class Criteria:
    """What is valid, and how much may be repaired."""

    schema: Schema | None
    """Of the document; None: a final answer is text."""
    repair: Repair
    tools: Toolset | None = None
    """What calls are judged by; None: they are handed on as they are."""
    ids: CallIds = field(default_factory=CallIds)
    """What the ids of calls must differ from."""
    any_object: bool = False
    """The caller asked for JSON mode without a schema: only an object is an answer."""
    words_member: str = ""
    """See Contract.words_member."""
    inputs: Mapping[str, InputMatcher] = field(default_factory=dict)
    """What the input of each custom tool is judged by, by the name of the tool, or of the function
    that stands for it. Without `tools` the document is calls, which have the inputs in them."""
    source: Source | None = None
    """What a document may say nothing beyond; None: it may say anything."""
    with_scores: bool = False
    """The caller wants to know how likely a document's tokens were."""
    with_tokens: bool = True
    """The caller asked for log-probabilities."""
    grammars: Grammars = field(default_factory=Grammars, compare=False)
    """Of the document, and of the arguments of functions."""
    work: Work = field(default_factory=Work, compare=False)
    """What all judging of this request is counted on."""

    @property
    def is_here(self) -> bool:
        """Whether all that it takes to judge is in this process."""
        if self.tools is None:
            return self.schema is None or self.schema.is_here
        return all(each.is_here for each in self._schemas())

    @property
    def width_factor(self) -> int:
        """How many times as long as usual it takes to guard what is judged; 0: nothing is."""
        return max(map(width_factor, self._schemas()), default=0)

    @property
    def inputs_are_linear(self) -> bool:
        """Whether each character of an input takes the same to be judged."""
        return all(each.is_linear for each in self.inputs.values())

    def _schemas(self) -> list[Schema]:
        functions = self.tools.schemas.values() if self.tools is not None else ()
        return [each for each in (self.schema, *functions) if each is not None]

    def new_document(self, schema: Schema) -> PartialDocument:
        """Return an empty document of `schema`, whose grammar must be loaded."""
        begin = partial(Guard, schema, self.grammars.of(schema), work=self.work)
        return PartialDocument(begin, self.repair)
