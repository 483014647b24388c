"""What one conversation needs to put documents under guard: the grammar, drafts, listeners."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field

from strictgate.core.conversation.choice_result import Criteria
from strictgate.core.conversation.choice_state import ChoiceState
from strictgate.core.conversation.document_choice import DocumentChoiceStream
from strictgate.core.conversation.protocol import Compile, DriverAnswer, Turn
from strictgate.core.conversation.text_choice import TextChoiceStream
from strictgate.core.guard.continuation_alignment import Aligner
from strictgate.core.guard.document_stream import DocumentStream
from strictgate.core.guard.grammar_matcher import CompiledGrammar
from strictgate.core.guard.guard import Guard
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.plan.planner import Plan, Purpose
from strictgate.core.schema.schema import Schema


@dataclass
class ChoiceGuards:
    """`load` it before anything else is made of it."""

    by: Criteria
    tells: bool
    """The caller gets what is good while it is being written."""
    is_misuse: bool = False
    """The upstream found fault with the call that is judged next."""
    _machine: CompiledGrammar | None = None
    _machines: dict[str, CompiledGrammar | None] = field(default_factory=dict)
    _is_loaded: bool = False

    def load(self) -> Generator[Turn, DriverAnswer, None]:
        """Have the grammar made, once."""
        if not self._is_loaded and self.by.schema is not None:
            self._machine = yield from _compiled(self.by.schema)
        self._is_loaded = True

    def load_functions(self, names: Iterable[str]) -> Generator[Turn, DriverAnswer, None]:
        """Have the grammars of these functions' arguments made, each once."""
        schemas = self.by.tools.schemas if self.by.tools else {}
        for name in names:
            schema = schemas.get(name)
            if schema is not None and name not in self._machines:
                self._machines[name] = yield from _compiled(schema)

    def draft(self) -> PartialDocument:
        """Return an empty draft."""
        assert self._is_loaded, "load comes first"
        assert self.by.schema is not None, "there is no document"
        fresh = Guard(self.by.schema, self._machine)
        return PartialDocument(fresh.fork, self.by.repair)

    def overhearer(self, state: ChoiceState) -> TextChoiceStream:
        """Return what listens to a choice that is no document."""
        must_call = self.by.tools is not None and self.by.tools.must_call
        return TextChoiceStream(state, self.tells and not must_call, self._arguments)

    def _arguments(self, name: str) -> DocumentStream | None:
        schema = self.by.tools.schemas.get(name) if self.by.tools else None
        if schema is None or name not in self._machines:
            return None
        fresh = Guard(schema, self._machines[name])
        draft = PartialDocument(fresh.fork, self.by.repair)
        bare = not schema.is_object_root
        return DocumentStream(draft, self.by.repair, wrapped=False, bare=bare, aligner=None)

    def listener(
        self, plan: Plan, state: ChoiceState, aligner: Aligner | None, *, by_call: bool
    ) -> DocumentChoiceStream:
        """Return what listens to a choice that answers `plan`.

        A new try begins a new draft; it tells the caller nothing as long as it may differ from what
        the caller has already.

        Args:
            by_call: the document is in the arguments of a forced call.
        """
        is_try = plan.purpose is Purpose.TRY
        tells = self.tells and not (is_try and state.given)
        assert self.by.schema is not None, "there is no document"
        draft = state.draft
        if draft is None or is_try:
            draft = self.draft()
            if not state.given:
                state.draft = draft
        bare = not plan.wrapped and not self.by.schema.is_object_root
        reading = DocumentStream(
            draft, self.by.repair, wrapped=plan.wrapped, bare=bare, aligner=aligner
        )
        return DocumentChoiceStream(
            state.index,
            reading,
            draft,
            by_call=by_call,
            tells=tells,
            tells_tokens=self.by.with_tokens and is_try,
            sent=state.sent,
        )


def _compiled(schema: Schema) -> Generator[Turn, DriverAnswer, CompiledGrammar | None]:
    made = yield Compile(schema)
    assert made is None or isinstance(made, CompiledGrammar), "what answers a Compile"
    return made
