"""Have the model write the members that a valid document lacks, though the request tells them.

| the document                           | what is done                   | then it is     |
|----------------------------------------|--------------------------------|----------------|
| is valid, and lacks no told member     | nothing                        | the answer     |
| is valid, and lacks one (left_out.py)  | it is opened, and gone on from | one of the two |
| is valid with it, and has all it had   | it takes the place of the last | looked at anew |
| is not, or the upstream has failed     | it is dropped; the last stays  | the answer     |

So a document that is valid is never lost, nor anything that it says. Of one that streams the caller
has all but the end by then: an inner object that it has the end of stays as it is.
"""

from collections.abc import Generator
from dataclasses import replace

from strictgate.core.conversation.choice_result import Accepted, Rejected
from strictgate.core.conversation.choice_state import ChoiceState
from strictgate.core.conversation.continuation import Continuation
from strictgate.core.conversation.protocol import DriverAnswer, Turn
from strictgate.core.errors import GatewayError
from strictgate.core.guard.left_out import REASON, LeftOut, adds_what_is_told, left_out
from strictgate.core.guard.told_names import told_names
from strictgate.core.jsontext.reader import parse_json
from strictgate.core.plan import prompt
from strictgate.core.plan.planner import Planner
from strictgate.core.work import WorkSpent

_MOST_TURNS = 3
"""Times that the model is brought to go on for one member."""


def add_told_members(
    continuation: Continuation, planner: Planner, state: ChoiceState, accepted: Accepted
) -> Generator[Turn, DriverAnswer, Accepted]:
    """Return what was accepted, or the same with members that the request tells."""
    most = continuation.enforcement.told_members
    if not most or not continuation.leads_names(planner) or accepted.passed_on:
        return accepted
    text = prompt.user_text(planner.body["messages"])
    told = told_names(text)
    for _ in range(most):
        document = state.document
        content = accepted.choice["message"]["content"]
        if document is None or document.text != content or not continuation.is_possible(planner):
            break
        wanted = left_out(document, told)
        if wanted is None or not state.reopen(wanted):
            break
        result = yield from _gone_on(continuation, planner, state)
        if not isinstance(result, Accepted) or not _is_more(accepted, result, wanted, text):
            break
        accepted = result
    return accepted


def _gone_on(
    continuation: Continuation, planner: Planner, state: ChoiceState
) -> Generator[Turn, DriverAnswer, Accepted | Rejected | None]:
    """Have the model go on from the document; None where that has failed. Nothing of it goes to
    the caller, who may get the document as it was."""
    most = continuation.record.continuations + _MOST_TURNS
    rules = continuation.enforcement
    bounded = replace(
        continuation,
        enforcement=replace(rules, max_continuations=min(rules.max_continuations, most)),
        forwards=False,
    )
    assert state.document is not None, "what is gone on from"
    rejected = Rejected(state.document.text, (), REASON, truncated=False)
    try:
        return (yield from bounded.run(planner, state, rejected))
    except (GatewayError, WorkSpent):
        return None


def _is_more(before: Accepted, after: Accepted, wanted: LeftOut, text: str) -> bool:
    """Whether `after` says what `before` does, and what was wanted, and nothing that is not told in
    `text`."""
    if after.passed_on:
        return False
    was, is_now = (parse_json(str(each.choice["message"]["content"])) for each in (before, after))
    return adds_what_is_told(was, is_now, wanted, text)
