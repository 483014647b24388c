"""Streamed text and streamed calls, as transcripts."""

import pytest

from strictgate.core.capabilities import Capabilities, Mode, Prefill
from strictgate.core.conversation.protocol import Ask, ReadMore
from strictgate.core.conversation.reply_reader import ReplyEnd
from strictgate.core.errors import OutputInvalid, ToolUseInvalid
from strictgate.core.request.options import Enforcement, StreamMode
from tests.core.talks import MOOD, body, contents, conversation, said, stream_of, turns
from tests.core.test_conversation_tools import BAD, GOOD, TOOLS, called, calls_of, talk


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


ABLE = Capabilities(prefill=Prefill.TRAILING)


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_whole_call_stops_the_upstream(size):
    """Where one call is wanted, nothing behind it is paid for, whoever streams."""
    made = talk(capabilities=ABLE, parallel_tool_calls=False)
    endless = [{"content": "\n"}] * 50
    outcome, taken = turns(made, *streamed(*pieces("mood", GOOD, 0, size), *endless))

    assert taken[0].plan.streamed
    assert calls_of(outcome) == [("c0", "mood", GOOD)]
    assert outcome.body["choices"][0]["finish_reason"] == "tool_calls"
    assert [attempt.end for attempt in made.record.attempts] == [ReplyEnd.STOPPED]
    assert len([turn for turn in taken if isinstance(turn, ReadMore)]) < 50


@pytest.mark.parametrize("document", [None, MOOD], ids=["text", "format"])
@pytest.mark.parametrize("where", ["content", "arguments"])
def test_blanks_without_end_behind_calls(document, where):
    """Where more calls may come they are waited for, but not for blanks."""
    blanks = {"content": "\n"}
    if where == "arguments":
        blanks = {"tool_calls": [{"index": 1, "function": {"arguments": "\n"}}]}
    made = talk(document=document, capabilities=ABLE)
    two = [*pieces("mood", GOOD), {"content": "\n" * 9}, *pieces("mood", GOOD, 1)]
    outcome, _ = turns(made, *streamed(*two, *[blanks] * 500))

    assert calls_of(outcome) == [("c0", "mood", GOOD), ("c1", "mood", GOOD)]
    assert [attempt.end for attempt in made.record.attempts] == [ReplyEnd.STOPPED]


def test_a_second_call_where_one_is_wanted():
    """The upstream is stopped where it begins, and asked for one."""
    made = talk(capabilities=ABLE, parallel_tool_calls=False)
    two = [*pieces("mood", GOOD), *pieces("mood", GOOD, 1)]
    outcome, taken = turns(made, *streamed(*two), called(("mood", GOOD)))

    assert calls_of(outcome) == [("c0", "mood", GOOD)]
    assert [attempt.end for attempt in made.record.attempts] == [ReplyEnd.STOPPED, ReplyEnd.OWN]
    asks = [turn for turn in taken if isinstance(turn, Ask)]
    assert "one call" in asks[1].body["messages"][-1]["content"]


def test_usage_behind_a_whole_call():
    """What ends the stream is waited for."""
    made = talk(capabilities=ABLE, parallel_tool_calls=False)
    turns(made, *streamed(*pieces("mood", GOOD)))

    assert [attempt.end for attempt in made.record.attempts] == [ReplyEnd.OWN]


def test_a_call_behind_a_document():
    """It is heard to its end and judged, not cut off."""
    made = talk(document=MOOD, capabilities=ABLE)
    outcome, _ = turns(made, *streamed({"content": GOOD}, *pieces("mood", GOOD, 0, 1)))

    assert calls_of(outcome) == [("c0", "mood", GOOD)]
    assert len(made.record.attempts) == 1


@pytest.mark.parametrize("size", [1, 4])
def test_custom_calls_stay_byte_for_byte(size):
    """Their input is free text, which nobody reads."""
    text = '*** Begin Patch\n{"a": 1,}\n\u00e9 \\n'
    head = {"index": 0, "id": "c0", "type": "custom"}
    deltas = [{"tool_calls": [head | {"custom": {"name": "patch", "input": ""}}]}]
    for start in range(0, len(text), size):
        piece = {"index": 0, "custom": {"input": text[start : start + size]}}
        deltas.append({"tool_calls": [piece]})
    tools = [*TOOLS, {"type": "custom", "custom": {"name": "patch"}}]
    outcome, _ = turns(talk(tools=tools, stream=True), *streamed(*deltas))

    (call,) = outcome.body["choices"][0]["message"]["tool_calls"]
    assert call == {"id": "c0", "type": "custom", "custom": {"name": "patch", "input": text}}


CALM = '{"choice":"calm"}'


@pytest.mark.parametrize("size", [0, 1, 4, 100])
@pytest.mark.parametrize(
    ("behind", "is_good"),
    [
        (CALM, False),
        ("\nNo: " + CALM, False),
        (CALM[:9], False),
        ("\nSo it is.", True),
        (GOOD, True),
    ],
)
def test_text_behind_arguments(size, behind, is_good):
    """Arguments have one result, whole and streamed: other arguments behind them are asked about,
    other text is taken off, by name."""
    rules = Enforcement(max_attempts=1)
    made = talk(stream=bool(size), capabilities=ABLE, parallel_tool_calls=False, rules=rules)
    text = GOOD + behind
    answers = streamed(*pieces("mood", text, 0, size)) if size else [called(("mood", text))]
    if not is_good:
        with pytest.raises(ToolUseInvalid) as failed:
            turns(made, *answers)
        assert text in failed.value.failed_generation
        return
    outcome, _ = turns(made, *answers)
    assert calls_of(outcome) == [("c0", "mood", GOOD)]
    assert [step.name for _, step in outcome.steps] == ["prose_removed"]


@pytest.mark.parametrize("size", [0, 1, 4, 100])
@pytest.mark.parametrize("behind", ["", "\n" + CALM, "\nNo: " + CALM, "\nSo it is."])
@pytest.mark.parametrize("where", ["arguments", "content"])
def test_text_behind_a_document_in_a_forced_call(size, behind, where):
    """In the call's arguments, and where a model answers in plain text all the same."""
    able = Capabilities(modes=(Mode.TOOL,))
    made = conversation(body(stream=bool(size)), able, max_attempts=1)
    text = GOOD + behind
    if where == "arguments":
        answers = streamed(*pieces("mood", text, 0, size)) if size else [called(("mood", text))]
    else:
        cut = [text[at : at + size] for at in range(0, len(text), size)] if size else []
        answers = streamed(*({"content": each} for each in cut)) if size else [said(text)]
    if CALM in behind:
        with pytest.raises(OutputInvalid):
            turns(made, *answers)
        return
    outcome, _ = turns(made, *answers)
    assert contents(outcome) == [GOOD]
    assert [step.name for _, step in outcome.steps] == ["prose_removed"] * bool(behind)
