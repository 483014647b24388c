"""What one conversation needs to put documents under guard: the grammar, drafts, listeners."""

from collections.abc import Generator
from dataclasses import dataclass

from app.core.guard.aligning import Aligner
from app.core.guard.draft import Draft
from app.core.guard.guard import Guard
from app.core.guard.matcher import Machine
from app.core.guard.reading import Reading
from app.core.listening import Listener
from app.core.plan import Plan, Purpose
from app.core.pursuit import Pursuit
from app.core.settling import Judging
from app.core.turns import Answer, Compile, Turn


@dataclass
class Guarding:
    """`load` it before anything else is made of it."""

    by: Judging
    tells: bool
    """The caller gets what is good while it is being written."""
    _machine: Machine | None = None
    _is_loaded: bool = False

    def load(self) -> Generator[Turn, Answer, None]:
        """Have the grammar made, once."""
        if not self._is_loaded:
            made = yield Compile(self.by.schema)
            assert made is None or isinstance(made, Machine), "what answers a Compile"
            self._machine, self._is_loaded = made, True

    def draft(self) -> Draft:
        """Return an empty draft."""
        assert self._is_loaded, "load comes first"
        fresh = Guard(self.by.schema, self._machine)
        return Draft(fresh.fork, self.by.repair)

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
