"""What a conversation takes over from those before it, about the same request with other models.

Where a model has failed, the next of its fallbacks is asked. It is another conversation; the token
budget is one, and what was good of the document is not lost.
"""

import math
from dataclasses import field

from strictgate.core.conversation.attempt_log import AttemptLog, FailedModel
from strictgate.core.guard.partial_document import Beginning
from strictgate.core.value_type import value_type
from strictgate.core.wire.usage import Usage


@value_type
class Handover:
    """Where the models before have left the request."""

    model: str
    """The name by which clients know the one that is asked now."""
    failed_models: tuple[FailedModel, ...]
    """Those before it, in their order."""
    spent: Usage = field(default_factory=dict)
    """What they used."""
    beginning: Beginning | None = None
    """What they have written of the document, where it is one and valid as far as it goes."""
    work: int = 0
    """The units of work that judging their answers took."""
    deadline: float = math.inf
    """When the request is to be over, by the driver's clock in seconds."""
    is_last: bool = True
    """No other model is asked after this one."""
    source: str = ""
    """What the model is to write down, in place of an answer of its own; "": it is to answer."""

    def begin(self, record: AttemptLog) -> None:
        """Note in the record of the next conversation what there was before it."""
        record.model, record.failed_models = self.model, self.failed_models
        record.spent_before, record.is_written_down = self.spent, bool(self.source)
