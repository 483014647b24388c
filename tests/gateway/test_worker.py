"""What a worker answers, asked in this process."""

import io
import json

import pytest

from strictgate.core.conversation.protocol import Ask
from strictgate.core.errors import BadRequest
from strictgate.core.schema.drafts import Draft
from strictgate.core.schema.error_context import RESPONSE_FORMAT
from strictgate.core.schema.limits import Limits
from strictgate.core.schema.schema import Formats
from strictgate.gateway import worker
from strictgate.gateway.worker import FIXED, Worker, read_message
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
    return Begin(key, dumped(conversation(max_attempts=2)), (), entries)


def test_a_conversation():
    """It begins, goes on, and is forgotten when it is over."""
    one = Worker()
    first = one.answer(begin(1))
    assert isinstance(first, Turned)
    assert isinstance(first.turn, Ask)
    assert first.turn.plan.body == first.turn.body == {}, "it is in the turn as JSON"
    assert json.loads(first.turn.raw)["messages"]
    second = one.answer(GoOn(1, said(BAD)))
    assert isinstance(second, Turned)
    third = one.answer(GoOn(1, said(GOOD)))
    assert isinstance(third, Finished)
    assert third.end.body["choices"][0]["message"]["content"] == GOOD
    assert one.answer(GoOn(1, said(GOOD))) == Unknown()


@pytest.mark.parametrize("noted", [(), (GrammarAnswer(is_there=True),)])
def test_begun_anew(noted):
    """With the answers so far it comes to the same turn, wherever its grammar came from."""
    one = Worker()
    one.answer(begin(1))
    expected = one.answer(GoOn(1, said(BAD)))
    assert one.answer(begin(2, said(BAD), *noted)) == expected
    errors = [BadRequest("the upstream said no")]
    assert isinstance(one.answer(begin(3, *errors)).end, BadRequest)


THREE = 3 * FIXED
"""The memory of a worker that holds three conversations."""


def there(one, *keys):
    """Which of these conversations it still has; they are over then."""
    return [key for key in keys if one.answer(GoOn(key, said(GOOD))) != Unknown()]


def test_conversations_that_are_forgotten():
    """Whoever goes on with one is told, and begins it anew."""
    one = Worker()
    for key in range(200):
        one.answer(begin(key))
    one.forget([2, 99, 1000])
    assert there(one, 0, 1, 2, 3, 99, 199) == [0, 1, 3, 199]


def test_conversations_in_use_stay():
    """Where there is no room, the one that was heard of last leaves: no turn of the others is
    computed twice, however many there are."""
    one = Worker(THREE, clock=lambda: 0.0)
    for key in range(6):
        one.answer(begin(key))
    assert there(one, *range(6)) == [0, 1, 5]


def test_conversations_that_wait_leave_first():
    """They are those whose clients do not read."""
    now = iter(range(0, 1000, 10))
    one = Worker(THREE, clock=lambda: float(next(now)))
    for key in range(6):
        one.answer(begin(key))
    assert there(one, *range(6)) == [3, 4, 5]


def test_what_a_conversation_was_given_counts(monkeypatch):
    """By its length; one that is larger than all the room is kept alone."""
    monkeypatch.setattr(worker, "PER_CHARACTER", 1 << 20)
    one = Worker(THREE, clock=lambda: 0.0)
    one.answer(begin(0))
    one.answer(begin(1, said(BAD)))
    one.answer(GoOn(-1, None))
    assert there(one, 0, 1) == [1]


def admit(source, *, strictly=False):
    return Worker().answer(
        Admit(source, "x", Limits(), Formats.ASSERT, strictly=strictly, context=RESPONSE_FORMAT)
    )


def test_admission():
    """What is known of an admitted schema; a refusal is the error itself."""
    given = admit('{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}')
    assert isinstance(given, Admitted)
    assert given.text == '{"type":"object"}'
    assert (given.draft, given.is_object_root, given.nodes) == (Draft.DRAFT_7, True, 2)
    assert isinstance(admit('{"type":"nothing"}'), BadRequest)
    assert isinstance(admit('{"type":"object"}', strictly=True), BadRequest)


def test_messages():
    """One behind the other, then the end."""
    stream = io.BytesIO(framed(dumped(1)) + framed(dumped("two")))
    assert [read_message(stream) for _ in range(3)] == [dumped(1), dumped("two"), None]
