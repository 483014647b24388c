"""The rest of an input, asked for as plain text."""

import pytest

from strictgate.core.capabilities import Capabilities, Prefill
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.protocol import Ask, Stop
from strictgate.core.errors import ToolUseInvalid, UpstreamUnreachable
from strictgate.core.guard.input_matcher import InputMatcher
from strictgate.core.plan.plan import Purpose
from strictgate.core.plan.planner import Planner
from strictgate.core.request.contract import ANY_OBJECT, read_contract
from strictgate.core.request.options import Enforcement
from strictgate.core.schema.schema import admit
from strictgate.core.wire.reply import parse_reply
from tests.core.talks import hold, refused, said, stream, turns

LINES = InputMatcher("lark", 'start: "BEGIN" LF ("+" /.*/ LF)+ "END"\n%import common.LF\n')
BEGUN = "BEGIN\n+one\n+two\n"
WRONG = f"{BEGUN}three\nEND"
GOES_ON = Capabilities(prefill=Prefill.TRAILING)


def talk(capabilities=GOES_ON, matcher=LINES, request=None, **rules):
    tool = {"type": "custom", "custom": {"name": "patch"}}
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": [tool]}
    body |= request or {}
    wanted = read_contract(body)
    tools = wanted.toolbox.judged_by({"patch": None})
    planner = Planner(wanted, admit(ANY_OBJECT, name="any"), capabilities, body, "m", tools=tools)
    return Conversation(planner, Enforcement(**rules), inputs={"patch": matcher})


def called(*inputs, finish_reason="tool_calls"):
    calls = [
        {"id": f"c{at}", "type": "custom", "custom": {"name": "patch", "input": text}}
        for at, text in enumerate(inputs)
    ]
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    return parse_reply({"choices": [{"message": message, "finish_reason": finish_reason}]})


def inputs(outcome):
    (choice,) = outcome.body["choices"]
    return [each["custom"]["input"] for each in choice["message"]["tool_calls"]]


def steps(outcome):
    return [(step.name, step.path) for _, step in outcome.steps]


def test_goes_on_from_the_good_part():
    """It is told what to write, without the tools, and given what is good."""
    outcome, (_, ask) = hold(talk(), called(WRONG), said("+three\nEND"))

    assert inputs(outcome) == [f"{BEGUN}+three\nEND"]
    assert ask.plan.purpose is Purpose.CONTINUATION
    told, prefix = ask.body["messages"]
    assert prefix == {"role": "assistant", "content": BEGUN}
    assert "'patch'" in told["content"]
    assert 'start: "BEGIN"' in told["content"]
    assert not {"tools", "tool_choice"} & ask.body.keys()


def test_every_wrong_input():
    """Each is gone on from; those that are right stay."""
    good = "BEGIN\n+1\nEND"
    answers = called(WRONG, good, "BEGIN\n-"), said("END"), said("1\nEND")
    outcome, asks = hold(talk(), *answers)

    assert inputs(outcome) == [f"{BEGUN}END", good, good]
    assert asks[2].body["messages"][-1]["content"] == "BEGIN\n+"
    assert steps(outcome) == [("forced", "/tool_calls/2/custom/input")]


def test_a_second_look():
    """At the same place it is told what was wrong, and asked once more; then all is asked anew."""
    outcome, asks = hold(
        talk(), called(WRONG), said("four"), said("five"), called("BEGIN\n+1\nEND")
    )

    assert inputs(outcome) == ["BEGIN\n+1\nEND"]
    assert "What you wrote before was wrong: line 4" in asks[2].body["messages"][0]["content"]
    assert [ask.plan.purpose for ask in asks[1:]] == [Purpose.CONTINUATION] * 2 + [Purpose.TRY]


def test_it_goes_on_for_as_long_as_it_gets_on():
    """Every further line is kept, whatever comes behind it."""
    outcome, asks = hold(talk(), called(WRONG), said("+a\nx"), said("+b\nx"), said("+c\nEND"))

    assert inputs(outcome) == [f"{BEGUN}+a\n+b\n+c\nEND"]
    assert asks[3].body["messages"][-1]["content"] == f"{BEGUN}+a\n+b\n"


def test_one_stream_is_stopped_where_nothing_good_can_follow():
    """And where nothing may follow."""
    words = stream("+a\n", "x", "never read")
    end = stream("END", "never read")
    outcome, taken = turns(talk(), called(WRONG), *words, *end)

    assert inputs(outcome) == [f"{BEGUN}+a\nEND"]
    assert [type(turn) for turn in taken if isinstance(turn, Ask | Stop)] == [
        *(Ask, Ask, Stop, Ask, Stop),
    ]


def test_steered():
    """The model's own next choice takes the place of a token that is refused."""
    first = {"token": "x", "top_logprobs": [{"token": "x", "logprob": -1}]}
    first["top_logprobs"] += [{"token": "+x", "logprob": -2}, {"token": "-", "logprob": -1.5}]
    words = stream("x", "never read", logprobs=[[first]])
    outcome, taken = turns(talk(), called(WRONG), *words, said("yz\nEND"))

    assert inputs(outcome) == [f"{BEGUN}+xyz\nEND"]
    assert steps(outcome) == [("steered", "/tool_calls/0/custom/input")]
    assert taken[-1].body["messages"][-1]["content"] == f"{BEGUN}+x"


@pytest.mark.parametrize(
    "answer",
    [
        refused(400, "Assistant response prefill is not supported"),
        UpstreamUnreachable("gone"),
    ],
    ids=["refused", "unreachable"],
)
def test_refused(answer):
    """Then the whole is asked for anew, and no prefix is sent again."""
    outcome, asks = hold(talk(), called(WRONG), answer, called(WRONG), called("BEGIN\n+1\nEND"))

    assert inputs(outcome) == ["BEGIN\n+1\nEND"]
    assert len(asks) == 4


def test_an_empty_matcher_of_other_faults():
    """Where more is wrong than inputs, nothing is gone on from."""
    wrong = called(WRONG, "BEGIN\n+1\nEND")
    wrong.choices[0].raw["message"]["tool_calls"][1]["custom"]["name"] = "other"
    again = parse_reply({"choices": [wrong.choices[0].raw]})
    outcome, asks = hold(talk(), again, called("BEGIN\n+1\nEND"))

    assert (len(asks), inputs(outcome)) == (2, ["BEGIN\n+1\nEND"])


def test_no_prefix_where_none_is_taken():
    """An upstream that does not go on from prefixes is asked for the whole."""
    outcome, asks = hold(talk(Capabilities()), called(WRONG), called("BEGIN\n+1\nEND"))

    assert (len(asks), inputs(outcome)) == (2, ["BEGIN\n+1\nEND"])


def test_the_callers_limit():
    """What the caller's own limit has cut off is not gone on from; what a host has, is."""
    with pytest.raises(ToolUseInvalid):
        hold(talk(request={"max_tokens": 9}), called(BEGUN, finish_reason="length"))
    outcome, _ = hold(talk(), called(BEGUN, finish_reason="length"), said("END"))
    assert inputs(outcome) == [f"{BEGUN}END"]


def test_limits_of_their_own():
    """Continuations are bounded."""
    answers = called(WRONG), said("+a\nx"), called("BEGIN\n+1\nEND")
    outcome, asks = hold(talk(max_continuations=1), *answers)

    assert (len(asks), inputs(outcome)) == (3, ["BEGIN\n+1\nEND"])
