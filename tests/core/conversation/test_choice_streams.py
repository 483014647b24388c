"""The choices of a reply that streams: documents, text, calls."""

import pytest

from strictgate.core.conversation.choice_streams import (
    CallsStream,
    DocumentChoiceStream,
    ReplyStream,
    StopPolicy,
)
from strictgate.core.conversation.criteria import Criteria
from strictgate.core.guard.document_reader import DocumentState
from strictgate.core.repair_steps import Repair
from strictgate.core.wire.collector import Delta
from tests.core.guards import reading

GOOD = '{"name": "Ann", "age": 7, "mood": "calm"}'
OTHER = '{"name": "Bob", "age": 8, "mood": "angry"}'


def choice(index=0, **options):
    made = reading()
    kept = {"by_call": False, "forwards": True, "forwards_logprobs": False} | options
    calls = CallsStream(Criteria(None, Repair.LOSSLESS))
    return DocumentChoiceStream(index, made, made.draft, None, calls=calls, **kept)


def forwarded(made, *pieces):
    """What the caller is given while `pieces` come."""
    given = []
    for piece in pieces:
        made.feed(Delta(0, piece))
        news = made.news()
        given.append(news.delta.get("content", "") if news else "")
    return given


def test_the_caller_gets_what_is_final():
    """No sooner, and each byte once."""
    made = choice()
    given = forwarded(made, '{"name": "An', 'n", "age": 7', ', "mood": "calm"', "}")
    assert given == ['{"name":', ' "Ann", "age":', " 7" + ', "mood":', ""]
    made.feed(Delta(0, finish_reason="stop"))
    assert made.news().delta == {"content": ' "calm"}'}
    assert made.news() is None


@pytest.mark.parametrize("size", [1, 2, 5, 11])
def test_concatenation_is_the_document(size):
    """However the text arrives, what is given adds up to the document."""
    pieces = [GOOD[at : at + size] for at in range(0, len(GOOD), size)]
    made = choice()
    given = "".join(forwarded(made, *pieces))
    assert GOOD.startswith(given)
    made.flush()
    assert given + made.news().delta["content"] == GOOD


@pytest.mark.parametrize("behind", [f"\n{OTHER}", f"\nWait: {OTHER[:30]}", " So.", '"', "!" * 3000])
def test_what_may_be_a_draft_is_not_ended(behind):
    """Where anything stands behind a document, its end waits for the verdict on the whole."""
    made = choice()
    assert GOOD.startswith("".join(forwarded(made, *GOOD, behind)))
    made.flush()
    assert made.news() is None


def test_a_buffered_choice_gives_nothing():
    """Buffered: the guard reads, the caller waits."""
    made = choice(forwards=False)
    assert forwarded(made, GOOD) == [""]
    assert made.reading.state is DocumentState.CLOSED


def test_thoughts_pass():
    """Reasoning is not the document, and goes out as it comes."""
    made = choice()
    made.feed(Delta(0, reasoning="Hm."))
    assert made.news().delta == {"reasoning_content": "Hm."}
    assert made.news() is None


def test_forced_call():
    """The document may be in the arguments of a call."""
    made = choice(by_call=True)
    made.feed(Delta(0, arguments=((0, GOOD),)))
    assert made.reading.state is DocumentState.CLOSED


@pytest.mark.parametrize("delta", [Delta(0, refusal="No."), Delta(0, arguments=((0, "{}"),))])
def test_passed_on(delta):
    """A refusal, and a call of the caller's own tools, are no documents."""
    made = choice()
    made.feed(delta)
    assert made.is_passed_on
    assert made.news() is None
    assert not made.is_whole


def test_tokens_go_with_their_text():
    """Log-probabilities are given for whole tokens, as long as the text is the tokens' own."""
    made = choice(forwards_logprobs=True)
    texts = ['{"name"', ': "', "Ann", '", "age": 7', ', "mood": "calm"', "}"]
    given = []
    for text in texts:
        is_last = text == "}"
        reason = "stop" if is_last else None
        made.feed(Delta(0, text, logprobs=({"token": text},), finish_reason=reason))
        news = made.news()
        given += [entry["token"] for entry in news.logprobs] if news else []
    assert given == texts
    assert not made.lost_logprobs


def test_tokens_of_what_was_mended_are_lost():
    """A text that is not what the model wrote has no log-probabilities."""
    made = choice(forwards_logprobs=True)
    text = '{"name": \'Ann\', "age": 7, '
    made.feed(Delta(0, text, logprobs=({"token": text},)))
    assert made.news().logprobs == ()
    assert made.lost_logprobs


def test_several_choices():
    """It is over when it is for all of them, and what stands behind each is known."""
    stream = ReplyStream([choice(0), choice(1)])
    stream.feed([Delta(0, GOOD), Delta(1, GOOD[:-1]), Delta(7, "who?")])
    assert not stream.is_closed
    stream.feed([Delta(1, "}"), Delta(0, "\n```")])
    assert stream.is_closed
    assert not stream.is_whole()
    stream.feed([Delta(0, "I hope this helps"), Delta(1, finish_reason="stop")])
    assert not stream.is_whole()
    stream.feed([Delta(0, " a lot" * 400)])
    assert stream.is_whole()
    assert stream.has_more()
    assert stream.pieces() == 6


@pytest.mark.parametrize("parts", [[()], [(Delta(0, reasoning="Hm."),)] * 5000])
def test_silence_is_an_end(parts):
    """What comes without text behind a document is waited for, but not for ever."""
    stream = ReplyStream([choice()])
    stream.feed([Delta(0, GOOD)])
    for part in parts:
        assert not stream.is_whole() or len(parts) > 1
        stream.feed(part)
    assert stream.is_whole()


@pytest.mark.parametrize(
    ("text", "can_continue", "can_retry", "useless"),
    [
        (GOOD[:-5], True, True, False),
        (GOOD.replace("calm", "happy"), True, False, True),
        (GOOD.replace("calm", "happy"), False, True, True),
        (GOOD.replace("calm", "happy"), False, False, False),
        ("\n" * 100, False, False, True),
        (GOOD, True, True, False),
        (GOOD + " So." * 600, False, False, True),
        (GOOD + "\n" * 100, False, False, True),
        (GOOD + '", "x' * 600, True, False, True),
        (GOOD + '", "x' * 600, False, False, False),
    ],
)
def test_what_is_useless(text, can_continue, can_retry, useless):
    """What may still come right is read to its end, and so is the last try."""
    stream = ReplyStream([choice()])
    stream.feed([Delta(0, text)])
    assert stream.is_useless(StopPolicy(can_continue, can_retry)) is useless
