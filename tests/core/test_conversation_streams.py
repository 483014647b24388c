"""Streamed text and streamed calls, as transcripts."""

import pytest

from strictgate.core.capabilities import Capabilities, Prefill
from strictgate.core.conversation.protocol import Ask, ReadMore
from strictgate.core.conversation.reply_reader import ReplyEnd
from strictgate.core.errors import ToolUseInvalid
from strictgate.core.request.options import Enforcement, StreamMode
from tests.core.talks import MOOD, stream_of, turns
from tests.core.test_conversation_tools import BAD, GOOD, called, calls_of, talk


def streamed(*deltas, finish_reason="tool_calls"):
    return stream_of(*deltas, finish_reason=finish_reason)


def pieces(name, text, position=0, size=3):
    """The deltas of one call."""
    head = {"index": position, "id": f"c{position}", "type": "function"}
    yield {"tool_calls": [head | {"function": {"name": name, "arguments": ""}}]}
    for start in range(0, len(text), size):
        piece = {"arguments": text[start : start + size]}
        yield {"tool_calls": [{"index": position, "function": piece}]}


def forwarded(taken):
    return [
        news.delta
        for turn in taken
        if isinstance(turn, ReadMore)
        for news in turn.news
        if news.delta
    ]


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_good(size):
    """A streamed call is the caller's once it is judged, however it was cut."""
    deltas = [*pieces("mood", GOOD, 0, size), *pieces("now", "{}", 1, size)]
    outcome, taken = turns(talk(stream=True), *streamed(*deltas))

    assert calls_of(outcome) == [("c0", "mood", GOOD), ("c1", "now", "{}")]
    assert forwarded(taken) == []


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_stopped(size):
    """An upstream whose call has gone wrong is stopped, and asked again."""
    made = talk(stream=True)
    outcome, taken = turns(
        made, *streamed(*pieces("mood", BAD + " " * 90, 0, size)), called(("mood", GOOD))
    )

    assert calls_of(outcome) == [("c0", "mood", GOOD)]
    assert [attempt.end for attempt in made.record.attempts] == [ReplyEnd.STOPPED, ReplyEnd.OWN]
    assert len([turn for turn in taken if isinstance(turn, Ask)]) == 2


def test_last_try_is_read_to_its_end():
    """The last try is not stopped: the caller is to see what was written."""
    made = talk(stream=True, rules=Enforcement(max_attempts=1))

    with pytest.raises(ToolUseInvalid) as failed:
        turns(made, *streamed(*pieces("mood", BAD)))

    assert BAD in failed.value.failed_generation


def test_text_goes_out_as_it_comes():
    """Text goes out as it comes; what was given out is what the answer has."""
    deltas = [{"content": "It is "}, {"reasoning_content": "hm"}, {"content": "late."}]
    outcome, taken = turns(talk(stream=True), *streamed(*deltas, finish_reason="stop"))

    assert forwarded(taken) == [
        {"content": "It is "},
        {"reasoning_content": "hm"},
        {"content": "late."},
    ]
    assert outcome.body["choices"][0]["message"]["content"] == "It is late."
    assert outcome.sent[0]["content"] == len("It is late.")


def test_text_before_a_bad_call():
    """Text that is out stays out; only the call is asked for again."""
    deltas = [{"content": "I look."}, *pieces("mood", BAD)]
    outcome, taken = turns(talk(stream=True), *streamed(*deltas), called(("mood", GOOD)))

    assert forwarded(taken) == [{"content": "I look."}]
    assert outcome.body["choices"][0]["message"]["content"] == "I look."
    assert calls_of(outcome) == [("c0", "mood", GOOD)]


@pytest.mark.parametrize(
    "changes",
    [{"tool_choice": "required"}, {"rules": Enforcement(stream=StreamMode.BUFFERED)}],
    ids=["required", "buffered"],
)
def test_text_is_held_back(changes):
    """Text that may be no answer, or is not to be given out early, waits for the verdict."""
    deltas = [{"content": "I look."}, *pieces("mood", GOOD)]
    outcome, taken = turns(talk(stream=True, **changes), *streamed(*deltas))

    assert forwarded(taken) == []
    assert outcome.body["choices"][0]["message"]["content"] == "I look."


def test_talk_before_a_call():
    """Beside a format, too, a model may talk at length before it calls: it is read on."""
    talking = {"content": "Let me think about that for a while. " * 40}
    continues = Capabilities(prefill=Prefill.TRAILING)
    made = talk(document=MOOD, stream=True, capabilities=continues)
    outcome, taken = turns(made, *streamed(talking, *pieces("mood", GOOD)))

    assert calls_of(outcome) == [("c0", "mood", GOOD)]
    assert len([turn for turn in taken if isinstance(turn, Ask)]) == 1
