"""Have the model think freely before it writes its document: `enforcement.think`.

A model that must answer in a format at once has no room to work anything out. So it is asked first
for its thoughts, in plain words and without a format; then for the document, with the thoughts
before it as its own. They are shown as `reasoning_content`, and are never the document.

What they take is a part of the caller's budget of tokens: half of it at the most, and the document
has what is left. A host that fails here is asked for the document as it would be without.
"""

from collections.abc import Generator, Sequence
from dataclasses import replace

from strictgate.core.conversation.attempt_log import AttemptLog
from strictgate.core.conversation.choice_result import Accepted
from strictgate.core.conversation.choice_state import ChoiceState, forward
from strictgate.core.conversation.protocol import Ask, DriverAnswer, ReadMore, StreamPart, Turn
from strictgate.core.conversation.reply_reader import EvaluatedReply
from strictgate.core.errors import UpstreamBadResponse, UpstreamUnreachable
from strictgate.core.plan.planner import Planner
from strictgate.core.request.options import Enforcement, Think
from strictgate.core.value_type import value_type
from strictgate.core.wire.choice_delta import ChoiceDelta
from strictgate.core.wire.reply import Reply

REASONING = "reasoning_content"
"""The field of a message that the thoughts are shown in."""


@value_type
class Thought:
    """What the model thought."""

    text: str
    tokens: int
    """What it took of the caller's budget."""


def thinks_first(planner: Planner, enforcement: Enforcement) -> bool:
    """Whether the model is to be asked for its thoughts: of a document alone, without tools."""
    contract = planner.contract
    match enforcement.think:
        case Think.OFF:
            return False
        case Think.AUTO if not planner.capabilities.think_first:
            return False
        case Think.AUTO | Think.ALWAYS:
            return contract.has_document and not contract.has_tools


def think(
    planner: Planner, states: Sequence[ChoiceState], record: AttemptLog, *, forwards: bool
) -> Generator[Turn, DriverAnswer, Thought]:
    """Ask for the thoughts; their text is empty where none came.

    Args:
        states: of the choices; they all have the same thoughts.
        forwards: the caller gets them as they come.
    """
    plan = planner.thought(stream=forwards)
    try:
        answer = yield Ask(plan, plan.body)
        while isinstance(answer, StreamPart):
            pieces = "".join(delta.content for delta in answer.deltas)
            told = {REASONING: pieces}
            news = tuple(ChoiceDelta(each.index, told) for each in states) if pieces else ()
            forward(states, news)
            answer = yield ReadMore(news)
    except (UpstreamBadResponse, UpstreamUnreachable):
        return Thought("", 0)
    if not isinstance(answer, Reply):
        return Thought("", 0)
    record.accepted(plan, EvaluatedReply(answer.body, (), answer.usage))
    text = answer.choices[0].text
    spent = (answer.usage or {}).get("completion_tokens")
    return Thought(text, spent if isinstance(spent, int) else len(text) // 4)


def with_reasoning(accepted: Accepted, thought: str) -> Accepted:
    """Return what was accepted, with the thought before what the model has reasoned since."""
    if not thought:
        return accepted
    message = accepted.choice["message"]
    shown = {REASONING: thought + str(message.get(REASONING) or "")}
    return replace(accepted, choice={**accepted.choice, "message": {**message, **shown}})
