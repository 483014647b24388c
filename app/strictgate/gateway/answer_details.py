"""What an answer tells of how it came about: its headers, and `x_strictgate`.

`[answers]` in the configuration says which of the two there are.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.protocol import Outcome
from strictgate.core.errors import GatewayError
from strictgate.core.value_type import value_type
from strictgate.gateway.driver import default_head
from strictgate.settings.tables import Answers

NO_PAGE: Mapping[str, str] = MappingProxyType({})


@value_type
class AnswerDetails:
    """Tells of conversations what the settings want to be told."""

    settings: Answers

    def early_headers(self, conversation: Conversation) -> Mapping[str, str]:
        """Return what can be said of an answer that begins before it is whole.

        How many attempts it will take, and which repairs, is not known yet; `x_strictgate` in the
        last chunk says it. Nor is the mode certain: it is the one in which it is being asked.
        """
        if not self.settings.headers:
            return {}
        return {"x-strictgate-mode": conversation.plan.mode.value}

    def headers(self, outcome: Outcome, conversation: Conversation) -> Mapping[str, str]:
        """Return the headers of a whole answer."""
        if not self.settings.headers:
            return {}
        return conversation.record.headers(conversation.plan, outcome.steps, outcome.more_steps)

    def completion(
        self,
        outcome: Outcome,
        conversation: Conversation,
        head: Mapping[str, Any],
        page: Mapping[str, str] = NO_PAGE,
    ) -> dict[str, Any]:
        """Return the completion.

        Args:
            head: what has been sent of it, and stays as it is.
            page: what is told of the page that shows how it came about.
        """
        planner, refused = conversation.planner, conversation.refused
        first = default_head(planner.model, outcome.body)
        completion = {**first, **outcome.body, **first, **head}
        if self.settings.body:
            known = planner.capabilities.modes
            details = conversation.record.details(
                conversation.plan,
                outcome.steps,
                [mode for mode in known if mode in refused] if refused else (),
                outcome.more_steps,
            )
            completion["x_strictgate"] = {**details, **page}
            if outcome.provenance:
                completion["x_strictgate"]["provenance"] = list(outcome.provenance)
        return completion

    def of_all(self, error: GatewayError, conversation: Conversation) -> GatewayError:
        """Return `error` with what `conversation`, the last of several, and those before it have
        tried."""
        tried = conversation.record.failure_details(conversation.plan)
        error.details = {**(error.details or {}), **tried}
        self.quieten(error)
        return error

    def quieten(self, error: GatewayError, page: Mapping[str, str] = NO_PAGE) -> None:
        """Take from an error what the settings say that answers shall not tell; else add `page`."""
        if not self.settings.body:
            error.details = None
        elif page:
            error.details = {**(error.details or {}), **page}
        if not self.settings.headers:
            for name in [name for name in error.headers if name.startswith("x-strictgate-")]:
                del error.headers[name]
