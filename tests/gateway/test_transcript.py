"""What is asked and heard, as it is written down."""

from itertools import zip_longest

import pytest

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.protocol import Ask, ReadMore, Stop, StreamPart
from strictgate.core.errors import UpstreamTimeout
from strictgate.core.plan.plan import Plan
from strictgate.core.wire.collector import Delta
from strictgate.core.wire.reply import Failure, parse_reply
from strictgate.gateway.records import Asked, Heard
from strictgate.gateway.transcript import Transcript

PLAN = Plan(Mode.NATIVE, {"model": "m"}, wrapped=False, streamed=True, dropped=())
ASK = Ask(PLAN, PLAN.body)
REPLY = parse_reply({"choices": [{"message": {"content": "x"}, "index": 0}]})
REFUSED = Failure(400, {}, {})
PART = StreamPart((Delta(0, "x"), Delta(0, "y")))
LATE = UpstreamTimeout("late")


class Noted:
    """A witness that keeps what it is told."""

    def __init__(self):
        self.told = []

    def record(self, record):
        self.told.append(record)

    def page(self, request_id, host):
        return None


def held(turns, answers):
    """Take down these turns of a conversation with these answers; return what was recorded."""
    witness = Noted()
    transcript = Transcript("req_1", witness)
    for turn, answer in zip_longest(turns, answers):
        if isinstance(turn, Ask):
            transcript.ask(turn.plan, turn.body)
        transcript.hear(answer)
    transcript.end()
    return witness.told


@pytest.mark.parametrize(
    ("turns", "answers", "heard"),
    [
        ([ASK], [REPLY], [(REPLY.body, None, 0)]),
        ([ASK], [REFUSED], [(None, REFUSED, 0)]),
        ([ASK, ReadMore()], [PART, REPLY], [(REPLY.body, None, 2)]),
        ([ASK, Stop()], [PART, REPLY], [(REPLY.body, None, 2)]),
        ([ASK, ReadMore(), Stop()], [PART, LATE, REPLY], [(REPLY.body, LATE, 2)]),
        ([ASK, ASK], [REFUSED, REPLY], [(None, REFUSED, 0), (REPLY.body, None, 0)]),
        ([ASK], [LATE], [(None, LATE, 0)]),
        ([ASK, ReadMore()], [PART], [(None, None, 2)]),
    ],
)
def test_each_ask_is_heard_once(turns, answers, heard):
    """Whatever becomes of it: what came before a fault is told beside it."""
    told = held(turns, answers)
    ends = [each for each in told if isinstance(each, Heard)]

    assert [(each.reply, each.fault, each.pieces) for each in ends] == heard
    assert sum(isinstance(each, Asked) for each in told) == len(ends)
