"""What one conversation needs to put documents under guard: the grammar, drafts, listeners."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field

from strictgate.core.conversation.choice_result import Judging
from strictgate.core.conversation.choice_state import Pursuit
from strictgate.core.conversation.document_choice import Listener
from strictgate.core.conversation.protocol import Answer, Compile, Turn
from strictgate.core.conversation.text_choice import Overhearer
from strictgate.core.guard.continuation_alignment import Aligner
from strictgate.core.guard.document_stream import Reading
from strictgate.core.guard.grammar_matcher import Machine
from strictgate.core.guard.guard import Guard
from strictgate.core.guard.partial_document import Draft
from strictgate.core.plan.planner import Plan, Purpose
from strictgate.core.schema.schema import Schema


@dataclass
class Guarding:
    """`load` it before anything else is made of it."""

    by: Judging
    tells: bool
    """The caller gets what is good while it is being written."""
    is_misuse: bool = False
    """The upstream found fault with the call that is judged next."""
    _machine: Machine | None = None
    _machines: dict[str, Machine | None] = field(default_factory=dict)
    _is_loaded: bool = False

    def load(self) -> Generator[Turn, Answer, None]:
        """Have the grammar made, once."""
        if not self._is_loaded and self.by.schema is not None:
            self._machine = yield from _compiled(self.by.schema)
        self._is_loaded = True

    def load_functions(self, names: Iterable[str]) -> Generator[Turn, Answer, None]:
        """Have the grammars of these functions' arguments made, each once."""
        schemas = self.by.tools.schemas if self.by.tools else {}
        for name in names:
            schema = schemas.get(name)
            if schema is not None and name not in self._machines:
                self._machines[name] = yield from _compiled(schema)

    def draft(self) -> Draft:
        """Return an empty draft."""
        assert self._is_loaded, "load comes first"
        assert self.by.schema is not None, "there is no document"
        fresh = Guard(self.by.schema, self._machine)
        return Draft(fresh.fork, self.by.repair)

    def overhearer(self, pursuit: Pursuit) -> Overhearer:
        """Return what listens to a choice that is no document."""
        must_call = self.by.tools is not None and self.by.tools.must_call
        return Overhearer(pursuit, self.tells and not must_call, self._arguments)

    def _arguments(self, name: str) -> Reading | None:
        schema = self.by.tools.schemas.get(name) if self.by.tools else None
        if schema is None or name not in self._machines:
            return None
        fresh = Guard(schema, self._machines[name])
        draft = Draft(fresh.fork, self.by.repair)
        bare = not schema.is_object_root
        return Reading(draft, self.by.repair, wrapped=False, bare=bare, aligner=None)

    def listener(
        self, plan: Plan, pursuit: Pursuit, aligner: Aligner | None, *, by_call: bool
    ) -> Listener:
        """Return what listens to a choice that answers `plan`.

        A new try begins a new draft; it tells the caller nothing as long as it may differ from what
        the caller has already.

        Args:
            by_call: the document is in the arguments of a forced call.
        """
        is_try = plan.purpose is Purpose.TRY
        tells = self.tells and not (is_try and pursuit.given)
        assert self.by.schema is not None, "there is no document"
        draft = pursuit.draft
        if draft is None or is_try:
            draft = self.draft()
            if not pursuit.given:
                pursuit.draft = draft
        bare = not plan.wrapped and not self.by.schema.is_object_root
        reading = Reading(draft, self.by.repair, wrapped=plan.wrapped, bare=bare, aligner=aligner)
        return Listener(
            pursuit.index,
            reading,
            draft,
            by_call=by_call,
            tells=tells,
            tells_tokens=self.by.with_tokens and is_try,
            sent=pursuit.sent,
        )


def _compiled(schema: Schema) -> Generator[Turn, Answer, Machine | None]:
    made = yield Compile(schema)
    assert made is None or isinstance(made, Machine), "what answers a Compile"
    return made
