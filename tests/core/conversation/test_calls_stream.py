"""The calls of a reply that streams."""

import pytest

from strictgate.core.capabilities import Capabilities, Prefill
from strictgate.core.conversation.calls_stream import CallsStream, StopPolicy
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.criteria import Criteria
from strictgate.core.conversation.protocol import ReadMore, Stop
from strictgate.core.guard.input_matcher import InputMatcher
from strictgate.core.plan.planner import Planner
from strictgate.core.repair_steps import Repair
from strictgate.core.request.contract import read_contract
from strictgate.core.request.options import Enforcement
from strictgate.core.request.tools import Toolset
from strictgate.core.schema.schema import admit
from strictgate.core.wire.calls import CallIds
from strictgate.core.wire.collector import Delta
from tests.core.talks import stream, turns

OBJECT = {
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": False,
}
DIGITS = InputMatcher("regex", "[0-9]{100}")
LAST = StopPolicy(can_continue=False, can_retry=False)
RETRIES = StopPolicy(can_continue=False, can_retry=True)
GOES_ON = StopPolicy(can_continue=False, can_retry=False, can_continue_input=True)


def begun(*, parallel=True, used=frozenset()):
    tools = Toolset({"digits": None}, frozenset({"digits"}), must_call=False, parallel=parallel)
    inputs = {"digits": DIGITS}
    return CallsStream(Criteria(None, Repair.LOSSLESS, tools, CallIds(0, used), inputs=inputs))


def piece(text, position=0, identity="c1"):
    names = ("digits",) * (position + 1)
    return Delta(0, arguments=((position, text),), names=names, first_id=identity)


@pytest.mark.parametrize("position", [0, 1])
def test_a_wrong_input_is_of_no_use(position):
    """It is stopped where it can be gone on from, or asked for again; the last is read on."""
    stream = begun()
    stream.feed(piece("12", position))
    assert not stream.is_useless(RETRIES)
    stream.feed(piece("x", position))
    assert [stream.is_useless(each) for each in (RETRIES, GOES_ON, LAST)] == [True, True, False]


@pytest.mark.parametrize("parallel", [False, True])
def test_an_input_that_can_be_no_longer(parallel):
    """Where one call is wanted, it is all that is."""
    stream = begun(parallel=parallel)
    stream.feed(piece("1" * 99))
    assert not stream.is_whole
    stream.feed(piece("1"))
    assert stream.is_whole is stream.is_closed is not parallel


def test_news():
    """What is good is new once, but for its end, with all that tells whose it is."""
    stream = begun()
    stream.feed(piece("1" * 60))
    assert stream.news() is None
    stream.feed(piece("2" * 10))
    first = stream.news()
    assert (first.id, first.name, first.text) == ("c1", "digits", "1" * 6)
    assert stream.news() is None
    stream.feed(piece("2" * 10 + "x"))
    assert stream.news().text == "1" * 10


@pytest.mark.parametrize(("identity", "used"), [("", set()), ("c1", {"c1"})])
def test_no_news_without_an_id(identity, used):
    """A call whose id is not known yet, or will be another one, waits."""
    stream = begun(used=frozenset(used))
    stream.feed(piece("1" * 90, identity=identity))
    assert stream.news() is None


@pytest.mark.parametrize(("must_call", "is_useless"), [(True, True), (False, False)])
def test_blanks_without_end_in_place_of_a_call(must_call, is_useless):
    """Where a call is required nothing else can come; elsewhere the text is the caller's."""
    tools = Toolset({}, frozenset(), must_call=must_call)
    calls = CallsStream(Criteria(None, Repair.LOSSLESS, tools))
    calls.feed(Delta(0, content="so\n" + "\n" * 63))
    assert not calls.is_useless(RETRIES)
    calls.feed(Delta(0, content="\n"))
    assert [calls.is_useless(each) for each in (RETRIES, LAST)] == [is_useless] * 2
    calls.feed(Delta(0, content="more"))
    assert not calls.is_useless(RETRIES)


def test_a_call_that_is_written_as_text_and_goes_on_in_blanks():
    """The upstream is stopped, and the call is the answer."""
    tool = {"type": "function", "function": {"name": "f", "strict": True, "parameters": OBJECT}}
    request = {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [tool],
        "tool_choice": "required",
    }
    contract = read_contract(request)
    toolbox = contract.toolbox
    schemas = {"f": admit(OBJECT, name="f")}
    able = Capabilities(prefill=Prefill.TRAILING)
    planner = Planner(contract, schemas["f"], able, request, "m", tools=toolbox.judged_by(schemas))
    pieces = ['```json\n{"name": "f", "arguments": {"a": 1}}\n```', *["\n\n"] * 40]
    outcome, taken = turns(Conversation(planner, Enforcement()), *stream(*pieces))
    (call,) = outcome.body["choices"][0]["message"]["tool_calls"]
    assert call["function"] == {"name": "f", "arguments": '{"a":1}'}
    assert sum(isinstance(turn, ReadMore) for turn in taken) == 33
    assert any(isinstance(turn, Stop) for turn in taken)
