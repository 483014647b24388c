"""The calls of a reply that streams."""

import pytest

from strictgate.core.conversation.calls_stream import CallsStream, StopPolicy
from strictgate.core.conversation.criteria import Criteria
from strictgate.core.guard.input_matcher import InputMatcher
from strictgate.core.repair_steps import Repair
from strictgate.core.request.tools import Toolset
from strictgate.core.wire.calls import CallIds
from strictgate.core.wire.collector import Delta

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
