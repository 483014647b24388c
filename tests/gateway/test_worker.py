"""What a worker answers, asked in this process."""

import io

import pytest

from strictgate.core.conversation.protocol import Ask
from strictgate.core.errors import BadRequest
from strictgate.core.schema.drafts import Draft
from strictgate.core.schema.error_context import RESPONSE_FORMAT
from strictgate.core.schema.limits import Limits
from strictgate.core.schema.schema import Formats
from strictgate.gateway.worker import CONVERSATIONS, Worker, read_message
from strictgate.gateway.worker_messages import (
    Admit,
    Admitted,
    Begin,
    Finished,
    GoOn,
    GrammarAnswer,
    Turned,
    Unknown,
    dumped,
    framed,
)
from tests.core.talks import BAD, GOOD, conversation, said


def begin(key, *entries):
    return Begin(key, dumped(conversation(max_attempts=2)), entries)


def test_a_conversation():
    """It begins, goes on, and is forgotten when it is over."""
    worker = Worker()
    first = worker.answer(begin(1))
    assert isinstance(first, Turned)
    assert isinstance(first.turn, Ask)
    assert first.turn.plan.body == {}, "it is in the turn already"
    assert first.turn.body["messages"]
    second = worker.answer(GoOn(1, said(BAD)))
    assert isinstance(second, Turned)
    third = worker.answer(GoOn(1, said(GOOD)))
    assert isinstance(third, Finished)
    assert third.end.body["choices"][0]["message"]["content"] == GOOD
    assert worker.answer(GoOn(1, said(GOOD))) == Unknown()


@pytest.mark.parametrize("noted", [(), (GrammarAnswer(is_there=True),)])
def test_begun_anew(noted):
    """With the answers so far it comes to the same turn, wherever its grammar came from."""
    worker = Worker()
    worker.answer(begin(1))
    expected = worker.answer(GoOn(1, said(BAD)))
    assert worker.answer(begin(2, said(BAD), *noted)) == expected
    errors = [BadRequest("the upstream said no")]
    assert isinstance(worker.answer(begin(3, *errors)).end, BadRequest)


def test_old_conversations_leave():
    """Whoever goes on with one is told, and begins it anew."""
    worker = Worker()
    for key in range(CONVERSATIONS + 1):
        worker.answer(begin(key))
    assert worker.answer(GoOn(0, said(GOOD))) == Unknown()
    worker.forget([2, 99])
    assert worker.answer(GoOn(2, said(GOOD))) == Unknown()
    assert isinstance(worker.answer(GoOn(1, said(GOOD))), Finished)


def admit(source, *, strictly=False):
    return Worker().answer(
        Admit(source, "x", Limits(), Formats.ASSERT, strictly=strictly, context=RESPONSE_FORMAT)
    )


def test_admission():
    """What is known of an admitted schema; a refusal is the error itself."""
    given = admit('{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}')
    assert isinstance(given, Admitted)
    assert (given.source, given.text) == ({"type": "object"}, '{"type":"object"}')
    assert (given.draft, given.is_object_root, given.nodes) == (Draft.DRAFT_7, True, 2)
    assert isinstance(admit('{"type":"nothing"}'), BadRequest)
    assert isinstance(admit('{"type":"object"}', strictly=True), BadRequest)


def test_messages():
    """One behind the other, then the end."""
    stream = io.BytesIO(framed(dumped(1)) + framed(dumped("two")))
    assert [read_message(stream) for _ in range(3)] == [dumped(1), dumped("two"), None]
