"""The state of one choice, and its transitions."""

import pytest

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.choice_result import Accepted, Evaluated, Rejected
from strictgate.core.conversation.choice_state import ChoiceState, forward
from strictgate.core.guard.continuation_alignment import ContinuationKind
from strictgate.core.plan.plan import Plan, Purpose
from strictgate.core.wire.choice_delta import ChoiceDelta
from tests.core.guards import draft
from tests.core.talks import said

UNKNOWN, FRESH, ECHO, CONTINUATION, ASTRAY = (
    ContinuationKind.UNKNOWN,
    ContinuationKind.FRESH,
    ContinuationKind.ECHO,
    ContinuationKind.CONTINUATION,
    ContinuationKind.ASTRAY,
)
REJECTED = Rejected("x", (), "no JSON", truncated=False)


def plan(purpose, *, wrapped=False):
    return Plan(Mode.PROMPT, {}, wrapped, False, (), purpose)


def evaluated(kind=UNKNOWN, document=None, **changes):
    return Evaluated(REJECTED, said("x").choices[0], document, kind, **changes)


def test_a_try_begins_anew():
    """A new try counts its own tokens, and knows nothing of where the last one was stuck."""
    state = ChoiceState(0)
    state.after(plan(Purpose.TRY, wrapped=True), evaluated(tokens=70))
    state.after(plan(Purpose.CONTINUATION), evaluated(FRESH, tokens=5, keep_whole_prefix=True))
    assert (state.tries, state.progress.spent, state.progress.restarts) == (1, 75, 1)
    assert state.progress.is_wrapped
    assert state.progress.keep_whole_prefix
    state.note_stuck()
    state.after(plan(Purpose.TRY), evaluated(tokens=10))
    assert (state.tries, state.progress.spent, state.progress.restarts) == (2, 10, 0)
    assert not state.progress.is_wrapped
    assert not state.progress.keep_whole_prefix
    assert state.note_stuck() == 0


@pytest.mark.parametrize(
    ("kind", "restarts", "repeated", "keeps"),
    [
        (UNKNOWN, 0, False, False),
        (FRESH, 1, False, False),
        (ECHO, 0, True, False),
        (CONTINUATION, 0, True, False),
        (ASTRAY, 0, False, True),
    ],
)
def test_what_a_model_makes_of_a_prefix(kind, restarts, repeated, keeps):
    """One that went astray at a prefix that was cut is sent all of the document next time."""
    state = ChoiceState(0)
    state.after(plan(Purpose.TRY), evaluated())
    state.after(plan(Purpose.CONTINUATION), evaluated(kind))
    progress = state.progress
    assert (progress.restarts, progress.repeated_after_prefix) == (restarts, repeated)
    assert progress.keep_whole_prefix is keeps


def test_what_is_kept_of_a_reply():
    """The document and the choice are the last reply's; log-probabilities count for good."""
    state, document = ChoiceState(0), draft(text='{"name"')
    with_tokens = said("x").choices[0]
    with_tokens = type(with_tokens)(
        **{name: getattr(with_tokens, name) for name in with_tokens.__slots__}
        | {"raw": {**with_tokens.raw, "logprobs": {"content": [{}]}}}
    )
    state.after(plan(Purpose.TRY), Evaluated(REJECTED, with_tokens, document))
    assert state.document is document
    assert state.had_logprobs
    accepted = Evaluated(Accepted({}, (), passed_on=False), said("y").choices[0], None)
    state.after(plan(Purpose.TRY), accepted)
    assert state.document is None
    assert state.last_choice.text == "y"
    assert state.had_logprobs


def test_getting_stuck_is_counted_by_length():
    """At the same length, or before it, the count goes on; further on it starts anew."""
    state = ChoiceState(0, draft(text='{"name"'))
    assert [state.note_stuck() for _ in range(3)] == [0, 1, 2]
    state.document.guard.consume(b': "A')
    assert [state.note_stuck() for _ in range(2)] == [0, 1]
    state.document.cut(7)
    assert state.note_stuck() == 2


def test_what_the_caller_was_given_adds_up():
    """By choice and by field; what is handed out is nobody's to change."""
    states = [ChoiceState(0), ChoiceState(3)]
    forward(states, [ChoiceDelta(3, {"content": "It "}), ChoiceDelta(0, {"reasoning": "Hm"})])
    forward(states, [ChoiceDelta(3, {"content": "is"})])
    assert [state.given for state in states] == ["", "It is"]
    assert [state.sent_lengths() for state in states] == [{"reasoning": 2}, {"content": 5}]
    states[0].sent_lengths().clear()
    assert states[0].sent_lengths() == {"reasoning": 2}


def test_an_empty_document_is_opened():
    """The opening bracket is given, and the wrapper where the model was asked for one."""
    state = ChoiceState(0)
    state.after(plan(Purpose.TRY), evaluated())
    assert state.open_document(draft())
    assert (state.document.wrapper, state.document.guard.text) == (b"", b"{")


def test_nothing_to_open():
    """Where several beginnings are possible, there is no prefix; a wrapper alone is one."""
    either = {"type": ["integer", "string"]}
    state = ChoiceState(0)
    state.after(plan(Purpose.TRY), evaluated())
    assert not state.open_document(draft(either))
    state.after(plan(Purpose.TRY, wrapped=True), evaluated())
    assert state.open_document(draft(either))
    assert state.document.wrapper == b'{"value":'


def test_the_prefix_is_cut_where_a_model_can_go_on():
    """In the middle of a string only if all of it is to be kept, once."""
    text = '{"name": "An'
    state = ChoiceState(0)
    state.after(plan(Purpose.TRY), evaluated(document=draft(text=text), keep_whole_prefix=True))
    assert state.cut_prefix(may_be_whole=True) == len(text)
    assert state.cut_prefix(may_be_whole=True) < len(text)
    assert len(state.document) < len(text)
    state.after(plan(Purpose.CONTINUATION), evaluated(ASTRAY, draft(text=text)))
    assert state.cut_prefix(may_be_whole=False) < len(text)


def test_feedback_grows():
    """No mistake is made anew for want of being told."""
    state = ChoiceState(0)
    state.add_feedback(REJECTED)
    state.add_feedback(REJECTED)
    assert len(state.feedback) == 2 * len(REJECTED.feedback())
