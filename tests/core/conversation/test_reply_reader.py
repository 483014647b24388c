"""Reading one reply: stopped early when the rest is useless."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.capabilities import Capabilities, Prefill
from strictgate.core.conversation.protocol import Ask, ReadMore, StreamPart
from strictgate.core.conversation.reply_reader import upstream_error
from strictgate.core.errors import UpstreamBadResponse, UpstreamError
from strictgate.core.repair_steps import Extraction, Step
from strictgate.core.request.options import StreamMode
from strictgate.core.wire.reply import Failure
from tests.core.guards import PERSON
from tests.core.talks import (
    MOOD,
    Late,
    body,
    contents,
    conversation,
    refused,
    said,
    stream,
    streamed,
    turns,
)

LONG = "It was a long day, and nobody knew why the \\u00e9toile had gone; so they asked, at length."
GOOD = f'{{"name": "{LONG}", "age": 7, "mood": "calm"}}'
ABLE = Capabilities(prefill=Prefill.TRAILING)


def talk(capabilities=ABLE, *, stream=True, schema=PERSON, **request):
    return conversation(body(schema, stream=stream, **request), capabilities)


def news(taken):
    """What the caller has been given, and whether any of it came before the end."""
    reads = [turn for turn in taken if isinstance(turn, ReadMore)]
    return "".join(each.delta.get("content", "") for read in reads for each in read.news)


def whole(outcome, taken):
    """What the caller has in the end."""
    given = news(taken)
    content = contents(outcome)[0]
    assert content.startswith(given)
    assert outcome.sent.get(0, {}).get("content", 0) == len(given)
    return content


@given(st.lists(st.integers(1, len(GOOD) - 1), max_size=12))
def test_same_at_every_split(cuts):
    """However the upstream cuts its text, the caller gets the same document."""
    edges = [0, *sorted(set(cuts)), len(GOOD)]
    pieces = [GOOD[start:end] for start, end in pairwise(edges)]
    assert whole(*turns(talk(), *stream(*pieces))) == GOOD


def test_split_at_every_point():
    """The same, in two pieces cut anywhere, and in single characters."""
    for at in range(1, len(GOOD)):
        assert whole(*turns(talk(), *stream(GOOD[:at], GOOD[at:]))) == GOOD
    assert whole(*turns(talk(), *stream(*GOOD))) == GOOD


def test_text_streams_while_it_is_written():
    """All but the last of it is given before the document is whole."""
    _, taken = turns(talk(), *stream(*GOOD))
    assert news(taken).startswith(GOOD[:60])


@pytest.mark.parametrize("capabilities", [Capabilities(), ABLE])
def test_buffered_gives_nothing_early(capabilities):
    """Asked for by a knob, or where the model cannot go on."""
    held = conversation(body(PERSON, stream=True), capabilities, stream=StreamMode.BUFFERED)
    outcome, taken = turns(held, *stream(*GOOD))
    assert news(taken) == ""
    assert contents(outcome) == [GOOD]


def test_tail_is_waited_for():
    """Behind the document only what ends the stream is: usage is told, nothing is stopped."""
    held = talk()
    parts = streamed(GOOD)
    _, taken = turns(held, *parts)
    assert held.record.summary(is_accepted=True).stopped == 0
    assert isinstance(taken[-1], ReadMore)
    assert taken[-1].patience is not None


def test_talk_behind_the_document_is_cut():
    """Text behind the document is heard for a while only; the tokens so far are an estimate."""
    held = talk()
    talking = ["I hope that this helps", *[" a lot" * 40] * 20]
    first, *rest = streamed(GOOD, "\n```\n", *talking)
    outcome, taken = turns(held, first, *rest[:-1])
    assert contents(outcome) == [GOOD]
    assert outcome.steps == ((0, Step(Extraction.PROSE)),)
    assert held.record.summary(is_accepted=True).stopped == 1
    assert 3 < outcome.body["usage"]["total_tokens"] < len(talking)
    assert len([turn for turn in taken if isinstance(turn, Ask)]) == 1


def test_blanks_behind_the_document_are_cut():
    """A run of blanks behind the document ends it, and is nothing."""
    held = talk()
    first, *rest = streamed(GOOD, *["\n"] * 500)
    outcome, taken = turns(held, first, *rest[:-1])
    assert contents(outcome) == [GOOD]
    assert outcome.steps == ()
    assert held.record.summary(is_accepted=True).stopped == 1
    assert len([turn for turn in taken if isinstance(turn, ReadMore)]) < 100


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_document_that_is_replaced(size):
    """What corrects a document is waited for; the whole is asked for again, from its start."""
    held = talk(Capabilities(), schema=MOOD)
    text = '{"choice":"angry"}\nWait, no: {"choice":"calm"}'
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    outcome, taken = turns(held, *stream(*pieces), said('{"choice":"calm"}'))
    assert whole(outcome, taken) == '{"choice":"calm"}'
    asks = [turn for turn in taken if isinstance(turn, Ask)]
    assert "several different documents" in asks[1].body["messages"][-1]["content"]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_document_that_is_replaced_when_it_has_begun_to_go_out(size):
    """What is out cannot be taken back: the new answer must begin with it. It is not gone on from
    what is whole."""
    held = talk(strictgate={"stream": "guarded"})
    text = f"{GOOD}\n{GOOD.replace('calm', 'angry')}"
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    outcome, taken = turns(held, *stream(*pieces), *stream(GOOD))
    assert whole(outcome, taken) == GOOD
    assert len(held.record.attempts) == 2
    assert held.record.continuations == 0


def test_silence_behind_the_document():
    """An upstream that does not end its stream is left."""
    held = talk()
    first, *_ = streamed(GOOD)
    outcome, _ = turns(held, first, StreamPart(()))
    assert contents(outcome) == [GOOD]
    assert held.record.summary(is_accepted=True).stopped == 1


def test_broken_connection_without_prefixes():
    """Where the model cannot go on, a stream that breaks is an error, as ever."""
    first, *_ = streamed(GOOD[:30])
    with pytest.raises(UpstreamBadResponse):
        turns(talk(Capabilities()), first, UpstreamBadResponse("It broke off."))


def test_an_upstream_that_fails_in_its_stream():
    """What came before is good where it can be gone on from; else the error is the upstream's."""
    failed = refused(502, "Provider gone")
    end = GOOD.index(' "calm"')
    held = talk()
    parts = [*stream(*GOOD[:end])[:-1], Late(failed)]
    outcome, taken = turns(held, *parts, said(GOOD[end:]))
    assert whole(outcome, taken) == GOOD
    assert [each.outcome for each in held.record.attempts] == ["broken", "valid"]
    with pytest.raises(UpstreamError, match="Provider gone"):
        turns(talk(Capabilities()), *parts)
    with pytest.raises(UpstreamError, match="slow down"):
        turns(talk(), *parts[:-1], Late(refused(429, "slow down")))


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({"retry-after": "3", "x-ratelimit-limit-requests": "9"}, True),
        ({"x-should-retry": "false"}, True),
        ({"x-should-retry": "true"}, False),
        ({"server": "x", "set-cookie": "y"}, False),
    ],
)
def test_headers_of_an_upstreams_error(headers, kept):
    """What tells the caller when to come back is kept, and nothing else."""
    assert upstream_error(Failure(429, {}, headers)).headers == (headers if kept else {})


def test_several_choices():
    """Each is under a guard of its own; only the one that went wrong is gone on from."""
    held = talk(n=2, schema=PERSON)
    good, wrong = GOOD, GOOD.replace("calm", "happy")
    two = said(good, wrong)
    outcome, taken = turns(held, two, said(' "angry"}'))
    assert contents(outcome) == [good, GOOD.replace("calm", "angry")]
    asks = [turn for turn in taken if isinstance(turn, Ask)]
    assert "n" not in asks[1].body
    assert json.dumps(asks[1].body["messages"][-1]).count("mood") == 1


@pytest.mark.parametrize(("budget", "is_cut"), [(200, True), (None, False), (2000, False)])
def test_talk_leaves_half_of_the_budget(budget, is_cut):
    """What looks like the beginning of a document is heard out, but not until nothing is left."""
    held = talk(**({"max_tokens": budget} if budget else {}))
    prose = ["Say {a: 1} to it. "] * 50
    outcome, taken = turns(held, *stream(*prose, GOOD), *stream(GOOD[1:]))
    assert contents(outcome) == [GOOD]
    assert len([turn for turn in taken if isinstance(turn, Ask)]) == 1 + is_cut


def test_mere_talk_is_cut():
    """Where the model can be given the beginning of its document, prose is not heard out."""
    held = talk()
    outcome, taken = turns(held, *stream(*["I like to talk about it. "] * 40), *stream(GOOD[1:]))
    assert contents(outcome) == [GOOD]
    reads = [turn for turn in taken if isinstance(turn, ReadMore)]
    assert len(reads) < 25
